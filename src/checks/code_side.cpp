#include "checks/code_side.hpp"

#include "checks/diff_lines.hpp"
#include "util/text.hpp"

#include <algorithm>

namespace patchmill::checks {
namespace {

// A hostile file and hunks of equal lines must not take minutes.
constexpr std::size_t k_most_compared = 16u << 20;

// Mails lose the CR of CR LF now and then, and git applies them all the same.
bool same_line(std::string_view a, std::string_view b) {
  const auto without_cr = [](std::string_view line) {
    return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
  };
  return without_cr(a) == without_cr(b);
}

}  // namespace

CodeSide::CodeSide(Which which, std::optional<std::string_view> text, bool joins_lines)
    : m_which(which), m_joins_lines(joins_lines), m_may_compare(k_most_compared) {
  if (!text) {
    return;
  }
  m_lines = split_lines(*text);
  m_states.reserve(m_lines.size());
  CodeLines state(false, joins_lines);
  for (const std::string_view line : m_lines) {
    m_states.push_back(state);
    state.code_of(line);
  }
}

// As near to `wanted` as it stands: a patch applies with an offset, too.
std::optional<std::size_t> CodeSide::place_of(const Lines& part, std::size_t wanted) {
  if (part.empty() || part.size() > m_lines.size()) {
    return std::nullopt;
  }
  std::size_t bytes = 0;
  for (const std::string_view line : part) {
    bytes += line.size() + 1;
  }
  const std::size_t last = m_lines.size() - part.size();
  const std::size_t start = std::min(wanted, last);
  std::optional<std::size_t> found;
  const auto try_at = [&](std::size_t place) {
    m_may_compare -= std::min(m_may_compare, bytes);
    if (std::equal(part.begin(), part.end(), m_lines.begin() + static_cast<std::ptrdiff_t>(place),
                   same_line)) {
      found = place;
    }
  };
  try_at(start);
  for (std::size_t distance = 1; !found && m_may_compare > 0 && distance <= m_lines.size();
       ++distance) {
    if (distance <= start) {
      try_at(start - distance);
    }
    if (!found && distance <= last - start) {
      try_at(start + distance);
    }
  }
  return found;
}

CodeLines CodeSide::at(const mail::Hunk& hunk) {
  const bool before = m_which == Which::before;
  Lines part;
  for_each_line(hunk, [&](const DiffLine& line) {
    if (line.marker != (before ? '+' : '-')) {
      part.push_back(line.text);
    }
  });
  const int first = std::max(before ? hunk.old_start : hunk.new_start, 1);
  if (const auto place = place_of(part, static_cast<std::size_t>(first) - 1)) {
    return m_states[*place];
  }
  if (first == 1) {
    return CodeLines(false, m_joins_lines);
  }
  std::string text;
  for (const std::string_view line : part) {
    text.append(line).push_back('\n');
  }
  return CodeLines(CodeLines::starts_in_comment(text), m_joins_lines);
}

}  // namespace patchmill::checks
