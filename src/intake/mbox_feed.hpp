#pragma once
// An mbox that is followed.

#include "intake/feed.hpp"

#include <chrono>
#include <filesystem>
#include <memory>

namespace patchmill::intake {

struct MboxFeedOptions {
  // How often to look at a file that nobody announced a change of. 0: a minute, 15 seconds on
  // network file systems, a second where folders cannot be watched.
  std::chrono::milliseconds rescan{0};
  // The last mail of the file is read when it ends with an empty line, nobody has locked the file
  // (fcntl(2), or FILE.lock beside it), and the file did not change for so long …
  std::chrono::milliseconds settle{100};
  // … or without an empty line, or locked, for so long.
  std::chrono::milliseconds settle_unfinished{5000};
};

// Files that grow are read on, truncated and rewritten ones anew (each mail is stored once). A
// file that was replaced is read to its end under its old name (kept open; at the start: found by
// its content among FILE.* and FILE-*), then the new one is read. A missing file may still come.
std::unique_ptr<Feed> follow_mbox(std::filesystem::path file, MboxFeedOptions options = {});

}  // namespace patchmill::intake
