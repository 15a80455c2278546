#pragma once
// Facts of series, as the store has them, for finding which continues which.

#include "store/database.hpp"
#include "tracker/revisions.hpp"

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace patchmill::tracker {

// Each series is read once: for one update, in which the facts of series do not change. What it
// gives lives as long as it does. Throws DatabaseError.
class RevisionFacts {
 public:
  // The database outlives it.
  explicit RevisionFacts(store::Database& database) : m_database(database) {}

  const RevisionFact& of(std::int64_t number);
  // Series with a key in common. Where they are very many (a robot that posts one title for ever),
  // only the nearest before and after in the order of revisions.
  const std::vector<std::int64_t>& sharing(std::int64_t number);
  // Whatever may be the predecessor: those, and the series that this one names.
  std::vector<std::int64_t> candidates(std::int64_t number);

 private:
  void add_nearest(std::int64_t number, const RevisionKey& key, std::vector<std::int64_t>& to);

  store::Database& m_database;
  std::unordered_map<std::int64_t, RevisionFact> m_facts;
  std::unordered_map<std::int64_t, std::vector<std::int64_t>> m_sharing;
};

// The numbers of the series that a query gives, in the order of revisions. Its columns: number,
// version, minor, date, Message-ID of the head, is_rfc. Throws DatabaseError.
template <class... Arguments>
std::vector<std::int64_t> revision_numbers(store::Database& database, std::string_view sql,
                                           const Arguments&... arguments) {
  std::vector<RevisionFact> facts;
  database.each(
      sql,
      [&](const store::Row& row) {
        RevisionFact& fact = facts.emplace_back();
        fact.series = row.integer(0);
        fact.version = {row.get<int>(1), row.get<int>(2)};
        fact.date = from_micros(row.integer(3));
        fact.head_msgid = row.text(4);
        fact.is_rfc = row.get<bool>(5);
      },
      arguments...);
  std::vector<const RevisionFact*> order;
  order.reserve(facts.size());
  for (const RevisionFact& fact : facts) {
    order.push_back(&fact);
  }
  sort_revisions(order);
  std::vector<std::int64_t> numbers;
  numbers.reserve(order.size());
  for (const RevisionFact* fact : order) {
    numbers.push_back(fact->series);
  }
  return numbers;
}

}  // namespace patchmill::tracker
