#pragma once
// Series out of mails: a pure function of the set of mails, so that the order in which they
// arrive cannot matter.

#include "tracker/facts.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::tracker {

struct AssembledPatch {
  std::size_t fact = 0;  // index into Assembly::facts
  int number = 1;
  bool carried_over = false;  // posted with an earlier revision, not again with this one
  friend bool operator==(const AssembledPatch&, const AssembledPatch&) = default;
};

struct AssembledSeries {
  std::optional<std::size_t> cover;  // index into Assembly::facts
  bool cover_carried_over = false;
  std::vector<AssembledPatch> patches;  // ascending by number
  Version version;
  int total = 1;
  std::size_t head = 0;  // its own cover, else its own patch with the lowest number
  Timestamp date{};      // of its earliest own mail
  std::string name;      // Patchwork's; empty while neither cover nor patch 1 is known
  std::string title;     // of the cover, else of the first patch, without prefixes
  std::string note;
  // Index into Assembly::series: the newest revision before it, for one that carries patches over
  // or would if there were any.
  std::optional<std::size_t> rerolls;
  // The mail of the same author that this series was posted in answer to, outside of itself.
  std::optional<std::size_t> answers;  // index into Assembly::facts
};

struct Assembly {
  std::vector<MailFact> facts;          // sorted by (date, msgid)
  std::vector<AssembledSeries> series;  // by (date of the head, msgid of the head)
};

// Every fact becomes part of exactly one series (carried-over patches aside). Mails of threads
// that have nothing in common do not influence each other, so more may be given than needed.
Assembly assemble(std::vector<MailFact> facts, const ReplyParents& replies = {});

}  // namespace patchmill::tracker
