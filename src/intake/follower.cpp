#include "intake/follower.hpp"

#include "util/cancel.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace patchmill::intake {
namespace {

// How long a server is left alone grows from one attempt to the next, and is no news.
std::string_view without_wait(std::string_view error) {
  return error.substr(0, error.find("; not asked again for "));
}

constexpr std::size_t longest_error = 1000;
// So often is a batch refused as a whole before its mails are tried one by one.
constexpr unsigned refusals_of_a_batch = 3;

ImportOptions reading_options(const FollowOptions& options) {
  ImportOptions reading;
  reading.list_id = options.list_id;
  reading.batch_mails = options.batch_mails;
  reading.batch_bytes = options.batch_bytes;
  reading.bytes_in_flight = options.bytes_in_flight;
  return reading;
}

tl::unexpected<Error> store_failed(const std::exception& error) {
  return fail(ErrorKind::infrastructure,
              fmt::format("the store does not take mails ({}); see to the store, nothing is lost "
                          "meanwhile",
                          escape_terminal(error.what())));
}

// The store works, but not with this: the same will be refused again.
bool is_refusal(const std::exception& error) {
  const auto* refused = dynamic_cast<const store::DatabaseError*>(&error);
  return refused == nullptr || refused->blame == store::DatabaseError::Blame::content;
}

tl::unexpected<Error> unexpected_failure(const std::exception& error) {
  return fail(ErrorKind::infrastructure,
              fmt::format("reading broke off ({}); it is tried again, report it if it stays",
                          escape_terminal(error.what())));
}

}  // namespace

std::string_view to_string(SourceState state) {
  switch (state) {
    case SourceState::starting:
      return "starting";
    case SourceState::reading:
      return "reading";
    case SourceState::waiting:
      return "waiting";
    case SourceState::failing:
      return "failing";
    case SourceState::stopped:
      return "stopped";
  }
  return "unknown";
}

Follower::Follower(std::unique_ptr<Feed> feed, MailWriter& writer, ThreadPool& parsers,
                   const Clock& clock, FollowOptions options)
    : m_feed(std::move(feed)),
      m_writer(writer),
      m_parsers(parsers),
      m_clock(clock),
      m_options(std::move(options)),
      m_reading(reading_options(m_options)),
      m_backoff(m_options.backoff) {
  m_health.name = m_options.name;
  m_health.place = m_feed->place();
  m_thread = std::thread([this] { run(); });
}

Follower::~Follower() {
  stop();
  m_thread.join();
}

void Follower::stop() {
  m_waiter.stop();
}

void Follower::wake() {
  m_waiter.wake();
}

SourceHealth Follower::health() const {
  const std::lock_guard lock(m_mutex);
  return m_health;
}

template <class Change>
void Follower::update(const Change& change) {
  const std::lock_guard lock(m_mutex);
  change(m_health);
}

void Follower::run() {
  const CancelScope cancel(m_waiter.stop_fd());
  while (!m_waiter.stopped()) {
    const auto guarded = [](auto&& action) -> Result<void> {
      try {
        return action();
      } catch (const store::DatabaseError& error) {
        return store_failed(error);
      } catch (const std::exception& error) {
        return unexpected_failure(error);
      }
    };
    auto done = guarded([this] { return look(); });
    if (done && !m_waiter.stopped()) {
      succeeded(m_feed->complaint());
      done = guarded([this] { return m_feed->wait(m_waiter); });
    }
    if (!done && !m_waiter.stopped()) {
      const auto wait = failed(done.error());
      m_feed->reset();
      m_waiter.wait(wait);
    }
  }
  m_feed->reset();
  update([](SourceHealth& health) { health.state = SourceState::stopped; });
}

// Reads all there is. What one source of several could not do does not keep the others from it.
Result<void> Follower::look() {
  PM_TRY_ASSIGN(auto sources, m_feed->open(m_writer, m_waiter));
  Result<void> result;
  for (const auto& source : sources) {
    if (m_waiter.stopped()) {
      break;
    }
    auto done = read(*source);
    if (!done && result) {
      result = std::move(done);
    }
  }
  return result;
}

