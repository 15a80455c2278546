#include "registry/find.hpp"
#include "registry/list_query.hpp"
#include "registry/names.hpp"
#include "registry/rows.hpp"

#include <array>

namespace patchmill::registry {
namespace {

constexpr std::array<SortKey, 4> k_series_keys = {
    {{"id", "t.id", false, ListKey::id},
     {"name", "COALESCE(t.name, '')", true, ListKey::name},
     {"date", "t.date", false, ListKey::date},
     {"submitter", "t.submitter", false, ListKey::submitter}}};

}  // namespace

Page<Series> find_series(store::Database& database, const SeriesFilter& filter, PageAsked page,
                         ListIndex* index) {
  const auto projects = projects_named(database, filter.project);
  const auto submitters = people_named(database, filter.submitter);
  const auto range = range_of(filter.date);
  const auto words = words_of(filter.q);
  if (!projects || !submitters || !range || !words) {
    return {};
  }
  ListQuery query;
  query.projects = *projects;
  query.submitters = *submitters;
  query.flag = false;  // gone
  query.date = *range;
  query.words = *words;
  Conditions further(database.engine());
  const auto selection =
      select(database, k_series_list, query, std::move(further),
             order_by(database.engine(), filter.order, k_series_keys), page, index);
  return {in_order(series_by_id(database, selection.ids), selection.ids), selection.total};
}

Page<Cover> find_covers(store::Database& database, const CoverFilter& filter, PageAsked page,
                        ListIndex* index) {
  const auto projects = projects_named(database, filter.project);
  const auto submitters = people_named(database, filter.submitter);
  const auto series = rows_named(database, "registry_series", filter.series);
  const auto range = range_of(filter.date);
  const auto words = words_of(filter.q);
  if (!projects || !submitters || !series || !range || !words) {
    return {};
  }
  ListQuery query;
  query.projects = *projects;
  query.submitters = *submitters;
  query.date = *range;
  query.words = *words;
  Conditions further(database.engine());
  further.any_of("t.series", *series);
  if (!filter.msgid.empty()) {
    further.any_msgid("t.msgid", filter.msgid);
  }
  const auto selection =
      select(database, k_cover_list, query, std::move(further),
             order_by(database.engine(), filter.order, k_series_keys), page, index);
  return {in_order(covers_by_id(database, selection.ids), selection.ids), selection.total};
}

}  // namespace patchmill::registry
