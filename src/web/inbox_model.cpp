#include "web/inbox_model.hpp"

#include "util/text.hpp"
#include "web/query_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

namespace patchmill::web {
namespace {

constexpr std::size_t k_most_words = 6;
constexpr std::array<std::pair<SeriesState, std::string_view>, 5> k_states{
    {{SeriesState::current, "current"},
     {SeriesState::all, "all"},
     {SeriesState::running, "running"},
     {SeriesState::waiting, "waiting"},
     {SeriesState::superseded, "superseded"}}};

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
  // "contains", letters of ASCII in any case, as SQLite has it; `columns` are SQL of ours.
  Query& contains(std::string_view columns, std::string_view word) {
    const std::string pattern = "%" + escape_like(word) + "%";
    const std::string_view like =
        m_engine == store::Engine::sqlite ? "LIKE" : "COLLATE \"C\" ILIKE";
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
void narrow(Query& query, const InboxFilter& filter, bool by_tree = false) {
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
  if (!filter.tree.empty() && !by_tree) {
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
  bool by_tree = false;
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
  } else if (!filter.tree.empty()) {
    query.sql("SELECT DISTINCT t.series FROM nodes t JOIN series s ON s.number = t.series")
        .where("t.kind = 'checkout' AND t.tree = ?")
        .bind(filter.tree);
    key = "t.series";
    by_tree = true;
  } else {
    query.sql("SELECT s.number FROM series s");
  }
  narrow(query, filter, by_tree);
  narrow_state(query, filter.state, runs);
  if (filter.before) {
    query.where(fmt::format("{} < ?", key)).bind(*filter.before);
  }
  query.sql(fmt::format(" ORDER BY {} DESC LIMIT ?", runs ? "s.number" : key))
      .bind(static_cast<std::int64_t>(limit + 1));
  return query.numbers(database);
}

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
  filter.text = bounded_value(query.get_or("q", ""));
  filter.tree = bounded_value(query.get_or("tree", ""));
  filter.list = bounded_value(query.get_or("list", ""));
  filter.author = bounded_value(query.get_or("author", ""));
  filter.name = bounded_value(query.get_or("name", ""));
  if (const auto verdict = query.get_or("verdict", ""); !verdict.empty()) {
    filter.verdict = findings::verdict_from(verdict);
    if (!filter.verdict) {
      return fail(ErrorKind::invalid,
                  "verdict is one of: pass, warning, fail, skip, incomplete; not '" +
                      bounded_value(verdict) + "'");
    }
  }
  if (const auto state = query.get_or("state", ""); !state.empty()) {
    const auto known = series_state_from(state);
    if (!known) {
      return fail(ErrorKind::invalid,
                  "state is one of: current, all, running, waiting, superseded; not '" +
                      bounded_value(state) + "'");
    }
    filter.state = *known;
  }
  if (const auto before = query.get_or("before", ""); !before.empty()) {
    const auto number = parse_uint(before);
    if (!number || *number > INT64_MAX) {
      return fail(ErrorKind::invalid,
                  "before is the number of a series, not '" + bounded_value(before) + "'");
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
