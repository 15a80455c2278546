#include "web/diff_html.hpp"

#include "mail/diff.hpp"
#include "util/text.hpp"
#include "web/format.hpp"

#include <algorithm>
#include <map>

namespace patchmill::web {
namespace {

using Notes = std::multimap<std::pair<std::string_view, int>, const findings::Finding*>;

struct DiffWriter {
  Html& out;
  const DiffLimits& limits;
  const Notes& notes;
  std::size_t lines = 0;
  std::size_t file = 0;

  [[nodiscard]] bool full() const { return lines >= limits.lines; }
  [[nodiscard]] std::string_view cut(std::string_view text) const {
    if (text.size() <= limits.line_bytes) {
      return text;
    }
    text = text.substr(0, limits.line_bytes);
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) {
      text.remove_suffix(1);
    }
    if (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0xC0) {
      text.remove_suffix(1);
    }
    return text;
  }
};

// Where two lines differ: the length of what they have in common at both ends. Cuts fall between
// characters.
struct Common {
  std::size_t front = 0, back = 0;
};
bool continues(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}
Common common_ends(std::string_view a, std::string_view b) {
  Common common;
  const std::size_t most = std::min(a.size(), b.size());
  while (common.front < most && a[common.front] == b[common.front]) {
    ++common.front;
  }
  while (common.front > 0 && (continues(a, common.front) || continues(b, common.front))) {
    --common.front;
  }
  while (common.back < most - common.front &&
         a[a.size() - 1 - common.back] == b[b.size() - 1 - common.back]) {
    ++common.back;
  }
  while (common.back > 0 &&
         (continues(a, a.size() - common.back) || continues(b, b.size() - common.back))) {
    --common.back;
  }
  return common;
}

void write_number(DiffWriter& writer, int line) {
  std::string text = line > 0 ? std::to_string(line) : std::string();
  text.insert(0, text.size() < 5 ? 5 - text.size() : 0, ' ');
  writer.out.raw("<b>").text(text).raw("</b>");
}

void write_notes(DiffWriter& writer, std::string_view path, int line) {
  const auto [from, to] = writer.notes.equal_range({path, line});
  for (auto note = from; note != to; ++note) {
    const findings::Finding& finding = *note->second;
    writer.out.raw("<span class=\"note ").text(findings::to_string(finding.severity)).raw("\">");
    writer.out.text("      " + std::string(findings::to_string(finding.severity)) + ": " +
                    ellipsize(finding.message.substr(0, finding.message.find('\n')), 500));
    if (!finding.tool.empty()) {
      writer.out.text(" (" + finding.tool + ")");
    }
    writer.out.raw("\n</span>");
  }
}

// An added or removed line, with what differs from its partner marked.
void write_change(DiffWriter& writer, std::string_view line, const std::string_view* partner,
                  int number, bool added) {
  if (added) {
    writer.out.raw("<span class=\"add\" id=\"f").number(static_cast<std::int64_t>(writer.file));
    writer.out.raw("n").number(number).raw("\">");
  } else {
    writer.out.raw("<span class=\"del\">");
  }
  write_number(writer, added ? number : 0);
  const std::string_view text = writer.cut(line);
  writer.out.text(text.substr(0, 1));
  const std::string_view rest = text.substr(1);
  Common common;
  bool marked = false;
  if (partner != nullptr && text.size() == line.size() &&
      partner->size() <= writer.limits.line_bytes) {
    common = common_ends(rest, partner->substr(1));
    const std::size_t longer = std::max(rest.size(), partner->size() - 1);
    // Lines that have little in common are not the same line changed.
    marked = common.front + common.back > 0 && (common.front + common.back) * 3 >= longer;
  }
  const auto blank = added ? rest.find_last_not_of(" \t") : std::string_view::npos;
  if (marked) {
    const std::size_t length = rest.size() - common.front - common.back;
    writer.out.text(rest.substr(0, common.front));
    if (length > 0) {
      writer.out.raw("<mark>").text(rest.substr(common.front, length)).raw("</mark>");
    }
    writer.out.text(rest.substr(rest.size() - common.back));
  } else if (added && !rest.empty() && blank + 1 != rest.size()) {
    const std::size_t end = blank == std::string_view::npos ? 0 : blank + 1;
    writer.out.text(rest.substr(0, end))
        .raw("<span class=\"ws\">")
        .text(rest.substr(end))
        .raw("</span>");
  } else {
    writer.out.text(rest);
  }
  if (text.size() < line.size()) {
    writer.out.text(" … " + count_of(line.size() - text.size(), "byte", "bytes") + " more");
  }
  writer.out.raw("\n</span>");
  ++writer.lines;
}

void write_hunk(DiffWriter& writer, const mail::Hunk& hunk, std::string_view path) {
  writer.out.raw("<span class=\"hunk\">")
      .text("      ")
      .text(writer.cut(hunk.header))
      .raw("\n</span>");
  ++writer.lines;
  const auto lines = split_lines(hunk.body);
  int number = hunk.new_start;
  std::size_t i = 0;
  while (i < lines.size() && !writer.full()) {
    const char mark = lines[i].empty() ? ' ' : lines[i][0];
    if (mark == '-' || mark == '+') {
      std::size_t removed = i;
      while (removed < lines.size() && lines[removed].starts_with('-')) {
        ++removed;
      }
      std::size_t added = removed;
      while (added < lines.size() && lines[added].starts_with('+')) {
        ++added;
      }
      // Line by line as far as there are partners; write_change() sees whether they are alike.
      const std::size_t pairs = std::min(removed - i, added - removed);
      for (std::size_t at = i; at < removed && !writer.full(); ++at) {
        write_change(writer, lines[at], at - i < pairs ? &lines[removed + (at - i)] : nullptr, 0,
                     false);
      }
      for (std::size_t at = removed; at < added && !writer.full(); ++at) {
        write_change(writer, lines[at], at - removed < pairs ? &lines[i + (at - removed)] : nullptr,
                     number, true);
        write_notes(writer, path, number);
        ++number;
      }
      i = added;
      continue;
    }
    writer.out.raw("<span>");
    write_number(writer, mark == '\\' ? 0 : number);
    writer.out.text(writer.cut(lines[i])).raw("\n</span>");
    ++writer.lines;
    if (mark != '\\') {
      write_notes(writer, path, number);
      ++number;
    }
    ++i;
  }
}

struct FileCount {
  std::size_t added = 0, removed = 0, lines = 0;
};
FileCount count_lines(const mail::FileDiff& file) {
  FileCount count;
  for (const auto& hunk : file.hunks) {
    for (const auto line : split_lines(hunk.body)) {
      count.added += static_cast<std::size_t>(line.starts_with('+'));
      count.removed += static_cast<std::size_t>(line.starts_with('-'));
      ++count.lines;
    }
  }
  return count;
}

std::string_view word_of(mail::FileChange change) {
  switch (change) {
    case mail::FileChange::modified:
      return "";
    case mail::FileChange::added:
      return "new";
    case mail::FileChange::deleted:
      return "deleted";
    case mail::FileChange::renamed:
      return "renamed";
    case mail::FileChange::copied:
      return "copied";
    case mail::FileChange::mode_changed:
      return "mode";
  }
  return "";
}

void write_file(DiffWriter& writer, const mail::FileDiff& file, const FileCount& count) {
  Html& out = writer.out;
  out.raw("<details class=\"file\" id=\"f")
      .number(static_cast<std::int64_t>(writer.file))
      .raw("\"");
  if (count.lines <= writer.limits.open_lines) {
    out.raw(" open");
  }
  out.raw("><summary><code>");
  if (!file.old_path.empty() && !file.new_path.empty() && file.old_path != file.new_path) {
    out.text(ellipsize(show(file.old_path), 500)).raw(" → ");
  }
  out.text(ellipsize(show(file.path()), 500)).raw("</code> ");
  if (const auto word = word_of(file.change); !word.empty()) {
    out.raw("<span class=\"tag\">").text(word).raw("</span> ");
  }
  out.raw("<span class=\"plus\">+").number(static_cast<std::int64_t>(count.added));
  out.raw("</span> <span class=\"minus\">−").number(static_cast<std::int64_t>(count.removed));
  out.raw("</span></summary><pre class=\"diff\" tabindex=\"0\" aria-label=\"Changes of ");
  out.text(ellipsize(show(file.path()), 200)).raw("\">");
  const std::string_view head =
      file.hunks.empty()
          ? file.text
          : file.text.substr(
                0, static_cast<std::size_t>(file.hunks.front().header.data() - file.text.data()));
  std::size_t shown = 0;
  for (const auto line : split_lines(head)) {
    if (writer.full() || ++shown > 200) {  // a binary patch: base85 tells nobody anything
      out.raw("<span class=\"meta\">      …\n</span>");
      break;
    }
    out.raw("<span class=\"meta\">").text("      ").text(writer.cut(line)).raw("\n</span>");
    ++writer.lines;
  }
  for (const auto& hunk : file.hunks) {
    if (writer.full()) {
      break;
    }
    write_hunk(writer, hunk, file.path());
  }
  out.raw("</pre></details>\n");
}

void write_unparsed(DiffWriter& writer, std::string_view diff) {
  writer.out.raw("<pre class=\"diff\" tabindex=\"0\" aria-label=\"Changes\">");
  for (const auto line : split_lines(diff)) {
    if (writer.full()) {
      break;
    }
    if (line.starts_with('+')) {
      writer.out.raw("<span class=\"add\">");
    } else if (line.starts_with('-')) {
      writer.out.raw("<span class=\"del\">");
    } else if (line.starts_with("@@")) {
      writer.out.raw("<span class=\"hunk\">");
    } else {
      writer.out.raw("<span>");
    }
    writer.out.text(writer.cut(line)).raw("\n</span>");
    ++writer.lines;
  }
  writer.out.raw("</pre>\n");
}

}  // namespace

