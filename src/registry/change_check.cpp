#include "registry/change.hpp"
#include "registry/field_rules.hpp"
#include "registry/get.hpp"
#include "registry/rights.hpp"
#include "registry/turn.hpp"
#include "registry/write_check.hpp"
#include "registry/writing.hpp"

#include <algorithm>

namespace patchmill::registry {
namespace {

constexpr std::size_t k_longest_context = 255;         // Patchwork's
constexpr std::size_t k_longest_target_url = 200;      // Patchwork's
constexpr std::size_t k_longest_description = 65'536;  // Patchwork has no bound

Changed<void> check_context(std::string_view context) {
  if (context.empty()) {
    return invalid("context", "This field may not be blank.");
  }
  PM_TRY(check_text("context", context, k_longest_context));
  const bool slug = std::all_of(context.begin(), context.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
  if (!slug) {
    return invalid(
        "context",
        "Enter a valid \"slug\" consisting of letters, numbers, underscores or hyphens.");
  }
  return {};
}

}  // namespace

Changed<Check> add_check(store::Database& database, const Clock& clock, const User& who, Id patch,
                         const NewCheck& check) {
  store::Transaction transaction(database);
  const auto number = begin_change(database);
  const Timestamp now = clock.now();
  const auto project = database.one<Id>("SELECT project FROM registry_patches WHERE id = ?", patch);
  if (!project) {
    return not_found();
  }
  if (!may_change(database, who, patch)) {
    return forbidden();
  }
  PM_TRY(check_context(check.context));
  PM_TRY(check_url("target_url", check.target_url.value_or(""), k_longest_target_url));
  PM_TRY(check_text("description", check.description.value_or(""), k_longest_description));
  const Id id = write_check(database, now, number, who.id, std::get<0>(*project), patch, check);
  auto result = registry::check(database, patch, id);
  if (!result) {
    return not_found();
  }
  transaction.commit();
  return *std::move(result);
}

}  // namespace patchmill::registry
