#pragma once
// Which series make up a work, and the order of its revisions, in the store.

#include "store/database.hpp"
#include "tracker/series_event.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace patchmill::tracker {

// Splits or joins works so that each is a set of series connected by `previous`, which is right
// by then. Throws DatabaseError.
class WorkRenumbering {
 public:
  // Both outlive it.
  WorkRenumbering(store::Database& database, SeriesChanges& changes)
      : m_database(database), m_changes(changes) {}

  // Its members, or what connects them, have changed. A series whose predecessor changed marks its
  // own work and that of the predecessor.
  void mark(std::int64_t work) { m_works.insert(work); }
  void mark_work_of(std::int64_t series) { mark(work_of(series)); }
  // Renumbers what is marked, once. Adds the series it changed to `changes`, and which of them are
  // superseded now.
  void run();

 private:
  struct Member;
  // What two series of different people may have in common.
  struct Contents {
    std::set<std::string> titles, authors;
  };
  std::int64_t work_of(std::int64_t series);
  void renumber(std::int64_t work);
  std::map<std::int64_t, Member> load_members(std::int64_t work);
  static bool goes_back(const std::map<std::int64_t, Member>& members);
  void load_diffs(std::map<std::int64_t, Member>& members);
  std::vector<std::int64_t> followers_outside(std::int64_t work);
  // By number: the groups that `previous` connects, each in the order of revisions.
  static std::vector<std::vector<std::int64_t>> chains(
      const std::map<std::int64_t, Member>& members);
  const Contents& contents_of(std::int64_t number);
  bool are_related(std::int64_t a, std::int64_t b);
  void write_chain(const std::map<std::int64_t, Member>& members,
                   const std::vector<std::int64_t>& chain);

  store::Database& m_database;
  SeriesChanges& m_changes;
  std::set<std::int64_t> m_works;  // to be renumbered
  std::unordered_map<std::int64_t, Contents> m_contents;
};

}  // namespace patchmill::tracker
