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
// The oldest of this kind that is not done, whoever has it: what claim_in_order() waits for.
struct OutboxHead {
  std::int64_t id = 0;
  int attempts = 0;
  std::string error;  // of the last attempt that failed; empty: none did
};
std::optional<OutboxHead> head(Database& database, std::string_view kind);
// It does not wait for its next attempt any longer.
void make_due(Database& database, Timestamp now, std::int64_t id);
// The same for all of a kind that have failed.
void make_failed_due(Database& database, Timestamp now, std::string_view kind);
// Gives up what was written down before then and is not done; returns how many that was.
std::int64_t give_up_before(Database& database, std::string_view kind, Timestamp before,
                            std::string_view error);
// Removes all of a kind, done or not; returns how many were not.
std::int64_t remove_kind(Database& database, std::string_view kind);
// What nobody has to see any more once it is sent, because its key cannot come again.
void remove(Database& database, std::int64_t id);
void mark_sent(Database& database, Timestamp now, std::int64_t id);
// What was sent or given up before a time, of the kinds that `is_done_with` names. Looks at the
// next `limit` rows after `after`, which moves on and is empty at the end. How many that were;
// dry_run: would be.
std::int64_t drop_finished(
    Database& database, std::optional<std::int64_t>& after, Timestamp before, std::int64_t limit,
    bool dry_run, const std::function<bool(std::string_view kind, bool sent)>& is_done_with);
// Due again at `retry_at`; given up (kept, with its error) when retry_at is empty.
void mark_failed(Database& database, std::int64_t id, std::string_view error,
                 std::optional<Timestamp> retry_at);

}  // namespace patchmill::store
