#pragma once
// Answers as Django's REST framework words them: clients show these texts, and some look for them.

#include "http/message.hpp"
#include "registry/change.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchmill::api::patchwork {

inline constexpr std::string_view k_not_found = "Not found.";
inline constexpr std::string_view k_no_credentials =
    "Authentication credentials were not provided.";
inline constexpr std::string_view k_forbidden =
    "You do not have permission to perform this action.";
inline constexpr std::string_view k_required = "This field is required.";
inline constexpr std::string_view k_not_null = "This field may not be null.";

// What is wrong with the fields of a body, in order.
class FieldErrors {
 public:
  void add(std::string_view field, std::string message);
  [[nodiscard]] bool empty() const { return m_errors.empty(); }
  [[nodiscard]] http::Response answer() const;  // 400

 private:
  std::vector<std::pair<std::string, std::vector<std::string>>> m_errors;
};

// {"detail": …}, never as HTML: what answers is known to be no browser's page.
http::Response problem(int status, std::string_view detail);
http::Response problem(const registry::Refusal& refusal);
// Where no route of Patchwork's fits, it has only a page.
http::Response no_such_page();

}  // namespace patchmill::api::patchwork
