#pragma once
// Outward effects (checks, mails, submissions), written down before they happen.

#include "store/database.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::store {

struct OutboxItem {
  std::int64_t id = 0;
  std::string key;   // idempotency key: the same effect always has the same key
  std::string kind;  // which reporter takes it
  std::string payload;
  int attempts = 0;
};

// Due at `due`, where given, else now. False when an item with this key exists already (then
// nothing changes).
bool enqueue(Database& database, Timestamp now, std::string_view key, std::string_view kind,
             std::string_view payload, std::optional<Timestamp> due = {});
// Leases the oldest due item of this kind to `holder` for `lease`; nobody else gets it meanwhile.
// When the clock was set back, what was written down in the future is due, what failed waits for a
// day at most, and so long at most does anybody have it.
std::optional<OutboxItem> claim(Database& database, Timestamp now, std::string_view kind,
                                std::string_view holder, std::chrono::microseconds lease);
// The same, but strictly in the order of writing down: nothing while the oldest is not due or
// leased.
std::optional<OutboxItem> claim_in_order(Database& database, Timestamp now, std::string_view kind,
                                         std::string_view holder, std::chrono::microseconds lease);
// What these holders have is due for others at once: for those of whom it is sure that they are
// gone.
void take_back(Database& database,
               const std::function<bool(std::string_view kind, std::string_view holder)>& is_gone);
bool is_sent(Database& database, std::string_view key);
// What nobody has to see any more once it is sent, because its key cannot come again.
void remove(Database& database, std::int64_t id);
void mark_sent(Database& database, Timestamp now, std::int64_t id);
// Due again at `retry_at`; given up (kept, with its error) when retry_at is empty.
void mark_failed(Database& database, std::int64_t id, std::string_view error,
                 std::optional<Timestamp> retry_at);

}  // namespace patchmill::store
