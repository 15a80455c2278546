#include "placement/maintainers.hpp"

#include "util/text.hpp"

#include <regex.h>

#include <algorithm>

namespace patchmill::placement {

namespace {

constexpr std::size_t k_max_regex = 200;

// POSIX regular expressions without counted repetition and back references, which is what makes
// them expensive.
class NamePattern {
 public:
  explicit NamePattern(const std::string& text) {
    const bool dear = text.size() > k_max_regex || text.find('{') != std::string::npos ||
                      has_back_reference(text);
    m_valid = !dear && ::regcomp(&m_regex, text.c_str(), REG_EXTENDED | REG_NOSUB) == 0;
  }
  ~NamePattern() {
    if (m_valid) {
      ::regfree(&m_regex);
    }
  }
  NamePattern(const NamePattern&) = delete;
  NamePattern& operator=(const NamePattern&) = delete;
  [[nodiscard]] bool matches(const std::string& path) const {
    return m_valid && ::regexec(&m_regex, path.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  static bool has_back_reference(std::string_view text) {
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
      if (text[i] == '\\') {
        if (text[i + 1] >= '0' && text[i + 1] <= '9') {
          return true;
        }
        ++i;
      }
    }
    return false;
  }
  regex_t m_regex{};
  bool m_valid = false;
};

// One path component against one pattern component. Linear in practice: only the last star is
// ever tried again.
bool matches_component(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') {
    ++p;
  }
  return p == pattern.size();
}

MaintainersTree parse_tree(std::string_view value) {
  const std::string words_text = collapse_whitespace(value);
  const auto words = split(words_text, ' ');
  MaintainersTree tree;
  if (words.size() >= 2 && words[0] == "git") {
    tree.url = words[1];
    if (words.size() >= 3) {
      tree.branch = words[2];
    }
  }
  return tree;
}

std::string repository_key(std::string_view url) {
  std::string_view rest = url;
  if (const std::size_t scheme = rest.find("://"); scheme != std::string_view::npos) {
    rest.remove_prefix(scheme + 3);
  }
  std::size_t host_end = rest.find_first_of("/:");
  std::string host(rest.substr(0, host_end));
  rest = host_end == std::string_view::npos ? std::string_view{} : rest.substr(host_end);
  if (rest.starts_with(':')) {  // "host:path" or "host:port/path"
    rest.remove_prefix(1);
    const std::size_t digits = rest.find_first_not_of("0123456789");
    if (digits != 0 && digits != std::string_view::npos && rest[digits] == '/') {
      rest.remove_prefix(digits);
    }
  }
  if (const std::size_t at = host.rfind('@'); at != std::string::npos) {
    host.erase(0, at + 1);
  }
  host = to_lower(host);
  std::string path(rest);
  while (path.ends_with('/')) {
    path.pop_back();
  }
  if (path.ends_with(".git")) {
    path.resize(path.size() - 4);
  }
  while (path.starts_with('/')) {
    path.erase(0, 1);
  }
  // kernel.org serves the same repositories to people who push, by another name.
  if (host == "gitolite.kernel.org" || host == "ra.kernel.org") {
    host = "git.kernel.org";
  }
  return host + '/' + path;
}

}  // namespace

struct Maintainers::Compiled {
  std::vector<std::unique_ptr<NamePattern>> names;
};

Maintainers::~Maintainers() = default;

Maintainers::Maintainers(std::string_view text, Keep keep) {
  MaintainersSection section;
  std::string title;
  auto finish = [&] {
    const bool is_rest =
        std::find(section.files.begin(), section.files.end(), "*/") != section.files.end();
    if (keep == Keep::all ? !is_rest : !section.trees.empty()) {
      section.title = title;
      Compiled compiled;
      for (const auto& pattern : section.name_patterns) {
        compiled.names.push_back(std::make_unique<NamePattern>(pattern));
      }
      m_sections.push_back(std::move(section));
      m_compiled.push_back(std::move(compiled));
    }
    section = {};
  };
  for (std::string_view line : split_lines(text)) {
    line = trim(line);
    const bool is_field = line.size() > 2 && line[1] == ':' && line[0] >= 'A' && line[0] <= 'Z';
    if (!is_field) {
      finish();
      title = line;
      continue;
    }
    std::string value(trim(line.substr(2)));
    switch (line[0]) {
      case 'T':
        if (auto tree = parse_tree(value); !tree.url.empty()) {
          section.trees.push_back(std::move(tree));
        }
        break;
      case 'M':
        section.maintainers.push_back(std::move(value));
        break;
      case 'F':
        section.files.push_back(std::move(value));
        break;
      case 'X':
        section.excluded.push_back(std::move(value));
        break;
      case 'N':
        section.name_patterns.push_back(std::move(value));
        break;
      default:
        break;
    }
  }
  finish();
}

std::vector<const MaintainersSection*> Maintainers::claims(std::string_view path) const {
  std::vector<const MaintainersSection*> result;
  const std::string text(path);
  auto any_of = [&](const std::vector<std::string>& patterns) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
      return matches_file_pattern(pattern, path);
    });
  };
  for (std::size_t i = 0; i < m_sections.size(); ++i) {
    const auto& names = m_compiled[i].names;
    const bool named = any_of(m_sections[i].files) ||
                       std::any_of(names.begin(), names.end(),
                                   [&](const auto& name) { return name->matches(text); });
    if (named && !any_of(m_sections[i].excluded)) {
      result.push_back(&m_sections[i]);
    }
  }
  return result;
}

bool matches_file_pattern(std::string_view pattern, std::string_view path) {
  const bool below = pattern.ends_with('/');
  if (below) {
    pattern.remove_suffix(1);
  }
  const auto wanted = split(pattern, '/');
  const auto have = split(path, '/');
  if (pattern.empty() || have.size() < wanted.size()) {
    return false;
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!matches_component(wanted[i], have[i])) {
      return false;
    }
  }
  if (below) {
    return have.size() > wanted.size();
  }
  const bool plain = pattern.find_first_of("*?") == std::string_view::npos;
  return have.size() == wanted.size() || plain;
}

bool same_repository(std::string_view a, std::string_view b) {
  return repository_key(a) == repository_key(b);
}

}  // namespace patchmill::placement
