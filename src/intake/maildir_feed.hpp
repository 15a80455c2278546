#pragma once
// A maildir that is followed.

#include "intake/feed.hpp"

#include <chrono>
#include <filesystem>
#include <memory>

namespace patchmill::intake {

struct MaildirFeedOptions {
  // How often to look for mails that nobody announced. 0: a minute, 15 seconds on network
  // file systems, a second where folders cannot be watched.
  std::chrono::milliseconds rescan{0};
  // A file written in place (not moved or linked there, as maildir(5) wants) is read when it is
  // closed, or when it did not change for so long.
  std::chrono::milliseconds settle{2000};
};

// Work is done for the files that the kernel announces, however many the folder holds. new/ and
// cur/ are listed at the start, when announcements were lost, and at each rescan in which one of
// the two folders has changed.
std::unique_ptr<Feed> follow_maildir(std::filesystem::path folder, MaildirFeedOptions options = {});

}  // namespace patchmill::intake
