#include "app/run_end.hpp"

#include "app/placement_stage.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::app {
namespace {

using findings::Verdict;

// "what (patch 2): summary" of a node that did not pass.
std::string sentence_of(const pipeline::Node& node) {
  return node.patch ? fmt::format("{} (patch {}): {}", node.name, *node.patch, node.summary)
                    : fmt::format("{}: {}", node.name, node.summary);
}

// The reason of the whole: the first node with the worst result, and how many more there are.
std::string reason_of(Verdict verdict, const std::vector<pipeline::Node>& nodes,
                      const std::string& placed) {
  std::string first;
  std::size_t alike = 0;
  std::size_t ran = 0;
  for (const auto& node : nodes) {
    if (node.result && *node.result != Verdict::skip) {
      ++ran;
    }
    if (node.result == verdict && verdict != Verdict::pass) {
      if (alike++ == 0) {
        first = sentence_of(node);
      }
    }
  }
  if (first.empty()) {
    return fmt::format("{}; {} passed", placed, count_of(ran, "check or job", "checks and jobs"));
  }
  return alike > 1 ? fmt::format("{} (and {} more)", first, alike - 1) : first;
}

struct Conclusion {
  Verdict verdict = Verdict::incomplete;
  std::string reason;
  // Of an incomplete one: why, where it was our trouble; empty: it waits for something to come.
  std::optional<pipeline::IncompleteCause> cause;
};

Conclusion conclusion_of(std::vector<pipeline::Node> all, int attempt) {
  std::vector<pipeline::Node> nodes;
  std::vector<Verdict> verdicts;
  Verdict placed = Verdict::incomplete;
  std::string placed_reason;
  bool applied = false;
  std::optional<pipeline::IncompleteCause> cause;
  for (auto& node : all) {
    if (node.attempt != attempt || !node.result) {
      continue;
    }
    if (node.kind == pipeline::NodeKind::checkout) {
      applied = *node.result == Verdict::pass;
      continue;
    }
    if (node.kind == pipeline::NodeKind::check && node.name == k_applies_node) {
      placed = *node.result;
      placed_reason = node.summary;
    }
    if (node.cause) {
      // In the order of their declaration: the earlier, the sooner it helps to try again.
      cause = cause ? std::min(*cause, *node.cause) : *node.cause;
    }
    verdicts.push_back(*node.result);
    nodes.push_back(std::move(node));
  }
  const Verdict verdict = findings::worst_of(verdicts);
  // Nothing of a series that was not applied can pass as a whole.
  if ((!applied && verdict != Verdict::fail) || placed == Verdict::fail) {
    return {placed, placed_reason, std::nullopt};
  }
  // What is incomplete without a job's doing is a check whose tool did not answer.
  return {verdict, reason_of(verdict, nodes, placed_reason),
          cause.value_or(pipeline::IncompleteCause::infrastructure)};
}

}  // namespace

std::optional<SeriesReport> conclude_run(Workspace& workspace, const tracker::Series& series,
                                         const pipeline::SeriesRun& run) {
  pipeline::WorkStore work(workspace.database());
  store::Transaction transaction(workspace.database());
  const Timestamp now = workspace.clock().now();
  if (work.any_of_run(run.series, run.attempt) || !work.close_run(run.series, run.attempt, now)) {
    transaction.commit();  // nothing; but a transaction of the caller goes on
    return std::nullopt;
  }
  Conclusion conclusion = conclusion_of(workspace.nodes().of_series(run.series), run.attempt);
  SeriesReport report;
  report.tested = true;
  auto& verdict = report.verdict;
  verdict.verdict = conclusion.verdict;
  verdict.reason = std::move(conclusion.reason);
  verdict.time = now;
  verdict.content_key = run.content_key;
  const auto earlier = workspace.nodes().verdict(run.series);
  if (earlier && earlier->content_key == run.content_key) {
    verdict.attempts = earlier->attempts + 1;
  }
  if (verdict.verdict == Verdict::incomplete && !conclusion.cause) {
    verdict.retry_at = now;  // it waits for a mail or a commit, which may come any time
  } else if (conclusion.cause) {
    const auto delay = pipeline::retry_after(verdict.verdict, *conclusion.cause, verdict.attempts,
                                             static_cast<std::uint64_t>(run.series));
    verdict.retry_at = delay ? std::optional(now + *delay) : std::nullopt;
  }
  workspace.nodes().set_verdict(run.series, verdict);
  workspace.announce_verdict(series);
  transaction.commit();
  return report;
}

