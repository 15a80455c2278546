#include "cli/output.hpp"

#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <iterator>

namespace patchmill::cli {
namespace {

std::string_view color_of(findings::Verdict verdict) {
  switch (verdict) {
    case findings::Verdict::pass:
      return "\x1b[32m";
    case findings::Verdict::warning:
      return "\x1b[33m";
    case findings::Verdict::fail:
      return "\x1b[1;31m";
    case findings::Verdict::skip:
      return "\x1b[2m";
    case findings::Verdict::incomplete:
      return "\x1b[35m";
  }
  return "";
}

// Decodes one character; malformed bytes count as themselves.
char32_t next_character(std::string_view text, std::size_t& i) {
  const auto byte = static_cast<unsigned char>(text[i]);
  std::size_t extra = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : byte >= 0xC0 ? 1 : 0;
  char32_t c = extra == 3   ? byte & 0x07u
               : extra == 2 ? byte & 0x0Fu
               : extra == 1 ? byte & 0x1Fu
                            : byte;
  ++i;
  for (; extra > 0 && i < text.size(); --extra, ++i) {
    c = (c << 6) | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  }
  return c;
}

std::size_t width_of(char32_t c) {
  if (c < 0x300) {
    return 1;
  }
  if ((c >= 0x300 && c <= 0x36F) || (c >= 0x200B && c <= 0x200F) || (c >= 0xFE00 && c <= 0xFE0F)) {
    return 0;
  }
  const bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
                    (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
                    (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
                    (c >= 0x1F300 && c <= 0x1FAFF) || (c >= 0x20000 && c <= 0x3FFFD);
  return wide ? 2 : 1;
}

std::string cut_to_width(std::string_view text, std::size_t width) {
  std::size_t used = 0;
  std::size_t i = 0;
  while (i < text.size()) {
    std::size_t next = i;
    const std::size_t w = width_of(next_character(text, next));
    if (used + w > width) {
      break;
    }
    used += w;
    i = next;
  }
  if (i == text.size()) {
    return std::string(text);
  }
  return width < 2 ? "" : cut_to_width(text.substr(0, i), width - 1) + "…";
}

struct Disturbing {
  unsigned code = 0;
  std::size_t length = 0;  // 0: it is none
};

// DEL, a C1 control or a bidirectional control at the start of the text. By bytes, so that what is
// no UTF-8 stays as it is.
Disturbing disturbing_character(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const unsigned first = byte(0), second = byte(1), third = byte(2);
  if (first == 0x7F) {
    return {first, 1};
  }
  if (first == 0xC2 && second >= 0x80 && second <= 0x9F) {
    return {second, 2};
  }
  if (first == 0xD8 && second == 0x9C) {
    return {0x061C, 2};
  }
  const bool marks_and_embeddings =
      second == 0x80 && (third == 0x8E || third == 0x8F || (third >= 0xAA && third <= 0xAE));
  const bool isolates = second == 0x81 && third >= 0xA6 && third <= 0xA9;
  if (first == 0xE2 && (marks_and_embeddings || isolates)) {
    return {0x2000u + ((second & 0x3Fu) << 6) + (third & 0x3Fu), 3};
  }
  return {};
}

}  // namespace

std::string escape_json_controls(std::string_view json) {
  std::string result;
  result.reserve(json.size());
  while (!json.empty()) {
    const auto [code, length] = disturbing_character(json);
    if (length == 0) {
      result += json.front();
      json.remove_prefix(1);
    } else {
      fmt::format_to(std::back_inserter(result), "\\u{:04x}", code);
      json.remove_prefix(length);
    }
  }
  return result;
}

void print_json(const boost::json::value& value) {
  fmt::print("{}\n", escape_json_controls(boost::json::serialize(value)));
}

void print_json(const boost::json::object& value) {
  fmt::print("{}\n", escape_json_controls(boost::json::serialize(value)));
}

void print_json(const boost::json::array& value) {
  fmt::print("{}\n", escape_json_controls(boost::json::serialize(value)));
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size();) {
    width += width_of(next_character(text, i));
  }
  return width;
}

bool use_color(int fd) {
  const char* no_color = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe)
  const char* term = std::getenv("TERM");          // NOLINT(concurrency-mt-unsafe)
  return ::isatty(fd) == 1 && (no_color == nullptr || *no_color == '\0') && term != nullptr &&
         std::string_view(term) != "dumb";
}

std::string verdict_word(findings::Verdict verdict, bool color, std::size_t width) {
  std::string word(findings::to_string(verdict));
  const std::string pad(width > word.size() ? width - word.size() : 0, ' ');
  return color ? fmt::format("{}{}\x1b[0m{}", color_of(verdict), word, pad) : word + pad;
}

std::size_t terminal_width(int fd) {
  winsize size{};
  if (::isatty(fd) != 1 || ::ioctl(fd, TIOCGWINSZ, &size) != 0) {
    return 0;
  }
  return size.ws_col;
}

Table::Table(std::vector<std::string> header) {
  m_rows.push_back(std::move(header));
}

void Table::row(std::vector<std::string> cells) {
  for (std::string& cell : cells) {
    cell = escape_terminal(cell);
  }
  m_rows.push_back(std::move(cells));
}

void Table::print(int verdict_column) const {
  std::vector<std::size_t> widths;
  for (const auto& row : m_rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  }
  const bool color = use_color(STDOUT_FILENO);
  const std::size_t screen = terminal_width(STDOUT_FILENO);
  for (std::size_t r = 0; r < m_rows.size(); ++r) {
    std::string line;
    std::size_t column = 0;
    for (std::size_t i = 0; i < m_rows[r].size(); ++i) {
      std::string cell = m_rows[r][i];
      const bool last = i + 1 == m_rows[r].size();
      if (last && screen > column + 4) {
        cell = cut_to_width(cell, screen - column);
      }
      const std::size_t width = display_width(cell);
      const auto verdict = findings::verdict_from(cell);
      if (color && r > 0 && static_cast<int>(i) == verdict_column && verdict) {
        line += verdict_word(*verdict, true);
      } else if (color && r == 0) {
        line += "\x1b[1m" + cell + "\x1b[0m";
      } else {
        line += cell;
      }
      if (!last) {
        line += std::string(widths[i] - width + 2, ' ');
        column += widths[i] + 2;
      }
    }
    fmt::print("{}\n", line);
  }
}

Progress::Progress(std::string what, bool quiet)
    : m_what(std::move(what)),
      m_quiet(quiet),
      m_terminal(use_color(STDERR_FILENO)),
      m_start(std::chrono::steady_clock::now()),
      m_last(m_start) {}

Progress::~Progress() {
  if (m_drawn && m_terminal) {
    fmt::print(stderr, "\n");
  }
}

void Progress::update(std::uint64_t done, std::uint64_t total, std::string_view note) {
  if (m_quiet) {
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  const bool finished = total != 0 && done >= total;
  const auto pause = m_terminal ? std::chrono::milliseconds(100) : std::chrono::milliseconds(5000);
  if (now - m_last < pause && !(finished && m_terminal) && m_drawn) {
    return;
  }
  if (!m_terminal && !m_drawn && now - m_start < pause) {
    return;  // short work needs no line in a log
  }
  m_last = now;
  const std::string shown = escape_terminal(note);
  if (!m_terminal) {
    fmt::print(stderr, "{}: {}{}{}{}\n", m_what, done,
               total != 0 ? fmt::format(" of {}", total) : "", shown.empty() ? "" : ", ", shown);
  } else if (total == 0) {
    fmt::print(stderr, "\r\x1b[K{} {} {}", m_what, done, shown);
  } else {
    constexpr std::uint64_t k_cells = 24;
    const std::uint64_t filled = std::min(k_cells, done * k_cells / total);
    std::string bar;
    for (std::uint64_t i = 0; i < k_cells; ++i) {
      bar += i < filled ? "█" : "░";
    }
    const std::size_t screen = terminal_width(STDERR_FILENO);
    std::string line = fmt::format("{} {} {:3}% {}", m_what, bar,
                                   std::min<std::uint64_t>(100, done * 100 / total), shown);
    if (screen > 1) {
      line = cut_to_width(line, screen - 1);
    }
    fmt::print(stderr, "\r\x1b[K{}", line);
  }
  static_cast<void>(std::fflush(stderr));  // a bar that nobody can see is nobody's loss
  m_drawn = true;
}

}  // namespace patchmill::cli
