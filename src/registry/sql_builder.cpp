#include "registry/sql_builder.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>

namespace patchmill::registry {
namespace {

constexpr std::uint64_t k_most_per_page = 250;  // Patchwork's
constexpr std::size_t k_msgid_prefix = 200;     // characters, as the indexes on msgid have it

std::string escape_like(std::string_view word) {
  std::string out;
  for (const char c : word) {
    if (c == '%' || c == '_' || c == '!') {
      out += '!';
    }
    out += c;
  }
  return out;
}

// Room for so many values: a power of two, so that few statements are made of many filters (the
// last value repeats). Never one alone: with "msgid = ?" SQLite 3.40 puts the value into
// "substr(msgid, …) = ?" as well and then does not see the index on it.
std::size_t room_for(std::size_t count) {
  return std::max<std::size_t>(std::bit_ceil(count), 2);
}

std::string places_for(std::size_t count) {
  std::string sql = "(?";
  for (std::size_t i = 1; i < room_for(count); ++i) {
    sql += ",?";
  }
  return sql + ")";
}

std::string first_characters(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const bool starts = (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
    if (starts && count-- == 0) {
      break;
    }
  }
  return std::string(text.substr(0, at));
}

}  // namespace

bool bindable(std::string_view text) {
  return text.find('\0') == std::string_view::npos && is_valid_utf8(text);
}

void Conditions::add(std::string_view condition) {
  m_sql += m_sql.empty() ? " WHERE " : " AND ";
  m_sql += condition;
}

void Conditions::add(std::string_view condition, std::int64_t value) {
  add(condition);
  m_values.emplace_back(value);
}

void Conditions::add(std::string_view condition, std::string value) {
  add(condition);
  bind(std::move(value));
}

void Conditions::bind(std::string text) {
  m_texts.push_back(std::move(text));
  m_values.emplace_back(std::string_view(m_texts.back()));
}

void Conditions::any_of(std::string_view column, std::span<const Id> ids) {
  if (ids.empty()) {
    return;
  }
  if (ids.size() > k_most_values) {
    const bool sqlite = m_engine == store::Engine::sqlite;
    const std::string all = fmt::format("{}", fmt::join(ids, ","));
    add(std::string(column) +
        (sqlite ? " IN (SELECT value FROM json_each(?))" : " = ANY (CAST(? AS bigint[]))"));
    return bind(sqlite ? "[" + all + "]" : "{" + all + "}");
  }
  add(fmt::format("{} IN {}", column, places_for(ids.size())));
  for (std::size_t i = 0; i < room_for(ids.size()); ++i) {
    m_values.emplace_back(ids[std::min(i, ids.size() - 1)]);
  }
}

void Conditions::any_of(std::string_view column, std::span<const std::string> texts) {
  std::vector<std::string> usable;
  std::copy_if(texts.begin(), texts.end(), std::back_inserter(usable), bindable);
  std::sort(usable.begin(), usable.end());
  usable.erase(std::unique(usable.begin(), usable.end()), usable.end());
  if (usable.empty() || usable.size() > k_most_values) {
    return add("1 = 0");
  }
  add(fmt::format("{} IN {}", column, places_for(usable.size())));
  for (std::size_t i = 0; i < room_for(usable.size()); ++i) {
    bind(usable[std::min(i, usable.size() - 1)]);
  }
}

void Conditions::any_msgid(std::string_view column, std::span<const std::string> msgids) {
  std::vector<std::string> prefixes;
  for (const std::string& msgid : msgids) {
    prefixes.push_back(first_characters(msgid, k_msgid_prefix));
  }
  any_of(fmt::format("substr({}, 1, {})", column, k_msgid_prefix), prefixes);
  any_of(column, msgids);
}

void Conditions::within(std::string_view column, const Range& range) {
  if (range.from) {
    add(fmt::format("{} >= ?", column), *range.from);
  }
  if (range.until) {
    add(fmt::format("{} < ?", column), *range.until);
  }
}

void Conditions::contains(std::initializer_list<std::string_view> columns,
                          std::span<const std::string> words) {
  // Letters of ASCII in any case, as SQLite and the index in memory have it.
  const std::string_view like = m_engine == store::Engine::sqlite ? "LIKE" : "COLLATE \"C\" ILIKE";
  for (const std::string& word : words) {
    std::string any;
    for (const auto column : columns) {
      any += fmt::format("{}{} {} ? ESCAPE '!'", any.empty() ? "(" : " OR ", column, like);
    }
    add(any + ")");
    for (std::size_t i = 0; i < columns.size(); ++i) {
      bind("%" + escape_like(word) + "%");
    }
  }
}

Sorting order_by(store::Engine engine, const Order& order, std::span<const SortKey> keys,
                 bool otherwise_descending) {
  struct Chosen {
    const SortKey* key;
    bool descending;
  };
  const auto is_id = [](const Chosen& one) { return one.key->sql == "t.id"; };
  std::vector<Chosen> chosen;
  const auto choose = [&](const Order& asked) {
    const auto found = std::find_if(keys.begin(), keys.end(),
                                    [&](const SortKey& key) { return key.field == asked.field; });
    const bool ended =
        !chosen.empty() && (is_id(chosen.back()) || chosen.back().key->key == ListKey::name);
    if (found != keys.end() && !ended) {
      chosen.push_back({&*found, asked.descending});
    }
  };
  choose(order);
  std::for_each(order.then.begin(), order.then.end(), choose);
  if (chosen.empty()) {
    chosen.push_back({&keys.front(), otherwise_descending});
  }
  if (chosen.size() > 1 && is_id(chosen.back()) &&
      chosen.back().descending == chosen[chosen.size() - 2].descending) {
    chosen.pop_back();
  }
  Sorting sorting{" ORDER BY ", {}};
  for (const Chosen& one : chosen) {
    const bool collate = one.key->text && engine == store::Engine::postgresql;
    const std::string_view way = one.descending ? " DESC" : "";
    sorting.sql += fmt::format("{}{}{}", one.key->sql, collate ? " COLLATE \"C\"" : "", way);
    if (&one != &chosen.back()) {
      sorting.sql += ", ";
    } else if (!is_id(one)) {
      sorting.sql += fmt::format(", t.id{}", way);
    }
    if (one.key->key) {
      sorting.keys.push_back({*one.key->key, one.descending});
    }
  }
  if (sorting.keys.size() != chosen.size()) {
    sorting.keys.clear();
  }
  return sorting;
}

Slice slice_of(PageAsked page) {
  const std::uint64_t limit = std::clamp<std::uint64_t>(page.per_page, 1, k_most_per_page);
  const std::uint64_t before = std::max<std::uint64_t>(page.page, 1) - 1;
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (before > most / limit) {
    return {most, 0};
  }
  return {before * limit, limit};
}

Selection select(store::Database& database, std::string_view table, const Conditions& conditions,
                 std::string_view order, PageAsked page) {
  Selection result;
  auto values = conditions.values();
  database.each_with(fmt::format("SELECT COUNT(*) FROM {} t{}", table, conditions.sql()), values,
                     [&](const store::Row& row) { result.total = row.get<std::uint64_t>(0); });
  const Slice slice = slice_of(page);
  if (slice.offset >= result.total || slice.limit == 0) {
    return result;
  }
  values.emplace_back(static_cast<std::int64_t>(slice.limit));
  values.emplace_back(static_cast<std::int64_t>(slice.offset));
  database.each_with(
      fmt::format("SELECT t.id FROM {} t{}{} LIMIT ? OFFSET ?", table, conditions.sql(), order),
      values, [&](const store::Row& row) { result.ids.push_back(row.integer(0)); });
  return result;
}

}  // namespace patchmill::registry
