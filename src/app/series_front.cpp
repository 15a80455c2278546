#include "app/series_front.hpp"

#include "app/check_stage.hpp"
#include "app/job_planner.hpp"
#include "app/placement_stage.hpp"
#include "app/run_end.hpp"
#include "app/selection.hpp"
#include "placement/prerequisites.hpp"
#include "util/hash.hpp"

#include <fmt/format.h>

#include <algorithm>

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

void add_dependencies(Sha256& hash, const tracker::Series& series) {
  for (const auto& dependency : series.dependencies) {
    hash.update(fmt::format("{}\n", dependency.series.value_or(0)));
  }
}

int next_attempt(pipeline::NodeStore& nodes, std::int64_t series) {
  int last = 0;
  for (const auto& node : nodes.of_series(series)) {
    last = std::max(last, node.attempt);
  }
  return last + 1;
}

}  // namespace

SeriesFront::SeriesFront(Workspace& workspace, ProcessRunner& processes, const RunWatcher& watcher)
    : m_workspace(workspace),
      m_processes(processes),
      m_watcher(watcher),
      m_work(workspace.database()) {}

std::optional<SeriesVerdict> SeriesFront::early_verdict(const tracker::Series& series,
                                                        bool again) const {
  const auto make = [&](Verdict verdict, std::string reason) {
    SeriesVerdict early;
    early.verdict = verdict;
    early.content_key = std::string(k_early_key) + reason;
    early.reason = std::move(reason);
    early.time = m_workspace.clock().now();
    return early;
  };
  const auto selection =
      again || has_begun(series.number) ? tracker::Selection() : select_series(m_workspace, series);
  if (selection.taking == tracker::Taking::skipped) {
    return make(Verdict::skip, "not taken by " + selection.reason);
  }
  // Nobody waits for the rest of what a newer revision has taken the place of.
  if (series.superseded && (!m_workspace.config().test_superseded || !series.received_all())) {
    return make(Verdict::skip, "a newer revision is here");
  }
  if (!series.received_all()) {
    return make(Verdict::incomplete,
                fmt::format("{} of {} patches are here; missing: {}", series.received_total(),
                            series.total, missing_patches(series)));
  }
  if (selection.taking == tracker::Taking::waiting) {
    return make(Verdict::incomplete, "waits for " + selection.reason);
  }
  if (series.skip_requested) {
    return make(Verdict::skip, "the author asked for no test (CI-tag: skip)");
  }
  if (series.is_rfc && !m_workspace.config().test_rfc) {
    return make(Verdict::skip, "marked RFC");
  }
  return std::nullopt;
}

// What was begun is not ended because the state at a Patchwork is another one meanwhile: it may be
// ourselves who set it.
bool SeriesFront::has_begun(std::int64_t series) const {
  const auto verdict = m_workspace.nodes().verdict(series);
  if (verdict && !verdict->content_key.starts_with(k_early_key)) {
    return true;
  }
  return pipeline::WorkStore(m_workspace.database()).open_run_of(series).has_value();
}

void SeriesFront::remember(const tracker::Series& series) {
  // Only a help for series on top of this one: what cannot be read is found out when it matters.
  if (const auto patches = placement::load_patches(m_workspace.queries(), series)) {
    m_workspace.placer().remember(series, *patches);
  }
}

std::string SeriesFront::content_key(const tracker::Series& series,
                                     const std::string& content_hash) const {
  Sha256 hash;
  hash.update(fmt::format("{}\n{}\n{}\n", PATCHMILL_VERSION, content_hash,
                          verdict_fingerprint(m_workspace.config())));
  add_dependencies(hash, series);
  for (const auto& needed : placement::followed_dependencies(m_workspace.queries(), series)) {
    hash.update(fmt::format("{} v{} {}/{}\n", needed.number, needed.version,
                            needed.received_total(), needed.total));
    for (const auto& patch : needed.patches) {
      hash.update(fmt::format("{} {} {}:{}\n", patch.number, patch.message, patch.msgid.size(),
                              patch.msgid));
    }
    add_dependencies(hash, needed);
  }
  return hash.hex();
}

