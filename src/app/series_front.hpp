#pragma once
// The first half of judging a series: what needs no worker. Place, apply, check, plan the jobs.

#include "app/series_runner.hpp"
#include "pipeline/work_store.hpp"

#include <optional>

namespace patchmill::app {

class SeriesFront {
 public:
  // All outlive it. One a data folder at a time: it is the only one that places series.
  SeriesFront(Workspace& workspace, ProcessRunner& processes, const RunWatcher& watcher);

  struct Start {
    // The verdict, where no job has to run for it: one that still stands, or a new one.
    std::optional<SeriesReport> report;
    // Else the try whose nodes are in the queue now. It is under way already when `resumed`.
    std::optional<pipeline::SeriesRun> run;
    bool resumed = false;
  };
  // Ends a try under way whose series or configuration has changed. Killed at any moment, the next
  // call starts anew. Errors are infrastructure.
  Result<Start> start(const tracker::Series& series, const RunRequest& request = {});
  // A verdict that needs no applying: not taken, superseded, RFC, skip requested, incomplete. What
  // is asked for `again` is taken. Only reads.
  [[nodiscard]] std::optional<pipeline::NodeStore::SeriesVerdict> early_verdict(
      const tracker::Series& series, bool again) const;
  // The verdict `skip` with this reason for a series that has none yet and whose turn does not come
  // by itself; one that it has becomes final. A later start() judges it.
  void leave_out(const tracker::Series& series, std::string reason);

 private:
  [[nodiscard]] bool has_begun(std::int64_t series) const;
  Start conclude_early(const tracker::Series& series,
                       const pipeline::NodeStore::SeriesVerdict& early);
  // Lets the placer know an incomplete series, which others may be made on top of.
  void remember(const tracker::Series& series);
  // What the verdict depends on: mails, those of the series it is on top of, configuration with the
  // files it names, program. Equal keys need no second run.
  [[nodiscard]] std::string content_key(const tracker::Series& series,
                                        const std::string& content_hash) const;
  Result<Start> place_and_check(const tracker::Series& series, const RunRequest& request,
                                LoadedSeries& loaded, const std::string& key);

  Workspace& m_workspace;
  ProcessRunner& m_processes;
  const RunWatcher& m_watcher;
  pipeline::WorkStore m_work;
};

}  // namespace patchmill::app
