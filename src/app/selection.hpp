#pragma once
// Whether a series is tested, by what the sources that bring it say.

#include "app/workspace.hpp"
#include "tracker/selection.hpp"

namespace patchmill::app {

// A source has a say when it has clauses and brings the series: a Patchwork, when it knows one of
// the patches; another one, when the series is on its list or (without `list-id`) no Patchwork of
// the configuration knows it. Taken is what one of them takes, or what none has a say about.
// Throws DatabaseError.
tracker::Selection select_series(Workspace& workspace, const tracker::Series& series);

}  // namespace patchmill::app
