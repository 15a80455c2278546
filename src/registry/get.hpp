#pragma once
// Single things of the registry; nothing where there is none.

#include "registry/model.hpp"
#include "store/database.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::registry {

std::optional<Project> project(store::Database& database, Id id);
std::optional<Project> project(store::Database& database, std::string_view id_or_link_name);
std::optional<Patch> patch(store::Database& database, Id id);
std::optional<Patch> patch(store::Database& database, Id project, std::string_view msgid);
std::optional<Series> series(store::Database& database, Id id);
std::optional<std::int64_t> number_of_series(store::Database& database, Id id);  // tracker's
std::optional<Cover> cover(store::Database& database, Id id);
std::optional<Cover> cover(store::Database& database, Id project, std::string_view msgid);
std::optional<Check> check(store::Database& database, Id patch, Id id);
std::optional<Comment> patch_comment(store::Database& database, Id patch, Id id);
std::optional<Comment> cover_comment(store::Database& database, Id cover, Id id);
std::optional<Bundle> bundle(store::Database& database, Id id);
std::optional<Bundle> bundle(store::Database& database, std::string_view owner,
                             std::string_view name);
std::optional<User> user(store::Database& database, Id id);
std::optional<User> user_by_name(store::Database& database, std::string_view username);
std::optional<Person> person(store::Database& database, Id id);
struct DelegationRule {
  std::string path, user;  // a shell pattern, and a username
};
std::vector<DelegationRule> delegation_of(store::Database& database,
                                          Id project);  // the first first
std::vector<State> states(store::Database& database);   // by ordering, then id

// Ids grow in the order of commits: who has read up to one misses none before it.
std::vector<Event> events_after(store::Database& database, Id after, std::size_t limit);
Id newest_event(store::Database& database);  // 0: there is none

// Patch comments (by date) whose trailers go into the patch's mbox.
std::vector<Comment> comments_of(store::Database& database, Id patch);

}  // namespace patchmill::registry
