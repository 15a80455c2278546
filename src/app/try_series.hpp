#pragma once
// `patchmill try '<Message-ID>'`: a series of somebody's data folder, with what its verdict there
// stands on.

#include "app/try_input.hpp"
#include "app/workspace.hpp"

#include <cstddef>

namespace patchmill::app {

// What is handed over with a series; those that are named first come first.
struct TrySeriesLimits {
  std::size_t mails = 2000;
  std::size_t bytes = 256u << 20;
};

// The raw mails of the series, cover first; of the revisions that it carries patches over from,
// with the replies in between that such patches answer; and the same of the series that it builds
// on by what its mails name, transitively (placement::followed_dependencies()). Only the series
// itself is asked for. Revisions and other series beyond the limits are left out, each as a whole,
// and the note says so. Reads the data folder, but for patch-ids that a dependency waits for: they
// are learnt, with git in `checkout`, as placing the series there would. Errors: infrastructure.
Result<TryInput> try_series(Workspace& workspace, git::Repository& checkout,
                            const tracker::Series& series, const TrySeriesLimits& limits = {});

}  // namespace patchmill::app
