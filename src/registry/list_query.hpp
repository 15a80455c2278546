#pragma once
// How every long list is selected: the conditions and orders that tables have in common, which an
// index in memory can answer, and whatever else SQL is asked for.

#include "registry/sql_builder.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::registry {

class ListIndex;

// A table with id, date and project, and what plays which part in it.
struct ListTable {
  std::string_view name;
  std::string_view text, submitter, user, kind, flag;  // columns; empty: there is none
  bool changes = true;                                 // has `changed`; else rows stay as they are
};
inline constexpr ListTable k_patch_list{"registry_patches", "name",  "submitter",
                                        "delegate",         "state", "archived"};
inline constexpr ListTable k_series_list{"registry_series", "name", "submitter", "", "", "gone"};
inline constexpr ListTable k_cover_list{"registry_covers", "name", "submitter", "", "", ""};
inline constexpr ListTable k_event_list{"registry_events", "", "", "actor", "category", "", false};

struct ListQuery {
  std::vector<Id> projects, submitters, users, kinds;  // one of these; empty: any; user 0: none
  std::optional<bool> flag;
  Range date;
  std::vector<std::string> words;  // of the text, all of them
};

// Selects by the query and, if there are any, further conditions; by the index where it can.
Selection select(store::Database& database, const ListTable& table, const ListQuery& query,
                 Conditions further, const Sorting& sorting, PageAsked page, ListIndex* index);

// The users of all rows that fit, each once, in no order.
std::vector<Id> select_users(store::Database& database, const ListTable& table,
                             const ListQuery& query, Conditions further, ListIndex* index);

}  // namespace patchmill::registry
