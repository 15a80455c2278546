#pragma once
// `patchmill try`: the same checks, builds and tests as for a list, on an author's own checkout.
//
// What it keeps (verdicts, baselines, warm builds) lies in a folder of the user's cache, one a
// checkout, so the same commits are not tested twice and builds stay incremental. The checkout is
// only read.

#include "app/series_runner.hpp"
#include "app/try_input.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace patchmill::app {

struct TryOptions {
  std::filesystem::path checkout;  // top folder
  std::string tree;                // which configured tree it stands for; empty: found by URL
  std::string base;                // revision to apply mails onto; empty: the placer decides
  bool again = false;
};

struct TryResult {
  tracker::Series series;
  SeriesReport report;
};

class TrySession {
 public:
  // `config` is the user's; its data folder, sources and store are not used.
  // Errors: invalid (unknown tree, no cache folder named) or infrastructure.
  static Result<std::unique_ptr<TrySession>> open(Config config, TryOptions options);

  // Tells which series these mails make, by themselves: nothing tried before has a part in it. Of
  // an input that asks for one series, that one; the rest is there to be built on.
  // Verdicts of an equal input are found again (its series have the same numbers). The caller
  // holds the lock of the data folder (lock_runs) until the last run().
  // Errors: invalid for mails that cannot be used, two patches with one Message-ID, and a base that
  // is no commit here or is named for commits.
  Result<std::vector<tracker::Series>> take(const TryInput& input);
  // Mails without a named base that are commits of the branch already go onto what was before these
  // (own_commits()). Errors: invalid where nothing was; infrastructure.
  Result<TryResult> run(const tracker::Series& series, const TryInput& input,
                        runtimes::Runtime& runtime, ProcessRunner& processes,
                        const RunWatcher& watcher);
  Workspace& workspace() { return *m_workspace; }

 private:
  TrySession() = default;
  void resolve_addresses(const TryInput& input);
  // The commit these mails go onto; empty: the placer decides.
  Result<std::string> base_of(const TryInput& input);
  Result<git::Repository*> work_repository();
  Result<placement::Placement> apply_here(const tracker::Series& series, const std::string& base);
  Result<void> refresh_history();
  // Of mails that are commits of the branch already, but not of its upstream: on what was before
  // the first of them. Empty: they are none, or the placer has a place for them.
  Result<std::optional<placement::Placement>> before_own_commits(const tracker::Series& series);

  TryOptions m_options;
  std::unique_ptr<Workspace> m_workspace;
  std::unique_ptr<git::Repository> m_checkout, m_work;
  bool m_refreshed = false;
};

}  // namespace patchmill::app
