#include "api/patchwork/answers.hpp"

#include "api/patchwork/json_text.hpp"

#include <algorithm>

namespace patchmill::api::patchwork {

void FieldErrors::add(std::string_view field, std::string message) {
  auto known = std::find_if(m_errors.begin(), m_errors.end(),
                            [&](const auto& error) { return error.first == field; });
  if (known == m_errors.end()) {
    known = m_errors.emplace(m_errors.end(), field, std::vector<std::string>());
  }
  known->second.push_back(std::move(message));
}

http::Response FieldErrors::answer() const {
  std::string body = "{";
  for (const auto& [field, messages] : m_errors) {
    if (body.size() > 1) {
      body += ',';
    }
    append_string(body, field);
    body += ":[";
    for (const std::string& message : messages) {
      if (body.back() != '[') {
        body += ',';
      }
      append_string(body, message);
    }
    body += ']';
  }
  return http::Response::json(body + "}", 400);
}

http::Response problem(int status, std::string_view detail) {
  std::string body = "{\"detail\":";
  append_string(body, detail);
  return http::Response::json(body + "}", status);
}

http::Response problem(const registry::Refusal& refusal) {
  switch (refusal.kind) {
    case registry::Refusal::Kind::forbidden:
      return problem(403, k_forbidden);
    case registry::Refusal::Kind::not_found:
      return problem(404, k_not_found);
    case registry::Refusal::Kind::conflict:
      return problem(409, refusal.message);
    case registry::Refusal::Kind::invalid:
      break;
  }
  if (refusal.field.empty()) {
    return problem(400, refusal.message);
  }
  FieldErrors errors;
  errors.add(refusal.field, refusal.message);
  return errors.answer();
}

http::Response no_such_page() {
  return http::Response::html(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Not Found</title>"
      "</head><body><h1>Not Found</h1><p>The requested resource was not found on this server.</p>"
      "</body></html>\n",
      404);
}

}  // namespace patchmill::api::patchwork
