#include "api/xmlrpc/methods.hpp"

#include "api/patchwork/mails.hpp"
#include "api/patchwork/patch_mbox.hpp"
#include "api/patchwork/render.hpp"
#include "api/xmlrpc/describe.hpp"
#include "api/xmlrpc/limited.hpp"
#include "api/xmlrpc/write_answer.hpp"
#include "registry/names.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace patchmill::api::xmlrpc {
namespace {

const Value k_nothing{};

const Value& param(const Visit& visit, std::size_t at) {
  return at < visit.params.size() ? visit.params[at] : k_nothing;
}

tl::unexpected<Error> wrong(std::size_t at, std::string_view wanted) {
  return fail(ErrorKind::invalid, fmt::format("argument {} has to be {}", at + 1, wanted));
}

bool has(std::string_view text, std::string_view lower_part) {
  return to_lower(text).find(lower_part) != std::string::npos;
}

Result<Value> rpc_version(Visit&) {
  return Value{Array{{std::int64_t{1}}, {std::int64_t{3}}, {std::int64_t{0}}}};
}

Result<Value> list_projects(Visit& visit) {
  PM_TRY_ASSIGN(const auto part, text_param(visit, 0));
  PM_TRY_ASSIGN(const auto count, count_param(visit, 1));
  return described<registry::Project>(
      count,
      [&](auto page, bool from_end) {
        return visit.registry.find(registry::NameFilter{"", {"id", from_end}}, page);
      },
      [&](const auto& project) { return has(project.link_name, to_lower(part)); },
      [](const auto& project) { return describe(project); });
}

Result<Value> get_project(Visit& visit) {
  PM_TRY_ASSIGN(const auto id, id_param(visit, 0));
  const auto project = visit.registry.project(id);
  return project ? describe(*project) : Value{Struct{}};
}

Result<Value> get_person(Visit& visit) {
  PM_TRY_ASSIGN(const auto id, id_param(visit, 0));
  const auto person = visit.registry.person(id);
  return person ? describe(*person) : Value{Struct{}};
}

Result<Value> list_states(Visit& visit) {
  PM_TRY_ASSIGN(const auto part, text_param(visit, 0));
  PM_TRY_ASSIGN(const auto count, count_param(visit, 1));
  return described<registry::State>(
      count,
      [&](auto, bool from_end) {
        auto all = visit.registry.states();
        if (from_end) {
          std::reverse(all.begin(), all.end());
        }
        return registry::Page<registry::State>{std::move(all), 0};
      },
      [&](const auto& state) { return has(state.name, to_lower(part)); },
      [](const auto& state) { return describe(state); });
}

Result<Value> get_state(Visit& visit) {
  PM_TRY_ASSIGN(const auto id, id_param(visit, 0));
  for (const auto& state : visit.registry.states()) {
    if (state.id == id) {
      return describe(state);
    }
  }
  return Value{Struct{}};
}

Result<Value> get_patch(Visit& visit) {
  PM_TRY_ASSIGN(const auto id, id_param(visit, 0));
  const auto patch = visit.registry.patch(id);
  return patch ? Describe(visit.registry)(*patch) : Value{Struct{}};
}

// Several patches may have the same changes, as two revisions of one do; nobody can say which is
// meant.
Result<Value> by_hash(Visit& visit, registry::PatchFilter filter, const std::string& hash) {
  if (hash.empty() || hash.size() > 64) {
    return Value{Struct{}};
  }
  filter.hash = {hash};
  const auto found = visit.registry.find(filter, {.page = 1, .per_page = 10});
  if (found.total > 1) {
    std::vector<std::string> ids;
    for (const auto& patch : found.items) {
      ids.push_back(std::to_string(patch.self.id));
    }
    return fail(
        ErrorKind::conflict,
        fmt::format("{} patches have the hash {}: {}{}; name one by its id", found.total,
                    escape_terminal(hash), join(ids, ", "), found.total > ids.size() ? ", …" : ""));
  }
  return found.items.empty() ? Value{Struct{}} : Describe(visit.registry)(found.items.front());
}

Result<Value> get_patch_by_hash(Visit& visit) {
  PM_TRY_ASSIGN(const auto hash, text_param(visit, 0));
  return by_hash(visit, {}, hash);
}

Result<Value> get_patch_by_project_hash(Visit& visit) {
  PM_TRY_ASSIGN(const auto link_name, text_param(visit, 0));
  PM_TRY_ASSIGN(const auto hash, text_param(visit, 1));
  if (link_name.empty()) {
    return Value{Struct{}};
  }
  registry::PatchFilter filter;
  filter.project = {link_name};
  return by_hash(visit, filter, hash);
}

// A patch that came to harm on its way would be worse than none.
Result<Value> whole(const Visit& visit, const registry::Patch& patch, std::string text,
                    std::string_view form) {
  if (!fits_xml(text)) {
    return fail(ErrorKind::invalid,
                fmt::format("Patch {0} has bytes that XML cannot hold; get it from "
                            "{1}/patch/{0}/{2}/",
                            patch.self.id, visit.base, form));
  }
  return Value{std::move(text)};
}

tl::unexpected<Error> unreadable(Id patch, const Error& error) {
  log::warning("/xmlrpc/: patch {}: {}", patch, error.message);
  return fail(error.kind, fmt::format("The mail of patch {} cannot be read.", patch));
}

Result<Value> get_mbox(Visit& visit) {
  PM_TRY_ASSIGN(const auto id, id_param(visit, 0));
  const auto patch = visit.registry.patch(id);
  if (!patch) {
    return Value{std::string()};
  }
  auto mbox = mbox_of_patch(visit.registry, *patch);
  return mbox ? whole(visit, *patch, *std::move(mbox), "mbox") : unreadable(id, mbox.error());
}

Result<Value> get_diff(Visit& visit) {
  PM_TRY_ASSIGN(const auto id, id_param(visit, 0));
  const auto patch = visit.registry.patch(id);
  if (!patch) {
    return Value{std::string()};
  }
  const auto raw = visit.registry.mail(patch->message);
  return raw ? whole(visit, *patch, patchwork::parts_of_submission(*raw).diff, "raw")
             : unreadable(id, raw.error());
}

// Of every user and context the newest check.
Result<Value> get_patch_checks(Visit& visit) {
  PM_TRY_ASSIGN(const auto id, id_param(visit, 0));
  const auto patch = visit.registry.patch(id);
  if (!patch) {
    return Value{Struct{}};
  }
  PM_TRY_ASSIGN(const auto all,
                limited<registry::Check>(
                    0, [&](auto page, bool) { return visit.registry.find_checks(id, {}, page); },
                    [](const auto&) { return true; }));
  std::map<std::pair<Id, std::string>, const registry::Check*> newest;
  for (const auto& check : all) {
    const auto*& known = newest[{check.user.id, check.context}];
    if (known == nullptr || known->date <= check.date) {
      known = &check;
    }
  }
  Describe describe_one(visit.registry);
  Array checks;
  for (const auto& check : all) {
    if (newest.at({check.user.id, check.context}) == &check) {
      checks.push_back(describe_one(check));
    }
  }
  const auto total = static_cast<std::int64_t>(checks.size());
  return Value{Struct{{"state", {std::string(patchwork::check_state_name(patch->check))}},
                      {"total", {total}},
                      {"checks", {std::move(checks)}}}};
}

Result<Value> get_check(Visit& visit) {
  PM_TRY_ASSIGN(const auto id, id_param(visit, 0));
  registry::CheckFilter filter;
  filter.id = {std::to_string(id)};
  const auto found = visit.registry.find_checks(std::nullopt, filter, {.page = 1, .per_page = 1});
  return found.items.empty() ? Value{Struct{}} : Describe(visit.registry)(found.items.front());
}

constexpr std::array<Method, 18> k_methods = {{
    {"pw_rpc_version", "", "The version of this interface.", 0, 0, rpc_version},
    {"project_list", "[part of a link name, [max_count]]", "Projects.", 0, 2, list_projects},
    {"project_get", "id", "A project, or {}.", 1, 1, get_project},
    {"person_list", "[part of a name or address, [max_count]]", "People who sent mails.", 0, 2,
     list_people},
    {"person_get", "id", "A person, or {}.", 1, 1, get_person},
    {"patch_list", "[filter]", "Patches, by date.", 0, 1, list_patches},
    {"patch_get", "id", "A patch, or {}.", 1, 1, get_patch},
    {"patch_get_by_hash", "hash", "The patch with it, or {}.", 1, 1, get_patch_by_hash},
    {"patch_get_by_project_hash", "link name, hash", "The patch with it, or {}.", 2, 2,
     get_patch_by_project_hash},
    {"patch_get_mbox", "id", "A patch as git am takes it, or nothing.", 1, 1, get_mbox},
    {"patch_get_diff", "id", "The diff of a patch, or nothing.", 1, 1, get_diff},
    {"patch_set", "id, {state, commit_ref, archived}", "Changes a patch; needs a token.", 2, 2,
     set_patch},
    {"state_list", "[part of a name, [max_count]]", "States.", 0, 2, list_states},
    {"state_get", "id", "A state, or {}.", 1, 1, get_state},
    {"check_list", "[filter]", "Checks.", 0, 1, list_checks},
    {"check_get", "id", "A check, or {}.", 1, 1, get_check},
    {"check_create", "patch id, context, state, [target_url, [description]]",
     "Posts a check; needs a token.", 3, 5, create_check},
    {"patch_check_get", "patch id", "The newest checks of a patch and what they say together.", 1,
     1, get_patch_checks},
}};

}  // namespace

