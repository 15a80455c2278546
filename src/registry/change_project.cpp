#include "registry/change.hpp"
#include "registry/field_rules.hpp"
#include "registry/get.hpp"
#include "registry/rights.hpp"
#include "registry/writing.hpp"

#include <array>

namespace patchmill::registry {
namespace {

constexpr std::size_t k_longest_project_url = 2'000;  // Patchwork's

enum class Address { any, link, format };
struct Field {
  std::string_view name;
  std::optional<std::string> ProjectChange::* wanted;
  std::string Project::* value;
  Address is;  // pages link to it, so it is a link; an SCM's address need not be
};
constexpr std::array<Field, 6> k_fields = {{
    {"web_url", &ProjectChange::web_url, &Project::web_url, Address::link},
    {"scm_url", &ProjectChange::scm_url, &Project::scm_url, Address::any},
    {"webscm_url", &ProjectChange::webscm_url, &Project::webscm_url, Address::link},
    {"list_archive_url", &ProjectChange::list_archive_url, &Project::list_archive_url,
     Address::link},
    {"list_archive_url_format", &ProjectChange::list_archive_url_format,
     &Project::list_archive_url_format, Address::format},
    {"commit_url_format", &ProjectChange::commit_url_format, &Project::commit_url_format,
     Address::format},
}};

Changed<void> check_address(const Field& field, std::string_view text) {
  if (field.is == Address::any) {
    return check_text(field.name, text, k_longest_project_url);
  }
  PM_TRY(check_url(field.name, text, k_longest_project_url));
  if (field.is == Address::format && !text.empty() && text.find("{}") == std::string_view::npos) {
    return invalid(std::string(field.name), "This has no {}: every link would be the same.");
  }
  return {};
}

}  // namespace

Changed<Project> change_project(store::Database& database, const User& who, Id id,
                                const ProjectChange& change) {
  store::Transaction transaction(database);
  begin_change(database);
  auto changed = project(database, id);
  if (!changed) {
    return not_found();
  }
  if (!maintains(database, who.id, id)) {
    return forbidden();
  }
  for (const Field& field : k_fields) {
    if (const auto& wanted = change.*field.wanted) {
      // What is sent back as it was read may be older than the rules, or come from a Patchwork.
      if ((*changed).*field.value != *wanted) {
        PM_TRY(check_address(field, *wanted));
      }
      (*changed).*field.value = *wanted;
    }
  }
  changed->show_dependencies = change.show_dependencies.value_or(changed->show_dependencies);
  database.exec(
      "UPDATE registry_projects SET web_url = ?, scm_url = ?, webscm_url = ?, list_archive_url = ?,"
      " list_archive_url_format = ?, commit_url_format = ?, show_dependencies = ? WHERE id = ?",
      changed->web_url, changed->scm_url, changed->webscm_url, changed->list_archive_url,
      changed->list_archive_url_format, changed->commit_url_format, changed->show_dependencies, id);
  transaction.commit();
  return *std::move(changed);
}

}  // namespace patchmill::registry
