#include "app/series_runner.hpp"

#include "app/check_stage.hpp"
#include "app/job_stage.hpp"
#include "app/placement_stage.hpp"
#include "util/hash.hpp"

#include <fmt/format.h>

namespace patchmill::app {
namespace {

using findings::Verdict;
using SeriesVerdict = pipeline::NodeStore::SeriesVerdict;

constexpr std::string_view k_early_key = "not run: ";

std::string missing_patches(const tracker::Series& series) {
  std::string numbers;
  for (int number = 1; number <= series.total; ++number) {
    bool here = false;
    for (const auto& patch : series.patches) {
      here = here || patch.number == number;
    }
    if (!here) {
      numbers += fmt::format("{}{}", numbers.empty() ? "" : ", ", number);
      if (numbers.size() > 60) {
        numbers += ", …";
        break;
      }
    }
  }
  return numbers;
}

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
    return fmt::format("{}; {} checks and jobs passed", placed, ran);
  }
  return alike > 1 ? fmt::format("{} (and {} more)", first, alike - 1) : first;
}

int next_attempt(pipeline::NodeStore& nodes, std::int64_t series) {
  int last = 0;
  for (const auto& node : nodes.of_series(series)) {
    last = std::max(last, node.attempt);
  }
  return last + 1;
}

}  // namespace

SeriesRunner::SeriesRunner(Workspace& workspace, runtimes::Runtime& runtime,
                           ProcessRunner& processes, RunWatcher watcher)
    : m_workspace(workspace),
      m_runtime(runtime),
      m_processes(processes),
      m_watcher(std::move(watcher)) {}

std::optional<SeriesVerdict> SeriesRunner::early_verdict(const tracker::Series& series) const {
  const auto make = [&](Verdict verdict, std::string reason) {
    SeriesVerdict early;
    early.verdict = verdict;
    early.content_key = std::string(k_early_key) + reason;
    early.reason = std::move(reason);
    early.time = m_workspace.clock().now();
    return early;
  };
  if (!series.received_all()) {
    return make(Verdict::incomplete,
                fmt::format("{} of {} patches are here; missing: {}", series.received_total(),
                            series.total, missing_patches(series)));
  }
  if (series.skip_requested) {
    return make(Verdict::skip, "the author asked for no test (CI-tag: skip)");
  }
  if (series.superseded && !m_workspace.config().test_superseded) {
    return make(Verdict::skip, "a newer revision is here");
  }
  if (series.is_rfc && !m_workspace.config().test_rfc) {
    return make(Verdict::skip, "marked RFC");
  }
  return std::nullopt;
}

void SeriesRunner::remember(const tracker::Series& series) {
  // Only a help for series on top of this one: what cannot be read is found out when it matters.
  if (const auto patches = placement::load_patches(m_workspace.queries(), series)) {
    m_workspace.placer().remember(series, *patches);
  }
}

std::string SeriesRunner::content_key(const tracker::Series& series,
                                      const std::string& content_hash) const {
  Sha256 hash;
  hash.update(fmt::format("{}\n{}\n{}\n", PATCHMILL_VERSION, content_hash,
                          verdict_fingerprint(m_workspace.config())));
  for (const auto& dependency : series.dependencies) {
    hash.update(fmt::format("{}\n", dependency.series.value_or(0)));
  }
  return hash.hex();
}

SeriesReport SeriesRunner::conclude(const tracker::Series& series, Conclusion conclusion,
                                    const std::string& key) {
  SeriesReport report;
  report.tested = true;
  auto& verdict = report.verdict;
  verdict.verdict = conclusion.verdict;
  verdict.reason = std::move(conclusion.reason);
  verdict.time = m_workspace.clock().now();
  verdict.content_key = key;
  const auto earlier = m_workspace.nodes().verdict(series.number);
  if (earlier && earlier->content_key == key) {
    verdict.attempts = earlier->attempts + 1;
  }
  if (verdict.verdict == Verdict::incomplete && !conclusion.cause) {
    verdict.retry_at = verdict.time;  // it waits for a mail or a commit, which may come any time
  } else if (conclusion.cause) {
    const auto delay = pipeline::retry_after(verdict.verdict, *conclusion.cause, verdict.attempts,
                                             static_cast<std::uint64_t>(series.number));
    verdict.retry_at = delay ? std::optional(verdict.time + *delay) : std::nullopt;
  }
  m_workspace.nodes().set_verdict(series.number, report.verdict);
  return report;
}

