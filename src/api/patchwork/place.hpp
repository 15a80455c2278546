#pragma once
// Paths of the API: which object or list a request is about.

#include "api/patchwork/registry.hpp"
#include "api/patchwork/version.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace patchmill::api::patchwork {

enum class Kind {
  index,
  projects,
  project,
  series_list,
  series,
  patches,
  patch,
  patch_comments,
  patch_comment,
  checks,
  check,
  covers,
  cover,
  cover_comments,
  cover_comment,
  events,
  bundles,
  bundle,
  users,
  user,
  people,
  person,
};

struct Place {
  Kind kind = Kind::index;
  Version version;
  std::string name;  // of a project: id or link name
  Id id = 0;         // -1 for numbers that are no id of anything
  Id part = 0;       // the comment or check of it
};

// `segments` are those after "api". Nothing where Patchwork has no route: unknown versions and
// names, ids that are no numbers, what came with a later version.
std::optional<Place> find_place(std::span<const std::string> segments);

// The methods as Patchwork's Allow header names them, in every version the same ones: "GET, POST,
// HEAD, OPTIONS".
std::string_view allow_header(Kind kind);
// Those there are in this version; what a 405 has to name.
std::string_view allowed(const Place& place);
bool allows(const Place& place, std::string_view method);

}  // namespace patchmill::api::patchwork
