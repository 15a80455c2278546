#include "api/patchwork/json_text.hpp"
#include "api/patchwork/render.hpp"

namespace patchmill::api::patchwork {
namespace {

void user_fields(std::string& out, const registry::User& user) {
  out += ",\"username\":";
  append_string(out, user.username);
  out += ",\"first_name\":";
  append_string(out, user.first_name);
  out += ",\"last_name\":";
  append_string(out, user.last_name);
  out += ",\"email\":";
  append_string(out, user.email);
}

void person_fields(std::string& out, const registry::Person& person) {
  out += ",\"name\":";
  append_string_or_null(out, person.name.empty() ? std::nullopt : std::optional(person.name));
  out += ",\"email\":";
  append_string(out, person.email);
}

}  // namespace

void Render::user_ref(const registry::User& user) {
  id_and_url("users", user.id);
  user_fields(out, user);
  out += '}';
}

void Render::user_ref(const std::optional<registry::User>& user) {
  if (user) {
    user_ref(*user);
  } else {
    out += "null";
  }
}

void Render::submitter(const registry::Person& person) {
  out += ",\"submitter\":";
  id_and_url("people", person.id);
  person_fields(out, person);
  out += '}';
}

void Render::user(const registry::User& user, bool with_settings) {
  id_and_url("users", user.id);
  user_fields(out, user);
  if (with_settings && m_version.has(2)) {
    out += ",\"settings\":{\"send_email\":";
    append_bool(out, user.send_email);
    out += ",\"items_per_page\":";
    append_number(out, user.items_per_page);
    out += ",\"show_ids\":";
    append_bool(out, user.show_ids);
    out += '}';
  }
  out += '}';
}

void Render::person(const registry::Person& person) {
  id_and_url("people", person.id);
  person_fields(out, person);
  out += ",\"user\":";
  user_ref(person.user);
  out += '}';
}

}  // namespace patchmill::api::patchwork
