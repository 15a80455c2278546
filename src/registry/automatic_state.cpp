#include "registry/automatic_state.hpp"

#include "registry/writing.hpp"

#include <string>
#include <vector>

namespace patchmill::registry {

int set_state_by_itself(store::Database& database, Timestamp now, std::int64_t change,
                        std::int64_t mail, std::string_view slug,
                        const std::function<bool(std::string_view seen)>& may_follow) {
  const auto wanted =
      database.one<std::int64_t>("SELECT id FROM registry_states WHERE slug = ?", slug);
  if (!wanted) {
    return 0;
  }
  std::vector<NewEvent> events;
  // What is given here has an event. A patch that was taken over from another Patchwork may have a
  // state without one, or with one that names nobody: somebody has set it there. Events made here
  // get larger ids than those that were taken over before.
  database.each(
      "SELECT p.id, p.project, p.state, s.slug FROM registry_patches p "
      "JOIN registry_states s ON s.id = p.state WHERE p.message = ? AND NOT EXISTS "
      "(SELECT 1 FROM registry_events e WHERE e.patch = p.id AND e.category = ? "
      "AND e.actor IS NOT NULL) AND "
      "(p.state = (SELECT id FROM registry_states ORDER BY ordering, id LIMIT 1) OR EXISTS "
      "(SELECT 1 FROM registry_events e WHERE e.patch = p.id AND e.category = ? "
      "AND e.current = p.state AND e.id > COALESCE((SELECT value FROM registry_counters "
      "WHERE name = ?), 0))) ORDER BY p.id",
      [&](const store::Row& row) {
        if (may_follow(row.text(3))) {
          NewEvent event;
          event.category = Category::patch_state_changed;
          event.patch = row.integer(0);
          event.project = row.integer(1);
          event.previous = row.integer(2);
          event.current = std::get<0>(*wanted);
          events.push_back(event);
        }
      },
      mail, Category::patch_state_changed, Category::patch_state_changed, k_newest_adopted_event);
  for (const NewEvent& event : events) {
    database.exec("UPDATE registry_patches SET state = ?, changed = ? WHERE id = ?", event.current,
                  change, event.patch);
    add_event(database, now, event);
  }
  return static_cast<int>(events.size());
}

}  // namespace patchmill::registry
