#include "findings/log_lines.hpp"

#include "util/text.hpp"

#include <sys/types.h>
#include <unistd.h>

#include <cerrno>

namespace patchmill::findings {
namespace {

constexpr std::size_t piece_size = std::size_t{256} << 10;

// The length of the escape sequence at text[0] == ESC (ECMA-48: CSI, OSC and two-byte ones).
std::size_t escape_length(std::string_view text) {
  if (text.size() < 2) {
    return 1;
  }
  if (text[1] == '[') {
    std::size_t n = 2;
    while (n < text.size() && static_cast<unsigned char>(text[n]) >= 0x20 &&
           static_cast<unsigned char>(text[n]) < 0x40) {
      ++n;
    }
    return n < text.size() ? n + 1 : n;
  }
  if (text[1] == ']') {
    const std::size_t end = text.find_first_of("\x07\x1b", 2);
    return end == std::string_view::npos ? text.size() : end + 1;
  }
  return 2;
}

void clean_into(std::string_view raw, std::string& out) {
  out.clear();
  std::size_t i = 0;
  while (i < raw.size()) {
    const auto c = static_cast<unsigned char>(raw[i]);
    if (c == 0x1b) {
      i += escape_length(raw.substr(i));
    } else if ((c < 0x20 && c != '\t') || c == 0x7f) {
      ++i;
    } else {
      out.push_back(raw[i]);
      ++i;
    }
  }
  if (!is_valid_utf8(out)) {
    out = mend_utf8(out);
  }
}

// "[    0.123456]", "[  T12]", "[ C0]": returns the length, 0 when it is something else.
std::size_t bracket_length(std::string_view text) {
  if (!text.starts_with('[')) {
    return 0;
  }
  std::size_t n = 1;
  while (n < text.size() && text[n] == ' ') {
    ++n;
  }
  const bool caller = n < text.size() && (text[n] == 'T' || text[n] == 'C');
  n += caller ? 1 : 0;
  const std::size_t digits = n;
  while (n < text.size() && n < 40 && ((text[n] >= '0' && text[n] <= '9') || text[n] == '.')) {
    ++n;
  }
  const bool dotted = text.substr(digits, n - digits).find('.') != std::string_view::npos;
  return n > digits && n < text.size() && text[n] == ']' && (caller || dotted) ? n + 1 : 0;
}

}  // namespace

bool LogLines::refill() {
  if (m_fd < 0) {
    return false;
  }
  m_piece.resize(piece_size);
  ssize_t n = 0;
  do {
    n = ::pread(m_fd, m_piece.data(), m_piece.size(), static_cast<off_t>(m_offset));
  } while (n < 0 && errno == EINTR);
  const std::size_t length = n > 0 ? static_cast<std::size_t>(n) : 0;
  m_offset += length;
  m_rest = std::string_view(m_piece.data(), length);
  return length > 0;
}

bool LogLines::next(std::string_view& line) {
  if (m_rest.empty() && !refill()) {
    return false;
  }
  m_part.clear();
  std::string_view raw;
  do {
    const std::size_t newline = m_rest.find('\n');
    m_terminated = newline != std::string_view::npos;
    raw = m_rest.substr(0, newline);
    m_rest.remove_prefix(m_terminated ? newline + 1 : m_rest.size());
    if (!m_terminated || !m_part.empty()) {
      m_part.append(raw.substr(0, max_line - m_part.size()));
      raw = m_part;
    }
  } while (!m_terminated && refill());
  clean_into(raw.substr(0, max_line), m_line);
  line = m_line;
  return true;
}

std::string_view strip_kernel_prefix(std::string_view line) {
  if (line.size() > 2 && line[0] == '<') {
    const std::size_t end = line.find('>');
    if (end <= 4 &&
        line.substr(1, end - 1).find_first_not_of("0123456789") == std::string_view::npos) {
      line.remove_prefix(end + 1);
    }
  }
  for (int i = 0; i < 2; ++i) {
    const std::size_t length = bracket_length(line);
    if (length == 0) {
      break;
    }
    line.remove_prefix(length);
    if (line.starts_with(' ')) {
      line.remove_prefix(1);
    } else if (!line.starts_with('[')) {
      break;
    }
  }
  return line;
}

}  // namespace patchmill::findings