std::span<const Method> methods() {
  return k_methods;
}

std::optional<Id> id_in(const Value& value) {
  if (const auto* number = value.number()) {
    return *number;
  }
  return value.text() != nullptr ? registry::id_from(*value.text()) : std::nullopt;
}

Result<Id> id_param(const Visit& visit, std::size_t at) {
  const auto id = id_in(param(visit, at));
  return id ? Result<Id>(*id) : wrong(at, "an id");
}

Result<std::string> text_param(const Visit& visit, std::size_t at) {
  const Value& value = param(visit, at);
  if (value.nil()) {
    return std::string();
  }
  if (value.text() == nullptr || value.text()->find('\0') != std::string::npos ||
      !is_valid_utf8(*value.text())) {
    return wrong(at, "text");
  }
  return *value.text();
}

Result<std::int64_t> count_param(const Visit& visit, std::size_t at) {
  const Value& value = param(visit, at);
  if (value.nil()) {
    return 0;
  }
  return value.number() != nullptr ? Result<std::int64_t>(*value.number()) : wrong(at, "a number");
}

Result<Struct> filter_param(const Visit& visit, std::size_t at) {
  const Value& value = param(visit, at);
  if (value.nil()) {
    return Struct();
  }
  return value.fields() != nullptr ? Result<Struct>(*value.fields()) : wrong(at, "a struct");
}

}  // namespace patchmill::api::xmlrpc
