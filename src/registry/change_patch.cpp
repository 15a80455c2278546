#include "registry/change.hpp"
#include "registry/field_rules.hpp"
#include "registry/get.hpp"
#include "registry/names.hpp"
#include "registry/relations.hpp"
#include "registry/rights.hpp"
#include "registry/writing.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace patchmill::registry {
namespace {

constexpr std::size_t k_longest_field = 255;  // Patchwork's columns

struct Fields {
  Id project = 0;
  Id state = 0;
  bool archived = false;
  std::optional<std::string> commit_ref, pull_url;
  std::optional<Id> delegate;
  bool operator==(const Fields&) const = default;
};

std::optional<Fields> read_fields(store::Database& database, Id patch) {
  const auto row = database.one<Id, Id, bool, std::optional<std::string>,
                                std::optional<std::string>, std::optional<Id>>(
      "SELECT project, state, archived, commit_ref, pull_url, delegate FROM registry_patches"
      " WHERE id = ?",
      patch);
  if (!row) {
    return std::nullopt;
  }
  const auto& [project, state, archived, commit_ref, pull_url, delegate] = *row;
  return Fields{project, state, archived, commit_ref, pull_url, delegate};
}

Changed<Id> state_named(store::Database& database, const std::string& written) {
  const auto known = states(database);
  std::string slugs;
  for (const State& state : known) {
    if (iequals(state.slug, written) || iequals(state.name, written)) {
      return state.id;
    }
    slugs += (slugs.empty() ? "" : ", ") + state.slug;
  }
  return invalid("state", fmt::format("Invalid state {}. Expected one of: {}",
                                      ellipsize(mend_utf8(written), 100), slugs));
}

Changed<void> check_delegate(store::Database& database, Id project_id, Id delegate) {
  const auto who = user(database, delegate);
  if (!who) {
    return invalid("delegate", fmt::format("Invalid pk \"{}\" - object does not exist.", delegate));
  }
  if (!maintains(database, delegate, project_id)) {
    const auto of = project(database, project_id);
    return invalid("delegate", fmt::format("User '{}' is not a maintainer for project '{}'",
                                           who->username, of ? of->name : ""));
  }
  return {};
}

Changed<Fields> apply(store::Database& database, Fields fields, const PatchChange& change) {
  if (change.state) {
    PM_TRY_ASSIGN(fields.state, state_named(database, *change.state));
  }
  fields.archived = change.archived.value_or(fields.archived);
  if (change.commit_ref) {
    PM_TRY(check_text("commit_ref", change.commit_ref->value_or(""), k_longest_field));
    fields.commit_ref = *change.commit_ref;
  }
  if (change.pull_url) {
    PM_TRY(check_text("pull_url", change.pull_url->value_or(""), k_longest_field));
    fields.pull_url = *change.pull_url;
  }
  if (change.delegate && *change.delegate != fields.delegate) {
    if (*change.delegate) {
      PM_TRY(check_delegate(database, fields.project, **change.delegate));
    }
    fields.delegate = *change.delegate;
  }
  return fields;
}

}  // namespace

Changed<Patch> change_patch(store::Database& database, const Clock& clock, const User& who, Id id,
                            const PatchChange& change) {
  store::Transaction transaction(database);
  const auto number = begin_change(database);
  const Timestamp now = clock.now();
  const auto before = read_fields(database, id);
  if (!before) {
    return not_found();
  }
  if (!may_change(database, who, id)) {
    return forbidden();
  }
  PM_TRY_ASSIGN(const Fields after, apply(database, *before, change));
  NewEvent event;
  event.project = before->project;
  event.actor = who.id;
  event.patch = id;
  if (change.related) {
    PM_TRY(change_relation(database, now, number, who, id, *change.related));
  }
  if (after != *before) {
    database.exec(
        "UPDATE registry_patches SET state = ?, archived = ?, commit_ref = ?, pull_url = ?,"
        " delegate = ?, changed = ? WHERE id = ?",
        after.state, after.archived, after.commit_ref, after.pull_url, after.delegate, number, id);
  }
  if (after.state != before->state) {
    event.category = Category::patch_state_changed;
    event.previous = before->state;
    event.current = after.state;
    add_event(database, now, event);
  }
  if (after.delegate != before->delegate) {
    event.category = Category::patch_delegated;
    event.previous = before->delegate;
    event.current = after.delegate;
    add_event(database, now, event);
  }
  auto result = patch(database, id);
  if (!result) {
    return not_found();
  }
  transaction.commit();
  return *std::move(result);
}

}  // namespace patchmill::registry
