#include "api/patchwork/call.hpp"
#include "api/patchwork/fields.hpp"
#include "api/scopes.hpp"

#include <fmt/format.h>

namespace patchmill::api::patchwork {
namespace {

constexpr std::size_t k_longest_name = 50;

// `project`: of the patches, where there are any.
registry::BundleChange read_bundle(Call& call, Fields& fields, std::optional<Id>& project) {
  registry::BundleChange change;
  change.name = fields.text("name", {k_longest_name, false});
  change.is_public = fields.boolean("public");
  change.patches = fields.ids("patches");
  if (!change.patches) {
    return change;
  }
  if (change.patches->empty()) {
    fields.errors().add("patches", "Bundles cannot be empty");
  }
  for (const Id id : *change.patches) {
    const auto patch = call.registry.patch(id);
    if (!patch) {
      fields.errors().add("patches", fmt::format("Invalid pk \"{}\" - object does not exist.", id));
      break;
    }
    if (project && *project != patch->self.project) {
      fields.errors().add("patches", "Bundle patches must belong to the same project");
      break;
    }
    project = patch->self.project;
  }
  return change;
}

// The bundle that the place names, if the caller may change it; else the answer.
tl::expected<registry::Bundle, http::Response> own_bundle(Call& call) {
  if (auto refused = refuse_write(call, scope::patches)) {
    return tl::unexpected(std::move(*refused));
  }
  auto bundle = call.registry.bundle(call.place.id);
  const bool own = bundle && bundle->owner.id == call.who->id;
  if (!bundle || (!own && !bundle->is_public)) {
    return tl::unexpected(not_found());
  }
  if (!own) {
    return tl::unexpected(problem(403, k_forbidden));
  }
  return std::move(*bundle);
}

}  // namespace

http::Response add_bundle(Call& call) {
  if (auto refused = refuse_write(call, scope::patches)) {
    return std::move(*refused);
  }
  auto fields = Fields::read(call.request);
  if (!fields) {
    return std::move(fields.error());
  }
  fields->require("name");
  fields->require("patches");
  std::optional<Id> project;
  const auto bundle = read_bundle(call, *fields, project);
  if (!fields->errors().empty()) {
    return fields->errors().answer();
  }
  const auto added = call.registry.add_bundle(*call.who, project.value_or(0), bundle);
  if (!added) {
    return problem(added.error());
  }
  call.render.bundle(*added);
  auto response = rendered(call, 201);
  response.headers.add("Location", call.render.bundle_url(added->id));
  return response;
}

http::Response change_bundle(Call& call) {
  const auto bundle = own_bundle(call);
  if (!bundle) {
    return bundle.error();
  }
  auto fields = Fields::read(call.request);
  if (!fields) {
    return std::move(fields.error());
  }
  if (call.request.method == "PUT") {
    fields->require("name");
    fields->require("patches");
  }
  std::optional<Id> project = bundle->project;
  const auto change = read_bundle(call, *fields, project);
  if (!fields->errors().empty()) {
    return fields->errors().answer();
  }
  const auto changed = call.registry.change_bundle(*call.who, bundle->id, change);
  if (!changed) {
    return problem(changed.error());
  }
  call.render.bundle(*changed);
  return rendered(call);
}

http::Response remove_bundle(Call& call) {
  const auto bundle = own_bundle(call);
  if (!bundle) {
    return bundle.error();
  }
  const auto removed = call.registry.remove_bundle(*call.who, bundle->id);
  return removed ? http::Response::empty(204) : problem(removed.error());
}

}  // namespace patchmill::api::patchwork
