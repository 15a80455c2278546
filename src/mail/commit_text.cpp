#include "mail/in_body.hpp"
#include "mail/lines.hpp"
#include "mail/subject.hpp"
#include "mail/trailers.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <cstddef>

namespace patchmill::mail {

namespace {

// git-mailinfo(1): "---" alone or with a file name ends the message, so does a diff.
bool ends_message(std::string_view line) {
  if (line.starts_with("diff -") || line.starts_with("Index: ")) {
    return true;
  }
  if (!line.starts_with("---")) {
    return false;
  }
  const std::string_view rest = line.substr(3);
  if (rest.find_first_not_of(" \t\r\v\f") == std::string_view::npos) {
    return true;
  }
  return rest.size() > 1 && rest[0] == ' ' &&
         std::string_view(" \t\r\v\f").find(rest[1]) == std::string_view::npos;
}

// As git-stripspace(1): no white space at line ends, no blank lines at both ends, one between.
std::string stripped(std::string_view text) {
  std::string out;
  bool blank = false;
  for (Lines lines(text); !lines.done();) {
    const std::string_view line = trim_end(lines.next());
    if (line.empty()) {
      blank = !out.empty();
      continue;
    }
    if (blank) {
      out += '\n';
      blank = false;
    }
    out += line;
    out += '\n';
  }
  return out;
}

}  // namespace

std::string CommitText::message() const {
  std::string result = title + "\n";
  if (!body.empty()) {
    result += "\n" + body;
  }
  return result;
}

CommitText commit_text(const Message& message) {
  CommitText commit;
  commit.author = message.in_body_from.value_or(message.from);
  if (commit.author.name.empty()) {
    commit.author.name = commit.author.email;  // as git does
  }
  commit.title = parse_subject(message.in_body_subject.value_or(message.subject)).title;
  commit.title.erase(0, commit.title.find_first_not_of(": \t"));  // as git-mailinfo(1) does
  const std::string_view text = message.text;
  const InBody in_body = read_in_body(text);
  const std::size_t diff_at = std::min(message.diff_at, text.size());
  std::size_t end = diff_at, notes = diff_at;
  for (Lines lines(text, in_body.end); !lines.done() && lines.pos() < diff_at;) {
    const std::size_t start = lines.pos();
    if (ends_message(lines.next())) {
      end = start;
      notes = lines.pos();
      break;
    }
  }
  const std::size_t start = std::min(in_body.end, end);
  commit.body = stripped(text.substr(start, end - start));
  if (notes < diff_at) {
    commit.notes = stripped(text.substr(notes, diff_at - notes));
  }
  return commit;
}

}  // namespace patchmill::mail
