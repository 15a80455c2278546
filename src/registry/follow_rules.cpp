#include "registry/follow_rules.hpp"

#include "util/text.hpp"

#include <algorithm>
#include <utility>

namespace patchmill::registry {

FollowRules::FollowRules(store::Database& database) {
  read_projects(database);
  database.each("SELECT project, path, user_id FROM registry_delegation ORDER BY project, position",
                [&](const store::Row& row) {
                  m_delegation[row.integer(0)].push_back({row.get<std::string>(1), row.integer(2)});
                });
  database.each("SELECT id, name FROM registry_states ORDER BY ordering, id",
                [&](const store::Row& row) {
                  m_first_state = m_first_state == 0 ? row.integer(0) : m_first_state;
                  m_states.emplace(to_lower(row.text(1)), row.integer(0));
                });
  database.each(
      "SELECT email_key, id FROM registry_users WHERE email_key <> '' ORDER BY id",
      [&](const store::Row& row) { m_users.emplace(row.get<std::string>(0), row.integer(1)); });
  database.each("SELECT project, user_id FROM registry_maintainers", [&](const store::Row& row) {
    m_maintainers.emplace(row.integer(0), row.integer(1));
  });
  database.each("SELECT trailer, tag FROM registry_tags", [&](const store::Row& row) {
    m_tags.push_back({row.get<std::string>(0), row.get<Tag>(1)});
  });
}

void FollowRules::read_projects(store::Database& database) {
  database.each("SELECT id, list_id, subject_match FROM registry_projects ORDER BY id",
                [&](const store::Row& row) {
                  m_fingerprint += row.get<std::string>(0) + '\t' + row.get<std::string>(1) + '\t' +
                                   row.get<std::string>(2) + '\n';
                  Listed project{row.integer(0), to_lower(row.text(1)), std::nullopt};
                  if (!row.text(2).empty()) {
                    auto pattern = SubjectPattern::compile(row.text(2));
                    if (!pattern) {
                      return;  // never found; the setup refuses such a pattern
                    }
                    project.pattern = *std::move(pattern);
                  }
                  m_projects.push_back(std::move(project));
                });
}

std::vector<Id> FollowRules::projects_of(const tracker::MailRow& mail) const {
  std::vector<Id> result;
  for (const std::string& list : mail.list_ids) {
    Id any = 0;
    Id found = 0;
    for (const Listed& project : m_projects) {
      if (project.list != list || found != 0) {
        continue;
      }
      if (!project.pattern) {
        any = any == 0 ? project.id : any;
      } else if (project.pattern->found_in(mail.subject)) {
        found = project.id;
      }
    }
    if (const Id id = found != 0 ? found : any; id != 0) {
      result.push_back(id);
    }
  }
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

Id FollowRules::state_of(std::string_view name) const {
  const auto found = m_states.find(to_lower(name));
  return found == m_states.end() ? m_first_state : found->second;
}

std::optional<Id> FollowRules::user_with(const std::string& email_key) const {
  const auto found = m_users.find(email_key);
  return found == m_users.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Id> FollowRules::maintainer_named(Id project, const MailMarks& marks) const {
  const auto user = marks.delegate.empty() ? std::nullopt : user_with(to_lower(marks.delegate));
  return user && m_maintainers.contains({project, *user}) ? user : std::nullopt;
}

bool FollowRules::ignores_delegate(Id project, const MailMarks& marks) const {
  return !marks.delegate.empty() && !maintainer_named(project, marks);
}

std::optional<Id> FollowRules::delegate_of(Id project, const MailMarks& marks) const {
  if (const auto user = maintainer_named(project, marks)) {
    return user;
  }
  const auto rules = m_delegation.find(project);
  if (rules == m_delegation.end()) {
    return std::nullopt;
  }
  std::optional<Id> delegate;
  for (const std::string& path : marks.paths) {
    const auto rule = std::find_if(rules->second.begin(), rules->second.end(),
                                   [&](const Delegation& d) { return glob_match(d.path, path); });
    if (rule == rules->second.end() || (delegate && *delegate != rule->user)) {
      return std::nullopt;
    }
    delegate = rule->user;
  }
  return delegate;
}

}  // namespace patchmill::registry
