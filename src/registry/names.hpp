#pragma once
// What the values of a filter name.

#include "registry/find.hpp"
#include "registry/sql_builder.hpp"
#include "store/database.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::registry {

// Ids, each once; empty when no value was given. Nothing: a value names nothing, so that the list
// is empty.
using Named = std::optional<std::vector<Id>>;

Named projects_named(store::Database& database, const Values& values);  // id or link name
Named people_named(store::Database& database, const Values& values);    // id or address
// Whoever has all words of `q` in his name or address, however many these are.
Named people_with(store::Database& database, std::string_view q);
Named users_named(store::Database& database, const Values& values);   // id or username
Named states_named(store::Database& database, const Values& values);  // id, slug or name
// Ids of rows of `table`, which is SQL of ours.
Named rows_named(store::Database& database, std::string_view table, const Values& values);
// Ids as they are, whether there are such rows or not; what is no id is left out.
Named ids_from(const Values& values);
// Numbers of registry::Category by Patchwork's words.
Named categories_named(const Values& values);
// Numbers of registry::CheckState, as numbers only.
Named check_states_named(const Values& values);

// Alternatives of one bound are united. Nothing: one of them was not a date.
std::optional<Range> range_of(const Span& span);

// What is searched for: every word has to be there. Words end at white space and commas, as in
// Django REST framework's SearchFilter. Nothing: no text can contain that.
std::optional<std::vector<std::string>> words_of(std::string_view q);

// Patchwork's word: "patch-state-changed".
std::string_view to_string(Category category);

// An id, as people write one; nothing when it is none or too large.
std::optional<Id> id_from(std::string_view text);

}  // namespace patchmill::registry
