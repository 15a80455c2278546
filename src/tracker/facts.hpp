#pragma once
// What series assembly knows of a mail. Small, free of the store and of any clock.

#include "mail/address.hpp"
#include "mail/message.hpp"
#include "mail/subject.hpp"
#include "tracker/model.hpp"
#include "util/clock.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace patchmill::tracker {

// Mails of one posting carry dates at most this far apart when nothing but the subject and the
// author ties them together. Patchwork's bound, as it behaves: 19 minutes belong together, 21 do
// not.
inline constexpr std::chrono::minutes same_posting_window{20};

// Equal titles further apart are no revisions of each other.
inline constexpr std::chrono::days longest_revision_gap{365};
// Clocks of senders differ, and so does the order in which a mailer writes Date headers.
inline constexpr std::chrono::hours revision_clock_slack{24};

// Version of a posting; "v2.1" and "v5a" lie between whole versions.
struct Version {
  int number = 1;
  int minor = 0;
  friend auto operator<=>(const Version&, const Version&) = default;
};

// Orders like the version; for the store.
constexpr std::int64_t version_rank(Version version) {
  return std::int64_t{version.number} * 1000 + version.minor;
}

// One patch, cover letter or pull request. Replies are no facts; see ReplyParents.
struct MailFact {
  std::int64_t id = 0;      // row of the mail
  std::int64_t thread = 0;  // equal for mails connected by references
  std::string msgid;
  std::vector<std::string> parents;  // In-Reply-To and References, nearest first, unique
  mail::Address from;
  std::optional<Timestamp> date;
  mail::Subject subject;
  bool is_pull_request = false;
  std::string change_id;  // b4's; empty: none

  // Patches without a counter stand for themselves.
  [[nodiscard]] bool is_numbered() const { return subject.number && subject.total; }
  [[nodiscard]] bool is_cover() const { return is_numbered() && *subject.number == 0; }
  [[nodiscard]] int number() const { return is_numbered() ? *subject.number : 1; }
  [[nodiscard]] int total() const { return is_numbered() ? *subject.total : 1; }
  [[nodiscard]] Timestamp when() const { return date.value_or(Timestamp{}); }
};

// Message-ID of a reply -> Message-ID of what it answers. Lets a revision that was posted in
// answer to a review find the patch that was reviewed.
using ReplyParents = std::unordered_map<std::string, std::string>;

struct Classified {
  MessageKind kind = MessageKind::reply;
  std::string reason;  // why a mail is unusable
};
// What a mail is, judged by itself alone.
Classified classify(const mail::Message& message, const mail::Subject& subject);
// Of a patch whose diff cannot be parsed for this reason.
std::string damaged_diff_note(std::string_view fault);

// In-Reply-To and References of a mail, nearest first, unique, at most `max` (the oldest is kept).
std::vector<std::string> parents_of(const mail::Message& message, std::size_t max = 100);

// The subject of a mail from these lists: words that only name the list are no information.
// `list_words` are such words (a Patchwork link name), also recognised is the "[LABEL] " that
// mailman puts in front, LABEL being the first word of the list's id.
mail::Subject subject_of(std::string_view decoded, const std::vector<std::string>& list_ids,
                         const std::vector<std::string>& list_words);

Version version_of(const mail::Subject& subject);

// Who posted: equal for mails of the same person. Mails whose author a list hid behind its own
// address ("Alice via list <list@…>") differ by name.
std::string author_key(const mail::Address& from);

// Equal for mails that may be parts of one posting although no reference ties them together;
// empty for mails that stand for themselves.
std::optional<std::int64_t> posting_key(const MailFact& fact);

// What Message-IDs made by one run of git send-email, git format-patch, GitGitGadget or b4 have in
// common; empty for ids of other makers.
std::string posting_run(std::string_view msgid);

}  // namespace patchmill::tracker
