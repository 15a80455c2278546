#pragma once
// public-inbox archives: git repositories of mails (public-inbox-v1-format(5), -v2-format(5)).

#include "intake/source.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace patchmill::intake {

// One repository: a version 1 inbox (a file a mail, 2/38) or an epoch of version 2 (a commit a
// mail, file `m`). In the order of the commits, from the commit after the last one read; all of
// it when history was rewritten. Mails that a later commit deletes are left out; those that were
// stored before their deletion stay. Mails that git cannot give (objects that are missing or
// damaged) are left out, remembered in the store, and tried again by every later reading. `key`
// names the cursor.
std::unique_ptr<Source> open_inbox_repository(std::filesystem::path git_dir, std::string key);

// The epochs of a version 2 inbox folder ("git/0.git", "git/1.git", … or the same without
// "git/"), by number. Empty: it is none.
std::vector<std::filesystem::path> epochs_of(const std::filesystem::path& folder);

}  // namespace patchmill::intake
