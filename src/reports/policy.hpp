#pragma once
// Who gets which mail, when: data, and one pure function that applies it.
//
// All rules that match speak, and the most restrictive word wins: a recipient is kept when every
// rule that names recipients names them, a verdict is mailed when every rule that names verdicts
// names it, deny beats allow, the longest wait counts, the lowest limit counts, and moderation or
// "no mail" by one rule is enough. Nothing is mailed unless rules say so.

#include "findings/finding.hpp"
#include "mail/address.hpp"
#include "reports/quiet.hpp"
#include "reports/report.hpp"
#include "util/clock.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::reports {

enum class Role {
  author,       // of the patches ("From:" in the body, else of the mail)
  submitter,    // who sent the mails
  signer,       // who signed off; without a sign-off the author, else the submitter
  maintainers,  // as the tree's MAINTAINERS has them
  list,         // the lists the series was posted to
  thread,       // everybody the series was addressed to
  fixed,        // an address of the configuration
};
std::string_view to_string(Role role);
std::optional<Role> role_from(std::string_view text);

struct RecipientSpec {
  Role role = Role::author;
  mail::Address address;  // of fixed
};

// What a rule is about. Empty lists match everything; texts are shell patterns, case ignored.
struct Match {
  std::vector<std::string> projects, lists, trees;
  std::vector<std::string> tags;     // subject prefixes
  std::vector<std::string> authors;  // addresses: the submitter or an author of a patch
  std::vector<CheckClass> classes;   // only what these classes of checks say
  std::vector<std::string> people;   // addresses: only for these recipients
};

struct Rule {
  std::string name;  // for reasons
  Match match;
  std::optional<bool> mail;                          // false: nothing that matches is mailed
  std::optional<std::vector<RecipientSpec>> to, cc;  // set (also empty): names recipients
  std::optional<std::set<findings::Verdict>> verdicts;
  std::vector<std::string> allow, deny;  // addresses; allow empty: everybody
  std::vector<QuietPeriod> quiet;
  std::optional<std::chrono::seconds> delay;   // humans first
  std::optional<std::chrono::seconds> digest;  // collect for this long
  std::optional<bool> moderate;                // held until a person releases it
  std::optional<int> per_thread;               // mails of ours in one thread
  std::optional<int> per_person_day;           // mails of ours to one address in 24 hours
  std::string mail_template;                   // the last matching rule's counts
};

struct Policy {
  std::vector<Rule> rules;
  bool rfc = false;        // also answer series marked RFC
  bool strangers = false;  // also to authors and signers who are not in the mails' headers
  // Older series are not answered: an archive that is imported must not wake old threads.
  std::optional<std::chrono::seconds> max_age = std::chrono::hours(7 * 24);
  bool follow_up = false;  // mail again when the verdict of a revision turns from fail to pass or
                           // back; otherwise one mail a revision
  // Addresses that are never written to, besides people's own wish.
  std::vector<std::string> robots = {
      "*noreply*",    "*no-reply*",   "*donotreply*", "mailer-daemon@*", "postmaster@*",
      "*-bounces@*",  "*-bounces+*",  "syzbot*@*",    "*-bot@*",         "lkp@intel.com",
      "patchwork*@*", "*bugzilla*@*", "root@*"};
  // What counts where no rule says anything.
  std::set<findings::Verdict> standard_verdicts = {findings::Verdict::fail};
  int standard_per_thread = 10;
  int standard_per_person_day = 20;
};

// Faults, one sentence each naming the rule; empty: none.
std::vector<std::string> check_policy(const Policy& policy);

// Everybody a report might be mailed to.
struct People {
  std::vector<mail::Address> authors, signers, maintainers, lists, thread;
  mail::Address submitter;
  std::vector<std::string> present;  // addresses in From, Sender, To and Cc of the series' mails
};

// What has happened before.
struct History {
  int mails_of_revision = 0;                      // about this series, whatever became of them
  std::optional<findings::Verdict> last_verdict;  // that the newest of them told
  int mails_in_thread = 0;                        // of ours
  std::map<std::string, int> mails_to_person;     // within 24 hours, by lower-case address
  std::map<std::string, std::string> opted_out;   // lower-case address: why or since when
  std::vector<std::string> own_addresses;         // patterns
  std::string do_not_answer;                      // why this mail must not be answered; empty
  std::vector<std::string> subject_tags;          // of the series
};

struct RecipientDecision {
  mail::Address address;
  Role role = Role::author;
  bool cc = false;
  bool kept = false;
  std::optional<Timestamp> digest_at;  // kept, but in a digest then
  std::string reason;                  // always set
};
struct EntryDecision {
  bool kept = false;
  std::string reason;
};

struct Decision {
  bool send = false;       // a mail of its own goes out (now, later, or when released)
  bool held = false;       // by moderation
  Timestamp not_before{};  // of the mail
  std::vector<RecipientDecision> recipients;  // everybody considered
  std::vector<EntryDecision> entries;         // one for each of Report::entries
  std::string mail_template;                  // empty: by what failed
  std::vector<std::string> reasons;           // why it goes, waits, is held or is not sent

  [[nodiscard]] std::vector<mail::Address> to() const;  // of the mail of its own
  [[nodiscard]] std::vector<mail::Address> cc() const;
  [[nodiscard]] bool has_digest() const;
};

// Pure: the same input gives the same decision.
Decision decide(const Policy& policy, const Report& report, const People& people,
                const History& history, Timestamp now);

}  // namespace patchmill::reports
