#pragma once
// A project of a Patchwork of the freedesktop edition that is followed.

#include "intake/patchwork_feed.hpp"

#include <memory>
#include <string>

namespace patchmill::intake {

// Revisions as the instance tells that they are complete, each patch as the mail its mbox makes of
// it; which series they make is found out as for every other source. A revision costs three
// requests, and one more for each patch that replaces another; a look that finds nothing is one or
// two. Events have no ids, are asked for by a local clock, and of two at the same moment one may be
// passed over: every ten looks the newest are compared with what is here. A revision that repeats
// another one, or is told of again, is a wish for another test: event `patchwork-retest`.
std::unique_ptr<Feed> follow_freedesktop(std::shared_ptr<patchwork::Instance> instance,
                                         std::string project, PatchworkFeedOptions options = {});

// Of whichever edition the instance turns out to be.
std::unique_ptr<Feed> follow_any_patchwork(std::shared_ptr<patchwork::Instance> instance,
                                           std::string project, PatchworkFeedOptions options = {});

}  // namespace patchmill::intake
