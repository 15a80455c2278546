#pragma once
// What an author wants tried before posting, as the mails it would become.

#include "git/repository.hpp"
#include "util/result.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::app {

struct TryInput {
  std::vector<std::string> mails;  // raw, in order, each with a Message-ID made of its content
  git::ObjectId base;              // where they are applied; empty: the placer decides
};

// Commits of `repository`: "A..B", or one revision (that commit alone). Empty: what is not in the
// upstream of the current branch, or HEAD alone where there is no upstream.
// Errors: invalid when nothing is named, merges are in between, or there are more than 1000.
Result<TryInput> try_commits(git::Repository& repository, std::string_view range);

// An mbox or a single mail as a file ("-": standard input). The base is left open.
Result<TryInput> try_mailbox(const std::filesystem::path& file);

// The top folder of the checkout `folder` is in. Error not_found outside of one.
Result<std::filesystem::path> find_checkout(const std::filesystem::path& folder);

}  // namespace patchmill::app
