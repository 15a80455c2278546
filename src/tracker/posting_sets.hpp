#pragma once
// Which mails were posted together: one author or one run of a tool, one version, each number at
// most once.

#include "tracker/ancestry.hpp"
#include "tracker/facts.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::tracker {

struct PostingSet {
  std::optional<std::size_t> cover;  // index of a fact
  std::vector<std::size_t> patches;  // indices of facts, ascending by number
  Version version;
  int total = 1;
  Timestamp first{};  // date of its earliest mail
  std::string note;

  // The mail that stands for the set: the cover, else the patch with the lowest number.
  [[nodiscard]] std::size_t head() const { return cover ? *cover : patches.front(); }
};

// Every patch and cover ends in exactly one set. `facts` are sorted by (date, msgid).
std::vector<PostingSet> posting_sets(const std::vector<MailFact>& facts, const Ancestry& ancestry);

// Adds a sentence to a note.
void add_note(std::string& note, std::string_view sentence);

}  // namespace patchmill::tracker
