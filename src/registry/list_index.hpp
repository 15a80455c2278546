#pragma once
// Columns of the long lists (patches, series, covers, events) of one store, kept current: with it a
// page and its total cost about a millisecond for a million rows, whatever the filter.
//
// For a process that answers many questions, by any number of threads, each with a connection of
// its own. Every question first looks whether the store has changed, so that what it is told is as
// fresh as the store; it does not matter which process changed it.

#include "registry/list_columns.hpp"
#include "registry/list_query.hpp"
#include "registry/person_order.hpp"
#include "store/database.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <shared_mutex>
#include <stop_token>
#include <utility>
#include <vector>

namespace patchmill::registry {

class ListIndex {
 public:
  // batch: so many rows are in memory at once while they are read.
  explicit ListIndex(std::int64_t batch = 20'000) : m_batch(batch) {}

  // Reads everything (some seconds for a million rows); else the first question does.
  // Ends early when it is told to.
  void load(store::Database& database, const std::stop_token& stop = {});

  // Nothing: not a question for it (numbers beyond 32 bits, mostly); ask the store.
  std::optional<Selection> select(store::Database& database, const ListTable& list,
                                  const ListQuery& query, const Sorting& sorting, PageAsked page);

  // The users of the rows that fit, each once. Nothing: ask the store.
  std::optional<std::vector<Id>> users(store::Database& database, const ListTable& list,
                                       const ListQuery& query);

  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Table {
    mutable std::shared_mutex mutex;
    ListColumns columns;
    std::int64_t change = -1;  // the newest one known; -1: nothing has been read
    bool usable = true;
  };
  Table& table_of(const ListTable& table);
  // What answer(columns) says when they know what is `newest` in the store.
  template <class Newest, class Answer>
  auto when_current(store::Database& database, const ListTable& list, const Newest& newest,
                    bool by_name, const Answer& answer)
      -> decltype(answer(std::declval<const ListColumns&>()));
  void refresh(store::Database& database, const ListTable& list, Table& table,
               const std::stop_token& stop = {});

  std::int64_t m_batch;
  std::array<Table, 4> m_tables;
  PersonOrder m_people;
};

}  // namespace patchmill::registry
