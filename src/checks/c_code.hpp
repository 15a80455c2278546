#pragma once
// Telling C code from comments and strings within the lines of a diff.

#include <cstddef>
#include <string>
#include <string_view>

namespace patchmill::checks {

// Reads one side (old or new) of a file or hunk line by line.
class CodeLines {
 public:
  // The line with comments and the insides of strings and character constants blanked out. A
  // string goes on in the next line behind a '\\' only, as a "//" comment does in C.
  std::string code_of(std::string_view line);
  // Whether the text starts inside a block comment: the first comment mark in it is "*/", or its
  // lines look like the middle of a comment (" * …").
  static bool starts_in_comment(std::string_view text);
  // `joins_lines`: in C (C99 section 5.1.1.2) a '\\' at the end joins lines of any kind.
  explicit CodeLines(bool in_comment = false, bool joins_lines = true)
      : m_in_comment(in_comment), m_joins_lines(joins_lines) {}

 private:
  std::size_t blank_quoted(std::string& code, std::size_t from, char quote, bool goes_on);

  bool m_in_comment;
  bool m_joins_lines;
  bool m_in_line_comment = false;
  char m_quote = '\0';  // of the string the line before left open
};

// Whether `word` stands in the text as a whole word, in any case.
bool has_word(std::string_view text, std::string_view word);
// How often `pattern` occurs, in any case; where it begins (or ends) with a letter, digit or '_'
// nothing of that kind may stand before (only before: "module_param" finds "module_param_cb").
std::size_t count_pattern(std::string_view text, std::string_view pattern);

}  // namespace patchmill::checks
