#include "api/patchwork/place.hpp"

#include "util/text.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace patchmill::api::patchwork {
namespace {

struct Entry {
  std::string_view list, part;  // "patches", "checks"
  Kind many = Kind::index, one = Kind::index;
  int many_since = 0, one_since = 0;  // version 1.x
};
constexpr std::array k_entries = {
    Entry{"projects", "", Kind::projects, Kind::project},
    Entry{"series", "", Kind::series_list, Kind::series},
    Entry{"patches", "", Kind::patches, Kind::patch},
    Entry{"patches", "comments", Kind::patch_comments, Kind::patch_comment, 1, 3},
    Entry{"patches", "checks", Kind::checks, Kind::check},
    Entry{"covers", "", Kind::covers, Kind::cover},
    Entry{"covers", "comments", Kind::cover_comments, Kind::cover_comment, 1, 3},
    Entry{"bundles", "", Kind::bundles, Kind::bundle},
    Entry{"users", "", Kind::users, Kind::user},
    Entry{"people", "", Kind::people, Kind::person},
};

constexpr std::string_view k_reading = "GET, HEAD, OPTIONS";

std::optional<Id> read_id(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  const auto number = parse_uint(text);
  if (!number || *number > static_cast<std::uint64_t>(std::numeric_limits<Id>::max())) {
    return -1;
  }
  return static_cast<Id>(*number);
}

}  // namespace

std::optional<Place> find_place(std::span<const std::string> segments) {
  Place place;
  if (!segments.empty() && segments.front().find('.') != std::string::npos) {
    const auto version = Version::parse(segments.front());
    if (!version) {
      return std::nullopt;
    }
    place.version = *version;
    segments = segments.subspan(1);
  }
  if (segments.empty()) {
    return place;
  }
  if (segments.size() == 1 && segments[0] == "events") {
    place.kind = Kind::events;
    return place;
  }
  const std::string_view part = segments.size() > 2 ? std::string_view(segments[2]) : "";
  const auto* const entry = std::find_if(k_entries.begin(), k_entries.end(), [&](const Entry& e) {
    return e.list == segments[0] && e.part == part;
  });
  if (entry == k_entries.end() || segments.size() > 4 || (segments.size() > 2 && part.empty())) {
    return std::nullopt;
  }
  const bool one = segments.size() % 2 == 0;
  place.kind = one ? entry->one : entry->many;
  if (!place.version.has(one ? entry->one_since : entry->many_since)) {
    return std::nullopt;
  }
  if (segments.size() > 1 && segments[0] == "projects") {
    place.name = segments[1];
    return place;
  }
  if (segments.size() > 1) {
    const auto id = read_id(segments[1]);
    if (!id) {
      return std::nullopt;
    }
    place.id = *id;
  }
  if (segments.size() > 3) {
    const auto id = read_id(segments[3]);
    if (!id) {
      return std::nullopt;
    }
    place.part = *id;
  }
  return place;
}

std::string_view allow_header(Kind kind) {
  switch (kind) {
    case Kind::project:
    case Kind::patch:
    case Kind::patch_comment:
    case Kind::cover_comment:
    case Kind::user:
      return "GET, PUT, PATCH, HEAD, OPTIONS";
    case Kind::checks:
    case Kind::bundles:
      return "GET, POST, HEAD, OPTIONS";
    case Kind::bundle:
      return "GET, PUT, PATCH, DELETE, HEAD, OPTIONS";
    default:
      return k_reading;
  }
}

std::string_view allowed(const Place& place) {
  // Bundles could only be read before 1.2.
  const bool bundle = place.kind == Kind::bundles || place.kind == Kind::bundle;
  return bundle && !place.version.has(2) ? k_reading : allow_header(place.kind);
}

bool allows(const Place& place, std::string_view method) {
  const auto methods = split(allowed(place), ',');
  return std::any_of(methods.begin(), methods.end(),
                     [&](std::string_view allowed) { return trim(allowed) == method; });
}

}  // namespace patchmill::api::patchwork
