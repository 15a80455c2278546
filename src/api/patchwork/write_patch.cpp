#include "api/patchwork/call.hpp"
#include "api/patchwork/fields.hpp"
#include "api/scopes.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::api::patchwork {
namespace {

constexpr std::size_t k_longest_column = 255;

void read_state(Call& call, Fields& fields, registry::PatchChange& change) {
  const auto written = fields.text("state", {});
  if (!written) {
    return;
  }
  if (written->empty()) {
    fields.errors().add("state", std::string(k_not_null));
    return;
  }
  const std::string slug = slugify(*written);
  std::vector<std::string> known;
  for (const auto& state : call.registry.states()) {
    if (state.slug == slug) {
      change.state = slug;
      return;
    }
    known.push_back(state.slug);
  }
  fields.errors().add("state", fmt::format("Invalid state {}. Expected one of: {}.",
                                           ellipsize(slug, 80), join(known, ", ")));
}

void read_delegate(Call& call, Fields& fields, const registry::Patch& patch,
                   registry::PatchChange& change) {
  const auto id = fields.id("delegate");
  if (!id.value) {
    if (id.given) {
      change.delegate.emplace();
    }
    return;
  }
  const auto user = call.registry.user(*id.value);
  if (!user) {
    fields.errors().add("delegate",
                        fmt::format("Invalid pk \"{}\" - object does not exist.", *id.value));
    return;
  }
  const auto project = call.registry.project(patch.self.project);
  const bool maintains =
      project && std::any_of(project->maintainers.begin(), project->maintainers.end(),
                             [&](const registry::User& one) { return one.id == user->id; });
  if (!maintains) {
    fields.errors().add("delegate", fmt::format("User '{}' is not a maintainer for project '{}'",
                                                user->username, project ? project->name : ""));
    return;
  }
  change.delegate.emplace(*id.value);
}

void read_related(Call& call, Fields& fields, registry::PatchChange& change) {
  const auto ids = fields.ids("related");
  if (!ids) {
    return;
  }
  for (const Id id : *ids) {
    if (!call.registry.patch(id)) {
      fields.errors().add("related", fmt::format("Invalid pk \"{}\" - object does not exist.", id));
      return;
    }
  }
  change.related = *ids;
}

}  // namespace

http::Response change_patch(Call& call) {
  if (auto refused = refuse_write(call, scope::patches)) {
    return std::move(*refused);
  }
  const auto patch = call.registry.patch(call.place.id);
  if (!patch) {
    return not_found();
  }
  if (!call.registry.may_change(*call.who, call.place.id)) {
    return problem(403, k_forbidden);
  }
  auto fields = Fields::read(call.request);
  if (!fields) {
    return std::move(fields.error());
  }
  if (call.request.method == "PUT") {
    fields->require("state");
    fields->require("delegate");
  }
  registry::PatchChange change;
  if (auto commit = fields->nullable_text("commit_ref", {k_longest_column}); commit.given) {
    change.commit_ref.emplace(std::move(commit.value));
  }
  if (auto pull = fields->nullable_text("pull_url", {k_longest_column}); pull.given) {
    change.pull_url.emplace(std::move(pull.value));
  }
  read_state(call, *fields, change);
  change.archived = fields->boolean("archived");
  read_delegate(call, *fields, *patch, change);
  if (call.place.version.has(2)) {
    read_related(call, *fields, change);
  }
  if (!fields->errors().empty()) {
    return fields->errors().answer();
  }
  const auto changed = call.registry.change_patch(*call.who, call.place.id, change);
  if (!changed) {
    return problem(changed.error());
  }
  render_detail(call, *changed);
  return rendered(call);
}

}  // namespace patchmill::api::patchwork
