#include "mail/trailers.hpp"

#include "mail/lines.hpp"
#include "util/text.hpp"

#include <cstddef>

namespace patchmill::mail {

namespace {

bool is_key_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

// Position of the colon of "Key: value", 0 when the line is no trailer.
std::size_t trailer_colon(std::string_view line) {
  std::size_t pos = 0;
  while (pos < line.size() && is_key_char(line[pos])) {
    ++pos;
  }
  if (pos == 0) {
    return 0;
  }
  while (pos < line.size() && (line[pos] == ' ' || line[pos] == '\t')) {
    ++pos;
  }
  return pos < line.size() && line[pos] == ':' ? pos : 0;
}

bool is_blank_line(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

bool is_git_generated(std::string_view line) {
  return line.starts_with("Signed-off-by: ") || line.starts_with("(cherry picked from commit ");
}

// The last paragraph, unless it is the first one, which is the title.
std::vector<std::string_view> last_paragraph(std::string_view message) {
  std::vector<std::string_view> paragraph;
  bool title_over = false, between = true;
  for (Lines lines(message); !lines.done();) {
    const std::string_view line = without_cr(lines.next());
    if (is_blank_line(line)) {
      title_over = title_over || !between;
      between = true;
      continue;
    }
    if (between) {
      paragraph.clear();
      between = false;
    }
    if (title_over) {
      paragraph.push_back(line);
    }
  }
  return paragraph;
}

}  // namespace

std::vector<Trailer> parse_trailers(std::string_view commit_message) {
  const auto paragraph = last_paragraph(commit_message);
  std::vector<Trailer> trailers;
  std::size_t others = 0;
  bool generated = false;
  bool continues = false;  // a line starting in white space belongs to the trailer before it
  for (const std::string_view line : paragraph) {
    generated = generated || is_git_generated(line);
    if (line[0] == ' ' || line[0] == '\t') {
      if (continues) {
        trailers.back().value += ' ';
        trailers.back().value += trim(line);
      } else {
        ++others;
      }
      continue;
    }
    const std::size_t colon = trailer_colon(line);
    continues = colon > 0;
    if (colon > 0) {
      trailers.push_back(
          {std::string(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1)))});
    } else {
      ++others;
    }
  }
  // git: all lines are trailers, or one is of git's own making and a quarter are trailers.
  if (others > 0 && !(generated && trailers.size() * 3 >= others)) {
    trailers.clear();
  }
  return trailers;
}

}  // namespace patchmill::mail
