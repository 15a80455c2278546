#pragma once
// Which series is the next version of which: pure functions over facts of series.

#include "tracker/assembly.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace patchmill::tracker {

enum class KeyKind { change_id, title, patch_title };

// Hashes under which a series is looked up; each includes the author except the change-id.
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
  Timestamp date{};
  std::string head_msgid;
  bool is_resend = false;
  std::optional<std::int64_t> rerolls;     // the series whose patches it carries over
  std::optional<std::int64_t> answers;     // the series it was posted in answer to
  std::optional<std::int64_t> supersedes;  // the series its "Supersedes:" names
  std::vector<RevisionKey> keys;           // ascending
};

// Keys of a series: its change-id, title and patch titles (at most 64 of them).
std::vector<RevisionKey> revision_keys(const std::string& author, const std::string& change_id,
                                       const std::string& title,
                                       const std::vector<std::string>& patch_titles);

// The series that `fact` continues, among `candidates` (those that share a key with it and those
// it names). In this order of trust: a partial reroll's base, "Supersedes:", the change-id, an
// answer to an older version of the same author, then the same author's title (or most patch
// titles) at most a year before. Of several the newest.
std::optional<std::int64_t> previous_of(const RevisionFact& fact,
                                        std::span<const RevisionFact> candidates);

// The order of revisions within a work: version, then date.
bool comes_before(const RevisionFact& a, const RevisionFact& b);

}  // namespace patchmill::tracker
