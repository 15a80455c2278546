#include "checks/lint_config.hpp"

#include "checks/tool.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <array>

namespace patchmill::checks {
namespace {

constexpr std::size_t k_most_values = 100;
constexpr std::size_t k_longest_list = 16384;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_small_letter(char c) {
  return c >= 'a' && c <= 'z';
}

// One value without its quotes, what ends it in a list or a map, and a comment.
std::string_view scalar(std::string_view text) {
  text = trim(text);
  if (text.starts_with('"') || text.starts_with('\'')) {
    const std::size_t end = text.find(text.front(), 1);
    return end == std::string_view::npos ? std::string_view() : text.substr(1, end - 1);
  }
  for (const std::string_view end : {" #", "\t#", ",", "}"}) {
    text = text.substr(0, text.find(end));
  }
  return trim(text);
}

// What follows `key` and its ':' or '=' in the line.
std::optional<std::string_view> after_key(std::string_view line, std::string_view key) {
  constexpr std::string_view before = " \t{,\"'.";
  for (std::size_t at = line.find(key); at != std::string_view::npos; at = line.find(key, at + 1)) {
    if (at > 0 && before.find(line[at - 1]) == std::string_view::npos) {
      continue;
    }
    std::string_view rest = line.substr(at + key.size());
    if (rest.starts_with('"') || rest.starts_with('\'')) {
      rest.remove_prefix(1);
    }
    rest = trim(rest);
    if (rest.starts_with(':') || rest.starts_with('=')) {
      return trim(rest.substr(1));
    }
  }
  return std::nullopt;
}

// "[a, b]", which may go on over several lines; `at` is where it begins in `text`.
std::vector<std::string_view> bracketed(std::string_view text, std::size_t at) {
  text = text.substr(at + 1, k_longest_list);
  return split(text.substr(0, text.find(']')), ',');
}

// "all", "2154", "SC2154", "SC2000-SC2010".
bool is_disabled_word(std::string_view word) {
  const auto is_code = [](std::string_view code) {
    if (code.starts_with("SC")) {
      code.remove_prefix(2);
    }
    return !code.empty() && code.size() <= 6 && std::all_of(code.begin(), code.end(), is_digit);
  };
  const std::size_t dash = word.find('-');
  return word == "all" || (is_code(word.substr(0, dash)) &&
                           (dash == std::string_view::npos || is_code(word.substr(dash + 1))));
}

bool is_enabled_word(std::string_view word) {
  return !word.empty() && word.size() <= 60 && std::all_of(word.begin(), word.end(), [](char c) {
    return is_small_letter(c) || c == '-';
  });
}

bool is_shell(std::string_view word) {
  constexpr std::array<std::string_view, 4> shells = {"sh", "bash", "dash", "ksh"};
  return std::find(shells.begin(), shells.end(), word) != shells.end();
}

// The value at the beginning of `rest`, which is then behind it. shellcheck knows quotes since 0.9.
std::string_view take_value(std::string_view& rest) {
  const bool quoted = rest.starts_with('"') || rest.starts_with('\'');
  const std::size_t end = quoted ? rest.find(rest.front(), 1) : rest.find_first_of(" \t");
  const std::string_view value =
      quoted ? rest.substr(1, end == std::string_view::npos ? end : end - 1) : rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + (quoted ? 1 : 0));
  return value;
}

}  // namespace

std::vector<std::string> values_of_key(std::string_view text, std::string_view key) {
  std::vector<std::string> values;
  const auto add = [&](std::string_view raw) {
    const std::string_view value = scalar(raw);
    if (!value.empty() && values.size() < k_most_values) {
      values.emplace_back(value);
    }
  };
  const auto lines = split_lines(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto rest = trim(lines[i]).starts_with('#') ? std::nullopt : after_key(lines[i], key);
    if (!rest) {
      continue;
    }
    if (rest->starts_with('[')) {
      for (const std::string_view item :
           bracketed(text, static_cast<std::size_t>(rest->data() - text.data()))) {
        add(item);
      }
    } else if (!rest->empty() && !rest->starts_with('#')) {
      add(*rest);
    } else {
      for (std::size_t below = i + 1; below < lines.size(); ++below) {
        const std::string_view item = trim(lines[below]);
        if (item.starts_with("- ")) {
          add(item.substr(2));
        } else if (!item.empty() && !item.starts_with('#')) {
          break;
        }
      }
    }
  }
  return values;
}

std::optional<std::string> path_in_tree(std::string_view folder, std::string_view name) {
  if (name.empty() || name.front() == '/') {
    return std::nullopt;
  }
  std::vector<std::string> parts;
  for (const std::string_view whole : {folder, name}) {
    for (const std::string_view part : split(whole, '/')) {
      if (part == "..") {
        if (parts.empty()) {
          return std::nullopt;
        }
        parts.pop_back();
      } else if (!part.empty() && part != ".") {
        parts.emplace_back(part);
      }
    }
  }
  std::string path = join(parts, "/");
  return is_plain_path(path) ? std::optional(std::move(path)) : std::nullopt;
}

std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string harmless_shellcheckrc(std::string_view text) {
  std::string kept;
  for (const std::string_view raw : split_lines(text)) {
    std::string_view rest = trim(raw);
    while (!rest.empty() && rest.front() != '#') {
      const std::size_t equals = rest.find('=');
      if (equals == std::string_view::npos) {
        break;
      }
      const std::string_view key = rest.substr(0, equals);
      rest.remove_prefix(equals + 1);
      const std::string_view value = take_value(rest);
      rest = trim(rest);
      std::vector<std::string> words;
      bool readable = std::all_of(key.begin(), key.end(),
                                  [](char c) { return is_small_letter(c) || c == '-'; });
      for (const std::string_view word : split(value, ',')) {
        readable = readable && (key == "disable"  ? is_disabled_word(word)
                                : key == "enable" ? is_enabled_word(word)
                                : key == "shell"  ? is_shell(word)
                                                  : true);
        if (!readable) {
          break;
        }
        words.emplace_back(word);
      }
      if (!words.empty() && (key == "disable" || key == "enable" || key == "shell")) {
        kept += key;
        kept += '=' + join(words, ",") + '\n';
      }
      if (!readable) {
        break;
      }
    }
  }
  return kept;
}

}  // namespace patchmill::checks
