#pragma once
// Where each source was last read, and leases on things only one process may do at a time.

#include "store/database.hpp"
#include "util/clock.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::store {

std::optional<std::string> cursor(Database& database, std::string_view source);
void set_cursor(Database& database, std::string_view source, std::string_view value);
void remove_cursor(Database& database, std::string_view source);
// The sources with a cursor whose names begin so.
std::vector<std::string> cursor_sources(Database& database, std::string_view prefix);

// What was read of a source whose items have names but no order (files of a maildir).
std::vector<std::string> read_names(Database& database, std::string_view source);
bool is_read_name(Database& database, std::string_view source, std::string_view name);
void add_read_names(Database& database, std::string_view source,
                    std::span<const std::string> names);
void remove_read_names(Database& database, std::string_view source,
                       std::span<const std::string> names);

// True when `holder` now has the lease `name` until now + length (also when it had it already).
bool acquire_lease(Database& database, Timestamp now, std::string_view name,
                   std::string_view holder, std::chrono::microseconds length);
void release_lease(Database& database, std::string_view name, std::string_view holder);

}  // namespace patchmill::store
