#pragma once
// Nodes, their artifacts and findings in the store, each change with its event.

#include "findings/finding.hpp"
#include "pipeline/node.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::pipeline {

class NodeStore {
 public:
  NodeStore(store::Database& database, const Clock& clock);

  // Inserts (id is set) with the event node-created. Unique by (series, name, patch, commit,
  // attempt): an equal one is returned instead.
  Node create(Node node);
  // Running from now on, with runtime and reproducer as set (event node-started). One that is done
  // in the store stays as it is there, without an event: somebody has ended it meanwhile. `node`
  // reads running either way.
  void start(Node& node);
  // Done, with result, summary, findings and artifacts in one transaction (event node-done).
  void finish(Node& node, findings::Verdict result, std::string summary,
              const std::vector<findings::Finding>& findings = {},
              const std::vector<Artifact>& artifacts = {});
  std::optional<Node> node(std::int64_t id);
  std::vector<Node> of_series(std::int64_t series);  // parents before children
  std::vector<findings::Finding> findings_of(std::int64_t node);
  std::vector<Artifact> artifacts_of(std::int64_t node);
  // Nodes left running by a process that died: closed as incomplete. Returns how many.
  int close_orphans();

  // The verdict of a whole series with its one-line reason, and when it was reached.
  struct SeriesVerdict {
    findings::Verdict verdict = findings::Verdict::incomplete;
    std::string reason;
    Timestamp time{};
    std::string content_key;            // hash of what was judged: patches, base, jobs
    int attempts = 1;                   // how often this content has been tried
    std::optional<Timestamp> retry_at;  // incomplete: when it is tried again; empty: not by itself
    // Also when the clock was set back since: then its time might come in years.
    [[nodiscard]] bool retry_due(Timestamp now) const;
  };
  void set_verdict(std::int64_t series, const SeriesVerdict& verdict);  // event series-verdict
  std::optional<SeriesVerdict> verdict(std::int64_t series);
  // Series whose incomplete verdict is due to be tried again by time alone, longest due first;
  // without those that are being tried (series_runs).
  std::vector<std::int64_t> retries_due(Timestamp now, std::size_t limit);
  // What is due now is due then.
  void put_off_retry(std::int64_t series, Timestamp now, Timestamp until);
  // Whatever the verdict: it is tried again, also when who begins with that now dies meanwhile.
  void make_retry_due(std::int64_t series, Timestamp now);
  // It is not tried again by itself any more; the verdict stays as it is, without an event.
  void end_retries(std::int64_t series);
  // When the next one is; empty: none waits.
  std::optional<Timestamp> next_retry(Timestamp now);
  // Skipped at a time that is still to come: by a clock that was ahead.
  std::vector<std::int64_t> skipped_later_than(Timestamp now, std::size_t limit);
  // Series that wait for a mail or a commit, newest first; `below`: only with a lower number.
  std::vector<std::int64_t> waiting_for_news(std::size_t limit,
                                             std::optional<std::int64_t> below = {});

 private:
  store::Database& m_database;
  const Clock& m_clock;
};

}  // namespace patchmill::pipeline
