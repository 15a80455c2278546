#pragma once
// Mails in the store: what was decided, what is held, queued, sent, in doubt.

#include "reports/policy.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::reports {

// Whether who was told this verdict would be told the opposite now. Our own trouble (incomplete)
// turns nothing.
bool has_turned(std::string_view told, findings::Verdict now);

inline constexpr std::string_view k_outbox_kind = "mail";

enum class MailState {
  held = 0,      // until a person releases it
  queued = 1,    // in the outbox
  sent = 2,      // every recipient's server has answered for good, at least one accepted
  failed = 3,    // nobody has it; a person may send it again
  in_doubt = 4,  // somebody may have it; a person must say
  dropped = 5,   // not sent on purpose
};
enum class RecipientState { pending = 0, in_doubt = 1, accepted = 2, rejected = 3, dropped = 4 };
std::string_view to_string(MailState state);
std::string_view to_string(RecipientState state);

struct MailRecipient {
  std::string address;
  RecipientState state = RecipientState::pending;
  std::string reply;
};

struct StoredMail {
  std::int64_t id = 0;
  std::string key;
  std::optional<std::int64_t> series;
  std::string thread, msgid, verdict, mail_template, subject, sender, content;
  MailState state = MailState::queued;
  std::string reason;
  int attempt = 0;
  Timestamp not_before{}, created{};
  std::optional<Timestamp> finished;
  std::vector<MailRecipient> recipients;
};

// Every change is a transaction of its own or part of the caller's, with its event
// ("mail-queued", "mail-held", "mail-sent", "mail-failed", "mail-in-doubt", "mail-dropped").
class MailStore {
 public:
  MailStore(store::Database& database, const Clock& clock);

  // Held, or queued and put into the outbox (due at not_before). Empty when a mail with this key
  // exists: then nothing changes.
  std::optional<std::int64_t> add(const StoredMail& mail);

  std::optional<StoredMail> mail(std::int64_t id);
  std::vector<StoredMail> of_series(std::int64_t series);                // oldest first
  std::vector<StoredMail> in_state(MailState state, std::size_t limit);  // oldest first
  std::vector<StoredMail> newest(std::size_t limit);                     // newest first
  std::int64_t count(MailState state);

  // --- sending (MailSender) ---
  // Takes the mail over: a sender of an earlier attempt cannot get past begin_doubt() any more.
  int begin_attempt(std::int64_t id);
  // Writes down that these recipients may get the mail from now on. False when somebody else has
  // taken over. Durable when it returns, also against a power cut.
  bool begin_doubt(std::int64_t id, int attempt, const std::vector<std::string>& recipients);
  void set_recipient(std::int64_t id, std::string_view address, RecipientState state,
                     std::string_view reply);
  void set_state(std::int64_t id, MailState state, std::string_view reason);

  // --- people ---
  // Each: false when the mail is not in a state for it; nothing changes then.
  bool release(std::int64_t id);                        // held: goes out now
  bool drop(std::int64_t id, std::string_view reason);  // held, queued, failed or in doubt
  // In doubt: `delivered` says the recipients have it; else they are sent to again.
  bool resolve(std::int64_t id, bool delivered);
  bool send_again(std::int64_t id);  // failed: the recipients without it

  // What has not begun to leave and says that it fails, or does not, where now it is the other way
  // round. It counts as never written.
  void withdraw_turned(std::int64_t series, findings::Verdict now);

  // --- what decide() needs ---
  int mails_of_series(std::int64_t series, std::optional<findings::Verdict>& last_verdict);
  // Also those that were withdrawn.
  int mails_ever_of_series(std::int64_t series);
  int mails_in_thread(std::string_view thread);
  int mails_to_person(std::string_view address, Timestamp since);

  void set_decision(std::int64_t series, std::string_view json);
  std::optional<std::string> decision(std::int64_t series);

  // `list` empty: all mail. The address is compared in lower case.
  void opt_out(std::string_view address, std::string_view list, std::string_view reason);
  bool opt_in(std::string_view address, std::string_view list);
  struct OptOut {
    std::string person, list, reason;
    Timestamp time{};
  };
  std::vector<OptOut> opt_outs();
  // Why this person gets no mail about a series of these lists; empty optional: they may.
  std::optional<std::string> opted_out(std::string_view address,
                                       const std::vector<std::string>& lists);

 private:
  void queue(std::int64_t id, Timestamp due);
  std::vector<StoredMail> select(std::string_view where, std::int64_t value, std::size_t limit);
  void append_event(const StoredMail& mail, std::string_view kind, std::string_view reason);
  store::Database& m_database;
  const Clock& m_clock;
};

// The id of the mail an outbox item is about.
std::optional<std::int64_t> mail_of_payload(std::string_view payload);

}  // namespace patchmill::reports
