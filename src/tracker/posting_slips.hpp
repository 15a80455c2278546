#pragma once
// Postings whose subjects contradict each other although they were sent as one.

#include "tracker/posting_sets.hpp"

#include <vector>

namespace patchmill::tracker {

// Joins, with a note:
// - a cover letter that has no patches of its own version and total with the patches sent in
//   answer to it ("[PATCH 0/4] foo (v3)" over "[PATCH 1/4]", "0/5" over "1/4".."4/4");
// - incomplete parts that complement each other and were sent together: patches that count
//   differently ("1/3", "2/3", "3/4"), that forgot the version or carry an older one than the
//   cover they answer ("v2 0/2", "v2 1/2", "2/2"), or any other when the Message-IDs show that one
//   run sent them;
// - parts of one thread, version and total that name different senders, when the Message-IDs show
//   that one run made them (git format-patch without --from, GitGitGadget).
void join_slips(const std::vector<MailFact>& facts, const Ancestry& ancestry,
                std::vector<PostingSet>& sets);

// Numbers in 1..total that a set lacks, at most `max` of them.
std::vector<int> missing_numbers(const std::vector<MailFact>& facts, const PostingSet& set,
                                 std::size_t max);

}  // namespace patchmill::tracker
