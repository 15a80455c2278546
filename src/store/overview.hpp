#pragma once
// The store at a glance, for operators: what is read up to where, what is to be sent, how large.

#include "store/database.hpp"
#include "store/event_log.hpp"
#include "util/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::store {

struct CursorRow {
  std::string source, value;
  std::int64_t names = 0;  // of items without an order
};
std::vector<CursorRow> all_cursors(Database& database, std::size_t limit = 1000);  // by source

struct OutboxCounts {
  std::string kind;
  std::int64_t waiting = 0;
  std::int64_t given_up = 0;
  std::optional<Timestamp> longest_due;  // the waiting one that has been due longest, or will be
  std::string last_error;                // of one that waits or was given up; empty: none
};
// Only kinds of which something waits or was given up.
std::vector<OutboxCounts> outbox_counts(Database& database);

std::vector<Event> last_events(Database& database, std::size_t limit);  // oldest first

// Bytes of tables and indexes, without the write-ahead log.
std::int64_t store_bytes(Database& database);

}  // namespace patchmill::store
