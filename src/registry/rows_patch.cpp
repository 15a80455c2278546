#include "registry/rows.hpp"
#include "tracker/bulk_query.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::registry {
namespace {

Patch read_patch(const store::Row& row) {
  Patch patch;
  patch.self = read_ref(row, 0);
  int at = k_ref_width;
  patch.commit_ref = row.get<std::optional<std::string>>(at++);
  patch.pull_url = row.get<std::optional<std::string>>(at++);
  patch.hash = row.get<std::optional<std::string>>(at++);
  patch.state = row.get<std::string>(at++);
  patch.archived = row.get<bool>(at++);
  patch.number = row.get<std::optional<int>>(at++);
  patch.check = row.get<CheckState>(at++);
  patch.message = row.integer(at++);
  patch.submitter = read_person(row, at);
  at += k_person_width;
  if (!row.is_null(at)) {
    patch.series = read_series_ref(row, at);
  }
  at += k_series_ref_width;
  if (!row.is_null(at)) {
    patch.delegate = read_user(row, at);
  }
  return patch;
}

}  // namespace

ById<Patch> patches_by_id(store::Database& database, std::span<const Id> ids) {
  static const std::string select = fmt::format(
      "SELECT {}, m.commit_ref, m.pull_url, m.hash, st.slug, m.archived, m.number, m.check_state,"
      " m.message, {}, {}, d.id, d.username, d.first_name, d.last_name, d.email, d.send_email,"
      " d.items_per_page, d.show_ids, m.relation FROM registry_patches m"
      " JOIN registry_states st ON st.id = m.state"
      " JOIN registry_people p ON p.id = m.submitter"
      " LEFT JOIN registry_users u ON u.id = p.user_id"
      " LEFT JOIN registry_series s ON s.id = m.series"
      " LEFT JOIN registry_users d ON d.id = m.delegate WHERE m.id",
      k_ref_columns, k_person_columns, k_series_ref_columns);
  constexpr int relation_at = k_ref_width + 8 + k_person_width + k_series_ref_width + k_user_width;
  ById<Patch> patches;
  ById<std::vector<Id>> by_relation;
  std::vector<Id> relations;
  tracker::each_in<Id>(database, select, ids, [&](const store::Row& row) {
    const Id id = row.integer(0);
    if (patches.try_emplace(id, read_patch(row)).second && !row.is_null(relation_at)) {
      auto& members = by_relation[row.integer(relation_at)];
      if (members.empty()) {
        relations.push_back(row.integer(relation_at));
      }
      members.push_back(id);
    }
  });
  static const std::string related =
      fmt::format("SELECT {}, m.relation FROM registry_patches m WHERE m.relation", k_ref_columns);
  tracker::each_in<Id>(database, related, relations, [&](const store::Row& row) {
    for (const Id id : by_relation[row.integer(k_ref_width)]) {
      if (id != row.integer(0)) {
        patches[id].related.push_back(read_ref(row, 0));
      }
    }
  });
  for (auto& [_, patch] : patches) {
    std::sort(patch.related.begin(), patch.related.end(),
              [](const SubmissionRef& a, const SubmissionRef& b) { return a.id < b.id; });
  }
  return patches;
}

}  // namespace patchmill::registry
