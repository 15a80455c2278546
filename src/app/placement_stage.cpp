#include "app/placement_stage.hpp"

#include "app/placement_json.hpp"
#include "util/log.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace patchmill::app {
namespace {

using findings::Verdict;
using placement::PlacementState;

const placement::Candidate* best_candidate(const placement::Placement& placement) {
  if (placement.chosen) {
    return &placement.candidates[*placement.chosen];
  }
  // Without a choice the conflict worth showing is the one that got furthest.
  const placement::Candidate* best = nullptr;
  for (const auto& candidate : placement.candidates) {
    if (candidate.outcome &&
        (best == nullptr || candidate.outcome->applied.size() > best->outcome->applied.size())) {
      best = &candidate;
    }
  }
  return best;
}

Verdict verdict_of(PlacementState state) {
  switch (state) {
    case PlacementState::placed:
      return Verdict::pass;
    case PlacementState::conflict:
      return Verdict::fail;
    case PlacementState::already_applied:
    case PlacementState::not_code:
      return Verdict::skip;
    case PlacementState::no_candidate:
    case PlacementState::waiting:
      return Verdict::incomplete;
  }
  return Verdict::incomplete;
}

std::string title_of(const tracker::Series& series, std::size_t patch) {
  return patch < series.patches.size() ? series.patches[patch].title : std::string();
}

std::string conflict_sentence(const tracker::Series& series, const git::Conflict& conflict,
                              const std::string& tree) {
  std::string text = fmt::format("patch {} of {} does not apply to {}", conflict.patch + 1,
                                 series.patches.size(), tree);
  if (!conflict.file.empty()) {
    text += fmt::format(": {}", conflict.file);
    if (conflict.hunk > 0) {
      text += fmt::format(" hunk {}", conflict.hunk);
    }
  }
  text += ": " + conflict.reason;
  if (conflict.upstream_commit &&
      conflict.reason.find(conflict.upstream_commit->substr(0, 12)) == std::string::npos) {
    text += fmt::format(" (in conflict with {} {})", conflict.upstream_commit->substr(0, 12),
                        conflict.upstream_subject);
  }
  return text;
}

findings::Finding finding_of(const tracker::Series& series, const git::Conflict& conflict) {
  findings::Finding finding;
  finding.severity = findings::Severity::error;
  finding.tool = "git-apply";
  finding.rule = "conflict";
  finding.file = conflict.file;
  finding.line = conflict.line;
  finding.message = conflict.reason;
  finding.patch_label = title_of(series, conflict.patch);
  if (!conflict.excerpt.empty()) {
    finding.message += "\n" + conflict.excerpt;
  }
  return finding;
}

// Only for people who look: without it the verdict is the same.
std::vector<pipeline::Artifact> keep_placement(Workspace& workspace,
                                               const placement::Placement& placement) {
  const std::string text = boost::json::serialize(placement_json(placement));
  const auto sha256 = workspace.blobs().put(text);
  if (!sha256) {
    log::warning("the candidates for a base cannot be kept: {}", sha256.error().message);
    return {};
  }
  return {{"placement.json", *sha256, static_cast<std::int64_t>(text.size())}};
}

}  // namespace

PlacedNodes record_placement(Workspace& workspace, const tracker::Series& series, int attempt,
                             const placement::Placement& placement, const RunWatcher& watcher) {
  pipeline::NodeStore& nodes = workspace.nodes();
  const placement::Candidate* candidate = best_candidate(placement);
  PlacedNodes result;
  result.verdict = verdict_of(placement.state);
  result.reason = placement.explanation;

  pipeline::Node checkout;
  checkout.series = series.number;
  checkout.attempt = attempt;
  checkout.kind = pipeline::NodeKind::checkout;
  checkout.name = k_checkout_node;
  if (candidate != nullptr) {
    checkout.tree = candidate->tree;
    checkout.commit = candidate->outcome ? candidate->outcome->tip() : candidate->commit;
  }
  checkout = nodes.create(checkout);
  if (watcher.node_started) {
    watcher.node_started(checkout);
  }
  nodes.start(checkout);

  std::vector<findings::Finding> found;
  if (placement.state == PlacementState::conflict && candidate != nullptr && candidate->outcome &&
      candidate->outcome->conflict) {
    const git::Conflict& conflict = *candidate->outcome->conflict;
    result.reason = conflict_sentence(series, conflict, candidate->tree);
    found.push_back(finding_of(series, conflict));
  } else if (placement.state == PlacementState::placed && candidate != nullptr) {
    result.reason = fmt::format("applies to {}", candidate->described);
    if (placement.tip_conflict) {
      result.verdict = Verdict::warning;
      result.reason += "; but " + conflict_sentence(series, *placement.tip_conflict,
                                                    "the newest commit of " + candidate->tree);
      found.push_back(finding_of(series, *placement.tip_conflict));
      found.back().severity = findings::Severity::warning;
      found.back().rule = "needs-rebase";
    }
  }
  // The checkout is made all the same; that it wants a rebase is the finding of `applies`.
  nodes.finish(checkout, result.verdict == Verdict::warning ? Verdict::pass : result.verdict,
               placement.explanation, {}, keep_placement(workspace, placement));

  pipeline::Node applies;
  applies.parent = checkout.id;
  applies.series = series.number;
  applies.attempt = attempt;
  applies.kind = pipeline::NodeKind::check;
  applies.name = k_applies_node;
  applies.tree = checkout.tree;
  applies.commit = checkout.commit;
  applies = nodes.create(applies);
  nodes.start(applies);
  nodes.finish(applies, result.verdict, result.reason, found);
  if (watcher.node_done) {
    watcher.node_done(checkout);
    watcher.node_done(applies);
  }
  result.checkout = std::move(checkout);
  return result;
}

}  // namespace patchmill::app
