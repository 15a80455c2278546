#include "findings/ktap_line.hpp"

#include "util/ascii.hpp"
#include "util/text.hpp"

#include <array>

namespace patchmill::findings {
namespace {

std::optional<std::size_t> number_at(std::string_view& text) {
  std::size_t n = 0;
  while (n < text.size() && is_digit(text[n])) {
    ++n;
  }
  if (n == 0 || n > 9) {
    return std::nullopt;
  }
  const auto value = parse_uint(text.substr(0, n));
  text.remove_prefix(n);
  return value ? std::optional<std::size_t>(static_cast<std::size_t>(*value)) : std::nullopt;
}

// Splits "description # SKIP reason"; "\#" is a plain '#'.
void split_directive(std::string_view text, KtapLine& line) {
  constexpr std::array<std::string_view, 5> directives = {"skip", "todo", "xfail", "timeout",
                                                          "error"};
  std::string description;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '#' || text[i + 1] == '\\')) {
      description.push_back(text[++i]);
      continue;
    }
    if (text[i] == '#' && (i == 0 || text[i - 1] == ' ')) {
      const std::string_view rest = trim(text.substr(i + 1));
      for (const std::string_view directive : directives) {
        if (istarts_with(rest, directive)) {
          line.directive = to_lower(directive);
          for (char& c : line.directive) {
            c = static_cast<char>(c - 'a' + 'A');
          }
          // "SKIPPED" and "SKIP:" are seen as well.
          std::string_view reason = rest.substr(directive.size());
          reason.remove_prefix(std::min(reason.find_first_of(" \t:"), reason.size()));
          while (!reason.empty() && (reason.front() == ':' || reason.front() == ' ')) {
            reason.remove_prefix(1);
          }
          line.reason = std::string(trim(reason));
          line.text = std::string(trim(description));
          return;
        }
      }
      // "# exit=1", "# 12 ms": a comment, and different in every run.
      if (i + 1 < text.size() && text[i + 1] == ' ') {
        line.reason = std::string(rest);
        line.text = std::string(trim(description));
        return;
      }
    }
    description.push_back(text[i]);
  }
  line.text = std::string(trim(description));
}

bool parse_result(std::string_view text, KtapLine& line) {
  line.ok = text.starts_with("ok");
  if (!line.ok && !text.starts_with("not ok")) {
    return false;
  }
  text.remove_prefix(line.ok ? 2 : 6);
  if (!text.empty() && text.front() != ' ' && text.front() != '\t') {
    return false;
  }
  text = trim(text);
  if (std::string_view after = text; const auto number = number_at(after)) {
    if (after.empty() || after.front() == ' ' || after.front() == '\t') {
      line.number = *number;
      text = trim(after);
    }
  }
  if (text.starts_with("- ")) {
    text.remove_prefix(2);
  } else if (text == "-") {
    text = {};
  }
  line.kind = KtapLine::Kind::result;
  split_directive(text, line);
  return true;
}

bool parse_plan(std::string_view text, KtapLine& line) {
  if (!text.starts_with("1..")) {
    return false;
  }
  text.remove_prefix(3);
  const auto number = number_at(text);
  text = trim(text);
  if (!number || !(text.empty() || text.front() == '#')) {
    return false;
  }
  line.kind = KtapLine::Kind::plan;
  line.number = *number;
  split_directive(text, line);
  return true;
}

bool is_version(std::string_view text) {
  return text.starts_with("KTAP version ") || text.starts_with("TAP version ");
}

// Everything but diagnostics.
bool parse_core(std::string_view text, KtapLine& line) {
  if (is_version(text)) {
    line.kind = KtapLine::Kind::version;
    return true;
  }
  if (text.starts_with("Bail out!")) {
    line.kind = KtapLine::Kind::bail_out;
    line.text = std::string(trim(text.substr(9)));
    return true;
  }
  return parse_plan(text, line) || parse_result(text, line);
}

}  // namespace

std::optional<KtapLine> parse_ktap_line(std::string_view line, bool hash_nested) {
  KtapLine result;
  std::size_t spaces = 0;
  while (spaces < line.size() && (line[spaces] == ' ' || line[spaces] == '\t')) {
    result.level += line[spaces] == '\t' ? 8u : 1u;
    ++spaces;
  }
  std::string_view text = line.substr(spaces);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  if (parse_core(text, result)) {
    return result;
  }
  if (!text.starts_with('#')) {
    return std::nullopt;
  }
  std::string_view inner = text;
  std::size_t level = result.level;
  for (int depth = 0; depth < 8 && inner.starts_with("# "); ++depth) {
    inner.remove_prefix(2);
    level += 2;
    while (inner.starts_with("  ")) {
      inner.remove_prefix(2);
      level += 2;
    }
    KtapLine nested;
    nested.level = level;
    nested.hashed = true;
    if (inner.starts_with("Subtest: ")) {
      nested.kind = KtapLine::Kind::subtest;
      // It names the block at the indentation of the '#', not a deeper one.
      nested.level = level - 2;
      nested.text = std::string(trim(inner.substr(9)));
      return nested;
    }
    if (parse_core(inner, nested) &&
        ((hash_nested && (nested.kind != KtapLine::Kind::result || nested.number != 0)) ||
         nested.kind == KtapLine::Kind::version || nested.kind == KtapLine::Kind::plan)) {
      return nested;
    }
  }
  result.kind = KtapLine::Kind::diagnostic;
  result.text = std::string(trim(text.substr(1)));
  return result;
}

}  // namespace patchmill::findings
