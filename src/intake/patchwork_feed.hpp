#pragma once
// A project of somebody else's Patchwork that is followed.

#include "intake/feed.hpp"
#include "patchwork/instance.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace patchmill::intake {

struct PatchworkFeedOptions {
  std::chrono::milliseconds interval = std::chrono::minutes(1);
  unsigned backlog_days = 7;  // of what was there before, the first time
};

// Patches and covers, each as the mail it was (patchwork/rebuilt_mail.hpp); which series they make
// is found out as for every other source. Asked for by events, and every ten looks by number:
// events are dated by a local clock, and one whose transaction took long has an earlier date than
// others we have seen. Where there are no events, by number only. A look that finds nothing is one
// or two requests, a new series of P patches at most P + 4. A mail that the server cannot give is
// named in the source's health and tried three times.
std::unique_ptr<Feed> follow_patchwork(std::shared_ptr<patchwork::Instance> instance,
                                       std::string project, PatchworkFeedOptions options = {});

}  // namespace patchmill::intake
