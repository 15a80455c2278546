#pragma once
// The series that have to be applied before a series: those its mails name, and those its files
// betray.

#include "placement/base_search.hpp"
#include "placement/placement.hpp"
#include "store/database.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::placement {

// Patches to apply first, in order.
struct Prerequisites {
  std::vector<std::int64_t> series;
  std::vector<git::PatchInput> inputs;
  std::vector<tracker::PatchRef> mails;  // those of `inputs`, one each
  std::string described;                 // "series 12 ([v2] title), series 14 (title)"

  [[nodiscard]] bool empty() const { return inputs.empty(); }
};

struct NamedDependencies {
  Prerequisites prerequisites;
  // Something is named that is not here: nothing can be said until it comes.
  bool waiting = false;
  std::optional<std::int64_t> waiting_for;  // its series, when that is known but incomplete
  // A prerequisite patch-id that belongs to no known series; it may be in the tree.
  bool unknown_patch = false;
  std::string explanation;  // what is missing, or was passed over
};

// True when all patches of this series are in the tree already, so that it need not be applied.
using IsUpstream = std::function<bool(const tracker::Series&, const SeriesPatches&)>;

// Follows what the mails name, transitively, each to its newest revision not newer than `as_of`
// (a change-id with ":vN" means that version). Circles and chains deeper than 16 are cut and said
// so in the explanation.
Result<NamedDependencies> named_dependencies(tracker::Queries& queries,
                                             const tracker::Series& series,
                                             std::optional<Timestamp> as_of,
                                             const IsUpstream& is_upstream);

// The series that named_dependencies() looks at, without reading a patch: what the mails name, and
// what that names, each in the revision that is followed, also where it is not complete or in the
// tree already. Circles end; at most 500 series, chains of at most 16.
std::vector<tracker::Series> followed_dependencies(tracker::Queries& queries,
                                                   const tracker::Series& series);

struct ImpliedDependency {
  Prerequisites prerequisites;
  BaseMatch match;  // of prerequisites and series together
};

// When the line does not hold all pre-images of `patches`, looks for posted series that make
// them, up to five deep. Empty unless that explains more files than the line alone.
Result<std::optional<ImpliedDependency>> implied_dependency(store::Database& database,
                                                            tracker::Queries& queries,
                                                            const tracker::Series& series,
                                                            const SeriesPatches& patches,
                                                            const BlobIndex& index, Ordinal until,
                                                            std::optional<Ordinal> posted);

// "series 12 ([v2] title)".
std::string describe_series(const tracker::Series& series);

}  // namespace patchmill::placement
