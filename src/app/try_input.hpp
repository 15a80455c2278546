#pragma once
// What an author wants tried before posting, as the mails it would become.

#include "git/repository.hpp"
#include "util/result.hpp"

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::app {

struct TryInput {
  std::vector<std::string> mails;  // raw, in order
  git::ObjectId base;              // the parent of commits; empty for mails
  std::string note;                // for people: what was left out, and how to have it
  // Message-ID of a mail of the only series that is to be judged; empty: all are.
  std::string asked = {};
  // Addresses of series that mails name as what they build on (tracker::SeriesAddress::key()), with
  // the Message-ID of a mail of each.
  std::map<std::string, std::string> addresses = {};
};

// Commits of `repository`: "A..B", or one revision (that commit alone). Empty: what is not in the
// upstream of the current branch (behind the commits whose change it has under another id), or HEAD
// alone where there is no upstream. The mails are those of one sender: the user, where they wrote
// or committed any of it, else the last committer; other authors stand in the body, as git
// send-email writes them. Errors: invalid when nothing is named, for a first commit, and when a
// merge or an empty commit is in between; limit when there are more than 1000.
Result<TryInput> try_commits(git::Repository& repository, std::string_view written);

// Mboxes and single mails ("-": standard input), as one input in this order. Of a folder the files
// *.patch, *.eml and *.mbox, or where there are none all files, by name. `named` is not empty.
// Errors: invalid (a file without mail, an empty folder), limit (1000 mails, 256 MiB).
Result<TryInput> try_files(std::span<const std::filesystem::path> named);

// The same from text. Mails that lack what sending adds (Message-ID, references: format-patch
// without --thread, b4 am) get it, so that parts of one posting are known as such whoever wrote
// them and whenever. `name` is for messages.
Result<TryInput> try_mails(std::string_view mbox, const std::string& name);

// The top folder of the checkout `folder` is in. Error not_found outside of one.
Result<std::filesystem::path> find_checkout(const std::filesystem::path& folder);

}  // namespace patchmill::app
