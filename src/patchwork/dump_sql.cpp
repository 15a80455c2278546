#include "patchwork/dump.hpp"
#include "patchwork/sql_text.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <map>

namespace patchmill::patchwork {
namespace {

constexpr std::size_t k_most_columns = 100;
constexpr std::size_t k_most_tables = 1000;
constexpr std::size_t k_longest_line = 256u << 20;  // of COPY

using Columns = std::vector<std::string>;

// "project_id" -> "project".
std::string column_name(std::string name) {
  if (name.ends_with("_id")) {
    name.resize(name.size() - 3);
  }
  return to_lower(name);
}

// What the line of COPY has in one column; \N is NULL.
std::optional<std::string> copied(std::string_view field) {
  if (field == "\\N") {
    return std::nullopt;
  }
  std::string out;
  out.reserve(field.size());
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] != '\\' || i + 1 == field.size()) {
      out += field[i];
      continue;
    }
    const char c = field[++i];
    constexpr std::string_view letters = "bfnrtv", meant = "\b\f\n\r\t\v";
    const auto letter = letters.find(c);
    out += letter != std::string_view::npos ? meant[letter] : c;
  }
  return out;
}

class SqlDump {
 public:
  SqlDump(std::string_view text, const DumpTables& wanted, const OnDumpRow& on_row)
      : m_text(text), m_wanted(wanted), m_on_row(on_row) {}

  Result<void> run() {
    bool any = false;
    while (m_text.next_statement()) {
      const std::string word = m_text.word();
      if (word == "INSERT" || word == "REPLACE") {
        PM_TRY(insert());
        any = true;
      } else if (word == "COPY") {
        PM_TRY(copy());
        any = true;
      } else if (word == "CREATE") {
        PM_TRY(create());
        any = true;
      } else {
        PM_TRY(m_text.skip_statement());
      }
    }
    return any ? Result<void>() : m_text.wrong("no dump of a database");
  }

 private:
  // The words up to `last`, at most a few.
  bool skip_to(std::string_view last) {
    for (int words = 0; words < 6; ++words) {
      if (m_text.word() == last) {
        return true;
      }
    }
    return false;
  }

  // "(a, b)" behind a name.
  Result<Columns> column_list() {
    Columns columns;
    PM_TRY(m_text.expect('('));
    do {
      PM_TRY_ASSIGN(auto name, m_text.name());
      columns.push_back(column_name(std::move(name)));
    } while (m_text.take(',') && columns.size() <= k_most_columns);
    PM_TRY(m_text.expect(')'));
    return columns;
  }

  Result<void> create() {
    const std::string what = m_text.word();
    if (what == "UNLOGGED" || what == "TEMPORARY") {
      m_text.word();
    } else if (what != "TABLE") {
      return m_text.skip_statement();
    }
    m_text.words({"IF", "NOT", "EXISTS"});
    PM_TRY_ASSIGN(const auto table, m_text.name());
    Columns columns;
    if (m_text.take('(')) {
      do {
        if (const auto column = m_text.column_of_table()) {
          columns.push_back(column_name(*column));
        }
        PM_TRY(m_text.skip_to_comma());
      } while (m_text.take(',') && columns.size() <= k_most_columns);
    }
    if (m_columns.size() < k_most_tables) {
      m_columns[table] = std::move(columns);
    }
    return m_text.skip_statement();
  }

  Result<void> insert() {
    if (!skip_to("INTO")) {
      return m_text.skip_statement();
    }
    PM_TRY_ASSIGN(m_row.table, m_text.name());
    const bool wanted = m_wanted(m_row.table);
    if (m_text.peek() == '(') {
      PM_TRY_ASSIGN(m_row.columns, column_list());
    } else {
      m_row.columns = m_columns[m_row.table];
    }
    if (wanted && m_row.columns.empty()) {
      return m_text.wrong(fmt::format(
          "rows of {} without the names of their columns: dump the tables' definitions, too",
          m_row.table));
    }
    if (!skip_to("VALUES")) {
      return m_text.skip_statement();  // of a query
    }
    do {
      const std::size_t at = m_text.at();
      m_row.values.clear();
      PM_TRY(m_text.expect('('));
      do {
        std::optional<std::string> value;
        PM_TRY(m_text.value(wanted ? &value : nullptr));
        if (wanted) {
          m_row.values.push_back(std::move(value));
        }
      } while (m_text.take(',') && m_row.values.size() <= k_most_columns);
      PM_TRY(m_text.expect(')'));
      PM_TRY(tell(wanted, at));
    } while (m_text.take(','));
    return m_text.skip_statement();
  }

  Result<void> copy() {
    PM_TRY_ASSIGN(m_row.table, m_text.name());
    m_row.columns.clear();
    if (m_text.peek() == '(') {
      PM_TRY_ASSIGN(m_row.columns, column_list());
    } else {
      m_row.columns = m_columns[m_row.table];
    }
    PM_TRY(m_text.skip_statement());
    m_text.line();
    const bool wanted = m_wanted(m_row.table);
    while (true) {
      const std::size_t at = m_text.at();
      const auto line = m_text.line();
      if (!line) {
        return m_text.wrong("the rows of " + m_row.table + " have no end: is the dump complete?");
      }
      if (*line == "\\.") {
        return {};
      }
      if (!wanted) {
        continue;
      }
      if (line->size() > k_longest_line) {
        return fail(ErrorKind::limit,
                    fmt::format("byte {}: a row of {} bytes is too large", at, line->size()));
      }
      m_row.values.clear();
      for (const auto field : split(*line, '\t')) {
        m_row.values.push_back(copied(field));
      }
      PM_TRY(tell(wanted, at));
    }
  }

  Result<void> tell(bool wanted, std::size_t at) {
    if (!wanted) {
      return {};
    }
    if (m_row.values.size() != m_row.columns.size()) {
      return fail(ErrorKind::invalid,
                  fmt::format("byte {}: a row of {} has {} values for {} columns", at,
                              escape_terminal(mend_utf8(ellipsize(m_row.table, 100))),
                              m_row.values.size(), m_row.columns.size()));
    }
    return m_on_row(m_row, at);
  }

  SqlText m_text;
  const DumpTables& m_wanted;
  const OnDumpRow& m_on_row;
  std::map<std::string, Columns, std::less<>> m_columns;  // by table, from its definition
  DumpRow m_row;
};

}  // namespace

Result<void> each_row_of_sql(std::string_view text, const DumpTables& wanted,
                             const OnDumpRow& on_row) {
  return SqlDump(text, wanted, on_row).run();
}

}  // namespace patchmill::patchwork
