#include "api/xmlrpc/describe.hpp"

#include "api/patchwork/mbox.hpp"
#include "api/patchwork/render.hpp"

#include <fmt/format.h>

namespace patchmill::api::xmlrpc {

std::string date_text(Timestamp date) {
  std::string text = to_iso(date);
  text[text.find('T')] = ' ';
  const auto fraction = date - std::chrono::floor<std::chrono::seconds>(date);
  return fraction.count() == 0 ? text : text + fmt::format(".{:06}", fraction.count());
}

std::string person_text(const registry::Person& person) {
  return person.name.empty() ? person.email : person.name + " <" + person.email + ">";
}

Value describe(const registry::Project& project) {
  return {
      Struct{{"id", {project.id}}, {"linkname", {project.link_name}}, {"name", {project.name}}}};
}

Value describe(const registry::Person& person) {
  return {Struct{{"id", {person.id}},
                 {"email", {person.email}},
                 {"name", {person.name.empty() ? person.email : person.name}},
                 {"user", {Binary{person.user ? person.user->username : "None"}}}}};
}

Value describe(const registry::State& state) {
  return {Struct{{"id", {state.id}}, {"name", {state.name}}}};
}

registry::State Describe::state_of(const registry::Patch& patch) const {
  for (const registry::State& state : m_states) {
    if (state.slug == patch.state) {
      return state;
    }
  }
  return {};
}

Value Describe::operator()(const registry::Patch& patch) {
  const registry::State state = state_of(patch);
  const auto [project, is_new] = m_projects.try_emplace(patch.self.project);
  if (is_new) {
    const auto known = m_registry.project(patch.self.project);
    project->second = known ? known->name : "";
  }
  return {Struct{{"id", {patch.self.id}},
                 {"date", {Binary{date_text(patch.self.date)}}},
                 {"filename", {patchwork::file_name(patch.self.name)}},
                 {"msgid", {"<" + patch.self.msgid + ">"}},
                 {"name", {patch.self.name}},
                 {"project", {Binary{project->second}}},
                 {"project_id", {patch.self.project}},
                 {"state", {Binary{state.name}}},
                 {"state_id", {state.id}},
                 {"archived", {patch.archived}},
                 {"submitter", {Binary{person_text(patch.submitter)}}},
                 {"submitter_id", {patch.submitter.id}},
                 {"delegate", {Binary{patch.delegate ? patch.delegate->username : "None"}}},
                 {"delegate_id", {patch.delegate ? patch.delegate->id : 0}},
                 {"commit_ref", {patch.commit_ref.value_or("")}},
                 {"hash", {patch.hash.value_or("")}}}};
}

Value Describe::operator()(const registry::Check& check) {
  const auto [patch, is_new] = m_patches.try_emplace(check.patch);
  if (is_new) {
    const auto known = m_registry.patch(check.patch);
    patch->second = known ? known->self.name : "";
  }
  return {Struct{{"id", {check.id}},
                 {"date", {Binary{date_text(check.date)}}},
                 {"patch", {Binary{patch->second}}},
                 {"patch_id", {check.patch}},
                 {"user", {Binary{check.user.username}}},
                 {"user_id", {check.user.id}},
                 {"state", {std::string(patchwork::check_state_name(check.state))}},
                 {"target_url", {check.target_url.value_or("")}},
                 {"description", {check.description.value_or("")}},
                 {"context", {check.context}}}};
}

}  // namespace patchmill::api::xmlrpc
