// The rows of a list of series; see inbox_model.hpp.
#include "tracker/message_store.hpp"
#include "web/inbox_model.hpp"

#include <map>
#include <unordered_map>

namespace patchmill::web {
namespace {

using findings::Verdict;

// "(?,?,…)" for a list, in steps so that few statements differ.
std::string placeholders(std::size_t n) {
  std::string text = "(?";
  for (std::size_t i = 1; i < n; ++i) {
    text += ",?";
  }
  return text + ")";
}

class RowReader {
 public:
  RowReader(store::Database& database, std::span<const std::int64_t> numbers)
      : m_database(database) {
    constexpr std::size_t step = 16;
    for (const auto number : numbers) {
      m_values.emplace_back(number);
    }
    while (m_values.size() % step != 0) {
      m_values.emplace_back(numbers.back());
    }
    m_in = " IN " + placeholders(m_values.size());
  }

  std::unordered_map<std::int64_t, InboxRow> read() {
    each(
        "SELECT s.number, s.name, s.version, s.total, s.submitter_name, s.submitter_email,"
        " CASE WHEN s.date = 0 THEN g.date ELSE s.date END, s.list_ids, s.superseded, s.is_rfc,"
        " (SELECT count(*) FROM series_patches p WHERE p.series = s.number),"
        " v.verdict, v.reason, v.time"
        " FROM series s JOIN messages g ON g.id = s.head"
        " LEFT JOIN series_verdicts v ON v.series = s.number WHERE s.number",
        "", [&](const store::Row& row) { add(row); });
    each("SELECT series FROM series_runs WHERE finished IS NULL AND series", "",
         [&](const store::Row& row) { m_rows[row.integer(0)].running = true; });
    std::map<std::int64_t, std::int64_t> attempt;
    each(
        "SELECT series, attempt, tree FROM nodes WHERE name = 'checkout' AND kind = 'checkout'"
        " AND series",
        "", [&](const store::Row& row) {
          auto& newest = attempt[row.integer(0)];
          if (row.integer(1) >= newest) {
            newest = row.integer(1);
            m_rows[row.integer(0)].tree = row.text(2);
          }
        });
    each(
        "SELECT series, attempt, state, coalesce(result, ''), count(*) FROM nodes"
        " WHERE kind <> 'checkout' AND series",
        " GROUP BY series, attempt, state, coalesce(result, '')", [&](const store::Row& row) {
          if (const auto found = attempt.find(row.integer(0));
              found != attempt.end() && found->second == row.integer(1)) {
            count(m_rows[row.integer(0)].counts, row);
          }
        });
    return std::move(m_rows);
  }

 private:
  template <class F>
  void each(std::string_view before, std::string_view after, F&& f) {
    m_database.each_with(std::string(before) + m_in + std::string(after), m_values, f);
  }
  void add(const store::Row& row) {
    InboxRow& one = m_rows[row.integer(0)];
    one.number = row.integer(0);
    one.name = row.text(1);
    one.version = row.get<int>(2);
    one.total = row.get<int>(3);
    one.submitter = {row.get<std::string>(4), row.get<std::string>(5)};
    one.date = from_micros(row.integer(6));
    one.lists = tracker::split_words(row.text(7));
    one.superseded = row.get<bool>(8);
    one.is_rfc = row.get<bool>(9);
    one.received = row.get<int>(10);
    if (!row.is_null(11)) {
      one.verdict = findings::verdict_from(row.text(11));
      one.reason = row.text(12);
      one.judged = from_micros(row.integer(13));
    }
  }
  static void count(NodeCounts& counts, const store::Row& row) {
    const int n = row.get<int>(4);
    const auto result = findings::verdict_from(row.text(3));
    if (row.text(2) != "done" || !result) {
      counts.open += n;
      counts.active += row.text(2) == "running" || row.text(2) == "closing" ? n : 0;
      return;
    }
    switch (*result) {
      case Verdict::pass:
        counts.pass += n;
        break;
      case Verdict::warning:
        counts.warning += n;
        break;
      case Verdict::fail:
        counts.fail += n;
        break;
      case Verdict::skip:
        counts.skip += n;
        break;
      case Verdict::incomplete:
        counts.incomplete += n;
        break;
    }
  }

  store::Database& m_database;
  std::vector<store::Value> m_values;
  std::string m_in;
  std::unordered_map<std::int64_t, InboxRow> m_rows;
};

}  // namespace

std::vector<InboxRow> read_rows(store::Database& database, std::span<const std::int64_t> numbers) {
  std::vector<InboxRow> rows;
  if (numbers.empty()) {
    return rows;
  }
  auto found = RowReader(database, numbers).read();
  for (const auto number : numbers) {
    if (const auto row = found.find(number); row != found.end() && row->second.number != 0) {
      rows.push_back(std::move(row->second));
      found.erase(row);
    }
  }
  return rows;
}

}  // namespace patchmill::web
