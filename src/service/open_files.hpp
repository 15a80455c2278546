#pragma once
// How many connections the limit of open files allows.

#include <cstdint>

namespace patchmill::service {

// Raises this process's limit as far as it may be raised, for that many connections and as many
// files of others: the store, trees, logs, programs that are run. Returns how many connections fit,
// at most `wanted`.
std::uint64_t make_room_for_connections(std::uint64_t wanted);

}  // namespace patchmill::service
