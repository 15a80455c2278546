#include "api/patchwork/json_text.hpp"
#include "api/patchwork/render.hpp"

namespace patchmill::api::patchwork {

std::string_view check_state_name(registry::CheckState state) {
  switch (state) {
    case registry::CheckState::success:
      return "success";
    case registry::CheckState::warning:
      return "warning";
    case registry::CheckState::fail:
      return "fail";
    case registry::CheckState::pending:
      break;
  }
  return "pending";
}

namespace {

void check_url_tail(std::string& out, Id patch, Id check) {
  out += "/patches/";
  append_number(out, patch);
  out += "/checks/";
  append_number(out, check);
  out += '/';
}

// From "date" to "context".
void verdict(std::string& out, const registry::Check& check) {
  out += ",\"date\":";
  append_date(out, check.date);
  out += ",\"state\":\"";
  out += check_state_name(check.state);
  out += "\",\"target_url\":";
  append_string_or_null(out, check.target_url);
  out += ",\"context\":";
  append_string(out, check.context);
}

}  // namespace

std::string Render::check_url(Id patch, Id check) const {
  std::string url = m_api;
  check_url_tail(url, patch, check);
  return url;
}

void Render::check_ref(const registry::Check& check) {
  out += "{\"id\":";
  append_number(out, check.id);
  out += ",\"url\":\"";
  out += m_api;
  check_url_tail(out, check.patch, check.id);
  out += '"';
  verdict(out, check);
  out += '}';
}

void Render::check(const registry::Check& check) {
  out += "{\"id\":";
  append_number(out, check.id);
  out += ",\"url\":\"";
  out += m_api;
  check_url_tail(out, check.patch, check.id);
  out += "\",\"user\":";
  user_ref(check.user);
  verdict(out, check);
  out += ",\"description\":";
  append_string_or_null(out, check.description);
  out += '}';
}

}  // namespace patchmill::api::patchwork
