#pragma once
// Delegates of patches of other instances that are to be set: once in a patch's life, so that
// nobody who changes one is ever contradicted.

#include "patchwork/patch_map.hpp"
#include "store/database.hpp"
#include "store/outbox.hpp"
#include "util/clock.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::patchwork {

// Everything throws DatabaseError.
class DelegateStore {
 public:
  DelegateStore(store::Database& database, const Clock& clock)
      : m_database(database), m_clock(clock) {}

  // Puts it into the outbox. False: somebody has the patch, or it was wanted before. In a
  // transaction with whatever made it so.
  bool want(const KnownPatch& patch, std::string_view username);

  struct Due {
    std::int64_t patch = 0;
    std::string username;
    store::OutboxItem item;
  };
  std::optional<Due> claim(std::string_view instance, std::string_view project,
                           std::string_view holder, std::chrono::seconds lease);
  void done(const Due& due);
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
