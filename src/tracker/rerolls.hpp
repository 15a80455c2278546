#pragma once
// Partial rerolls: a new version of some patches of a series, posted into its thread.

#include "tracker/posting_sets.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace patchmill::tracker {

struct Reroll {
  std::size_t base = 0;       // index into the sets: the revision it changes
  std::optional<int> number;  // for a patch without counter: the number it replaces
  // Where patches are that the base lacks, newest first: it may be a part of a posting itself.
  std::vector<std::size_t> rest = {};  // indices into the sets
  // A patch without counter, and nothing but it to carry over: it stands for itself, as a revision
  // of the base.
  bool stands_alone = false;
};

// For each set, what it rerolls, if it does. A set is a partial reroll when it is incomplete, has
// no cover and answers patches of the same author's series of the same length:
// - it lacks patch 1, so that it cannot be the beginning of a full posting, and is newer; or
// - each of its patches answers the patch of the same number (b4's rule);
// or when it was posted outside any thread, its first patch being a part of a whole by its looks
// (see is_stray_part), of the number and title of a patch of an older version; or when it is a
// single patch ("[PATCH v2] x") that
// - has the title of a patch of the series it answers, whichever mail of it that is; or
// - names a higher version than the newest that has its title, in whatever thread and at most a
//   year before, if that is a patch of a series or its reroll; or
// - answers a patch of a series under another title, but with a higher version.
// The base is the newest revision before it, which may be a partial reroll itself, or the stray
// beginning of a posting with the number and title of a patch of an older version; it is always
// older in the sense of is_older(), and so is each of `rest` than the one before, as far back as
// titles keep their numbers. A base with a cover has no rest: it was posted as a whole, and what it
// lacks is lost. A single patch with the change-id of what would be its base is no reroll: it is
// all there is of that version. One that names no version gets its base's. It stands alone where
// its base and the rest have neither a cover nor another patch than the one it replaces: a counter
// that was a slip says nothing about it.
std::vector<std::optional<Reroll>> find_rerolls(const std::vector<MailFact>& facts,
                                                const Ancestry& ancestry,
                                                std::vector<PostingSet>& sets);

// Patches posted without the rest of their series are compared by their title with the patches of
// series in other threads, up to this number. For loading what belongs together.
inline constexpr int most_rerolled_by_title = 64;
bool is_single_patch(const MailFact& fact);
// "[PATCH v2 2/3] x" that answers nothing. One that names what it answers belongs to a posting of
// which a mail was lost.
bool is_stray_part(const MailFact& fact);
// The same for any number: "[PATCH v2 1/3] x" may be the beginning of a posting, or all there is.
bool is_stray(const MailFact& fact);

// The order in which revisions follow each other.
bool is_older(const std::vector<MailFact>& facts, const PostingSet& a, const PostingSet& b);

}  // namespace patchmill::tracker
