#pragma once
// What a list of patches is narrowed and ordered by, as its address says it: Patchwork's names and
// values, so that old links keep working.

#include "http/target.hpp"
#include "registry/find.hpp"
#include "util/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::web {

enum class Archive { no, yes, both };

struct PatchListQuery {
  std::vector<std::string> states;        // ids, slugs or names; "*": any; empty: see any_state()
  std::string project;                    // id or link name, of what somebody has to do
  std::string series;                     // id
  std::string submitter, delegate, text;  // id, address or part of a name; id, username or Nobody
  std::string archive;                    // "", "true" or "both"
  // date, name, state, submitter, delegate (both by name) or id; "-": descending
  std::string order = "-date";
  std::uint64_t page = 1, per_page = 100;

  // Nothing said: what needs action, or of a series everything.
  [[nodiscard]] bool default_states() const { return states.empty() && series.empty(); }
  [[nodiscard]] bool any_state() const;
  [[nodiscard]] Archive archived() const;
  [[nodiscard]] bool nobody() const;  // without a delegate
  // "state=3&q=net" for links, without what is as it comes and without the page.
  [[nodiscard]] std::string query() const;
  // The same list, ordered by `field`: the other way round where it is already.
  [[nodiscard]] PatchListQuery ordered_by(std::string_view field) const;
  friend bool operator==(const PatchListQuery&, const PatchListQuery&) = default;
};

// Error invalid names the parameter and what it may be. Values are cut to 200 bytes.
Result<PatchListQuery> patch_list_query(const http::Params& query);

}  // namespace patchmill::web
