#include "registry/get.hpp"

#include "registry/names.hpp"
#include "registry/rows.hpp"
#include "registry/sql_builder.hpp"
#include "util/text.hpp"

#include <array>
#include <span>

namespace patchmill::registry {
namespace {

template <class T>
std::optional<T> only(ById<T> found) {
  return found.empty() ? std::nullopt : std::optional<T>(std::move(found.begin()->second));
}

template <class T>
std::optional<T> one(store::Database& database, Id id,
                     ById<T> (*load)(store::Database&, std::span<const Id>)) {
  return only(load(database, std::array<Id, 1>{id}));
}

// The row of `table` for these conditions with the lowest id.
std::optional<Id> first(store::Database& database, std::string_view table,
                        const Conditions& conditions) {
  const auto selection = select(database, table, conditions, " ORDER BY t.id", {1, 1});
  return selection.ids.empty() ? std::nullopt : std::optional(selection.ids.front());
}

std::optional<Id> by_msgid(store::Database& database, std::string_view table, Id project,
                           std::string_view msgid) {
  Conditions conditions(database.engine());
  conditions.add("t.project = ?", project);
  conditions.any_msgid("t.msgid", std::array<std::string, 1>{std::string(msgid)});
  return first(database, table, conditions);
}

}  // namespace

std::optional<Project> project(store::Database& database, Id id) {
  return one(database, id, projects_by_id);
}

std::optional<Project> project(store::Database& database, std::string_view id_or_link_name) {
  const auto ids = projects_named(database, {std::string(id_or_link_name)});
  return ids ? project(database, ids->front()) : std::nullopt;
}

std::optional<Patch> patch(store::Database& database, Id id) {
  return one(database, id, patches_by_id);
}

std::optional<Patch> patch(store::Database& database, Id project, std::string_view msgid) {
  const auto id = by_msgid(database, "registry_patches", project, msgid);
  return id ? patch(database, *id) : std::nullopt;
}

std::optional<Series> series(store::Database& database, Id id) {
  return one(database, id, series_by_id);
}

std::optional<std::int64_t> number_of_series(store::Database& database, Id id) {
  const auto row = database.one<std::int64_t>(
      "SELECT number FROM registry_series WHERE id = ? AND gone = 0", id);
  return row ? std::optional(std::get<0>(*row)) : std::nullopt;
}

std::optional<Cover> cover(store::Database& database, Id id) {
  return one(database, id, covers_by_id);
}

std::optional<Cover> cover(store::Database& database, Id project, std::string_view msgid) {
  const auto id = by_msgid(database, "registry_covers", project, msgid);
  return id ? cover(database, *id) : std::nullopt;
}

std::optional<Check> check(store::Database& database, Id patch, Id id) {
  auto found = one(database, id, checks_by_id);
  return found && found->patch == patch ? found : std::nullopt;
}

std::optional<Comment> patch_comment(store::Database& database, Id patch, Id id) {
  auto found = one(database, id, patch_comments_by_id);
  return found && found->patch == patch ? found : std::nullopt;
}

std::optional<Comment> cover_comment(store::Database& database, Id cover, Id id) {
  auto found = one(database, id, cover_comments_by_id);
  return found && found->cover == cover ? found : std::nullopt;
}

std::optional<Bundle> bundle(store::Database& database, Id id) {
  return one(database, id, bundles_by_id);
}

std::optional<Bundle> bundle(store::Database& database, std::string_view owner,
                             std::string_view name) {
  const auto user = user_by_name(database, owner);
  if (!user) {
    return std::nullopt;
  }
  Conditions conditions(database.engine());
  conditions.add("t.owner = ?", user->id);
  conditions.any_of("t.name", std::array<std::string, 1>{std::string(name)});
  const auto id = first(database, "registry_bundles", conditions);
  return id ? bundle(database, *id) : std::nullopt;
}

std::optional<User> user(store::Database& database, Id id) {
  return one(database, id, users_by_id);
}

std::optional<User> user_by_name(store::Database& database, std::string_view username) {
  Conditions conditions(database.engine());
  conditions.any_of("t.username_key", std::array<std::string, 1>{to_lower(username)});
  const auto id = first(database, "registry_users", conditions);
  return id ? user(database, *id) : std::nullopt;
}

std::optional<Person> person(store::Database& database, Id id) {
  return one(database, id, people_by_id);
}

std::vector<DelegationRule> delegation_of(store::Database& database, Id project) {
  std::vector<DelegationRule> rules;
  database.each(
      "SELECT d.path, u.username FROM registry_delegation d JOIN registry_users u"
      " ON u.id = d.user_id WHERE d.project = ? ORDER BY d.position",
      [&](const store::Row& row) {
        rules.push_back({row.get<std::string>(0), row.get<std::string>(1)});
      },
      project);
  return rules;
}

std::vector<State> states(store::Database& database) {
  std::vector<State> result;
  database.each(
      "SELECT id, name, slug, ordering, action_required FROM registry_states ORDER BY ordering, id",
      [&](const store::Row& row) {
        result.push_back({row.integer(0), row.get<std::string>(1), row.get<std::string>(2),
                          row.get<int>(3), row.get<bool>(4)});
      });
  return result;
}

std::vector<Comment> comments_of(store::Database& database, Id patch) {
  std::vector<Id> ids;
  database.each(
      "SELECT id FROM registry_patch_comments WHERE patch = ? ORDER BY date, id",
      [&](const store::Row& row) { ids.push_back(row.integer(0)); }, patch);
  return in_order(patch_comments_by_id(database, ids), ids);
}

}  // namespace patchmill::registry
