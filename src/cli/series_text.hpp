#pragma once
// A series, its nodes and findings, for a terminal.

#include "pipeline/node_store.hpp"
#include "placement/placement.hpp"
#include "tracker/model.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::cli {

// Its name, or while cover letter and first patch are missing, the title of the patch there is.
std::string shown_name(const tracker::Series& series);

// The nodes of the last run only.
std::vector<pipeline::Node> latest_nodes(std::vector<pipeline::Node> nodes);

// `notes_of`: what was mended in a mail (tracker::Queries::notes).
void print_series(const tracker::Series& series,
                  const std::optional<pipeline::NodeStore::SeriesVerdict>& verdict,
                  const std::vector<pipeline::Node>& nodes,
                  const std::function<std::vector<findings::Finding>(std::int64_t)>& findings_of,
                  const std::function<std::vector<std::string>(std::int64_t)>& notes_of);

// Its tree and commit, each once.
std::string shown_candidate(const placement::Candidate& candidate);
// Every candidate with why, and for those that failed the first failing hunk.
void print_placement(const placement::Placement& placement);

}  // namespace patchmill::cli
