#include "registry/names.hpp"

#include "registry/get.hpp"
#include "tracker/bulk_query.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <unordered_map>
#include <unordered_set>

namespace patchmill::registry {
namespace {

constexpr std::size_t k_most_words = 64;
constexpr std::size_t k_longest_text = 2'000;  // bytes; longer than any name there is

constexpr std::array<std::string_view, 11> k_categories = {
    "cover-created",    "patch-created",          "patch-completed",      "patch-state-changed",
    "patch-delegated",  "patch-relation-changed", "check-created",        "series-created",
    "series-completed", "cover-comment-created",  "patch-comment-created"};

void keep_once(std::vector<Id>& ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

// By id or, where there is a `key` column (in lower case), by that.
Named rows_by(store::Database& database, std::string_view table, std::string_view key,
              const Values& values) {
  std::unordered_set<std::string> distinct;
  for (const std::string& value : values) {
    distinct.insert(to_lower(value));
  }
  if (distinct.empty()) {
    return std::vector<Id>();
  }
  if (distinct.size() > k_most_values) {
    return std::nullopt;
  }
  std::vector<Id> numbers;
  std::vector<std::string_view> texts;
  for (const std::string& value : distinct) {
    if (const auto number = id_from(value)) {
      numbers.push_back(*number);
    }
    if (!key.empty() && value.size() <= k_longest_text && bindable(value)) {
      texts.push_back(value);
    }
  }
  std::unordered_set<Id> known;
  tracker::each_in<Id>(database, fmt::format("SELECT id FROM {} WHERE id", table), numbers,
                       [&](const store::Row& row) { known.insert(row.integer(0)); });
  std::unordered_map<std::string, Id> by_key;
  if (!key.empty()) {
    tracker::each_in<std::string_view>(
        database, fmt::format("SELECT {0}, id FROM {1} WHERE {0}", key, table), texts,
        [&](const store::Row& row) { by_key.emplace(row.text(0), row.integer(1)); });
  }
  std::vector<Id> ids;
  for (const std::string& value : distinct) {
    const auto number = id_from(value);
    const auto text = by_key.find(value);
    if (number && known.contains(*number)) {
      ids.push_back(*number);
    } else if (text != by_key.end()) {
      ids.push_back(text->second);
    } else {
      return std::nullopt;
    }
  }
  keep_once(ids);
  return ids;
}

}  // namespace

std::optional<Id> id_from(std::string_view text) {
  const auto number = parse_uint(text);
  if (!number || *number > static_cast<std::uint64_t>(std::numeric_limits<Id>::max())) {
    return std::nullopt;
  }
  return static_cast<Id>(*number);
}

Named projects_named(store::Database& database, const Values& values) {
  return rows_by(database, "registry_projects", "link_key", values);
}

Named people_named(store::Database& database, const Values& values) {
  return rows_by(database, "registry_people", "email_key", values);
}

Named people_with(store::Database& database, std::string_view q) {
  const auto words = words_of(q);
  if (!words) {
    return std::nullopt;
  }
  std::vector<Id> ids;
  if (words->empty()) {
    return ids;
  }
  Conditions conditions(database.engine());
  conditions.contains({"t.name", "t.email"}, *words);
  database.each_with(fmt::format("SELECT t.id FROM registry_people t{}", conditions.sql()),
                     conditions.values(),
                     [&](const store::Row& row) { ids.push_back(row.integer(0)); });
  return ids.empty() ? Named() : Named(std::move(ids));
}

Named users_named(store::Database& database, const Values& values) {
  return rows_by(database, "registry_users", "username_key", values);
}

Named rows_named(store::Database& database, std::string_view table, const Values& values) {
  return rows_by(database, table, "", values);
}

Named states_named(store::Database& database, const Values& values) {
  std::vector<Id> ids;
  if (values.empty()) {
    return ids;
  }
  const auto known = states(database);
  for (const std::string& value : values) {
    const auto number = id_from(value);
    const auto found = std::find_if(known.begin(), known.end(), [&](const State& state) {
      return number ? state.id == *number
                    : iequals(state.slug, value) || iequals(state.name, value);
    });
    if (found == known.end()) {
      return std::nullopt;
    }
    ids.push_back(found->id);
  }
  keep_once(ids);
  return ids;
}

Named categories_named(const Values& values) {
  std::vector<Id> ids;
  for (const std::string& value : values) {
    const auto found = std::find(k_categories.begin(), k_categories.end(), value);
    if (found == k_categories.end()) {
      return std::nullopt;
    }
    ids.push_back(found - k_categories.begin());
  }
  keep_once(ids);
  return ids;
}

Named ids_from(const Values& values) {
  std::vector<Id> ids;
  for (const std::string& value : values) {
    if (const auto id = id_from(value)) {
      ids.push_back(*id);
    }
  }
  if (ids.empty() && !values.empty()) {
    return std::nullopt;
  }
  keep_once(ids);
  return ids;
}

Named check_states_named(const Values& values) {
  std::vector<Id> ids;
  for (const std::string& value : values) {
    const auto number = id_from(value);
    if (!number || *number > static_cast<Id>(CheckState::fail)) {
      return std::nullopt;
    }
    ids.push_back(*number);
  }
  keep_once(ids);
  return ids;
}

std::optional<Range> range_of(const Span& span) {
  Range range;
  for (const auto& since : span.since) {
    if (!since) {
      return std::nullopt;
    }
    range.from = std::min(range.from.value_or(to_micros(*since)), to_micros(*since));
  }
  for (const auto& before : span.before) {
    if (!before) {
      return std::nullopt;
    }
    range.until = std::max(range.until.value_or(to_micros(*before)), to_micros(*before));
  }
  return range;
}

std::optional<std::vector<std::string>> words_of(std::string_view q) {
  if (q.size() > k_longest_text || !bindable(q)) {
    return std::nullopt;
  }
  std::string text(q);
  std::replace(text.begin(), text.end(), ',', ' ');
  text = collapse_whitespace(text);
  std::vector<std::string> words;
  for (const auto word : split(trim(text), ' ')) {
    if (!word.empty() && std::find(words.begin(), words.end(), word) == words.end()) {
      words.emplace_back(word);
    }
  }
  if (words.size() > k_most_words) {
    return std::nullopt;
  }
  return words;
}

std::string_view to_string(Category category) {
  return k_categories.at(static_cast<std::size_t>(category));
}

}  // namespace patchmill::registry