Result<SeriesReport> SeriesRunner::run(const tracker::Series& series, const RunRequest& request) {
  pipeline::NodeStore& nodes = m_workspace.nodes();
  const auto earlier = nodes.verdict(series.number);
  if (const auto early = early_verdict(series)) {
    if (!earlier || earlier->content_key != early->content_key) {
      if (!series.received_all() && !m_workspace.config().trees.empty()) {
        remember(series);
      }
      nodes.set_verdict(series.number, *early);
    }
    return SeriesReport{*early, false};
  }
  PM_TRY_ASSIGN(const auto loaded, LoadedSeries::load(m_workspace.queries(), series));
  const std::string key = content_key(series, loaded->content_hash());
  // An incomplete verdict was our trouble, not the patch's: it is tried again when its time comes.
  if (earlier && earlier->content_key == key && !request.again &&
      (!earlier->retry_at || *earlier->retry_at > m_workspace.clock().now())) {
    return SeriesReport{*earlier, false};
  }
  if (m_watcher.series_started) {
    m_watcher.series_started(series);
  }

  PM_TRY_ASSIGN(const auto patches, placement::load_patches(m_workspace.queries(), series));
  placement::Placement placement;
  git::Repository* repository = request.repository;
  if (request.placement) {
    placement = *request.placement;
  } else {
    PM_TRY_ASSIGN(placement, m_workspace.placer().place(series, patches, m_workspace.queries(),
                                                        request.place));
    if (placement.chosen) {
      PM_TRY_ASSIGN(repository,
                    m_workspace.placer().repository(placement.candidates[*placement.chosen].tree));
    }
  }
  const int attempt = next_attempt(nodes, series.number);
  const PlacedNodes placed = record_placement(nodes, series, attempt, placement, m_watcher);
  loaded->set_placement(placement, m_workspace.config().trees);
  const bool applied = placement.state == placement::PlacementState::placed;

  if (placement.state != placement::PlacementState::not_code) {
    CheckStage checks(m_workspace, m_processes, m_watcher);
    checks.run(*loaded, placed.checkout, applied ? repository : nullptr);
  }
  if (applied && !request.placement) {
    const auto& chosen = placement.candidates[*placement.chosen];
    PM_TRY(m_workspace.placer().keep(chosen.tree, series.number, chosen.outcome->tip()));
  }
  std::optional<pipeline::IncompleteCause> cause;
  if (applied) {
    JobStage jobs(m_workspace, m_runtime, m_watcher);
    PM_TRY_ASSIGN(cause,
                  jobs.run(series, loaded->view(), patches.paths, placed.checkout, *repository));
  }

  std::vector<pipeline::Node> ran;
  std::vector<Verdict> verdicts;
  for (auto& node : nodes.of_series(series.number)) {
    if (node.attempt == attempt && node.result && node.kind != pipeline::NodeKind::checkout) {
      verdicts.push_back(*node.result);
      ran.push_back(std::move(node));
    }
  }
  Verdict verdict = findings::worst_of(verdicts);
  // Nothing of a series that was not applied can pass as a whole.
  if (!applied && verdict != Verdict::fail) {
    return conclude(series, {placed.verdict, placed.reason, std::nullopt}, key);
  }
  if (placed.verdict == Verdict::fail) {
    return conclude(series, {Verdict::fail, placed.reason, std::nullopt}, key);
  }
  // What is incomplete without a job's doing is a check whose tool did not answer.
  return conclude(series,
                  {verdict, reason_of(verdict, ran, placed.reason),
                   cause.value_or(pipeline::IncompleteCause::infrastructure)},
                  key);
}

}  // namespace patchmill::app
