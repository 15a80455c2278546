#pragma once
// Follows one feed for ever, on a thread of its own.

#include "intake/backoff.hpp"
#include "intake/feed.hpp"
#include "intake/importer.hpp"
#include "intake/mail_writer.hpp"
#include "intake/read_ahead.hpp"
#include "intake/source_health.hpp"
#include "util/clock.hpp"
#include "util/thread_pool.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace patchmill::intake {

struct FollowOptions {
  std::string name;     // of the source, as configured
  std::string list_id;  // every mail belongs to this list, whatever it says; may be empty
  BackoffOptions backoff;
  // Smaller than an import's: one source that catches up may not keep others waiting for long.
  std::size_t batch_mails = 500;
  std::size_t batch_bytes = std::size_t{4} << 20;
  std::size_t bytes_in_flight = std::size_t{8} << 20;
};

// Whatever goes wrong, with the place or with the store, is shown by health() and tried again with
// back-off; nothing is lost and nothing stored twice, as mails and cursor are one transaction.
class Follower {
 public:
  // writer, parsers and clock outlive the follower. Starts at once.
  Follower(std::unique_ptr<Feed> feed, MailWriter& writer, ThreadPool& parsers, const Clock& clock,
           FollowOptions options);
  ~Follower();  // stops and waits
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  // Asks it to end; the destructor waits for that. Ask all first, then destroy them.
  void stop();
  // Looks now, also when it is waiting for the next attempt.
  void wake();
  [[nodiscard]] SourceHealth health() const;
  [[nodiscard]] const std::string& name() const { return m_options.name; }

 private:
  void run();
  Result<void> look();
  Result<void> read(Source& source);
  Result<void> store(Batch& batch);
  Result<tracker::IngestOutcome> store_once(Batch& batch);
  Result<tracker::IngestOutcome> store_each(Batch& batch);
  void count(const tracker::IngestOutcome& outcome, const Batch& batch);
  void succeeded(std::string complaint);
  std::chrono::milliseconds failed(const Error& error);
  template <class Change>
  void update(const Change& change);

  std::unique_ptr<Feed> m_feed;
  MailWriter& m_writer;
  ThreadPool& m_parsers;
  const Clock& m_clock;
  FollowOptions m_options;
  ImportOptions m_reading;
  Waiter m_waiter;
  Backoff m_backoff;
  mutable std::mutex m_mutex;
  SourceHealth m_health;
  std::thread m_thread;
};

}  // namespace patchmill::intake
