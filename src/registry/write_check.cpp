#include "registry/write_check.hpp"

#include "registry/check_state.hpp"
#include "registry/get.hpp"
#include "registry/writing.hpp"

#include <optional>

namespace patchmill::registry {

Id write_check(store::Database& database, Timestamp now, std::int64_t change, Id user, Id project,
               Id patch, const NewCheck& check) {
  const Id id = next_id(database, "registry_checks");
  const auto newest = database.value<std::optional<std::int64_t>>(
      "SELECT MAX(date) FROM registry_checks WHERE patch = ?", patch);
  database.exec(
      "INSERT INTO registry_checks (id, patch, user_id, date, state, target_url, context,"
      " description) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      id, patch, user, to_micros(date_after(newest, now)), check.state, check.target_url,
      check.context, check.description);
  update_check_state(database, change, patch);
  NewEvent event;
  event.category = Category::check_created;
  event.project = project;
  event.actor = user;
  event.patch = patch;
  event.check = id;
  add_event(database, now, event);
  return id;
}

}  // namespace patchmill::registry
