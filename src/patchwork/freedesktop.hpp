#pragma once
// What the freedesktop edition of Patchwork answers (API 1.0, revisions 2 and 3), as far as we need
// it: series have revisions, revisions have patches, and only these are objects; a cover letter is
// a text of its revision.

#include "util/result.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::patchwork::freedesktop {

struct Event {
  std::string name;  // "series-new-revision", "patch-state-change", "pull-request-new", …
  std::string time;  // as given: by the server's clock, without a zone
  std::int64_t series = 0, patch = 0;  // 0: none
  int version = 0;                     // of series-new-revision
  std::string state;                   // of patch-state-change: what it is now, as a slug
};
Result<Event> read_event(const boost::json::value& value);

struct Revision {
  int version = 0;
  std::string cover;                  // empty: none; a revision that repeats another one has none
  std::vector<std::int64_t> patches;  // in their order
};
Result<Revision> read_revision(const boost::json::value& value);

struct Series {
  std::int64_t id = 0;
  std::string name;
  std::string state;  // of all patches of its last revision, as a slug; empty: they differ
};
Result<Series> read_series(const boost::json::value& value);

// Of a patch that was asked for with `related=expand`; empty: not told.
std::string state_of_patch(const boost::json::value& value);

// "Under Review" -> "under-review", as the other edition calls it.
std::string slug_of(std::string_view name);

}  // namespace patchmill::patchwork::freedesktop
