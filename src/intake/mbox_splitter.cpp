#include "intake/mbox_splitter.hpp"

#include "intake/source.hpp"
#include "util/ascii.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace patchmill::intake {
namespace {

constexpr std::size_t read_step = std::size_t{1} << 18;
constexpr std::size_t longest_from_line = 1000;
constexpr std::size_t longest_field_name = 80;
// What must be in view behind a possible separator to judge it: some fields of a header, of which
// the first may be signatures of a kilobyte each.
constexpr std::size_t look_ahead = std::size_t{16} << 10;
// What must be in view before one: the line end of an empty line before it.
constexpr std::size_t look_back = 8;

constexpr std::string_view from = "From ";
constexpr std::string_view line_then_from = "\nFrom ";

// "Name" of the header field "Name:" (RFC 5322 section 2.2) that the text starts with, or empty.
std::string_view field_name(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size() && i < longest_field_name && text[i] > ' ' && text[i] <= '~' &&
         text[i] != ':') {
    ++i;
  }
  const bool is_field = i > 0 && i < text.size() && text[i] == ':' &&
                        std::isalpha(static_cast<unsigned char>(text[0])) != 0;
  return is_field ? text.substr(0, i) : std::string_view();
}

// The text after its first line.
std::string_view after_line(std::string_view text) {
  const auto end = text.find('\n');
  return end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
}

// Two header fields, of which one is in every mail.
bool starts_with_header(std::string_view text) {
  static constexpr std::array<std::string_view, 5> everywhere = {"From", "Date", "Subject",
                                                                 "Message-ID", "Received"};
  std::size_t fields = 0;
  bool known = false;
  while (!text.empty()) {
    if (const auto name = field_name(text); !name.empty()) {
      ++fields;
      known = known || std::ranges::any_of(
                           everywhere, [&](std::string_view one) { return iequals(name, one); });
      if (known && fields >= 2) {
        return true;
      }
    } else if (fields == 0 || (text[0] != ' ' && text[0] != '\t')) {
      return false;
    }
    text = after_line(text);
  }
  return false;
}

std::string unescape(std::string_view mail, bool in_mbox) {
  if (mail.find(">From ") == std::string_view::npos) {
    return std::string(mail);
  }
  std::string result;
  result.reserve(mail.size());
  while (!mail.empty()) {
    const auto end = mail.find('\n');
    auto line = mail.substr(0, end == std::string_view::npos ? end : end + 1);
    mail.remove_prefix(line.size());
    const auto marks = line.find_first_not_of('>');
    if (marks != std::string_view::npos && marks > 0 && (marks == 1 || in_mbox) &&
        line.substr(marks).starts_with(from)) {
      line.remove_prefix(1);
    }
    result += line;
  }
  return result;
}

}  // namespace

bool is_from_line(std::string_view line) {
  if (!line.starts_with(from)) {
    return false;
  }
  // The time is the last "dd:dd" of the line, the year four digits behind it.
  for (std::size_t colon = line.rfind(':'); colon != std::string_view::npos && colon >= 2;
       colon = line.rfind(':', colon - 1)) {
    const auto digit_at = [&](std::size_t i) { return i < line.size() && is_digit(line[i]); };
    if (!digit_at(colon - 2) || !digit_at(colon - 1) || !digit_at(colon + 1) ||
        !digit_at(colon + 2)) {
      continue;
    }
    for (std::size_t i = colon + 3; i + 4 <= line.size(); ++i) {
      const bool word = (line[i - 1] == ' ') && (i + 4 == line.size() || !is_digit(line[i + 4]));
      if (word && digit_at(i) && digit_at(i + 1) && digit_at(i + 2) && digit_at(i + 3) &&
          line[i] != '0') {
        return true;
      }
    }
  }
  return false;
}

std::optional<std::size_t> find_second_mail(std::string_view mails) {
  for (std::size_t at = mails.find(line_then_from); at != std::string_view::npos;
       at = mails.find(line_then_from, at + 1)) {
    const auto before = mails.substr(0, at + 1);
    if (!before.ends_with("\n\n") && !before.ends_with("\n\r\n")) {
      continue;
    }
    const auto text = mails.substr(at + 1);
    if (is_from_line(text.substr(0, std::min(text.find('\n'), longest_from_line))) &&
        starts_with_header(after_line(text.substr(0, look_ahead)))) {
      return at + 1;
    }
  }
  return std::nullopt;
}

