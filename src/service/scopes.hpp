#pragma once
// What a token may do: one table, used by `patchmill token`, the routes and the documentation.

#include "api/scopes.hpp"
#include "util/result.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::service {

// For Authenticator::require(); the names are part of the interface.
namespace scope {
inline constexpr std::string_view read = "read";
inline constexpr std::string_view metrics = "read:metrics";
inline constexpr std::string_view retry = "write:retry";
inline constexpr std::string_view cancel = "write:cancel";
inline constexpr std::string_view pause = "write:pause";
inline constexpr std::string_view mail = "write:mail";
inline constexpr std::string_view checks = api::scope::checks;
inline constexpr std::string_view patches = api::scope::patches;
inline constexpr std::string_view admin = "admin";
}  // namespace scope

struct ScopeSpec {
  std::string_view name, help;
};
std::span<const ScopeSpec> scopes();

// What a token is stored with: checked, sorted, once each. "write" stands for every write:…, and
// "admin" is stored as "*", which http::Identity::allows() takes for every scope.
// Error invalid, with the nearest name, for one that is not in the table; or for none at all.
Result<std::vector<std::string>> read_scopes(const std::vector<std::string>& words);
// The other way round, for people.
std::vector<std::string> shown_scopes(const std::vector<std::string>& stored);

std::string scopes_markdown();  // the table of docs/operate.md

}  // namespace patchmill::service
