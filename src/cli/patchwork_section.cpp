#include "cli/patchwork_section.hpp"

#include "app/config_keys.hpp"
#include "mail/header_encode.hpp"
#include "registry/get.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <map>
#include <utility>
#include <vector>

namespace patchmill::cli {
namespace {

// What another Patchwork says is quoted, as JSON is YAML.
std::string as_yaml(const std::string& text) {
  return escape_terminal(boost::json::serialize(boost::json::value(text)));
}

class SectionText {
 public:
  explicit SectionText(store::Database& database) : m_database(database) {}

  void add(const registry::Project& project) {
    m_projects += fmt::format("    - link-name: {}\n", as_yaml(project.link_name));
    for (const auto& [key, value] : {std::pair{"name", &project.name},
                                     {"list-id", &project.list_id},
                                     {"list-email", &project.list_email},
                                     {"subject-match", &project.subject_match},
                                     {"web-url", &project.web_url},
                                     {"scm-url", &project.scm_url},
                                     {"webscm-url", &project.webscm_url},
                                     {"list-archive-url", &project.list_archive_url},
                                     {"list-archive-url-format", &project.list_archive_url_format},
                                     {"commit-url-format", &project.commit_url_format}}) {
      if (!value->empty()) {
        m_projects += fmt::format("      {}: {}\n", key, as_yaml(*value));
      }
    }
    if (project.show_dependencies) {
      m_projects += "      show-dependencies: true\n";
    }
    add_people(project);
  }

  [[nodiscard]] std::string text() const {
    std::string users;
    for (const auto& [_, line] : m_users) {
      users += line;
    }
    return "patchwork:\n" + (users.empty() ? "" : "  users:\n" + users) + "  projects:\n" +
           m_projects;
  }

 private:
  void add_people(const registry::Project& project) {
    std::vector<std::string> names;
    for (const auto& maintainer : project.maintainers) {
      if (name_user(maintainer)) {
        names.push_back(as_yaml(maintainer.username));
      }
    }
    if (!names.empty()) {
      m_projects += fmt::format("      maintainers: [{}]\n", join(names, ", "));
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
    m_projects += lines.empty() ? "" : "      delegation:\n" + lines;
  }

  // Returns whether the configuration can have him.
  bool name_user(const registry::User& user) {
    std::string& line = m_users[user.username];
    if (!app::is_name(user.username)) {
      line = fmt::format("    # {} is left out: usernames have letters, digits, '-', '_' and '.'\n",
                         as_yaml(user.username));
      return false;
    }
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
  std::string m_projects;
  std::map<std::string, std::string> m_users;  // their lines
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
