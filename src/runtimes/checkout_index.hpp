#pragma once
// The index beside a checkout: what `git ls-files`, `git status` and `git describe --dirty` of a
// job look at. It records the files' times, so that git need not read them.

#include "git/object_id.hpp"
#include "git/repository.hpp"
#include "runtimes/checkout.hpp"
#include "util/result.hpp"
#include "util/subprocess.hpp"

#include <map>
#include <string>
#include <vector>

namespace patchmill::runtimes {

// What a path must become: mode 0 removes it.
using PathChanges = std::map<std::string, git::TreeEntry>;

// A git command on the checkout's own git folder and index, with files readable by the user jobs
// run as. Error: invalid for trees with impossible paths, else infrastructure.
Result<Completed> run_checkout_git(const CheckoutPlace& place, std::vector<std::string> args,
                                   std::string input = {});

// Makes the index that of `commit`, from whatever there is. Reads the files whose times it does not
// know: without `times_count`, all of them.
Result<void> make_index(const CheckoutPlace& place, const git::ObjectId& commit, bool times_count);

// Brings the index along after these paths of the folder were written. Removed ones need the id
// that git diff-tree prints for them.
Result<void> update_index(const CheckoutPlace& place, const PathChanges& changes);

}  // namespace patchmill::runtimes
