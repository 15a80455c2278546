#include "web/project_feed.hpp"

#include "http/target.hpp"
#include "registry/find.hpp"
#include "registry/get.hpp"
#include "tracker/bulk_query.hpp"
#include "util/text.hpp"
#include "web/patch_list_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>
#include <unordered_map>

namespace patchmill::web {
namespace {

using registry::Id;

constexpr std::uint64_t k_most_entries = 50;
constexpr std::size_t k_most_stated_patches = 100;

std::span<const registry::SubmissionRef> stated_patches(const registry::Series& series) {
  return std::span(series.patches).first(std::min(series.patches.size(), k_most_stated_patches));
}

// Names of states by patch.
std::unordered_map<Id, std::string> state_names(store::Database& database,
                                                const std::vector<registry::Series>& all) {
  std::map<Id, std::string> names;
  for (const auto& state : registry::states(database)) {
    names.emplace(state.id, state.name);
  }
  std::vector<Id> ids;
  for (const auto& series : all) {
    for (const auto& patch : stated_patches(series)) {
      ids.push_back(patch.id);
    }
  }
  std::unordered_map<Id, std::string> result;
  tracker::each_in<Id>(
      database, "SELECT id, state FROM registry_patches WHERE id", ids,
      [&](const store::Row& row) { result[row.integer(0)] = names[row.integer(1)]; });
  return result;
}

// "3 of 3 patches: 2 New, 1 Accepted"
std::string summary_of(const registry::Series& series,
                       const std::unordered_map<Id, std::string>& states) {
  std::map<std::string, int> counts;
  for (const auto& patch : stated_patches(series)) {
    if (const auto state = states.find(patch.id); state != states.end()) {
      ++counts[state->second];
    }
  }
  std::string text =
      fmt::format("{} of {}", series.received_total(), count_of(series.total, "patch", "patches"));
  std::string_view before = ": ";
  for (const auto& [state, count] : counts) {
    text += fmt::format("{}{} {}", before, count, state);
    before = ", ";
  }
  return text;
}

}  // namespace

std::string project_feed_path(const registry::Project& project) {
  return fmt::format("/project/{}/feed.atom", http::percent_encode(project.link_name));
}

AtomFeed project_feed(store::Database& database, registry::ListIndex& index,
                      const registry::Project& project) {
  registry::SeriesFilter filter;
  filter.project = {std::to_string(project.id)};
  filter.order = {"id", true};  // not by dates, which are what the senders say
  const auto all = registry::find_series(database, filter, {1, k_most_entries}, &index).items;
  const auto states = state_names(database, all);
  const std::string list =
      fmt::format("/project/{}/list/", http::percent_encode(project.link_name));
  AtomFeed feed{(project.name.empty() ? project.link_name : project.name) + ": series",
                project_feed_path(project),
                list,
                {}};
  for (const auto& series : all) {
    AtomEntry entry;
    entry.title = series.self.name.value_or("(no title)");
    if (series.self.version > 1) {
      entry.title += fmt::format(" (v{})", series.self.version);
    }
    entry.address = fmt::format("{}?series={}", list, series.self.id);
    entry.author = person_name(series.submitter);
    entry.summary = summary_of(series, states);
    entry.updated = entry.published = series.self.date;
    feed.entries.push_back(std::move(entry));
  }
  return feed;
}

}  // namespace patchmill::web