MboxSplitter::MboxSplitter(ReadBytes read, std::size_t bound, std::uint64_t offset)
    : m_read(std::move(read)),
      m_bound(bound),
      m_offset(offset),
      m_at_start(offset == 0),
      m_chunk(read_step) {}

std::string_view MboxSplitter::window() const {
  return std::string_view(m_buffer).substr(m_begin);
}

void MboxSplitter::consume(std::size_t bytes) {
  m_begin += bytes;
  m_offset += bytes;
}

// Reads until that many bytes are in the window; false when the file ends before.
Result<bool> MboxSplitter::need(std::size_t bytes) {
  while (window().size() < bytes && !m_end_of_input) {
    m_buffer.erase(0, m_begin);
    m_begin = 0;
    PM_TRY_ASSIGN(const std::size_t count, m_read(m_chunk.data(), m_chunk.size()));
    m_buffer.append(m_chunk.data(), count);
    m_end_of_input = count == 0;
  }
  return window().size() >= bytes;
}

bool MboxSplitter::separates(std::size_t at) const {
  const auto text = window().substr(at);
  const auto end = text.find('\n');
  if (end == std::string_view::npos ? !m_end_of_input : end > longest_from_line) {
    return false;
  }
  const auto before = window().substr(0, at);
  const bool after_empty_line = before.ends_with("\n\n") || before.ends_with("\n\r\n");
  const auto follows = after_line(text.substr(0, look_ahead));
  if (is_from_line(text.substr(0, end))) {
    return after_empty_line || !field_name(follows).empty();
  }
  return after_empty_line && starts_with_header(follows);
}

// Remembers the beginning of a mail that is too long, and forgets the rest seen so far.
void MboxSplitter::keep_head() {
  if (m_head.empty()) {
    m_head = window().substr(0, m_bound);
  }
  consume(window().size() - look_back);
}

// Where in the window the mail ends. At least its first byte is there.
Result<std::size_t> MboxSplitter::find_end() {
  std::size_t scanned = 0;
  while (true) {
    const auto found = window().find(line_then_from, scanned);
    if (found != std::string_view::npos) {
      const auto candidate = found + 1;
      PM_TRY(need(candidate + look_ahead));
      if (separates(candidate)) {
        return candidate;
      }
      scanned = candidate;
      continue;
    }
    if (m_end_of_input) {
      return window().size();
    }
    if (window().size() > m_bound + look_back) {
      keep_head();
      scanned = 0;
    }
    const auto seen = window().size();
    scanned = std::max(scanned, seen - std::min(seen, line_then_from.size() - 1));
    PM_TRY(need(seen + 1));
  }
}

Result<std::optional<std::string>> MboxSplitter::next() {
  m_head.clear();
  while (m_at_start) {
    PM_TRY_ASSIGN(const bool more, need(1));
    if (!more || (window().front() != '\n' && window().front() != '\r')) {
      break;
    }
    consume(1);
  }
  PM_TRY_ASSIGN(const bool any, need(1));
  if (!any) {
    return std::optional<std::string>();
  }
  PM_TRY(need(from.size()));
  PM_TRY_ASSIGN(const std::size_t end, find_end());
  auto mail = m_head.empty() ? window().substr(0, end) : std::string_view(m_head);
  if (m_head.empty() && mail.size() > m_bound) {
    mail = mail.substr(0, m_bound);
  }
  const bool has_from_line = mail.starts_with(from);
  if (has_from_line) {
    mail = without_from_line(mail);
    // The format puts an empty line behind each mail.
    if (mail.ends_with("\r\n\r\n")) {
      mail.remove_suffix(2);
    } else if (mail.ends_with("\n\n") || mail == "\n") {
      mail.remove_suffix(1);
    }
  }
  std::optional<std::string> result = unescape(without_from_line(mail), has_from_line);
  consume(end);
  m_at_start = false;
  return result;
}

}  // namespace patchmill::intake
