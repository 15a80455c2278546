#pragma once
// What Patchwork's clients get, brought to what the configuration says and the tracker knows.

#include "app/workspace.hpp"

#include <cstdint>
#include <functional>

namespace patchmill::app {

// Projects, users and states of the section `patchwork`. Error invalid, naming the section, when it
// contradicts what is there; then nothing is changed.
Result<void> set_up_registry(store::Database& database, const Config& config);

// The same, and then all the tracker knows, and what series it makes known by their addresses; to
// be called where `patchwork` has projects. `progress` gets how much was taken so far. Interrupted,
// the next call goes on.
Result<void> follow_registry(Workspace& workspace,
                             const std::function<void(std::uint64_t taken)>& progress);

}  // namespace patchmill::app
