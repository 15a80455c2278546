#include "web/inbox_model.hpp"

#include "tracker/message_store.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

namespace patchmill::web {
namespace {

using findings::Verdict;

constexpr std::size_t k_longest_value = 200;
constexpr std::size_t k_most_words = 6;
constexpr std::array<std::pair<SeriesState, std::string_view>, 5> k_states{
    {{SeriesState::current, "current"},
     {SeriesState::all, "all"},
     {SeriesState::running, "running"},
     {SeriesState::waiting, "waiting"},
     {SeriesState::superseded, "superseded"}}};

std::string cut(std::string_view value) {
  std::string text = mend_utf8(trim(value));
  return text.size() > k_longest_value
             ? ellipsize(text, k_longest_value - 3).substr(0, k_longest_value)
             : text;
}

// A statement put together of conditions; texts live here until it has run.
class Query {
 public:
  explicit Query(store::Engine engine) : m_engine(engine) {}

  Query& sql(std::string_view piece) {
    m_sql += piece;
    return *this;
  }
  Query& where(std::string_view condition) {
    m_sql += m_any ? " AND " : " WHERE ";
    m_sql += condition;
    m_any = true;
    return *this;
  }
  Query& bind(std::int64_t value) {
    m_values.emplace_back(value);
    return *this;
  }
  Query& bind(std::string value) {
    m_texts.push_back(std::make_unique<std::string>(std::move(value)));
    m_values.emplace_back(std::string_view(*m_texts.back()));
    return *this;
  }
  // "contains", without regard to case; `column` is SQL of ours.
  Query& contains(std::string_view columns, std::string_view word) {
    const std::string pattern = "%" + escape_like(word) + "%";
    const std::string_view like = m_engine == store::Engine::sqlite ? "LIKE" : "ILIKE";
    std::string condition = "(";
    for (const auto column : split(columns, ' ')) {
      condition +=
          fmt::format("{}{} {} ? ESCAPE '!'", condition.size() > 1 ? " OR " : "", column, like);
    }
    where(condition + ")");
    for (std::size_t i = 0; i < split(columns, ' ').size(); ++i) {
      bind(pattern);
    }
    return *this;
  }
  static std::string escape_like(std::string_view word) {
    std::string out;
    for (const char c : word) {
      if (c == '%' || c == '_' || c == '!') {
        out += '!';
      }
      out += c;
    }
    return out;
  }
  std::vector<std::int64_t> numbers(store::Database& database) {
    std::vector<std::int64_t> result;
    database.each_with(m_sql, m_values,
                       [&](const store::Row& row) { result.push_back(row.integer(0)); });
    return result;
  }

