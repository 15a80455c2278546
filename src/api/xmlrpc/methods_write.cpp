#include "api/patchwork/render.hpp"
#include "api/scopes.hpp"
#include "api/xmlrpc/methods.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::api::xmlrpc {
namespace {

tl::unexpected<Error> refused(std::string why) {
  return fail(ErrorKind::invalid, std::move(why));
}

tl::unexpected<Error> refused(const registry::Refusal& refusal) {
  switch (refusal.kind) {
    case registry::Refusal::Kind::forbidden:
      return refused("No permissions to edit this patch");
    case registry::Refusal::Kind::not_found:
      return refused("Patch matching query does not exist.");
    default:
      return refused(refusal.field.empty() ? refusal.message
                                           : refusal.field + ": " + refusal.message);
  }
}

// Who may write at all. A patch that is not there is said to be so before who may not change it, as
// Patchwork does.
Result<registry::User> writer(const Visit& visit, std::string_view scope, Id patch) {
  if (!visit.identity) {
    return refused("No authentication credentials given");
  }
  if (!visit.identity->allows(scope)) {
    return refused(fmt::format("This token lacks the scope '{}'.", scope));
  }
  const auto who = visit.registry.user_by_name(visit.identity->name);
  if (!who) {
    return refused(
        fmt::format("The owner of this token, '{}', is no user here; who operates this "
                    "instance can add one.",
                    visit.identity->name));
  }
  if (!visit.registry.patch(patch)) {
    return refused("Patch matching query does not exist.");
  }
  if (!visit.registry.may_change(*who, patch)) {
    return refused("No permissions to edit this patch");
  }
  return *who;
}

Result<std::string> state_slug(Registry& registry, const Value& value) {
  const auto id = id_in(value);
  std::vector<std::string> known;
  for (const auto& state : registry.states()) {
    if (state.id == id) {
      return state.slug;
    }
    known.push_back(fmt::format("{} {}", state.id, state.name));
  }
  return refused("State matching query does not exist; 'state' is the id of one of: " +
                 join(known, ", "));
}

Result<registry::CheckState> check_state(const std::string& word) {
  using registry::CheckState;
  for (const auto state :
       {CheckState::pending, CheckState::success, CheckState::warning, CheckState::fail}) {
    if (word == patchwork::check_state_name(state)) {
      return state;
    }
  }
  return refused("Invalid check state: " + ellipsize(mend_utf8(word), 80));
}

std::optional<std::string> given(std::string text) {
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

}  // namespace

Result<Value> set_patch(Visit& visit) {
  PM_TRY_ASSIGN(const auto id, id_param(visit, 0));
  PM_TRY_ASSIGN(const auto fields, filter_param(visit, 1));
  PM_TRY_ASSIGN(const auto who, writer(visit, scope::patches, id));
  registry::PatchChange change;
  for (const auto& [name, value] : fields) {
    if (name == "state") {
      PM_TRY_ASSIGN(change.state, state_slug(visit.registry, value));
    } else if (name == "archived") {
      const auto* number = value.number();
      if (value.boolean() == nullptr && number == nullptr) {
        return refused("'archived' has to be a boolean");
      }
      change.archived = number != nullptr ? *number != 0 : *value.boolean();
    } else if (name == "commit_ref") {
      if (value.text() == nullptr) {
        return refused("'commit_ref' has to be text");
      }
      change.commit_ref.emplace(given(*value.text()));
    }
  }
  const auto changed = visit.registry.change_patch(who, id, change);
  return changed ? Result<Value>(Value{true}) : refused(changed.error());
}

Result<Value> create_check(Visit& visit) {
  PM_TRY_ASSIGN(const auto id, id_param(visit, 0));
  registry::NewCheck check;
  PM_TRY_ASSIGN(check.context, text_param(visit, 1));
  PM_TRY_ASSIGN(const auto word, text_param(visit, 2));
  PM_TRY_ASSIGN(auto url, text_param(visit, 3));
  PM_TRY_ASSIGN(auto description, text_param(visit, 4));
  PM_TRY_ASSIGN(const auto who, writer(visit, scope::checks, id));
  PM_TRY_ASSIGN(check.state, check_state(word));
  check.target_url = given(std::move(url));
  check.description = given(std::move(description));
  if (check.context.empty()) {  // what pwclient sends without -c
    check.context = "default";
  }
  const auto added = visit.registry.add_check(who, id, check);
  return added ? Result<Value>(Value{true}) : refused(added.error());
}

}  // namespace patchmill::api::xmlrpc
