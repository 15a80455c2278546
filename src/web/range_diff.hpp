#pragma once
// What the page of a range-diff shows.

#include <string>

namespace patchmill::web {

struct RangeDiff {
  std::string text;       // as `git range-diff` prints it; bytes
  bool of_mails = false;  // of the mails, not of commits
};

}  // namespace patchmill::web