void SeriesFront::leave_out(const tracker::Series& series, std::string reason) {
  if (auto earlier = m_workspace.nodes().verdict(series.number)) {
    if (earlier->retry_at) {
      // It is final now, and whoever was told that it waits is told so.
      earlier->retry_at.reset();
      m_workspace.nodes().set_verdict(series.number, *earlier);
    }
    return;
  }
  SeriesVerdict out;
  out.verdict = Verdict::skip;
  out.content_key = std::string(k_early_key) + reason;
  out.reason = std::move(reason);
  out.time = m_workspace.clock().now();
  m_workspace.nodes().set_verdict(series.number, out);
}

SeriesFront::Start SeriesFront::conclude_early(const tracker::Series& series,
                                               const SeriesVerdict& early) {
  if (const auto open = m_work.open_run_of(series.number)) {
    abandon_run(m_workspace, *open, Verdict::skip, early.reason);
  }
  const auto earlier = m_workspace.nodes().verdict(series.number);
  if (!earlier || earlier->content_key != early.content_key) {
    if (!series.received_all() && !m_workspace.config().trees.empty()) {
      remember(series);
    }
    m_workspace.nodes().set_verdict(series.number, early);
  }
  m_work.clear_pending(series.number);
  return {SeriesReport{early, false}, std::nullopt};
}

Result<SeriesFront::Start> SeriesFront::start(const tracker::Series& series,
                                              const RunRequest& request) {
  if (const auto early = early_verdict(series, request.again)) {
    return conclude_early(series, *early);
  }
  PM_TRY_ASSIGN(const auto loaded, LoadedSeries::load(m_workspace.queries(), series));
  const std::string key = content_key(series, loaded->content_hash());
  if (const auto open = m_work.open_run_of(series.number)) {
    if (open->content_key == key && !request.again) {
      return Start{std::nullopt, open, true};
    }
    abandon_run(m_workspace, *open, Verdict::skip,
                request.again ? "asked for anew" : "the series or the configuration has changed");
  }
  // An incomplete verdict was our trouble, not the patch's: it is tried again when its time comes.
  const auto earlier = m_workspace.nodes().verdict(series.number);
  const Timestamp now = m_workspace.clock().now();
  if (earlier && earlier->content_key == key && !earlier->retry_due(now)) {
    if (!request.again) {
      return Start{SeriesReport{*earlier, false, true}, std::nullopt};
    }
    m_workspace.nodes().make_retry_due(series.number, now);
  }
  if (m_watcher.series_started) {
    m_watcher.series_started(series);
  }
  return place_and_check(series, request, *loaded, key);
}

Result<SeriesFront::Start> SeriesFront::place_and_check(const tracker::Series& series,
                                                        const RunRequest& request,
                                                        LoadedSeries& loaded,
                                                        const std::string& key) {
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
  pipeline::SeriesRun run;
  run.series = series.number;
  run.attempt = next_attempt(m_workspace.nodes(), series.number);
  run.started = m_workspace.clock().now();
  run.content_key = key;
  const PlacedNodes placed =
      record_placement(m_workspace, series, run.attempt, placement, m_watcher);
  run.checkout = placed.checkout.id;
  run.project = share_of(m_workspace.config(), placed.checkout.tree).project;
  loaded.set_placement(placement, m_workspace.config().trees);
  const bool applied = placement.state == placement::PlacementState::placed;

  if (placement.state != placement::PlacementState::not_code) {
    CheckStage checks(m_workspace, m_processes, m_watcher);
    checks.run(loaded, placed.checkout, applied ? repository : nullptr);
  }
  if (applied) {
    const auto& chosen = placement.candidates[*placement.chosen];
    run.base_commit = chosen.commit;
    run.base_described = chosen.described;
    if (!request.placement) {
      PM_TRY(m_workspace.placer().keep(chosen.tree, series.number, chosen.outcome->tip()));
    }
  }
  store::Transaction transaction(m_workspace.database());
  const auto place = m_work.pending_of(series.number);
  m_work.open_run(run);
  if (applied) {
    plan_jobs(m_workspace, series, loaded.view(), placement.candidates[*placement.chosen],
              patches.paths, run, place.value_or(pipeline::Pending{}), m_watcher);
  } else if (placement.state == placement::PlacementState::conflict) {
    skip_jobs(m_workspace, placed.checkout, loaded.view().tags, patches.paths,
              "the series does not apply", m_watcher);
  }
  auto report = conclude_run(m_workspace, series, run);
  transaction.commit();
  if (report) {
    return Start{std::move(report), std::nullopt};
  }
  return Start{std::nullopt, run};
}

}  // namespace patchmill::app
