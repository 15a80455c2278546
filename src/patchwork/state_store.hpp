#pragma once
// States of patches of other instances: what is to be set, written down before it happens, and
// never against a person.

#include "store/database.hpp"
#include "store/outbox.hpp"
#include "util/clock.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::patchwork {

struct StateWish {
  std::string instance;  // Instance::name()
  std::int64_t patch = 0;
  std::string project;  // as the configuration calls it
  std::string wanted;   // a slug
  std::string seen;     // the state we last saw or set: from no other one it is changed
};

// Whether a state may follow another one by itself: what a person decided stays.
bool may_follow(std::string_view wanted, std::string_view seen);

// Everything throws DatabaseError.
class StateStore {
 public:
  StateStore(store::Database& database, const Clock& clock)
      : m_database(database), m_clock(clock) {}

  // Puts it into the outbox. False: it is so already, or wished for, may not follow what is there,
  // or a person has set one. Call it in a transaction with whatever made it so.
  bool want(const StateWish& wish);

  struct Due {
    StateWish wish;
    store::OutboxItem item;
  };
  // The next one that is due; overtaken ones are dropped on the way.
  std::optional<Due> claim(std::string_view instance, std::string_view project,
                           std::string_view holder, std::chrono::seconds lease);
  // Call it before the request: its event may be read before the answer.
  void about_to_set(const Due& due);
  void set(const Due& due);
  // A person has set another one meanwhile.
  void leave(const Due& due, std::string_view state);
  // Due again then; empty: never. `refused`: it is sure that nothing was set.
  void failed(const Due& due, std::string_view reason, std::optional<Timestamp> again,
              bool refused);
  std::int64_t waiting(std::string_view instance, std::string_view project);
  // What was put off waits no longer.
  void try_again(std::string_view instance, std::string_view project);

 private:
  store::Database& m_database;
  const Clock& m_clock;
};

// What an event says. True: we set it. Else a person did, and the patch is left alone for good.
bool heard_of_state(store::Database& database, std::string_view instance, std::int64_t patch,
                    std::string_view state);

}  // namespace patchmill::patchwork
