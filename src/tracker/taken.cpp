#include "tracker/taken.hpp"

#include "store/event_log.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>

namespace patchmill::tracker {

void note_taken(store::Database& database, Timestamp now, std::int64_t series,
                std::span<const TakenPatch> patches) {
  boost::json::array commits;
  for (const auto& one : patches) {
    if (database.exec("INSERT INTO taken_patches (mail, tree, commit_id) VALUES (?, ?, ?) "
                      "ON CONFLICT (mail) DO NOTHING",
                      one.mail, one.tree, one.commit) > 0) {
      commits.push_back({{"tree", mend_utf8(one.tree)}, {"commit", one.commit}});
    }
  }
  if (!commits.empty()) {
    store::append_event(database, now, "patches-taken", series, std::nullopt,
                        boost::json::serialize(boost::json::object{{"commits", commits}}));
  }
}

std::set<int> taken_patches(store::Database& database, const Series& series) {
  std::set<int> numbers;
  database.each(
      "SELECT p.number FROM series_patches p JOIN taken_patches t ON t.mail = p.mail "
      "WHERE p.series = ?",
      [&](const store::Row& row) { numbers.insert(row.get<int>(0)); }, series.number);
  return numbers;
}

std::vector<OpenPatch> open_patches(store::Database& database, Timestamp since) {
  std::vector<OpenPatch> found;
  database.each(
      "SELECT s.number, p.mail FROM series s JOIN series_patches p ON p.series = s.number "
      "LEFT JOIN taken_patches t ON t.mail = p.mail "
      "WHERE s.date >= ? AND s.superseded = 0 AND t.mail IS NULL "
      "ORDER BY s.number, p.number",
      [&](const store::Row& row) { found.push_back({row.integer(0), row.integer(1)}); },
      to_micros(since));
  return found;
}

}  // namespace patchmill::tracker
