#include "reports/load_report.hpp"

#include <algorithm>

namespace patchmill::reports {
namespace {

// Revisions beyond this are history.
constexpr int k_most_revisions = 100;

std::vector<NodeFindings> last_attempt(pipeline::NodeStore& store, std::int64_t series) {
  std::vector<NodeFindings> result;
  auto nodes = store.of_series(series);
  int last = 0;
  for (const auto& node : nodes) {
    last = std::max(last, node.attempt);
  }
  for (auto& node : nodes) {
    if (node.attempt == last) {
      auto found = store.findings_of(node.id);
      const auto artifacts = store.artifacts_of(node.id);
      const bool has_log =
          std::any_of(artifacts.begin(), artifacts.end(),
                      [](const pipeline::Artifact& artifact) { return artifact.name == "log"; });
      result.push_back({std::move(node), std::move(found), has_log});
    }
  }
  return result;
}

bool was_tested(pipeline::NodeStore& nodes, std::int64_t series) {
  const auto verdict = nodes.verdict(series);
  return verdict && verdict->verdict != findings::Verdict::skip &&
         verdict->verdict != findings::Verdict::incomplete;
}

}  // namespace

std::optional<Report> load_report(tracker::Queries& queries, pipeline::NodeStore& nodes,
                                  const tracker::Series& series, const VerdictContext& context,
                                  const ClassRules& classes, const Links& links) {
  const auto verdict = nodes.verdict(series.number);
  if (!verdict) {
    return std::nullopt;
  }
  ReportInput input;
  input.series = &series;
  input.verdict = *verdict;
  input.nodes = last_attempt(nodes, series.number);
  auto before = series.revision_of;
  for (int i = 0; before && i < k_most_revisions; ++i) {
    const auto earlier = queries.series(*before);
    if (!earlier) {
      break;
    }
    if (was_tested(nodes, *before)) {
      input.previous = last_attempt(nodes, *before);
      input.previous_version = earlier->version;
      break;
    }
    before = earlier->revision_of;
  }
  input.project = context.project;
  input.base_commit = context.base_commit;
  input.base_described = context.base_described;
  input.classes = classes;
  input.links = links;
  return build_report(input);
}

}  // namespace patchmill::reports
