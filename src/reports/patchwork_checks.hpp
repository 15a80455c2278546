#pragma once
// What a series' nodes are as checks of Patchwork.

#include "patchwork/check_store.hpp"
#include "pipeline/node_store.hpp"
#include "reports/report.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::reports {

// A check before it is known where the patches are.
struct CheckLine {
  std::optional<int> patch;  // 1-based; empty: on each patch of the series
  std::string context, state, target_url, description;
};

struct CheckInput {
  std::int64_t series = 0;
  int attempt = 1;                    // the last one
  std::vector<pipeline::Node> nodes;  // of it
  std::optional<pipeline::NodeStore::SeriesVerdict> verdict;
  bool under_way = false;   // a try is running or waits for its turn
  bool superseded = false;  // by a newer revision
  std::string prefix;       // of contexts
  Links links;
};

// One for each node (PREFIX-NODE) and one for the series as a whole (PREFIX-series). What is still
// to run is pending; what is our own trouble stays pending while it is tried again, and is a
// warning then. What never began and was left out is not there. Pure.
std::vector<CheckLine> check_lines(const CheckInput& input);

// The same for a Patchwork that has them on whole revisions: one of each context, the worst of it,
// pending until all are done. Pure.
std::vector<CheckLine> of_revision(const std::vector<CheckLine>& lines);

// What becomes of a check that is still pending when nobody will finish it.
void retire(patchwork::CheckWish& pending, bool superseded);

// The state one of its patches should have, of those that may be set; empty: none. `taken`: the
// patch is in a tree. Pure.
std::string wanted_state(const CheckInput& input, bool taken, const std::set<std::string>& states);

// One of each target and context, so that none hides another: the worst, pending until all are
// done; of those alike the first. Pure.
void keep_worst(std::vector<patchwork::CheckWish>& wishes);

// What the verdict of the series is called among the nodes.
inline constexpr std::string_view k_series_context = "series";
// [-A-Za-z0-9_], at most the 255 bytes of Patchwork's field, which the longest prefix and name that
// a configuration may have do not reach: "boot.ktap" -> "boot-ktap". So names are told apart by
// their own slugs, whatever the prefix.
std::string context_slug(std::string_view name);

}  // namespace patchmill::reports
