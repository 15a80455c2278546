#pragma once
// What an operator asks first: is it well, what runs, what waits, does it need me? From the store
// and the data folder alone, so it answers whether a service runs or not.

#include "app/config.hpp"
#include "pipeline/overview.hpp"
#include "pipeline/pauses.hpp"
#include "pipeline/requests.hpp"
#include "reports/mail_counts.hpp"
#include "service/health_state.hpp"
#include "store/overview.hpp"
#include "util/clock.hpp"

#include <boost/json/fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::service {

struct TreeState {
  std::string name;
  std::optional<Timestamp> fetched;  // last time it was tried with success; empty: never
};

struct DiskState {
  std::filesystem::path folder;
  std::uint64_t free = 0, size = 0;  // of the file system; size 0: it cannot be told
  struct Use {
    std::string what;  // folder under the data folder
    std::uint64_t bytes = 0;
    bool at_least = false;  // counting took too long
  };
  std::vector<Use> uses;  // empty unless asked for
};

struct Status {
  Timestamp now{};
  SavedHealth health;
  bool silent = false;  // a service is there, but has written no sign of life for minutes
  std::map<std::string, std::int64_t> verdicts;  // series by verdict
  std::int64_t untested = 0;                     // series without one
  std::vector<pipeline::Node> running;
  std::vector<pipeline::QueueOfProject> queue;
  std::vector<pipeline::Pause> pauses;
  std::vector<pipeline::Request> requests;
  std::vector<reports::MailCount> mails;
  std::vector<store::OutboxCounts> outbox;
  std::vector<store::CursorRow> cursors;
  std::vector<TreeState> trees;
  std::int64_t store_bytes = 0;
  DiskState disk;
  std::vector<store::Event> events;
  // What a person has to do, one sentence each with the command; empty: nothing.
  std::vector<std::string> attention;
};

struct StatusOptions {
  std::size_t events = 5;
  bool disk_use = false;  // walk the data folder, for at most two seconds a folder
};

Status read_status(store::Database& database, const app::Config& config, Timestamp now,
                   const StatusOptions& options = {});
boost::json::object to_json(const Status& status);

// Folders of the data folder with the bytes in them.
std::vector<DiskState::Use> disk_uses(const std::filesystem::path& data,
                                      std::chrono::milliseconds limit);

}  // namespace patchmill::service
