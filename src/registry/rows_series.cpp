#include "registry/rows.hpp"
#include "tracker/bulk_query.hpp"
#include "tracker/dependencies.hpp"
#include "tracker/mail_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace patchmill::registry {
namespace {

void add_patches(store::Database& database, ById<Series>& series, std::span<const Id> ids) {
  static const std::string select = fmt::format(
      "SELECT {}, m.series, m.number FROM registry_patches m WHERE m.series", k_ref_columns);
  ById<std::vector<std::pair<std::pair<Id, Id>, SubmissionRef>>> placed;  // by number, then id
  tracker::each_in<Id>(database, select, ids, [&](const store::Row& row) {
    placed[row.integer(k_ref_width)].emplace_back(
        std::pair(row.integer(k_ref_width + 1), row.integer(0)), read_ref(row, 0));
  });
  for (auto& [id, of] : placed) {
    const auto found = series.find(id);
    if (found == series.end()) {
      continue;
    }
    std::sort(of.begin(), of.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [_, patch] : of) {
      found->second.patches.push_back(std::move(patch));
    }
  }
}

// What a partial reroll carries over is among its patches, so that it applies as a whole.
void add_carried(store::Database& database, ById<Series>& series) {
  std::vector<std::int64_t> numbers;
  for (const auto& [_, one] : series) {
    if (!one.received_all()) {
      numbers.push_back(one.number);
    }
  }
  const auto carried = tracker::carried_patches(database, numbers);
  if (carried.empty()) {
    return;
  }
  std::vector<std::int64_t> mails;
  for (const auto& one : carried) {
    mails.push_back(one.mail);
  }
  static const std::string select =
      fmt::format("SELECT {}, m.message FROM registry_patches m WHERE m.message", k_ref_columns);
  std::unordered_map<std::int64_t, std::vector<SubmissionRef>> known;  // by mail, of all projects
  tracker::each_in<std::int64_t>(database, select, mails, [&](const store::Row& row) {
    auto& of = known[row.integer(k_ref_width)];
    auto ref = read_ref(row, 0);
    if (std::ranges::find(of, ref.id, &SubmissionRef::id) == of.end()) {
      of.push_back(std::move(ref));
    }
  });
  for (auto& [_, one] : series) {
    std::vector<std::pair<std::size_t, SubmissionRef>> found;  // by place
    for (const auto& patch : carried) {
      for (const auto& ref : known[patch.mail]) {
        if (patch.series == one.number && ref.project == one.self.project) {
          found.emplace_back(static_cast<std::size_t>(std::max(patch.number, 1) - 1), ref);
        }
      }
    }
    std::ranges::sort(found, {}, [](const auto& entry) { return entry.first; });
    for (auto& [place, ref] : found) {
      one.patches.insert(
          one.patches.begin() + static_cast<std::ptrdiff_t>(std::min(place, one.patches.size())),
          std::move(ref));
    }
  }
}

// Tracker knows what builds on what; a list sees those of its own project.
void add_dependencies(store::Database& database, ById<Series>& series) {
  std::vector<std::int64_t> numbers;
  for (const auto& [_, one] : series) {
    numbers.push_back(one.number);
  }
  const auto links = tracker::dependency_links(database, numbers);
  if (links.empty()) {
    return;
  }
  numbers.clear();
  for (const auto& [from, to] : links) {
    numbers.push_back(from);
    numbers.push_back(to);
  }
  std::unordered_map<std::int64_t, std::vector<std::pair<Id, Id>>> known;  // number: project, id
  tracker::each_in<Id>(database,
                       "SELECT number, project, id FROM registry_series WHERE gone = 0 AND number",
                       numbers, [&](const store::Row& row) {
                         auto& of = known[row.integer(0)];
                         const auto place = std::pair(row.integer(1), row.integer(2));
                         if (std::find(of.begin(), of.end(), place) == of.end()) {
                           of.push_back(place);
                         }
                       });
  const auto note = [&](std::int64_t number, std::int64_t other, std::vector<Id> Series::* list) {
    for (const auto& [project, id] : known[number]) {
      const auto found = series.find(id);
      if (found == series.end()) {
        continue;
      }
      for (const auto& [other_project, other_id] : known[other]) {
        if (other_project == project) {
          (found->second.*list).push_back(other_id);
        }
      }
    }
  };
  for (const auto& [from, to] : links) {
    note(from, to, &Series::dependencies);
    note(to, from, &Series::dependents);
  }
  for (auto& [_, one] : series) {
    for (auto* list : {&one.dependencies, &one.dependents}) {
      std::sort(list->begin(), list->end());
      list->erase(std::unique(list->begin(), list->end()), list->end());
    }
  }
}

}  // namespace

ById<Series> series_by_id(store::Database& database, std::span<const Id> ids) {
  static const std::string select = fmt::format(
      "SELECT {}, s.total, s.number, {}, {} FROM registry_series s"
      " JOIN registry_people p ON p.id = s.submitter"
      " LEFT JOIN registry_users u ON u.id = p.user_id"
      " LEFT JOIN registry_covers m ON m.id = s.cover WHERE s.id",
      k_series_ref_columns, k_person_columns, k_ref_columns);
  ById<Series> series;
  tracker::each_in<Id>(database, select, ids, [&](const store::Row& row) {
    Series one;
    one.self = read_series_ref(row, 0);
    one.total = row.get<int>(k_series_ref_width);
    one.number = row.integer(k_series_ref_width + 1);
    constexpr int person_at = k_series_ref_width + 2;
    one.submitter = read_person(row, person_at);
    if (!row.is_null(person_at + k_person_width)) {
      one.cover = read_ref(row, person_at + k_person_width);
    }
    series.try_emplace(row.integer(0), std::move(one));
  });
  add_patches(database, series, ids);
  add_carried(database, series);
  add_dependencies(database, series);
  return series;
}

}  // namespace patchmill::registry
