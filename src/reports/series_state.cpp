#include "reports/series_state.hpp"

#include <algorithm>
#include <ranges>

namespace patchmill::reports {

CheckInput SeriesStates::of(const tracker::Series& series) {
  CheckInput input;
  input.series = series.number;
  input.superseded = series.superseded;
  input.verdict = m_nodes.verdict(series.number);
  input.under_way = m_work.open_run_of(series.number) || m_work.pending_of(series.number);
  input.nodes = m_nodes.of_series(series.number);
  for (const auto& node : input.nodes) {
    input.attempt = std::max(input.attempt, node.attempt);
  }
  std::erase_if(input.nodes,
                [&](const pipeline::Node& node) { return node.attempt != input.attempt; });
  return input;
}

std::set<int> carried_on(tracker::Queries& queries, const tracker::Series& series) {
  if (!series.superseded) {
    return {};
  }
  const auto revisions = queries.revisions(series.number);
  const auto here = std::ranges::find(revisions, series.number);
  if (here == revisions.end()) {
    return {};
  }
  std::set<std::int64_t> mails;
  for (const auto number : std::ranges::subrange(here + 1, revisions.end())) {
    if (const auto later = queries.series(number)) {
      for (const auto& patch : later->patches) {
        if (patch.carried_over) {
          mails.insert(patch.message);
        }
      }
    }
  }
  std::set<int> numbers;
  for (const auto& patch : series.patches) {
    if (mails.contains(patch.message)) {
      numbers.insert(patch.number);
    }
  }
  return numbers;
}

bool changes_state(std::string_view event_kind) {
  return event_kind.starts_with("node-") || event_kind.starts_with("series-") ||
         event_kind == "patches-taken";
}

}  // namespace patchmill::reports
