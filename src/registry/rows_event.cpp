#include "registry/get.hpp"
#include "registry/rows.hpp"
#include "tracker/bulk_query.hpp"

#include <optional>

namespace patchmill::registry {
namespace {

struct EventRow {
  Id id = 0;
  Category category{};
  Id project = 0;
  Timestamp date{};
  std::optional<Id> actor, patch, cover, series, check, comment, previous, current;
};

template <class T>
std::optional<T> look_up(const ById<T>& known, const std::optional<Id>& id) {
  const auto found = id ? known.find(*id) : known.end();
  return found != known.end() ? std::optional(found->second) : std::nullopt;
}

}  // namespace

ById<Event> events_by_id(store::Database& database, std::span<const Id> ids) {
  std::vector<EventRow> rows;
  std::vector<Id> users, patches, covers, series, checks, patch_comments, cover_comments;
  const auto note = [](std::vector<Id>& list, const std::optional<Id>& id) {
    if (id) {
      list.push_back(*id);
    }
  };
  tracker::each_in<Id>(
      database,
      "SELECT id, category, project, date, actor, patch, cover, series, check_id, comment,"
      " previous, current FROM registry_events WHERE id",
      ids, [&](const store::Row& row) {
        const auto id_at = [&](int column) { return row.get<std::optional<Id>>(column); };
        const EventRow event{row.integer(0), row.get<Category>(1),
                             row.integer(2), from_micros(row.integer(3)),
                             id_at(4),       id_at(5),
                             id_at(6),       id_at(7),
                             id_at(8),       id_at(9),
                             id_at(10),      id_at(11)};
        note(users, event.actor);
        note(patches, event.patch);
        note(covers, event.cover);
        note(series, event.series);
        note(checks, event.check);
        note(event.category == Category::cover_comment_created ? cover_comments : patch_comments,
             event.comment);
        if (event.category == Category::patch_delegated) {
          note(users, event.previous);
          note(users, event.current);
        }
        rows.push_back(event);
      });
  const auto known_users = users_by_id(database, users);
  const auto known_patches = patch_refs_by_id(database, patches);
  const auto known_covers = cover_refs_by_id(database, covers);
  const auto known_series = series_refs_by_id(database, series);
  const auto known_checks = checks_by_id(database, checks);
  const auto known_patch_comments = patch_comments_by_id(database, patch_comments);
  const auto known_cover_comments = cover_comments_by_id(database, cover_comments);
  ById<std::string> slugs;
  for (const State& state : states(database)) {
    slugs.emplace(state.id, state.slug);
  }
  ById<Event> events;
  for (const EventRow& row : rows) {
    Event event;
    event.id = row.id;
    event.category = row.category;
    event.project = row.project;
    event.date = row.date;
    event.actor = look_up(known_users, row.actor);
    event.patch = look_up(known_patches, row.patch);
    event.cover = look_up(known_covers, row.cover);
    event.series = look_up(known_series, row.series);
    event.check = look_up(known_checks, row.check);
    event.comment = look_up(row.category == Category::cover_comment_created ? known_cover_comments
                                                                            : known_patch_comments,
                            row.comment);
    if (row.category == Category::patch_state_changed) {
      event.previous_state = look_up(slugs, row.previous).value_or("");
      event.current_state = look_up(slugs, row.current).value_or("");
    } else if (row.category == Category::patch_delegated) {
      event.previous_delegate = look_up(known_users, row.previous);
      event.current_delegate = look_up(known_users, row.current);
    }
    events.try_emplace(event.id, std::move(event));
  }
  return events;
}

std::vector<Event> events_after(store::Database& database, Id after, std::size_t limit) {
  std::vector<Id> ids;
  database.each(
      "SELECT id FROM registry_events WHERE id > ? ORDER BY id LIMIT ?",
      [&](const store::Row& row) { ids.push_back(row.integer(0)); }, after, limit);
  return in_order(events_by_id(database, ids), ids);
}

Id newest_event(store::Database& database) {
  return database.value<Id>("SELECT COALESCE(MAX(id), 0) FROM registry_events");
}

}  // namespace patchmill::registry
