#pragma once
// The end of a try: the verdict of the series, or why there is none.

#include "app/series_runner.hpp"
#include "pipeline/work_store.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::app {

// Why nodes are incomplete that a process had begun before it died.
inline constexpr std::string_view k_died_meanwhile =
    "patchmill ended while this was under way; it says nothing about the patch";

// Sets the verdict once no node of the run is in the queue any more. Empty: nodes are still to
// run, or somebody else has closed the run.
std::optional<SeriesReport> conclude_run(Workspace& workspace, const tracker::Series& series,
                                         const pipeline::SeriesRun& run);

// Ends every node of the run that has not ended, with this result and reason, and closes it. The
// verdict of the series stays as it was, and the series is to be judged (WorkStore::pending) until
// another try begins. Whoever runs one of the nodes learns of it when it is
// done. Returns how many nodes were ended.
int abandon_run(Workspace& workspace, const pipeline::SeriesRun& run, findings::Verdict result,
                std::string_view reason);

// The same for trouble of ours: what is left is incomplete, and so is the series, which is tried
// again in due time. False when somebody else has closed the run.
bool fail_run(Workspace& workspace, const tracker::Series& series, const pipeline::SeriesRun& run,
              std::string_view reason);

// Somebody wants it not to be tested: what has not ended is skipped, and the verdict says so.
void cancel_run(Workspace& workspace, const pipeline::SeriesRun& run, std::string_view reason);
// The same where nothing has begun: a try that waits for its time or its turn does not come, nor
// does the first one of a series nobody has judged yet. A verdict that stands is kept.
void cancel_waiting(Workspace& workspace, std::int64_t series, std::string_view reason);
// What cancel_waiting() would end.
bool is_waiting(Workspace& workspace, std::int64_t series);

// Ends what a process left under way that died: as incomplete, so that it is done again. Returns
// how many nodes were ended.
int abandon_orphans(Workspace& workspace);

}  // namespace patchmill::app
