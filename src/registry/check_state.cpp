#include "registry/check_state.hpp"

namespace patchmill::registry {
namespace {

constexpr int badness(CheckState state) {
  switch (state) {
    case CheckState::fail:
      return 3;
    case CheckState::warning:
      return 2;
    case CheckState::pending:
      return 1;
    case CheckState::success:
      break;
  }
  return 0;
}

}  // namespace

CheckState combined_check_state(store::Database& database, Id patch) {
  std::optional<CheckState> worst;
  database.each(
      "SELECT DISTINCT state FROM (SELECT state, ROW_NUMBER() OVER"
      " (PARTITION BY user_id, context ORDER BY date DESC, id DESC) AS age"
      " FROM registry_checks WHERE patch = ?) AS c WHERE age = 1",
      [&](const store::Row& row) {
        const auto state = row.get<CheckState>(0);
        if (!worst || badness(state) > badness(*worst)) {
          worst = state;
        }
      },
      patch);
  return worst.value_or(CheckState::pending);
}

void update_check_state(store::Database& database, std::int64_t number, Id patch) {
  const auto state = combined_check_state(database, patch);
  database.exec(
      "UPDATE registry_patches SET check_state = ?, changed = ? WHERE id = ? AND check_state <> ?",
      state, number, patch, state);
}

}  // namespace patchmill::registry