 private:
  store::Engine m_engine;
  std::string m_sql;
  bool m_any = false;
  std::vector<store::Value> m_values;
  std::vector<std::unique_ptr<std::string>> m_texts;
};

// What any list of series can be narrowed by; `s` is the series.
void narrow(Query& query, const InboxFilter& filter) {
  std::size_t words = 0;
  for (const auto word : split(filter.text, ' ')) {
    if (!word.empty() && words++ < k_most_words) {
      query.contains("s.name s.submitter_name s.submitter_email", word);
    }
  }
  if (!filter.list.empty()) {
    // Lists are separated by newlines.
    query.where("(? || s.list_ids || ?) LIKE ? ESCAPE '!'")
        .bind("\n")
        .bind("\n")
        .bind("%\n" + Query::escape_like(to_lower(filter.list)) + "\n%");
  }
  if (!filter.author.empty()) {
    query.where("substr(s.submitter_email, 1, 200) = ?").bind(filter.author);
  }
  if (!filter.tree.empty()) {
    query
        .where(
            "EXISTS (SELECT 1 FROM nodes t WHERE t.kind = 'checkout' AND t.tree = ?"
            " AND t.series = s.number)")
        .bind(filter.tree);
  }
}

void narrow_state(Query& query, SeriesState state, bool joined_runs) {
  switch (state) {
    case SeriesState::current:
      query.where("s.superseded = 0");
      break;
    case SeriesState::superseded:
      query.where("s.superseded = 1");
      break;
    case SeriesState::waiting:
      query.where(
          "s.superseded = 0 AND NOT EXISTS (SELECT 1 FROM series_verdicts w WHERE w.series = "
          "s.number)");
      break;
    case SeriesState::running:
      if (!joined_runs) {
        query.where(
            "EXISTS (SELECT 1 FROM series_runs r WHERE r.series = s.number AND r.finished IS "
            "NULL)");
      }
      break;
    case SeriesState::all:
      break;
  }
}

// The numbers of one page and one more. The statement begins with the table that has an index for
// what is asked, newest first, so that it can stop at the limit.
std::vector<std::int64_t> page_of(store::Database& database, const InboxFilter& filter,
                                  std::size_t limit) {
  Query query(database.engine());
  std::string_view key = "s.number";
  const bool runs = filter.state == SeriesState::running;
  if (runs) {
    query.sql("SELECT DISTINCT s.number FROM series_runs r JOIN series s ON s.number = r.series")
        .where("r.finished IS NULL");
    key = "r.series";
    if (filter.verdict) {
      query
          .where(
              "EXISTS (SELECT 1 FROM series_verdicts v WHERE v.series = s.number AND v.verdict = "
              "?)")
          .bind(std::string(findings::to_string(*filter.verdict)));
    }
  } else if (filter.verdict) {
    query.sql("SELECT s.number FROM series_verdicts v JOIN series s ON s.number = v.series")
        .where("v.verdict = ?")
        .bind(std::string(findings::to_string(*filter.verdict)));
    key = "v.series";
  } else {
    query.sql("SELECT s.number FROM series s");
  }
  narrow(query, filter);
  narrow_state(query, filter.state, runs);
  if (filter.before) {
    query.where(fmt::format("{} < ?", key)).bind(*filter.before);
  }
  query.sql(fmt::format(" ORDER BY {} DESC LIMIT ?", runs ? "s.number" : key))
      .bind(static_cast<std::int64_t>(limit + 1));
  return query.numbers(database);
}

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

std::string_view to_string(SeriesState state) {
  return k_states.at(static_cast<std::size_t>(state)).second;
}

std::optional<SeriesState> series_state_from(std::string_view text) {
  for (const auto& [state, word] : k_states) {
    if (word == text) {
      return state;
    }
  }
  return std::nullopt;
}

std::string InboxFilter::query() const {
  std::string out;
  const auto add = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) {
      out += fmt::format("{}{}={}", out.empty() ? "" : "&", key, http::percent_encode(value));
    }
  };
  add("q", text);
  add("verdict", verdict ? findings::to_string(*verdict) : "");
  add("state", state == SeriesState::current ? "" : to_string(state));
  add("tree", tree);
  add("list", list);
  add("author", author);
  add("name", name);
  return out;
}

Result<InboxFilter> inbox_filter(const http::Params& query) {
  InboxFilter filter;
  filter.text = cut(query.get_or("q", ""));
  filter.tree = cut(query.get_or("tree", ""));
  filter.list = cut(query.get_or("list", ""));
  filter.author = cut(query.get_or("author", ""));
  filter.name = cut(query.get_or("name", ""));
  if (const auto verdict = query.get_or("verdict", ""); !verdict.empty()) {
    filter.verdict = findings::verdict_from(verdict);
    if (!filter.verdict) {
      return fail(
          ErrorKind::invalid,
          "verdict is one of: pass, warning, fail, skip, incomplete; not '" + cut(verdict) + "'");
    }
  }
  if (const auto state = query.get_or("state", ""); !state.empty()) {
    const auto known = series_state_from(state);
    if (!known) {
      return fail(
          ErrorKind::invalid,
          "state is one of: current, all, running, waiting, superseded; not '" + cut(state) + "'");
    }
    filter.state = *known;
  }
  if (const auto before = query.get_or("before", ""); !before.empty()) {
    const auto number = parse_uint(before);
    if (!number || *number > INT64_MAX) {
      return fail(ErrorKind::invalid,
                  "before is the number of a series, not '" + cut(before) + "'");
    }
    filter.before = static_cast<std::int64_t>(*number);
  }
  return filter;
}

Inbox read_inbox(store::Database& database, const InboxFilter& filter, std::size_t limit) {
  Inbox inbox;
  inbox.filter = filter;
  auto numbers = page_of(database, filter, limit);
  if (numbers.size() > limit) {
    numbers.resize(limit);
    inbox.next = numbers.back();
  }
  inbox.rows = read_rows(database, numbers);
  return inbox;
}

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

std::vector<InboxRow> read_judged(store::Database& database, const InboxFilter& filter,
                                  std::size_t limit) {
  Query query(database.engine());
  query.sql("SELECT s.number FROM series_verdicts v JOIN series s ON s.number = v.series");
  if (filter.verdict) {
    query.where("v.verdict = ?").bind(std::string(findings::to_string(*filter.verdict)));
  }
  narrow(query, filter);
  query.sql(" ORDER BY v.time DESC, v.series DESC LIMIT ?").bind(static_cast<std::int64_t>(limit));
  return read_rows(database, query.numbers(database));
}

}  // namespace patchmill::web
