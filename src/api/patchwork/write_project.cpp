#include "api/patchwork/call.hpp"
#include "api/patchwork/fields.hpp"
#include "api/scopes.hpp"

#include <algorithm>

namespace patchmill::api::patchwork {
namespace {

constexpr Fields::Text k_url{.longest = 2000};

}  // namespace

http::Response change_project(Call& call) {
  if (auto refused = refuse_write(call, scope::patches)) {
    return std::move(*refused);
  }
  const auto project = call.registry.project(call.place.name);
  if (!project) {
    return not_found();
  }
  const bool maintains =
      std::any_of(project->maintainers.begin(), project->maintainers.end(),
                  [&](const registry::User& one) { return one.id == call.who->id; });
  if (!maintains) {
    return problem(403, k_forbidden);
  }
  auto fields = Fields::read(call.request);
  if (!fields) {
    return std::move(fields.error());
  }
  registry::ProjectChange change;
  change.web_url = fields->text("web_url", k_url);
  change.scm_url = fields->text("scm_url", k_url);
  change.webscm_url = fields->text("webscm_url", k_url);
  if (call.place.version.has(2)) {
    change.list_archive_url = fields->text("list_archive_url", k_url);
    change.list_archive_url_format = fields->text("list_archive_url_format", k_url);
    change.commit_url_format = fields->text("commit_url_format", k_url);
  }
  if (call.place.version.has(4)) {
    change.show_dependencies = fields->boolean("show_dependencies");
  }
  if (!fields->errors().empty()) {
    return fields->errors().answer();
  }
  const auto changed = call.registry.change_project(*call.who, project->id, change);
  if (!changed) {
    return problem(changed.error());
  }
  call.render.project(*changed);
  return rendered(call);
}

}  // namespace patchmill::api::patchwork
