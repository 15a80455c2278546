#pragma once
// The text of an SQL dump, a word or a value at a time; of MySQL, PostgreSQL and SQLite.

#include "util/result.hpp"

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::patchwork {

class SqlText {
 public:
  explicit SqlText(std::string_view text) : m_text(text) {}

  [[nodiscard]] std::size_t at() const { return m_at; }
  [[nodiscard]] tl::unexpected<Error> wrong(std::string_view what) const;

  // Blanks and comments are skipped before everything below but line().
  bool next_statement();          // false: the end
  Result<void> skip_statement();  // to behind its semicolon, or the end
  char peek();                    // the next character; '\0': the end
  bool take(char c);
  Result<void> expect(char c);
  std::string word();                                  // in capitals; empty: something else
  void words(std::initializer_list<const char*> all);  // if they are there
  Result<std::string> name();                          // quoted or not; the last of a.b.c
  // A name, or nothing where the definition of a table says something else than a column.
  std::optional<std::string> column_of_table();
  Result<void> skip_to_comma();  // or to the parenthesis that ends the list
  // A constant, or one in calls that sqlite3's .dump writes. Nothing is kept without `out`.
  Result<void> value(std::optional<std::string>* out, int depth = 0);
  std::optional<std::string_view> line();  // without its end; nothing: there is no whole one

 private:
  void skip_blanks();
  Result<void> quoted(std::string* out, bool backslashes);
  void escaped(std::string* out);
  Result<void> call(const std::string& function, std::optional<std::string>* out, int depth);
  Result<void> skip_one();  // a character, or what is in quotes

  std::string_view m_text;
  std::size_t m_at = 0;
  bool m_mysql = false;  // known by its backticks
};

}  // namespace patchmill::patchwork
