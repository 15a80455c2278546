#pragma once
// What a person sees: tables, colours, progress. Hostile text is escaped on the way.

#include "findings/finding.hpp"

#include <boost/json/fwd.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::cli {

// Colours are used on a terminal, unless NO_COLOR is set (no-color.org) or TERM is dumb.
bool use_color(int fd);
// The verdict as a word, coloured and padded to `width` columns.
std::string verdict_word(findings::Verdict verdict, bool color, std::size_t width = 0);

// Columns aligned with spaces; the last one is cut to the terminal's width where there is one.
class Table {
 public:
  explicit Table(std::vector<std::string> header);
  void row(std::vector<std::string> cells);  // escaped here
  // `verdict_column`: coloured when >= 0.
  void print(int verdict_column = -1) const;

 private:
  std::vector<std::vector<std::string>> m_rows;
};

// A bar redrawn in place on a terminal; else a plain line every few seconds. Writes to stderr.
class Progress {
 public:
  Progress(std::string what, bool quiet);
  ~Progress();  // ends the bar's line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  // total 0: unknown. `note` is shown behind the figures.
  void update(std::uint64_t done, std::uint64_t total, std::string_view note = {});

 private:
  std::string m_what;
  bool m_quiet, m_terminal, m_drawn = false;
  std::chrono::steady_clock::time_point m_start, m_last;
};

// All that --json prints goes through here: one line on standard output. Characters that a terminal
// obeys, and that JSON allows to stand as they are (DEL, C1, bidirectional controls), are written
// as \uXXXX, which is the same value.
void print_json(const boost::json::value& value);
void print_json(const boost::json::object& value);
void print_json(const boost::json::array& value);
// The same replacement in the text of a JSON document.
std::string escape_json_controls(std::string_view json);

// Columns of the terminal on `fd`; 0 when it is none.
std::size_t terminal_width(int fd);
// Columns a text takes (UTF-8, combining marks and wide characters counted).
std::size_t display_width(std::string_view text);

}  // namespace patchmill::cli
