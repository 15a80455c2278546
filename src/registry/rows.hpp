#pragma once
// Rows to values: the columns of each kind, and many of a kind at once, in a number of statements
// that depends on the kinds alone (and on pages, by tracker::bulk_chunk).

#include "registry/model.hpp"
#include "store/database.hpp"

#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace patchmill::registry {

// Columns of an alias u, p, … and how to read them from column `at` on.
inline constexpr int k_user_width = 8;
inline constexpr std::string_view k_user_columns =
    "u.id, u.username, u.first_name, u.last_name, u.email, u.send_email, u.items_per_page,"
    " u.show_ids";
User read_user(const store::Row& row, int at);

inline constexpr int k_person_width = 3 + k_user_width;
// Of registry_people p LEFT JOIN registry_users u ON u.id = p.user_id.
inline constexpr std::string_view k_person_columns =
    "p.id, p.name, p.email, u.id, u.username, u.first_name, u.last_name, u.email, u.send_email,"
    " u.items_per_page, u.show_ids";
Person read_person(const store::Row& row, int at);

inline constexpr int k_ref_width = 5;
// Of a patch or cover m.
inline constexpr std::string_view k_ref_columns = "m.id, m.project, m.msgid, m.date, m.name";
SubmissionRef read_ref(const store::Row& row, int at);

inline constexpr int k_series_ref_width = 5;
inline constexpr std::string_view k_series_ref_columns =
    "s.id, s.project, s.date, s.name, s.version";
SeriesRef read_series_ref(const store::Row& row, int at);

template <class T>
using ById = std::unordered_map<Id, T>;

// Those of these ids that exist. Ids of what holds a list (projects, series, bundles) come once.
ById<User> users_by_id(store::Database& database, std::span<const Id> ids);
ById<Project> projects_by_id(store::Database& database, std::span<const Id> ids);
ById<Person> people_by_id(store::Database& database, std::span<const Id> ids);
ById<SubmissionRef> patch_refs_by_id(store::Database& database, std::span<const Id> ids);
ById<SubmissionRef> cover_refs_by_id(store::Database& database, std::span<const Id> ids);
ById<SeriesRef> series_refs_by_id(store::Database& database, std::span<const Id> ids);
ById<Patch> patches_by_id(store::Database& database, std::span<const Id> ids);
ById<Series> series_by_id(store::Database& database, std::span<const Id> ids);
ById<Cover> covers_by_id(store::Database& database, std::span<const Id> ids);
ById<Check> checks_by_id(store::Database& database, std::span<const Id> ids);
ById<Comment> patch_comments_by_id(store::Database& database, std::span<const Id> ids);
ById<Comment> cover_comments_by_id(store::Database& database, std::span<const Id> ids);
ById<Bundle> bundles_by_id(store::Database& database, std::span<const Id> ids);
ById<Event> events_by_id(store::Database& database, std::span<const Id> ids);

// In the order of `ids`; what has gone in the meantime is left out.
template <class T>
std::vector<T> in_order(ById<T> found, std::span<const Id> ids) {
  std::vector<T> result;
  result.reserve(ids.size());
  for (const Id id : ids) {
    if (auto node = found.extract(id)) {
      result.push_back(std::move(node.mapped()));
    }
  }
  return result;
}

}  // namespace patchmill::registry
