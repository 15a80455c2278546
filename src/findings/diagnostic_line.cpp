#include "findings/diagnostic_line.hpp"

#include "util/text.hpp"

#include <array>
#include <utility>

namespace patchmill::findings {
namespace {

struct Word {
  std::string_view text;
  DiagnosticLevel level;
};
// Longest first where one contains another.
constexpr std::array<Word, 8> words = {{{"internal compiler error:", DiagnosticLevel::error},
                                        {"sorry, unimplemented:", DiagnosticLevel::error},
                                        {"fatal error:", DiagnosticLevel::error},
                                        {"Fatal error:", DiagnosticLevel::error},
                                        {"error:", DiagnosticLevel::error},
                                        {"warning:", DiagnosticLevel::warning},
                                        {"note:", DiagnosticLevel::note},
                                        {"Error:", DiagnosticLevel::error}}};

bool is_gap(char c) {
  return c == ' ' || c == '\t';
}

int small_int(std::string_view text) {
  const auto value = parse_uint(text);
  return value && *value < 100'000'000 ? static_cast<int>(*value) : 0;
}

// "-Werror=foo", "-Werror,-Wfoo" and "-Wfoo=2" name the warning foo.
std::string_view flag_name(std::string_view flag) {
  if (const auto comma = flag.rfind(','); comma != std::string_view::npos) {
    flag = trim(flag.substr(comma + 1));
  }
  return flag;
}

void split_flag(DiagnosticLine& result) {
  std::string_view text = trim(result.text);
  if (text.ends_with(']')) {
    const auto open = text.rfind('[');
    if (open != std::string_view::npos && text.substr(open + 1).starts_with("-W")) {
      result.flag = flag_name(text.substr(open + 1, text.size() - open - 2));
      text = trim(text.substr(0, open));
    }
  }
  result.text = text;
}

// "path", "path:12", "path:12:3", "path:12.3-14.5" (dtc).
bool split_place(std::string_view place, DiagnosticLine& result) {
  std::string_view rest = place;
  // From the right: at most two numbers.
  std::array<std::string_view, 2> numbers;
  std::size_t found = 0;
  while (found < 2) {
    const auto colon = rest.rfind(':');
    if (colon == std::string_view::npos) {
      break;
    }
    const std::string_view last = rest.substr(colon + 1);
    if (last.empty() || last.find_first_not_of("0123456789.-") != std::string_view::npos) {
      break;
    }
    numbers[found++] = last;
    rest = rest.substr(0, colon);
  }
  if (rest.empty() || is_gap(rest.front()) || rest.find('\t') != std::string_view::npos) {
    return false;
  }
  if (found > 0) {
    const std::string_view line = numbers[found - 1];
    result.line = small_int(line.substr(0, line.find_first_of(".-")));
    result.column = found == 2 ? small_int(numbers[0]) : 0;
    if (rest.find(' ') != std::string_view::npos) {
      return false;
    }
    result.file = rest;
    return true;
  }
  if (rest.find(' ') != std::string_view::npos) {
    return false;
  }
  const bool path =
      rest.find('/') != std::string_view::npos || rest.find('.') != std::string_view::npos;
  (path ? result.file : result.program) = rest;
  return true;
}

// dtc: "file.dts:12.3-14.5: Warning (rule): text"
std::optional<DiagnosticLine> parse_dtc(std::string_view line) {
  for (const auto& [word, level] :
       {std::pair{std::string_view(": Warning ("), DiagnosticLevel::warning},
        std::pair{std::string_view(": ERROR ("), DiagnosticLevel::error}}) {
    const auto at = line.find(word);
    if (at == std::string_view::npos) {
      continue;
    }
    const auto close = line.find("): ", at);
    DiagnosticLine result;
    result.level = level;
    if (close == std::string_view::npos || !split_place(line.substr(0, at), result)) {
      continue;
    }
    const auto rule = at + word.size();
    result.flag = line.substr(rule, close - rule);
    result.program = "dtc";
    result.text = trim(line.substr(close + 3));
    return result;
  }
  return std::nullopt;
}

}  // namespace

std::optional<DiagnosticLine> parse_diagnostic(std::string_view line) {
  if (line.empty() || is_gap(line.front())) {
    return std::nullopt;
  }
  if (auto dtc = parse_dtc(line)) {
    return dtc;
  }
  // The first "severity:" that stands after ": " (or ":" alone, as kconfig writes it).
  std::size_t best = std::string_view::npos;
  const Word* best_word = nullptr;
  for (const Word& word : words) {
    const auto at = line.find(word.text);
    if (at != std::string_view::npos && at > 1 && (best_word == nullptr || at < best)) {
      const bool spaced = is_gap(line[at - 1]) && line[at - 2] == ':';
      if (spaced || line[at - 1] == ':') {
        best = at;
        best_word = &word;
      }
    }
  }
  if (best_word == nullptr) {
    return std::nullopt;
  }
  DiagnosticLine result;
  result.level = best_word->level;
  std::string_view place = trim(line.substr(0, best));
  place.remove_suffix(1);
  if (!split_place(place, result)) {
    return std::nullopt;
  }
  result.text = line.substr(best + best_word->text.size());
  split_flag(result);
  if (result.text.empty()) {
    return std::nullopt;
  }
  return result;
}

}  // namespace patchmill::findings
