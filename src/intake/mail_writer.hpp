#pragma once
// The one thread that stores mails, for any number of threads that bring them.

#include "intake/positions.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "tracker/tracker.hpp"
#include "util/clock.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>

namespace patchmill::intake {

// Has a connection of its own; after an error of the store it connects anew for the next call.
// Calls wait for their turn and until they are done; they come from any thread but the writer's.
class MailWriter final : public Positions {
 public:
  using OpenStore = std::function<std::unique_ptr<store::Database>()>;  // may throw DatabaseError
  // Called on the writer's thread when a batch was stored; must be quick and may not throw.
  using OnStored = std::function<void(const tracker::IngestOutcome&)>;

  // `blobs` and `clock` outlive the writer. The store is migrated already.
  MailWriter(OpenStore open, store::BlobStore& blobs, const Clock& clock,
             tracker::TrackerOptions options = {}, OnStored on_stored = {});
  ~MailWriter() override;  // finishes what was handed over
  MailWriter(const MailWriter&) = delete;
  MailWriter& operator=(const MailWriter&) = delete;

  // One transaction: the mails, their events and what `checkpoint` does. Throws DatabaseError;
  // then (unless the connection was lost at the very end) nothing has changed.
  tracker::IngestOutcome store(std::span<const tracker::Incoming> mails,
                               const std::function<void(store::Database&)>& checkpoint);
  // Runs something else with the store, on the writer's thread. Rethrows what it throws.
  void run(const std::function<void(store::Database&)>& action);

  std::optional<std::string> cursor(std::string_view source) override;
  std::vector<std::string> read_names(std::string_view source) override;
  std::vector<std::string> unread(std::string_view source,
                                  std::span<const std::string> names) override;
  void forget_names(std::string_view source, std::span<const std::string> names) override;

 private:
  struct Open {
    std::unique_ptr<store::Database> database;
    std::unique_ptr<tracker::Tracker> tracker;
  };
  void work();
  void call(const std::function<void(Open&)>& action);

  OpenStore m_open_store;
  store::BlobStore& m_blobs;
  const Clock& m_clock;
  tracker::TrackerOptions m_options;
  OnStored m_on_stored;
  Open m_open;  // the thread's
  std::mutex m_mutex;
  std::condition_variable m_changed;
  std::deque<std::packaged_task<void()>> m_tasks;
  bool m_stop = false;
  std::thread m_thread;
};

}  // namespace patchmill::intake
