#pragma once
// One state onto one patch of an instance.

#include "patchwork/instance.hpp"
#include "patchwork/post_check.hpp"
#include "patchwork/state_store.hpp"

namespace patchmill::patchwork {

struct StateOutcome {
  PostOutcome outcome;
  std::string other;  // somebody has set this one meanwhile: nothing was changed; empty: nobody
};

// Reads the state first and changes it only where it is still the one we saw. Patchwork knows no
// change under a condition: who sets a state between the two requests loses.
StateOutcome post_state(Instance& instance, StateStore& states, const StateStore::Due& due);

}  // namespace patchmill::patchwork
