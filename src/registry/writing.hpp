#pragma once
// What every change of the registry begins with, and its event.

#include "registry/model.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"

#include <optional>

namespace patchmill::registry {

// Takes a turn (turn.hpp) and the number of a new change. The first thing in a transaction that
// writes here; what is decided upon has to be read after it. The number goes into
// `changed` of each row of patches, series and covers that is written (ListIndex looks there).
std::int64_t begin_change(store::Database& database);
// The newest one that is committed.
std::int64_t newest_change(store::Database& database);

struct NewEvent {
  Category category{};
  Id project = 0;
  std::optional<Id> actor, patch, cover, series, check, comment;
  std::optional<Id> previous, current;  // states or delegates
};
// What happens `now` has this date, given the newest one there is (microseconds): a later one than
// that, whatever the clock says. Clients ask for what came since the last date they have seen.
Timestamp date_after(std::optional<std::int64_t> newest, Timestamp now);
// The same for an event, before any other is added. After begin_change().
Timestamp next_event_date(store::Database& database, Timestamp now);

// Its date is next_event_date().
Id add_event(store::Database& database, Timestamp now, const NewEvent& event);
// One of another Patchwork, as it is.
void put_event(store::Database& database, Id id, Timestamp date, const NewEvent& event);

}  // namespace patchmill::registry