DiffHtml diff_html(std::string_view diff, std::span<const findings::Finding> findings,
                   const DiffLimits& limits) {
  DiffHtml result;
  Notes notes;
  for (const auto& finding : findings) {
    if (finding.line > 0) {
      notes.emplace(std::pair(std::string_view(finding.file), finding.line), &finding);
    }
  }
  DiffWriter writer{result.html, limits, notes};
  const auto files = mail::parse_diff(diff);
  if (!files || files->empty()) {
    write_unparsed(writer, diff);
    result.whole = !writer.full();
    return result;
  }
  for (const auto& file : *files) {
    const FileCount count = count_lines(file);
    ++result.files;
    result.added += count.added;
    result.removed += count.removed;
    if (writer.full() || result.files > limits.files) {
      result.whole = false;
      continue;
    }
    writer.file = result.files;
    write_file(writer, file, count);
  }
  result.whole = result.whole && !writer.full();
  return result;
}

Html range_diff_html(std::string_view text, std::size_t most_lines) {
  Html out;
  out.raw("<pre class=\"diff\" tabindex=\"0\" aria-label=\"Range-diff\">");
  std::size_t lines = 0;
  for (const auto whole : split_lines(text)) {
    if (++lines > most_lines) {
      out.raw("<span class=\"hunk\">…\n</span>");
      break;
    }
    const std::string_view line = whole.substr(0, 2000);
    // "1:  abc ! 1:  def title", then lines indented by four: outer mark, inner mark.
    if (!line.starts_with("    ")) {
      out.raw("<span class=\"pair\">");
    } else if (line.substr(4).starts_with('+')) {
      out.raw("<span class=\"add\">");
    } else if (line.substr(4).starts_with('-')) {
      out.raw("<span class=\"del\">");
    } else if (line.substr(4).starts_with("@@")) {
      out.raw("<span class=\"hunk\">");
    } else {
      out.raw("<span>");
    }
    out.text(line).raw("\n</span>");
  }
  out.raw("</pre>\n");
  return out;
}

}  // namespace patchmill::web
