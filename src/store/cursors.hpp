#pragma once
// Where each source was last read, and leases on things only one process may do at a time.

#include "store/database.hpp"
#include "util/clock.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::store {

std::optional<std::string> cursor(Database& database, std::string_view source);
void set_cursor(Database& database, std::string_view source, std::string_view value);

// True when `holder` now has the lease `name` until now + length (also when it had it already).
bool acquire_lease(Database& database, Timestamp now, std::string_view name,
                   std::string_view holder, std::chrono::microseconds length);
void release_lease(Database& database, std::string_view name, std::string_view holder);

}  // namespace patchmill::store
