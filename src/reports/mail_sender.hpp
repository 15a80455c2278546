#pragma once
// From the outbox to the outside: never lost, never twice.
//
// A mail's way: claimed (a lease) -> attempt begun (fences off earlier senders) -> handed to the
// transport -> just before its last word its recipients are written down as in doubt -> the
// answer is written down, together with the end of the outbox item.
// Killed before "in doubt": nobody has it, the next sender sends it. Killed after the answer was
// written: it is done. Killed between: SMTP has no way to ask, so nobody can know; policy decides.

#include "delivery/transport.hpp"
#include "reports/mail_store.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "tracker/queries.hpp"
#include "util/clock.hpp"
#include "util/result.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace patchmill::reports {

// What happens to a mail that may have arrived.
enum class WhenInDoubt {
  hold,     // a person decides (MailStore::resolve); our own archive may decide earlier
  resend,   // again, with the same Message-ID: never lost, perhaps twice
  give_up,  // never again: never twice, perhaps lost
};

struct SenderConfig {
  WhenInDoubt when_in_doubt = WhenInDoubt::hold;
  // Longer than any delivery takes (delivery::SmtpConfig::total_timeout), or a second sender takes
  // a mail over that is still being sent; it is then fenced off, and the mail waits.
  std::chrono::seconds lease = std::chrono::minutes(40);
  std::chrono::seconds first_retry = std::chrono::minutes(2);
  std::chrono::seconds longest_retry = std::chrono::hours(4);
  std::chrono::seconds give_up_after = std::chrono::hours(5 * 24);  // RFC 5321 section 4.5.4.1
  std::filesystem::path opt_out_file;
};

// When a mail that was deferred is tried again: doubling, at most longest_retry, spread by up to a
// quarter by `seed`.
std::chrono::seconds mail_retry_after(const SenderConfig& config, int attempt, std::uint64_t seed);

class MailSender {
 public:
  // All outlive the sender. `holder` names this process and thread. One thread at a time; several
  // senders may share a store. On SQLite the connection's commits become durable (synchronous).
  MailSender(store::Database& database, const store::BlobStore& blobs, const Clock& clock,
             delivery::Transport& transport, SenderConfig config, std::string holder);

  // Takes one due mail and does with it what can be done. Empty: none is due. What it did is in
  // the store; the outcome is for logs: the mail's state afterwards.
  struct Step {
    std::int64_t mail = 0;
    MailState state = MailState::queued;
    std::string reason;
  };
  std::optional<Step> send_one();
  // All that are due, then the transport rests. Returns how many were taken.
  int send_due();

  // Mails in doubt that have arrived in our own archive by now (a list we read) are sent.
  // Returns how many.
  int settle_from_archive();

  // After a stop send_due() takes no further mail, and one that was broken off is due at once
  // again.
  void stop_with(std::stop_token stop) { m_stop = std::move(stop); }

  // For tests: called with the name of each step it has just done.
  std::function<void(std::string_view)> on_step;

 private:
  Step process(StoredMail mail, int outbox_attempt);
  Result<void> drop_overtaken(StoredMail& mail);
  void recover(StoredMail& mail);
  Step conclude(const StoredMail& mail, int outbox_attempt);
  [[nodiscard]] bool in_archive(const StoredMail& mail);
  void step(std::string_view name) const;

  store::Database& m_database;
  tracker::Queries m_queries;
  const Clock& m_clock;
  delivery::Transport& m_transport;
  SenderConfig m_config;
  std::string m_holder;
  std::stop_token m_stop;
  MailStore m_mails;
};

}  // namespace patchmill::reports
