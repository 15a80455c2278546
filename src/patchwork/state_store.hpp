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

// What we set comes back as an event, its echo. Before each request the echo is written down as one
// that may come; an answer makes sure of it, a refusal takes it away. An answer that is lost (a
// timeout, a 502 of a proxy) leaves it open, until one of these decides:
// - the state that is read before the next change: the one it was sent to says that it arrived, the
//   one it was sent from that it did not (of a server that works on it still nobody knows: what it
//   sets afterwards counts as a person's);
// - an event with it, or with what we set after it;
// - that the attempts come to an end: what then still comes counts as a person's.
// As long as it is open, a person's word that is the same is taken for ours, and only that.
//
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
  enum class Standing {
    as_seen,    // by nobody else, so that it may be changed
    as_wanted,  // there is nothing to do: set() it
    too_late,   // ours, of an attempt whose answer was lost, and the wanted one may not follow it
    somebodys,  // leave() it
  };
  // What the state says that was read before the change. Call it once, before about_to_set().
  Standing found(const Due& due, std::string_view state);
  // Call it before the request: its event may be read before the answer.
  void about_to_set(const Due& due);
  void set(const Due& due);
  // A person has set another one meanwhile.
  void leave(const Due& due, std::string_view state);
  // Due again then; empty: never. `refused`: it is sure that this attempt has set nothing.
  void failed(const Due& due, std::string_view reason, std::optional<Timestamp> again,
              bool refused);
  std::int64_t waiting(std::string_view instance, std::string_view project);
  // What was put off waits no longer.
  void try_again(std::string_view instance, std::string_view project);

 private:
  store::Database& m_database;
  const Clock& m_clock;
};

// What an event says. True: we set it, and what we set before that is heard of no more. Else a
// person did, and the patch is left alone for good. Call it in a transaction.
bool heard_of_state(store::Database& database, std::string_view instance, std::int64_t patch,
                    std::string_view state);

}  // namespace patchmill::patchwork