Result<void> Follower::read(Source& source) {
  PM_TRY(source.resume(m_writer));
  update([](SourceHealth& health) {
    health.state = health.failures > 0 ? SourceState::failing : SourceState::reading;
  });
  ReadAhead ahead(source, m_reading, m_parsers);
  while (!m_waiter.stopped()) {
    auto batch = ahead.pop();
    PM_TRY(store(*batch));
    m_feed->left_out(source, std::move(batch->left_out));
    if (batch->problem) {
      return tl::unexpected(*batch->problem);
    }
    if (batch->last) {
      break;
    }
    ahead.dispose(std::move(batch));
  }
  return {};
}

Result<tracker::IngestOutcome> Follower::store_once(Batch& batch) {
  try {
    return m_writer.store(batch.mails, batch.checkpoint);
  } catch (const std::exception& error) {
    return store_failed(error);
  }
}

// A mail that the store refuses time and again, however healthy it is, may not stop its source
// for ever. What is stored twice this way is recognised by its Message-ID.
Result<tracker::IngestOutcome> Follower::store_each(Batch& batch) {
  tracker::IngestOutcome all;
  for (auto& mail : batch.mails) {
    for (int attempt = 0;; ++attempt) {
      try {
        const auto one = m_writer.store(std::span(&mail, 1), {});
        all.stored += one.stored;
        all.duplicates += one.duplicates;
        all.unusable += one.unusable;
        break;
      } catch (const std::exception& error) {
        if (!is_refusal(error)) {
          return store_failed(error);
        }
        if (attempt > 0) {
          log::error("source {}: the store refuses a mail, which is left out ({}): {}",
                     m_options.name, error.what(), ellipsize(mend_utf8(mail.raw), 300));
          break;
        }
        mail.parsed = fail(ErrorKind::invalid,
                           fmt::format("the store refuses it: {}", escape_terminal(error.what())));
      }
    }
  }
  try {
    m_writer.store({}, batch.checkpoint);
  } catch (const std::exception& error) {
    return store_failed(error);
  }
  return all;
}

// The mails are in memory: however long the store is away, nothing has to be fetched again.
Result<void> Follower::store(Batch& batch) {
  for (unsigned refusals = 0; !m_waiter.stopped(); ++refusals) {
    const auto outcome = refusals < refusals_of_a_batch ? store_once(batch) : store_each(batch);
    if (outcome) {
      count(*outcome, batch);
      return {};
    }
    m_waiter.wait(failed(outcome.error()));
  }
  return {};
}

void Follower::count(const tracker::IngestOutcome& outcome, const Batch& batch) {
  const auto now = m_clock.now();
  update([&](SourceHealth& health) {
    health.mails += outcome.stored;
    health.duplicates += outcome.duplicates;
    health.unusable += outcome.unusable;
    if (outcome.stored > 0) {
      health.last_mail = now;
    }
    const auto& position = batch.position;
    health.lag = position.total
                     ? std::optional(*position.total - std::min(*position.total, position.done))
                     : std::nullopt;
  });
}

void Follower::succeeded(std::string complaint) {
  m_backoff.succeeded(std::chrono::steady_clock::now());
  const auto now = m_clock.now();
  complaint = ellipsize(escape_terminal(complaint), longest_error);
  bool mended = false;
  bool is_news = false;
  update([&](SourceHealth& health) {
    mended = health.failures > 0;
    health.state = SourceState::waiting;
    health.last_success = now;
    is_news = !complaint.empty() && health.error != complaint;
    health.error = complaint;
    if (complaint.empty()) {
      health.error_since.reset();
    } else if (!health.error_since) {
      health.error_since = now;
    }
    health.next_attempt.reset();
    health.failures = 0;
    health.lag = 0;
  });
  if (mended) {
    log::info("source {}: works again", m_options.name);
  }
  if (is_news) {
    log::warning("source {}: {}", m_options.name, complaint);
  }
}

std::chrono::milliseconds Follower::failed(const Error& error) {
  const auto steady = std::chrono::steady_clock::now();
  const auto wait = error.kind == ErrorKind::invalid ? m_backoff.failed_for_long(steady)
                                                     : m_backoff.failed(steady);
  const auto now = m_clock.now();
  auto text = ellipsize(escape_terminal(error.message), longest_error);
  bool is_news = false;
  update([&](SourceHealth& health) {
    is_news = without_wait(health.error) != without_wait(text);
    health.state = SourceState::failing;
    health.error = text;
    health.error_since = health.error_since ? health.error_since : now;
    health.next_attempt = now + wait;
    ++health.failures;
    ++health.failed;
  });
  if (is_news) {
    log::warning("source {}: {}", m_options.name, text);
  }
  return wait;
}

}  // namespace patchmill::intake
