#include "cli/patchwork_section.hpp"

#include "app/config.hpp"
#include "app/config_keys.hpp"
#include "mail/header_encode.hpp"
#include "registry/get.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace patchmill::cli {
namespace {

constexpr std::size_t k_longest_shown = 100;

// Whether brackets are closed again, and soon: the reader of configurations counts them wherever
// they stand, also within quotes and comments.
bool closes_brackets(std::string_view text) {
  constexpr int k_deepest = 20;
  int depth = 0, deepest = 0;
  for (const char c : text) {
    if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return depth == 0 && deepest <= k_deepest;
}

// One character of UTF-8 within double quotes (YAML 1.2, 5.7).
std::string escape_character(std::string_view one) {
  if (one == "\"" || one == "\\") {
    return fmt::format("\\{}", one);
  }
  if (one == "\n") {
    return "\\n";
  }
  const std::string shown = escape_terminal(one);
  // YAML has \xNN, but no \u{NNNN}.
  return shown.starts_with("\\u{")
             ? fmt::format("\\U{:0>8}", std::string_view(shown).substr(3, shown.size() - 4))
             : shown;
}

// What another Patchwork says: valid UTF-8 on one line, without anything that ends double quotes or
// a comment.
std::string escape_yaml(std::string_view text) {
  const std::string valid = mend_utf8(text);
  const bool may_show_brackets = closes_brackets(valid);
  std::string yaml;
  for (std::size_t at = 0, length = 0; at < valid.size(); at += length) {
    length = 1;
    while (at + length < valid.size() &&
           (static_cast<unsigned char>(valid[at + length]) & 0xC0) == 0x80) {
      ++length;
    }
    const auto one = std::string_view(valid).substr(at, length);
    if (!may_show_brackets && (one == "[" || one == "{")) {
      yaml += one == "[" ? "\\x5b" : "\\x7b";
    } else {
      yaml += escape_character(one);
    }
  }
  return yaml;
}

// Always in double quotes: the one style that can say every text, and that ends at nothing but a
// quote.
std::string as_yaml(std::string_view text) {
  return fmt::format("\"{}\"", escape_yaml(text));
}

std::string line_of(std::string_view key, const std::string& value) {
  return fmt::format("      {}: {}\n", key, as_yaml(value));
}

// Why a configuration cannot have this project, for a comment; empty: it can.
std::string refusal_of(const std::string& entry) {
  const auto read = app::parse_config("it", "patchwork:\n  projects:\n" + entry);
  if (read) {
    return "";
  }
  const std::string& message = read.error().message;
  const auto first = message.substr(0, message.find('\n'));
  const auto place = first.find(": ");
  return escape_yaml(place == std::string::npos ? first : first.substr(place + 2));
}

class SectionText {
 public:
  explicit SectionText(store::Database& database) : m_database(database) {}

  void add(const registry::Project& project) {
    // These say which mails are the project's: without one of them it would be another.
    std::string entry = fmt::format("    - link-name: {}\n", as_yaml(project.link_name)) +
                        line_of("list-id", project.list_id);
    if (!project.subject_match.empty()) {
      entry += line_of("subject-match", project.subject_match);
    }
    std::string refusal = refusal_of(entry);
    if (refusal.empty() &&
        !m_taken.emplace(to_lower(project.list_id), project.subject_match).second) {
      refusal = "a project above gets every mail that this one would";
    }
    for (const auto& [key, value] : {std::pair{"name", &project.name},
                                     {"list-email", &project.list_email},
                                     {"web-url", &project.web_url},
                                     {"scm-url", &project.scm_url},
                                     {"webscm-url", &project.webscm_url},
                                     {"list-archive-url", &project.list_archive_url},
                                     {"list-archive-url-format", &project.list_archive_url_format},
                                     {"commit-url-format", &project.commit_url_format}}) {
      if (!value->empty()) {
        entry += line_or_comment(key, *value);
      }
    }
    if (project.show_dependencies) {
      entry += "      show-dependencies: true\n";
    }
    entry += people_of(project);
    if (refusal.empty()) {
      m_projects += entry;
      return;
    }
    m_left_out += fmt::format("  # The project {} is left out: {}\n",
                              as_yaml(ellipsize(project.link_name, k_longest_shown)), refusal);
    for (const auto line : split_lines(entry)) {
      m_left_out += fmt::format("  # {}\n", line);
    }
  }

  [[nodiscard]] std::string text() const {
    std::string users;
    for (const auto& [_, line] : m_users) {
      users += line;
    }
    std::string left_out;
    for (const auto& name : m_nobody) {
      left_out += fmt::format(
          "  # {} is left out: usernames have letters, digits, '-', '_' and '.'\n", as_yaml(name));
    }
    left_out += m_left_out;
    if (m_projects.empty()) {
      return left_out;
    }
    return "patchwork:\n" + left_out + (users.empty() ? "" : "  users:\n" + users) +
           "  projects:\n" + m_projects;
  }

 private:
  static std::string line_or_comment(std::string_view key, const std::string& value) {
    const std::string line = line_of(key, value);
    const auto refusal = refusal_of("    - link-name: x\n      list-id: x\n" + line);
    return refusal.empty() ? line
                           : fmt::format("      # {} {} is left out: {}\n", key,
                                         as_yaml(ellipsize(value, k_longest_shown)), refusal);
  }

  std::string people_of(const registry::Project& project) {
    std::string entry;
    std::vector<std::string> names;
    for (const auto& maintainer : project.maintainers) {
      if (name_user(maintainer)) {
        names.push_back(as_yaml(maintainer.username));
      }
    }
    if (!names.empty()) {
      entry += fmt::format("      maintainers: [{}]\n", join(names, ", "));
    }
    const auto rules = registry::delegation_of(m_database, project.id);
    std::string lines;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const auto user = registry::user_by_name(m_database, rules[i].user);
      if (user && name_user(*user)) {
        lines += fmt::format("        - {{path: {}, user: {}, priority: {}}}\n",
                             as_yaml(rules[i].path), as_yaml(user->username), rules.size() - i);
      }
    }
    return entry + (lines.empty() ? "" : "      delegation:\n" + lines);
  }

  // Returns whether the configuration can have him.
  bool name_user(const registry::User& user) {
    if (!app::is_name(user.username)) {
      m_nobody.insert(user.username);
      return false;
    }
    std::string& line = m_users[user.username];
    line = fmt::format("    - {{username: {}", as_yaml(user.username));
    for (const auto& [key, value] :
         {std::pair{"first-name", &user.first_name}, {"last-name", &user.last_name}}) {
      line += value->empty() ? "" : fmt::format(", {}: {}", key, as_yaml(*value));
    }
    if (mail::is_plain_address(user.email)) {
      line += fmt::format(", email: {}", as_yaml(user.email));
    }
    line += "}\n";
    return true;
  }

  store::Database& m_database;
  std::string m_projects, m_left_out;
  std::set<std::pair<std::string, std::string>> m_taken;  // list-id and subject-match
  std::map<std::string, std::string> m_users;             // their lines
  std::set<std::string> m_nobody;                         // usernames
};

}  // namespace

std::string patchwork_section(store::Database& database,
                              std::span<const registry::Project> projects) {
  SectionText section(database);
  for (const registry::Project& imported : projects) {
    section.add(registry::project(database, imported.id).value_or(imported));
  }
  return section.text();
}

}  // namespace patchmill::cli
