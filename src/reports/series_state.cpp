#include "reports/series_state.hpp"

#include <algorithm>

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

std::set<std::int64_t> carried_on(tracker::Queries& queries, const tracker::Series& series) {
  std::set<std::int64_t> mails;
  if (!series.superseded) {
    return mails;
  }
  const auto revisions = queries.revisions(series.number);
  for (auto later = std::ranges::find(revisions, series.number); later != revisions.end();
       ++later) {
    const auto other = *later != series.number ? queries.series(*later) : std::nullopt;
    for (const auto& patch : other ? other->patches : std::vector<tracker::PatchRef>()) {
      if (patch.carried_over) {
        mails.insert(patch.message);
      }
    }
  }
  return mails;
}

bool changes_state(std::string_view event_kind) {
  return event_kind.starts_with("node-") || event_kind.starts_with("series-") ||
         event_kind == "patches-taken";
}

}  // namespace patchmill::reports