namespace {

// Where what is left of it stands in the queue.
pipeline::Pending place_of(Workspace& workspace, const pipeline::SeriesRun& run) {
  pipeline::Pending place{run.series, std::nullopt, 0};
  for (const auto& queued : pipeline::WorkStore(workspace.database()).of_series(run.series)) {
    if (queued.attempt == run.attempt) {
      place.queued = queued.queued;
      place.priority =
          std::max(0, queued.priority - share_of(workspace.config(), queued.tree).priority);
    }
  }
  place.queued = place.queued.value_or(run.started);
  return place;
}

int end_nodes(Workspace& workspace, const pipeline::SeriesRun& run, Verdict result,
              std::string_view reason) {
  pipeline::WorkStore work(workspace.database());
  int ended = 0;
  for (const auto& queued : work.of_series(run.series)) {
    if (queued.attempt != run.attempt || !work.remove(queued.node)) {
      continue;
    }
    if (auto node = workspace.nodes().node(queued.node)) {
      if (result == Verdict::incomplete) {
        node->cause = pipeline::IncompleteCause::infrastructure;
      }
      workspace.nodes().finish(*node, result, std::string(reason));
      ++ended;
    }
  }
  return ended;
}

}  // namespace

bool fail_run(Workspace& workspace, const tracker::Series& series, const pipeline::SeriesRun& run,
              std::string_view reason) {
  store::Transaction transaction(workspace.database());
  end_nodes(workspace, run, Verdict::incomplete, reason);
  const bool concluded = conclude_run(workspace, series, run).has_value();
  transaction.commit();
  return concluded;
}

int abandon_run(Workspace& workspace, const pipeline::SeriesRun& run, Verdict result,
                std::string_view reason) {
  pipeline::WorkStore work(workspace.database());
  store::Transaction transaction(workspace.database());
  // What comes instead has not begun yet: it must not be forgotten by a crash, nor queue up again.
  work.note_pending(place_of(workspace, run));
  const int ended = end_nodes(workspace, run, result, reason);
  work.close_run(run.series, run.attempt, workspace.clock().now());
  transaction.commit();
  return ended;
}

namespace {

void set_cancelled(Workspace& workspace, std::int64_t series, std::string content_key,
                   std::string_view reason) {
  pipeline::NodeStore::SeriesVerdict verdict;
  verdict.verdict = Verdict::skip;
  verdict.reason = reason;
  verdict.time = workspace.clock().now();
  verdict.content_key = std::move(content_key);
  workspace.nodes().set_verdict(series, verdict);
}

}  // namespace

void cancel_run(Workspace& workspace, const pipeline::SeriesRun& run, std::string_view reason) {
  store::Transaction transaction(workspace.database());
  abandon_run(workspace, run, Verdict::skip, reason);
  set_cancelled(workspace, run.series, run.content_key, reason);
  pipeline::WorkStore(workspace.database()).clear_pending(run.series);
  transaction.commit();
}

bool is_waiting(Workspace& workspace, std::int64_t series) {
  const auto verdict = workspace.nodes().verdict(series);
  return !verdict || verdict->retry_at ||
         pipeline::WorkStore(workspace.database()).pending_of(series);
}

void cancel_waiting(Workspace& workspace, std::int64_t series, std::string_view reason) {
  store::Transaction transaction(workspace.database());
  const auto before = workspace.nodes().verdict(series);
  if (!before || before->retry_at) {
    set_cancelled(workspace, series, before ? before->content_key : std::string(reason), reason);
  }
  pipeline::WorkStore(workspace.database()).clear_pending(series);
  transaction.commit();
}

int abandon_orphans(Workspace& workspace) {
  int ended = 0;
  for (const auto& run : pipeline::WorkStore(workspace.database()).open_runs()) {
    ended += abandon_run(workspace, run, Verdict::incomplete, k_died_meanwhile);
  }
  return ended + workspace.nodes().close_orphans();
}

}  // namespace patchmill::app
