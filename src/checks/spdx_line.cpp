#include "checks/spdx_line.hpp"

#include "checks/diff_lines.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace patchmill::checks {
namespace {

constexpr std::string_view k_tag = "SPDX-License-Identifier:";
constexpr std::size_t k_lines_looked_at = 20;

constexpr SpdxForm k_slashes = {"//", "// SPDX-License-Identifier: GPL-2.0"};
constexpr SpdxForm k_block = {"/*", "/* SPDX-License-Identifier: GPL-2.0 */"};
constexpr SpdxForm k_hash = {"#", "# SPDX-License-Identifier: GPL-2.0"};
constexpr SpdxForm k_dots = {"..", ".. SPDX-License-Identifier: GPL-2.0"};

template <std::size_t N>
bool among(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// "(" and ")" stand alone, everything else is parted by blanks.
std::vector<std::string> tokens_of(std::string_view expression) {
  std::vector<std::string> tokens;
  std::string word;
  const auto flush = [&] {
    if (!word.empty()) {
      tokens.push_back(std::move(word));
      word.clear();
    }
  };
  for (const char c : expression) {
    if (c == ' ' || c == '\t') {
      flush();
    } else if (c == '(' || c == ')') {
      flush();
      tokens.emplace_back(1, c);
    } else {
      word.push_back(c);
    }
  }
  flush();
  return tokens;
}

bool is_operator(std::string_view token) {
  return token == "AND" || token == "OR" || token == "WITH";
}

bool is_identifier(std::string_view token) {
  return !token.empty() && std::all_of(token.begin(), token.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '+' || c == ':';
  });
}

}  // namespace

std::optional<SpdxForm> spdx_form(std::string_view path, std::string_view first_line) {
  constexpr std::array<std::string_view, 6> slashes = {"c", "dts", "dtsi", "rs", "cc", "cpp"};
  constexpr std::array<std::string_view, 4> block = {"h", "S", "lds", "hpp"};
  constexpr std::array<std::string_view, 11> hash = {"sh",  "py",  "pl",   "yaml", "yml",  "rb",
                                                     "tcl", "awk", "bash", "mk",   "cmake"};
  constexpr std::array<std::string_view, 5> names = {"Makefile", "Kconfig", "Kbuild",
                                                     "CMakeLists.txt", "Dockerfile"};
  const std::string_view ext = extension(path);
  const std::string_view name = base_name(path);
  if (among(ext, slashes)) {
    return k_slashes;
  }
  if (among(ext, block)) {
    return k_block;
  }
  if (ext == "rst") {
    return k_dots;
  }
  if (among(ext, hash) || among(name, names) || name.starts_with("Makefile.") ||
      name.starts_with("Kconfig.") || first_line.starts_with("#!")) {
    return k_hash;
  }
  return std::nullopt;
}

std::optional<SpdxLine> find_spdx(const std::vector<std::string_view>& lines) {
  const std::size_t most = std::min(lines.size(), k_lines_looked_at);
  for (std::size_t i = 0; i < most; ++i) {
    const std::size_t at = lines[i].find(k_tag);
    if (at == std::string_view::npos) {
      continue;
    }
    std::string_view expression = trim(lines[i].substr(at + k_tag.size()));
    for (const std::string_view close : {"*/", "-->"}) {
      if (expression.ends_with(close)) {
        expression = trim(expression.substr(0, expression.size() - close.size()));
      }
    }
    return SpdxLine{.line = static_cast<int>(i) + 1,
                    .opening = std::string(trim(lines[i].substr(0, at))),
                    .expression = std::string(expression)};
  }
  return std::nullopt;
}

std::string expression_problem(std::string_view expression) {
  const auto tokens = tokens_of(expression);
  if (tokens.empty()) {
    return "no license is named";
  }
  int depth = 0;
  bool want_name = true;
  for (const std::string& token : tokens) {
    if (token == "(") {
      if (!want_name) {
        return "AND, OR or WITH is missing before '('";
      }
      ++depth;
    } else if (token == ")") {
      if (want_name || --depth < 0) {
        return "')' stands where a license is expected";
      }
    } else if (is_operator(token)) {
      if (want_name) {
        return fmt::format("'{}' stands where a license is expected", token);
      }
      want_name = true;
    } else if (!want_name) {
      return fmt::format("AND, OR or WITH is missing before '{}'", token);
    } else if (!is_identifier(token)) {
      return fmt::format("'{}' is no license name", token);
    } else {
      want_name = false;
    }
  }
  if (want_name) {
    return "it ends where a license is expected";
  }
  return depth == 0 ? "" : "a ')' is missing";
}

std::vector<std::string> expression_names(std::string_view expression) {
  auto tokens = tokens_of(expression);
  std::erase_if(tokens, [](const std::string& token) {
    return token == "(" || token == ")" || is_operator(token);
  });
  return tokens;
}

}  // namespace patchmill::checks
