#pragma once
// What the service knows about itself and the store does not: filled by a hook of the site.

#include "util/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::web {

// How well a part does its work.
enum class Condition {
  good,
  waiting,  // backs off after a failure, starts, or is paused; nobody has to act
  broken,   // does not work until somebody acts
};
std::string_view to_string(Condition condition);

struct TreeHealth {
  std::string name, url, branch;
  Condition condition = Condition::good;
  std::string reason;  // empty when good
  std::string tip;     // newest commit known; empty: none yet
  std::optional<Timestamp> fetched, next_fetch;
};

struct SourceHealth {
  std::string name, where;  // where: without any password
  Condition condition = Condition::good;
  std::string reason;
  std::optional<Timestamp> checked, last_mail, next_check;
  std::uint64_t mails = 0;  // taken since the start of the service
};

struct WorkerHealth {
  std::string name, runtime;
  Condition condition = Condition::good;
  std::string reason;
  std::optional<std::int64_t> lane;  // what it has of the queue
  std::optional<std::int64_t> node;  // the one of it that runs or is next; filled from the store
  std::optional<Timestamp> since;
};

// A way out; how it does is in the store.
struct Destination {
  std::string kind;   // of the outbox
  std::string where;  // "SMTP to mx.example.org"; without any password
};

struct Health {
  std::vector<TreeHealth> trees;
  std::vector<SourceHealth> sources;
  std::vector<WorkerHealth> workers;
  std::vector<Destination> destinations;
  std::optional<Timestamp> started;  // of the service
  std::vector<std::string> notes;    // "the disk of the data folder is 97 % full"
};

// A lane in the line of those waiting for a worker, from whoever hands out work, in its order.
struct QueueSlot {
  std::int64_t lane = 0;
  std::optional<std::uint64_t> starts_in;  // seconds, estimated; empty: held back
};

}  // namespace patchmill::web
