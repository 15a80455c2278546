#include "registry/list_index.hpp"

#include "registry/writing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <string>
#include <vector>

namespace patchmill::registry {
namespace {

constexpr std::array<const ListTable*, 4> k_lists = {&k_patch_list, &k_series_list, &k_cover_list,
                                                     &k_event_list};

std::string columns_of(const ListTable& list) {
  std::string sql = "SELECT id, date, project";
  for (const auto column : {list.submitter, list.user, list.kind, list.flag, list.text}) {
    sql += column.empty() ? ", 0" : fmt::format(", {}", column);
  }
  return sql + fmt::format(", {} FROM {}", list.changes ? "changed" : "0", list.name);
}

ListColumns::Row read_row(const store::Row& row, bool with_text) {
  return {row.integer(0), row.integer(1), row.integer(2),   row.integer(3),
          row.integer(4), row.integer(5), row.get<bool>(6), with_text ? row.text(7) : ""};
}

// What the table has that is not known: by change and, as to those who write no numbers of changes,
// by id.
struct Newest {
  std::int64_t change = 0;
  Id id = 0;
};
Newest newest_of(store::Database& database, const ListTable& list) {
  const auto [change, id] = *database.one<std::int64_t, std::int64_t>(
      fmt::format("SELECT (SELECT value FROM registry_counters WHERE name = 'change'),"
                  " (SELECT COALESCE(MAX(id), 0) FROM {})",
                  list.name));
  return {change, id};
}

ListColumns::Ranks ranks_for(store::Database& database, const ListTable& list, ListKey key) {
  ListColumns::Ranks ranks;
  if (key == ListKey::project || key == ListKey::user_name) {
    const bool collate = database.engine() == store::Engine::postgresql;
    database.each(fmt::format("SELECT id FROM {}{}",
                              key == ListKey::project ? "registry_projects ORDER BY link_key"
                                                      : "registry_users ORDER BY username_key",
                              collate ? " COLLATE \"C\"" : ""),
                  [&](const store::Row& row) {
                    ranks.emplace(row.integer(0), static_cast<std::uint32_t>(ranks.size()));
                  });
  } else if (key == ListKey::kind && list.name == k_patch_list.name) {
    std::optional<std::int64_t> before;
    std::uint32_t rank = 0;
    database.each("SELECT id, ordering FROM registry_states ORDER BY ordering",
                  [&](const store::Row& row) {
                    rank += before && *before != row.integer(1) ? 1u : 0u;
                    before = row.integer(1);
                    ranks.emplace(row.integer(0), rank);
                  });
  }
  return ranks;
}

ListColumns::NameSource names_in(store::Database& database, const ListTable& list) {
  const std::string_view collate =
      database.engine() == store::Engine::postgresql ? " COLLATE \"C\"" : "";
  ListColumns::NameSource source;
  source.all = [&database, sql = fmt::format("SELECT id FROM {} ORDER BY COALESCE({}, ''){}, id",
                                             list.name, list.text, collate)] {
    std::vector<Id> ids;
    database.each(sql, [&](const store::Row& row) { ids.push_back(row.integer(0)); });
    return ids;
  };
  source.name = [&database, sql = fmt::format("SELECT COALESCE({}, '') FROM {} WHERE id = ?",
                                              list.text, list.name)](Id id) {
    return database.value<std::string>(sql, id);
  };
  return source;
}

}  // namespace

void ListIndex::refresh(store::Database& database, const ListTable& list, Table& table,
                        const std::stop_token& stop) {
  const Newest newest = newest_of(database, list);
  const std::string select = columns_of(list);
  constexpr int changed_at = 8;
  std::int64_t rows = 0;
  std::int64_t change = 0;  // and id: of the last row read
  Id id = 0;
  auto put = [&](const store::Row& row) {
    ++rows;
    id = row.integer(0);
    change = row.integer(changed_at);
    table.usable = table.usable && table.columns.put(read_row(row, !list.text.empty()));
  };
  // A batch at a time: PostgreSQL fetches all rows before the first is seen.
  const auto read_all = [&](const std::string& sql, auto... from) {
    do {
      rows = 0;
      database.each(sql, put, from()..., m_batch);
    } while (table.usable && rows == m_batch && !stop.stop_requested());
  };
  if (list.changes && table.change >= 0 && table.change < newest.change) {
    change = table.change;
    id = std::numeric_limits<Id>::max();
    const Id known = table.columns.newest();
    read_all(
        fmt::format("{} WHERE (changed, id) > (?, ?) AND id <= ? ORDER BY changed, id LIMIT ?",
                    select),
        [&] { return change; }, [&] { return id; }, [&] { return known; });
  }
  if (table.columns.newest() < newest.id) {
    read_all(fmt::format("{} WHERE id > ? ORDER BY id LIMIT ?", select),
             [&] { return table.columns.newest(); });
  }
  if (!table.usable) {
    table.columns = {};
  }
  table.columns.settle();
  table.change = newest.change;
}

ListIndex::Table& ListIndex::table_of(const ListTable& table) {
  const auto found = std::find_if(k_lists.begin(), k_lists.end(),
                                  [&](const ListTable* list) { return list->name == table.name; });
  return m_tables.at(static_cast<std::size_t>(found - k_lists.begin()));
}

void ListIndex::load(store::Database& database, const std::stop_token& stop) {
  for (std::size_t i = 0; i < k_lists.size() && !stop.stop_requested(); ++i) {
    const std::unique_lock lock(m_tables[i].mutex);
    refresh(database, *k_lists[i], m_tables[i], stop);
    if (!k_lists[i]->text.empty() && !stop.stop_requested()) {
      m_tables[i].columns.place_names(names_in(database, *k_lists[i]));
    }
  }
  if (!stop.stop_requested()) {
    (void)m_people.places(database);
  }
}

template <class Newest, class Answer>
auto ListIndex::when_current(store::Database& database, const ListTable& list, const Newest& newest,
                             bool by_name, const Answer& answer)
    -> decltype(answer(std::declval<const ListColumns&>())) {
  Table& table = table_of(list);
  constexpr int most_tries = 3;  // others may go on changing it meanwhile
  for (int tries = 1;; ++tries) {
    std::shared_lock reading(table.mutex);
    if (!table.usable) {
      return std::nullopt;
    }
    // Another thread may know more than this connection has seen: that is as good.
    const bool current = table.change >= newest.change && table.columns.newest() >= newest.id;
    if ((current && (!by_name || table.columns.names_placed())) || tries > most_tries) {
      return answer(table.columns);
    }
    reading.unlock();
    const std::unique_lock writing(table.mutex);
    refresh(database, list, table);
    if (by_name) {
      table.columns.place_names(names_in(database, list));
    }
  }
}

std::optional<Selection> ListIndex::select(store::Database& database, const ListTable& list,
                                           const ListQuery& query, const Sorting& sorting,
                                           PageAsked page) {
  if (sorting.keys.empty()) {
    return std::nullopt;
  }
  const auto asks_for = [&](ListKey key) {
    return std::any_of(sorting.keys.begin(), sorting.keys.end(),
                       [&](const SortBy& by) { return by.key == key; });
  };
  const Newest newest = newest_of(database, list);
  std::vector<ListColumns::Ordering> order;
  for (const SortBy& by : sorting.keys) {
    order.push_back({by.key, by.descending, ranks_for(database, list, by.key)});
  }
  const bool by_name = asks_for(ListKey::name);
  // Whoever comes from now on has no place yet, and is first until the next question.
  const auto people = asks_for(ListKey::submitter_name)
                          ? m_people.places(database)
                          : std::make_shared<const PersonOrder::Places>();
  return when_current(database, list, newest, by_name, [&](const ListColumns& columns) {
    return columns.select(query, order, *people, slice_of(page));
  });
}

std::optional<std::vector<Id>> ListIndex::users(store::Database& database, const ListTable& list,
                                                const ListQuery& query) {
  return when_current(
      database, list, newest_of(database, list), false,
      [&](const ListColumns& columns) { return std::optional(columns.users(query)); });
}

std::size_t ListIndex::bytes() const {
  std::size_t sum = m_people.bytes();
  for (const Table& table : m_tables) {
    const std::shared_lock lock(table.mutex);
    sum += table.columns.bytes();
  }
  return sum;
}

}  // namespace patchmill::registry
