#pragma once
// Which series is the next version of which: pure functions over facts of series.

#include "tracker/assembly.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::tracker {

enum class KeyKind { change_id, title, patch_title, single };

// Hashes under which a series is looked up; each includes the author except the change-id. `single`
// finds patches posted by themselves, or at the head of a posting that answers nothing, that may be
// rerolls of a patch of that title; it links no revisions.
struct RevisionKey {
  KeyKind kind = KeyKind::title;
  std::int64_t key = 0;
  friend auto operator<=>(const RevisionKey&, const RevisionKey&) = default;
};

struct RevisionFact {
  std::int64_t series = 0;  // its number
  std::string author;       // author_key()
  Version version;
  int total = 1;
  bool has_cover = false;
  Timestamp date{};
  std::string head_msgid;
  bool is_rfc = false, is_resend = false;
  std::vector<std::string> tags;           // work_tags()
  std::vector<std::string> lists;          // their ids
  std::optional<std::int64_t> rerolls;     // the series whose patches it carries over
  std::optional<std::int64_t> answers;     // the series it was posted in answer to
  std::optional<std::int64_t> supersedes;  // the series its "Supersedes:" names
  std::vector<RevisionKey> keys;           // ascending
  // --- for sort_revisions() alone ---
  bool is_whole = true;  // has a cover or a first patch, and nothing that is carried over
  std::string diffs;     // the hashes of its patches' diffs, in order; empty: not known
};

// Keys of a series: its change-id, title and patch titles (at most 64 of them).
std::vector<RevisionKey> revision_keys(const std::string& author, const std::string& change_id,
                                       const std::string& title,
                                       const std::vector<std::string>& patch_titles);

RevisionKey patch_title_key(const std::string& author, std::string_view title);
RevisionKey single_key(const std::string& author, std::string_view title);

// The words of a subject's prefixes that tell works apart, because they name a tree or a branch
// ("net-next", "6.1.y"): lower case, ascending, unique. Words for the state of a posting ("RFC",
// "RESEND") and the name of the list do not.
std::vector<std::string> work_tags(const std::vector<std::string>& prefixes,
                                   const std::vector<std::string>& list_ids);

// A single patch after a series of several, without carrying the others over: unless something says
// that it stands for the whole series, the others are still wanted.
bool drops_patches(const RevisionFact& later, const RevisionFact& earlier);

// Whether tags allow `later` to continue `earlier`: those of one version must agree, as a backport
// for another tree carries the same title; a newer version may go to another tree, but not from one
// numbered branch ("5.10.y") to another.
bool tags_fit(const RevisionFact& later, const RevisionFact& earlier);

// The series that `fact` continues, among `candidates` (those that share a key with it and those
// it names). In this order of trust: a partial reroll's base, "Supersedes:", the change-id (the
// same author's first), an answer to an older version of the same author, then the same author's
// title (or most patch titles) at most a year before, rather with the same tags than with others.
// Of several the newest. Mails that one run of a mailer sent are no revisions of each other, and at
// the same version a title links only what has the same tags and a list in common.
std::optional<std::int64_t> previous_of(const RevisionFact& fact,
                                        std::span<const RevisionFact> candidates);

// For a series that continues none by itself: where a newer one of its author and title was posted
// in answer to a version older than both, all three are one work, and that version is what it
// continues. `newer` continues `answered`, as previous_of() has it.
struct Answer {
  const RevisionFact* newer = nullptr;
  const RevisionFact* answered = nullptr;
};
// Whether `newer`, if its answer is such, may say so.
bool may_stand_between(const RevisionFact& fact, const RevisionFact& newer);
// Of several the one that the nearest newer series answers.
std::optional<std::int64_t> previous_by_answers(const RevisionFact& fact,
                                                std::span<const Answer> answers);

// The order of postings by version, then date.
bool comes_before(const RevisionFact& a, const RevisionFact& b);

// Whether `later` is a later count: of a higher version, or for real after requests for comments,
// whose versions many count for themselves ("RFC v2", then "PATCH").
bool counts_higher(const RevisionFact& later, const RevisionFact& earlier);

// The order of revisions within a work: as comes_before(), but what was posted for real stands
// above every request for comments before it, and a count that begins anew above the one before: a
// whole series of a lower version than those before it, with the tags of the highest, and more than
// half a day after it. What was sent once more by accident, equal to an older version but not to
// the highest, begins none.
void sort_revisions(std::vector<const RevisionFact*>& revisions);

}  // namespace patchmill::tracker
