#pragma once
// What a person sees while series are being tested, and the table at the end.

#include "app/series_runner.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace patchmill::cli {

class RunView {
 public:
  RunView(const Common& common, std::size_t series_count);

  // Wire these into a runner, which the view outlives. They may be called from any thread.
  app::RunWatcher watcher();
  void add(const tracker::Series& series, const app::SeriesReport& report);
  // A series that could not even be judged.
  void add_failure(const tracker::Series& series, const Error& error);

  // Prints table or JSON of what was added; gives the exit status.
  int finish();

 private:
  struct Row {
    tracker::Series series;
    pipeline::NodeStore::SeriesVerdict verdict;
    bool kept = false;
  };
  const Common& m_common;
  std::size_t m_count;
  Progress m_progress;
  std::mutex m_mutex;  // of all below, and of what is drawn
  std::vector<Row> m_rows;
  std::map<std::int64_t, std::string> m_names;  // of the series under way
};

// What a person is told of verdicts that stand since an earlier run; empty where there is none.
std::string note_of_kept(const std::vector<Timestamp>& judged);

// 1 when one failed, else 3 when one is incomplete, else 0.
int exit_status_of(const std::vector<findings::Verdict>& verdicts);

}  // namespace patchmill::cli
