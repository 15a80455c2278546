#include "intake/read_ahead.hpp"

#include "util/cancel.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace patchmill::intake {
namespace {

constexpr std::size_t mails_a_task = 32;

}  // namespace

ReadAhead::ReadAhead(Source& source, const ImportOptions& options, ThreadPool& parsers)
    : m_source(source),
      m_options(options),
      m_parsers(parsers),
      m_reader([this, cancel_fd = CancelScope::current()] { read(cancel_fd); }) {}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(m_mutex);
    m_stop = true;
  }
  m_changed.notify_all();
  m_reader.join();
  // Tasks that are still queued refer to our batches.
  std::unique_lock lock(m_mutex);
  m_changed.wait(lock, [this] { return m_running == 0; });
}

void ReadAhead::read(int cancel_fd) {
  const CancelScope cancel(cancel_fd);
  try {
    while (read_batch()) {
    }
  } catch (...) {
    const std::lock_guard lock(m_mutex);
    m_failure = std::current_exception();
    m_changed.notify_all();
  }
}

bool ReadAhead::wait_for_room() {
  std::unique_lock lock(m_mutex);
  m_changed.wait(lock, [this] { return m_stop || m_bytes < m_options.bytes_in_flight; });
  return !m_stop;
}

// Reads one batch; false at the end of the source.
bool ReadAhead::read_batch() {
  Pending* pending = nullptr;
  {
    const std::lock_guard lock(m_mutex);
    m_batches.push_back(std::make_unique<Pending>());
    pending = m_batches.back().get();
  }
  Batch& batch = *pending->batch;
  const auto most_mails = std::max<std::size_t>(m_options.batch_mails, 1);
  batch.mails.reserve(most_mails);  // parsers hold references
  while (batch.mails.size() < most_mails && batch.bytes < m_options.batch_bytes) {
    // Never in the middle of a batch: room is made only by storing whole ones.
    if (batch.mails.empty() && !wait_for_room()) {
      return false;
    }
    auto mail = m_source.next();
    if (!mail || !*mail) {
      batch.last = true;
      if (!mail) {
        batch.problem = std::move(mail).error();
      }
      break;
    }
    batch.bytes += (*mail)->size();
    batch.mails.push_back(
        tracker::Incoming{std::move(**mail), mail::Message{}, m_options.list_id, m_source.name()});
    if (batch.mails.size() - pending->submitted >= mails_a_task) {
      submit(*pending);
    }
  }
  submit(*pending);
  batch.checkpoint = m_source.checkpoint();
  batch.position = m_source.progress();
  batch.left_out = m_source.take_left_out();
  const bool more = !batch.last;
  {
    const std::lock_guard lock(m_mutex);
    m_bytes += batch.bytes;
    pending->complete = true;  // from here on pop() may take it away
  }
  m_changed.notify_all();
  return more;
}

void ReadAhead::submit(Pending& pending) {
  const auto begin = std::exchange(pending.submitted, pending.batch->mails.size());
  const auto end = pending.submitted;
  if (begin == end) {
    return;
  }
  {
    const std::lock_guard lock(m_mutex);
    pending.unparsed += end - begin;
    ++m_running;
  }
  m_parsers.submit([this, &pending, begin, end] { parse(pending, begin, end); });
}

void ReadAhead::parse(Pending& pending, std::size_t begin, std::size_t end) {
  std::exception_ptr failure;
  try {
    for (std::size_t i = begin; i < end; ++i) {
      tracker::parse_and_pack(pending.batch->mails[i]);
    }
  } catch (...) {
    failure = std::current_exception();  // out of memory: says nothing about the mail
  }
  // Notifies under the lock: the destructor may go on as soon as it sees the count.
  const std::lock_guard lock(m_mutex);
  m_failure = m_failure ? m_failure : failure;
  pending.unparsed -= end - begin;
  --m_running;
  m_changed.notify_all();
}

std::unique_ptr<Batch> ReadAhead::pop() {
  std::unique_lock lock(m_mutex);
  m_changed.wait(lock, [this] {
    return m_failure ||
           (!m_batches.empty() && m_batches.front()->complete && m_batches.front()->unparsed == 0);
  });
  if (m_failure) {
    std::rethrow_exception(m_failure);
  }
  auto batch = std::move(m_batches.front()->batch);
  m_batches.pop_front();
  return batch;
}

void ReadAhead::dispose(std::unique_ptr<Batch> batch) {
  {
    const std::lock_guard lock(m_mutex);
    ++m_running;
  }
  m_parsers.submit([this, shared = std::shared_ptr<Batch>(std::move(batch))]() mutable {
    const std::size_t bytes = shared->bytes;
    shared.reset();
    const std::lock_guard lock(m_mutex);
    m_bytes -= bytes;
    --m_running;
    m_changed.notify_all();
  });
}

}  // namespace patchmill::intake
