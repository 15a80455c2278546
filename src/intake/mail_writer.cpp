#include "intake/mail_writer.hpp"

#include <utility>

namespace patchmill::intake {

MailWriter::MailWriter(OpenStore open, store::BlobStore& blobs, const Clock& clock,
                       tracker::TrackerOptions options, OnStored on_stored)
    : m_open_store(std::move(open)),
      m_blobs(blobs),
      m_clock(clock),
      m_options(std::move(options)),
      m_on_stored(std::move(on_stored)),
      m_thread([this] { work(); }) {}

MailWriter::~MailWriter() {
  {
    const std::lock_guard lock(m_mutex);
    m_stop = true;
  }
  m_changed.notify_all();
  m_thread.join();
}

void MailWriter::work() {
  while (true) {
    std::packaged_task<void()> task;
    {
      std::unique_lock lock(m_mutex);
      m_changed.wait(lock, [this] { return m_stop || !m_tasks.empty(); });
      if (m_tasks.empty()) {
        break;
      }
      task = std::move(m_tasks.front());
      m_tasks.pop_front();
    }
    task();
  }
  m_open = {};  // connections are closed by the thread that used them
}

void MailWriter::call(const std::function<void(Open&)>& action) {
  std::packaged_task<void()> task([this, &action] {
    try {
      if (!m_open.database) {
        m_open.database = m_open_store();
        m_open.tracker =
            std::make_unique<tracker::Tracker>(*m_open.database, m_blobs, m_clock, m_options);
      }
      action(m_open);
    } catch (const store::DatabaseError&) {
      // It may be the connection; the tracker may know what was rolled back.
      m_open.tracker.reset();
      m_open.database.reset();
      throw;
    }
  });
  auto done = task.get_future();
  {
    const std::lock_guard lock(m_mutex);
    m_tasks.push_back(std::move(task));
  }
  m_changed.notify_all();
  done.get();
}

tracker::IngestOutcome MailWriter::store(std::span<const tracker::Incoming> mails,
                                         const std::function<void(store::Database&)>& checkpoint) {
  tracker::IngestOutcome outcome;
  call([&](Open& open) {
    const auto also = [&] {
      if (checkpoint) {
        checkpoint(*open.database);
      }
    };
    if (mails.empty()) {
      store::Transaction transaction(*open.database);
      also();
      transaction.commit();
      return;
    }
    outcome = open.tracker->ingest(mails, also);
    if (m_on_stored) {
      m_on_stored(outcome);
    }
  });
  return outcome;
}

void MailWriter::run(const std::function<void(store::Database&)>& action) {
  call([&](Open& open) { action(*open.database); });
}

std::optional<std::string> MailWriter::cursor(std::string_view source) {
  std::optional<std::string> result;
  run([&](store::Database& database) { result = StorePositions(database).cursor(source); });
  return result;
}

std::vector<std::string> MailWriter::read_names(std::string_view source) {
  std::vector<std::string> result;
  run([&](store::Database& database) { result = StorePositions(database).read_names(source); });
  return result;
}

std::vector<std::string> MailWriter::unread(std::string_view source,
                                            std::span<const std::string> names) {
  std::vector<std::string> result;
  run([&](store::Database& database) { result = StorePositions(database).unread(source, names); });
  return result;
}

void MailWriter::forget_names(std::string_view source, std::span<const std::string> names) {
  run([&](store::Database& database) { StorePositions(database).forget_names(source, names); });
}

}  // namespace patchmill::intake
