#include "registry/find.hpp"
#include "registry/list_query.hpp"
#include "registry/names.hpp"
#include "registry/rows.hpp"

#include <array>

namespace patchmill::registry {
namespace {

constexpr std::array<SortKey, 1> k_event_keys = {{{"date", "t.date", false, ListKey::date}}};

// All categories but those of comments.
std::vector<Id> without_comments(std::vector<Id> categories) {
  if (categories.empty()) {
    for (Id i = 0; i <= static_cast<Id>(Category::patch_comment_created); ++i) {
      categories.push_back(i);
    }
  }
  std::erase(categories, static_cast<Id>(Category::cover_comment_created));
  std::erase(categories, static_cast<Id>(Category::patch_comment_created));
  return categories;
}

}  // namespace

Page<Event> find_events(store::Database& database, const EventFilter& filter, PageAsked page,
                        ListIndex* index) {
  const auto projects = projects_named(database, filter.project);
  auto categories = categories_named(filter.category);
  const auto series = rows_named(database, "registry_series", filter.series);
  const auto patches = rows_named(database, "registry_patches", filter.patch);
  const auto covers = rows_named(database, "registry_covers", filter.cover);
  const auto actors = users_named(database, filter.actor);
  const auto range = range_of(filter.date);
  if (!projects || !categories || !series || !patches || !covers || !actors || !range) {
    return {};
  }
  if (!filter.comments) {
    categories = without_comments(*std::move(categories));
    if (categories->empty()) {
      return {};
    }
  }
  ListQuery query;
  query.projects = *projects;
  query.users = *actors;
  query.kinds = *std::move(categories);
  query.date = *range;
  Conditions further(database.engine());
  further.any_of("t.series", *series);
  further.any_of("t.patch", *patches);
  further.any_of("t.cover", *covers);
  const auto selection =
      select(database, k_event_list, query, std::move(further),
             order_by(database.engine(), filter.order, k_event_keys, true), page, index);
  return {in_order(events_by_id(database, selection.ids), selection.ids), selection.total};
}

}  // namespace patchmill::registry
