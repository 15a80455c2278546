#pragma once
// Checks on patches of other instances: what is to be posted, written down before it happens.

#include "store/database.hpp"
#include "store/outbox.hpp"
#include "util/clock.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::patchwork {

// One check on one patch, in Patchwork's words; with a version, one on that revision of the series
// `patch`, as the freedesktop edition has them.
struct CheckWish {
  std::string instance;  // Instance::name()
  std::int64_t patch = 0;
  int version = 0;          // 0: of a patch
  std::string project;      // as the configuration calls it
  std::string context;      // [-A-Za-z0-9_], at most 255
  std::int64_t series = 0;  // tracker's
  int attempt = 1;
  std::string state;       // "pending", "success", "warning", "fail"
  std::string target_url;  // at most 200 bytes
  std::string description;

  // For people: "patch 12", "revision 2 of series 7".
  [[nodiscard]] std::string target() const;
};

// A context's newest wish is the one that counts: what was not posted yet when it changes is never
// posted. Everything throws DatabaseError.
class CheckStore {
 public:
  CheckStore(store::Database& database, const Clock& clock)
      : m_database(database), m_clock(clock) {}

  // Writes down what is new or has another state, series or attempt than before, and puts it into
  // the outbox, unless it was posted with the same words. False: nothing is to be posted. Call it
  // in a transaction with whatever made it so.
  bool want(const CheckWish& wish);
  std::vector<CheckWish> of_series(std::int64_t series);

  // The next one that is due in this project of the instance, leased to `holder`; overtaken ones
  // are dropped on the way.
  struct Due {
    CheckWish wish;
    store::OutboxItem item;
    std::int64_t stamp = 0;
    // It was tried before, and may have arrived.
    [[nodiscard]] bool may_be_there() const { return item.attempts > 1; }
  };
  std::optional<Due> claim(std::string_view instance, std::string_view project,
                           std::string_view holder, std::chrono::seconds lease);
  void posted(const Due& due);
  // Due again then; empty: never.
  void failed(const Due& due, std::string_view reason, std::optional<Timestamp> again);
  std::int64_t waiting(std::string_view instance, std::string_view project);
  // What was put off waits no longer.
  void try_again(std::string_view instance, std::string_view project);

 private:
  store::Database& m_database;
  const Clock& m_clock;
};

}  // namespace patchmill::patchwork
