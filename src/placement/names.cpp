#include "placement/placement.hpp"

namespace patchmill::placement {

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::base_commit:
      return "base-commit";
    case Reason::dependency:
      return "dependency";
    case Reason::subject_tag:
      return "subject-tag";
    case Reason::list:
      return "list";
    case Reason::maintainers:
      return "maintainers";
    case Reason::paths:
      return "paths";
    case Reason::blobs:
      return "blobs";
    case Reason::last_good:
      return "last-good";
    case Reason::tip:
      return "tip";
  }
  return "unknown";
}

std::string_view to_string(PlacementState state) {
  switch (state) {
    case PlacementState::placed:
      return "placed";
    case PlacementState::already_applied:
      return "already-applied";
    case PlacementState::conflict:
      return "conflict";
    case PlacementState::no_candidate:
      return "no-candidate";
    case PlacementState::waiting:
      return "waiting";
    case PlacementState::not_code:
      return "not-code";
  }
  return "unknown";
}

}  // namespace patchmill::placement
