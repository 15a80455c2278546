#include "registry/rights.hpp"

#include <tuple>

namespace patchmill::registry {

bool maintains(store::Database& database, Id user, Id project) {
  return database
      .one<Id>("SELECT 1 FROM registry_maintainers WHERE project = ? AND user_id = ?", project,
               user)
      .has_value();
}

bool is_address_of(store::Database& database, Id user, Id person) {
  return database
      .one<Id>("SELECT 1 FROM registry_people WHERE id = ? AND user_id = ?", person, user)
      .has_value();
}

bool may_change(store::Database& database, const User& who, Id patch) {
  const auto row = database.one<Id, Id, std::optional<Id>>(
      "SELECT project, submitter, delegate FROM registry_patches WHERE id = ?", patch);
  if (!row) {
    return false;
  }
  const auto& [project, submitter, delegate] = *row;
  return delegate == who.id || maintains(database, who.id, project) ||
         is_address_of(database, who.id, submitter);
}

tl::unexpected<Refusal> forbidden(std::string message) {
  return tl::unexpected<Refusal>(Refusal{Refusal::Kind::forbidden, {}, std::move(message)});
}

tl::unexpected<Refusal> not_found() {
  return tl::unexpected<Refusal>(Refusal{Refusal::Kind::not_found, {}, "Not found."});
}

tl::unexpected<Refusal> invalid(std::string field, std::string message) {
  return tl::unexpected<Refusal>(
      Refusal{Refusal::Kind::invalid, std::move(field), std::move(message)});
}

tl::unexpected<Refusal> conflict(std::string message) {
  return tl::unexpected<Refusal>(Refusal{Refusal::Kind::conflict, {}, std::move(message)});
}

}  // namespace patchmill::registry
