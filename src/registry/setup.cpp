#include "registry/setup.hpp"

#include "registry/subject_pattern.hpp"
#include "registry/turn.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace patchmill::registry {
namespace {

std::optional<Id> id_by_key(store::Database& database, const char* sql, std::string_view key) {
  const auto row = database.one<Id>(sql, to_lower(key));
  return row ? std::optional(std::get<0>(*row)) : std::nullopt;
}

Result<Id> user_named(store::Database& database, const std::string& username,
                      const std::string& link_name) {
  const auto id =
      id_by_key(database, "SELECT id FROM registry_users WHERE username_key = ?", username);
  if (!id) {
    return fail(ErrorKind::invalid,
                fmt::format("the project '{}' names the user '{}', whom nobody has set up",
                            link_name, username));
  }
  return *id;
}

// A person is the user whose address he writes from.
void link_person(store::Database& database, Id user, std::string_view email_key,
                 std::string_view former_key) {
  if (former_key != email_key) {
    database.exec("UPDATE registry_people SET user_id = NULL WHERE user_id = ? AND email_key = ?",
                  user, former_key);
  }
  if (!email_key.empty()) {
    database.exec("UPDATE registry_people SET user_id = ? WHERE email_key = ?", user, email_key);
  }
}

void set_user(store::Database& database, const UserSetup& user) {
  const std::string key = to_lower(user.username);
  const auto known = database.one<Id, std::string>(
      "SELECT id, email_key FROM registry_users WHERE username_key = ?", key);
  const Id id = known ? std::get<0>(*known) : next_id(database, "registry_users");
  if (!known) {
    const User standard;
    database.exec(
        "INSERT INTO registry_users (id, username, username_key, first_name, last_name, email,"
        " email_key, send_email, items_per_page, show_ids) VALUES (?, '', ?, '', '', '', '', ?, ?,"
        " ?)",
        id, key, standard.send_email, standard.items_per_page, standard.show_ids);
  }
  database.exec(
      "UPDATE registry_users SET username = ?,"
      " first_name = COALESCE(CAST(? AS TEXT), first_name),"
      " last_name = COALESCE(CAST(? AS TEXT), last_name) WHERE id = ?",
      user.username, user.first_name, user.last_name, id);
  if (user.email) {
    const std::string email_key = to_lower(*user.email);
    database.exec("UPDATE registry_users SET email = ?, email_key = ? WHERE id = ?", *user.email,
                  email_key, id);
    link_person(database, id, email_key, known ? std::get<1>(*known) : "");
  }
}

// Whose address it is has the rights of who writes from it: it cannot be that of two. Looked at
// when all users are set, as two may have changed addresses.
Result<void> check_addresses(store::Database& database, const std::vector<UserSetup>& users) {
  for (const UserSetup& user : users) {
    if (!user.email || user.email->empty()) {
      continue;
    }
    const auto other = database.one<std::string>(
        "SELECT username FROM registry_users WHERE email_key = ? AND username_key <> ?"
        " ORDER BY id LIMIT 1",
        to_lower(*user.email), to_lower(user.username));
    if (other) {
      return fail(ErrorKind::invalid,
                  fmt::format("the users '{0}' and '{1}' have the same address '{2}': patches from "
                              "it would belong to both; give one of them another address, or none "
                              "(in the configuration, or patchmill user add {1} --email \"\")",
                              user.username, std::get<0>(*other), *user.email));
    }
  }
  return {};
}

Result<void> set_people_of(store::Database& database, Id project, const ProjectSetup& wanted) {
  const std::string& link_name = wanted.project.link_name;
  database.exec("DELETE FROM registry_maintainers WHERE project = ?", project);
  for (const std::string& username : wanted.maintainers) {
    PM_TRY_ASSIGN(const Id user, user_named(database, username, link_name));
    database.exec(
        "INSERT INTO registry_maintainers (project, user_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
        project, user);
  }
  database.exec("DELETE FROM registry_delegation WHERE project = ?", project);
  std::vector<DelegationSetup> rules = wanted.delegation;
  std::stable_sort(rules.begin(), rules.end(),
                   [](const auto& a, const auto& b) { return a.priority > b.priority; });
  std::int64_t position = 0;
  for (const DelegationSetup& rule : rules) {
    PM_TRY_ASSIGN(const Id user, user_named(database, rule.user, link_name));
    database.exec(
        "INSERT INTO registry_delegation (project, position, path, user_id) VALUES (?, ?, ?, ?)",
        project, position++, rule.path, user);
  }
  return {};
}

Result<void> set_project(store::Database& database, const ProjectSetup& wanted) {
  const ProjectSetup::Fields& project = wanted.project;
  if (!project.subject_match.empty()) {
    if (const auto pattern = SubjectPattern::compile(project.subject_match); !pattern) {
      return fail(ErrorKind::invalid, fmt::format("the subject match of the project '{}' is {}",
                                                  project.link_name, pattern.error().message));
    }
  }
  const std::string key = to_lower(project.link_name);
  std::optional<Id> id =
      id_by_key(database, "SELECT id FROM registry_projects WHERE link_key = ?", key);
  if (!id) {
    id = next_id(database, "registry_projects");
    database.exec(
        "INSERT INTO registry_projects (id, name, link_name, link_key, list_id, list_email,"
        " subject_match, web_url, scm_url, webscm_url, list_archive_url, list_archive_url_format,"
        " commit_url_format, show_dependencies)"
        " VALUES (?, ?, '', ?, '', '', '', '', '', '', '', '', '', 0)",
        *id, project.link_name, key);
  }
  database.exec(
      "UPDATE registry_projects SET link_name = ?, list_id = ?, subject_match = ?,"
      " show_dependencies = COALESCE(CAST(? AS BIGINT), show_dependencies) WHERE id = ?",
      project.link_name, project.list_id, project.subject_match, project.show_dependencies, *id);
  for (const auto& [column, value] : {std::pair{"name", &project.name},
                                      {"list_email", &project.list_email},
                                      {"web_url", &project.web_url},
                                      {"scm_url", &project.scm_url},
                                      {"webscm_url", &project.webscm_url},
                                      {"list_archive_url", &project.list_archive_url},
                                      {"list_archive_url_format", &project.list_archive_url_format},
                                      {"commit_url_format", &project.commit_url_format}}) {
    if (*value) {
      database.exec(fmt::format("UPDATE registry_projects SET {} = ? WHERE id = ?", column),
                    **value, *id);
    }
  }
  return set_people_of(database, *id, wanted);
}

Result<void> set_state(store::Database& database, const StateSetup& state) {
  const auto by_slug =
      database.one<Id>("SELECT id FROM registry_states WHERE slug = ?", state.slug);
  const std::optional<Id> known = by_slug ? std::optional(std::get<0>(*by_slug)) : std::nullopt;
  if (known && state.id && known != state.id) {
    return fail(ErrorKind::invalid, fmt::format("the state '{}' has the id {} already, and not {}",
                                                state.slug, *known, *state.id));
  }
  const Id id = known ? *known : state.id ? *state.id : next_id(database, "registry_states");
  if (database.one<Id>("SELECT id FROM registry_states WHERE id = ?", id)) {
    database.exec(
        "UPDATE registry_states SET name = ?, slug = ?,"
        " action_required = COALESCE(CAST(? AS BIGINT), action_required) WHERE id = ?",
        state.name, state.slug, state.action_required, id);
  } else {
    database.exec(
        "INSERT INTO registry_states (id, name, slug, ordering, action_required)"
        " VALUES (?, ?, ?, (SELECT COALESCE(MAX(ordering), -1) + 1 FROM registry_states), ?)",
        id, state.name, state.slug, state.action_required.value_or(false));
  }
  return {};
}

}  // namespace

std::string slug_of(std::string_view name) {
  std::string slug;
  for (const char c : to_lower(name)) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_') {
      slug += c;
    } else if ((c == ' ' || c == '-') && !slug.empty() && slug.back() != '-') {
      slug += '-';
    }
  }
  while (slug.ends_with('-')) {
    slug.pop_back();
  }
  return slug;
}

Result<void> set_up(store::Database& database, const Setup& setup) {
  store::Transaction transaction(database);
  wait_for_turn(database);
  for (const UserSetup& user : setup.users) {
    set_user(database, user);
  }
  PM_TRY(check_addresses(database, setup.users));
  for (const ProjectSetup& project : setup.projects) {
    PM_TRY(set_project(database, project));
  }
  for (const StateSetup& state : setup.states) {
    PM_TRY(set_state(database, state));
  }
  if (!setup.tags.empty()) {
    database.exec("DELETE FROM registry_tags");
    for (const TagWord& word : setup.tags) {
      database.exec("INSERT INTO registry_tags (trailer, tag) VALUES (?, ?) ON CONFLICT DO NOTHING",
                    to_lower(word.trailer), word.tag);
    }
  }
  transaction.commit();
  return {};
}

}  // namespace patchmill::registry
