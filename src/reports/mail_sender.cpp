#include "reports/mail_sender.hpp"

#include "reports/opt_out.hpp"
#include "store/outbox.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::reports {
namespace {

constexpr std::size_t k_most_doubtful = 1000;
constexpr std::string_view k_doubt =
    "the mail was handed over, but no answer came: it may have arrived. Look for its Message-ID in "
    "the archive or ask a recipient, then resolve it as sent or send it again";

bool any_in(const StoredMail& mail, RecipientState state) {
  return std::any_of(mail.recipients.begin(), mail.recipients.end(),
                     [state](const MailRecipient& r) { return r.state == state; });
}

RecipientState state_of(delivery::Outcome outcome) {
  switch (outcome) {
    case delivery::Outcome::accepted:
      return RecipientState::accepted;
    case delivery::Outcome::deferred:
      return RecipientState::pending;
    case delivery::Outcome::rejected:
      return RecipientState::rejected;
    case delivery::Outcome::in_doubt:
      break;
  }
  return RecipientState::in_doubt;
}

// "2 accepted, 1 rejected (550 no such user)".
std::string sum_up(const StoredMail& mail) {
  std::string text;
  for (const RecipientState state :
       {RecipientState::accepted, RecipientState::rejected, RecipientState::dropped,
        RecipientState::in_doubt, RecipientState::pending}) {
    int count = 0;
    std::string reply;
    for (const auto& recipient : mail.recipients) {
      if (recipient.state == state) {
        ++count;
        reply = reply.empty() ? recipient.reply : reply;
      }
    }
    if (count > 0) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, to_string(state));
      text += reply.empty() ? "" : fmt::format(" ({})", ellipsize(reply, 200));
    }
  }
  return text;
}

}  // namespace

std::chrono::seconds mail_retry_after(const SenderConfig& config, int attempt, std::uint64_t seed) {
  auto delay = config.first_retry;
  for (int i = 1; i < attempt && delay < config.longest_retry; ++i) {
    delay *= 2;
  }
  delay = std::min(delay, config.longest_retry);
  // splitmix64: neighbouring ids must not retry together.
  std::uint64_t hash = seed + static_cast<std::uint64_t>(attempt) + 0x9e3779b97f4a7c15u;
  hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9u;
  hash = (hash ^ hash >> 27) * 0x94d049bb133111ebu;
  const auto quarter = static_cast<std::uint64_t>(delay.count() / 4) + 1;
  return delay + std::chrono::seconds((hash ^ hash >> 31) % quarter);
}

MailSender::MailSender(store::Database& database, const store::BlobStore& blobs, const Clock& clock,
                       delivery::Transport& transport, SenderConfig config, std::string holder)
    : m_database(database),
      m_queries(database, blobs),
      m_clock(clock),
      m_transport(transport),
      m_config(std::move(config)),
      m_holder(std::move(holder)),
      m_mails(database, clock) {
  if (m_database.engine() == store::Engine::sqlite) {
    // A power cut must not take back that a mail is in doubt.
    m_database.execute_script("PRAGMA synchronous = FULL;");
  }
}

void MailSender::step(std::string_view name) const {
  if (on_step) {
    on_step(name);
  }
}

int MailSender::send_due() {
  int count = 0;
  while (!m_stop.stop_requested()) {
    const auto done = send_one();
    if (!done) {
      break;
    }
    ++count;
    log::info("mail {}: {}: {}", done->mail, to_string(done->state), done->reason);
  }
  m_transport.rest();
  return count;
}

std::optional<MailSender::Step> MailSender::send_one() {
  const auto item =
      store::claim(m_database, m_clock.now(), k_outbox_kind, m_holder, m_config.lease);
  if (!item) {
    return std::nullopt;
  }
  step("claimed");
  const auto id = mail_of_payload(item->payload);
  auto mail = id ? m_mails.mail(*id) : std::nullopt;
  if (!mail || mail->state != MailState::queued) {
    // A person dropped it, or it was concluded by a sender that lost its lease.
    const std::string why = mail ? fmt::format("is {}", to_string(mail->state)) : "is gone";
    if (mail && mail->state == MailState::sent) {
      store::mark_sent(m_database, m_clock.now(), item->id);
    } else {
      store::mark_failed(m_database, item->id, why, std::nullopt);
    }
    return Step{id.value_or(0), mail ? mail->state : MailState::dropped, why};
  }
  const Step done = process(*std::move(mail), item->attempts);
  store::Transaction transaction(m_database);
  switch (done.state) {
    case MailState::queued:
      store::mark_failed(
          m_database, item->id, done.reason,
          m_clock.now() + (m_stop.stop_requested()
                               ? std::chrono::seconds(0)
                               : mail_retry_after(m_config, item->attempts,
                                                  static_cast<std::uint64_t>(done.mail))));
      break;
    case MailState::sent:
      store::mark_sent(m_database, m_clock.now(), item->id);
      break;
    default:
      store::mark_failed(m_database, item->id, done.reason, std::nullopt);
  }
  transaction.commit();
  step("recorded");
  return done;
}

// What has changed since the mail was written: who must not get it any more.
Result<void> MailSender::drop_overtaken(StoredMail& mail) {
  std::vector<std::string> lists;
  std::string overtaken;
  if (mail.series) {
    const auto series = m_queries.series(*mail.series);
    lists = series ? series->list_ids : lists;
    overtaken = series && series->superseded ? "a newer revision is here" : "";
  }
  PM_TRY_ASSIGN(const auto opt_outs, OptOuts::load(m_mails, m_config.opt_out_file));
  for (auto& recipient : mail.recipients) {
    if (recipient.state != RecipientState::pending) {
      continue;
    }
    std::string why = overtaken;
    if (const auto wish = opt_outs.why_not(recipient.address, lists)) {
      why = wish->empty() ? "asked for no mail" : "asked for no mail: " + *wish;
    }
    if (!why.empty()) {
      recipient.state = RecipientState::dropped;
      recipient.reply = why;
      m_mails.set_recipient(mail.id, recipient.address, recipient.state, why);
    }
  }
  return {};
}

bool MailSender::in_archive(const StoredMail& mail) {
  return m_queries.message(mail.msgid).has_value();
}

// A sender died, or lost its connection, after the point of no return.
void MailSender::recover(StoredMail& mail) {
  if (!any_in(mail, RecipientState::in_doubt)) {
    return;
  }
  RecipientState now = RecipientState::in_doubt;
  std::string why;
  if (m_transport.repeatable()) {
    now = RecipientState::pending;
  } else if (in_archive(mail)) {
    now = RecipientState::accepted;
    why = "it has arrived in our archive";
  } else if (m_config.when_in_doubt == WhenInDoubt::resend) {
    now = RecipientState::pending;
  } else if (m_config.when_in_doubt == WhenInDoubt::give_up) {
    now = RecipientState::dropped;
    why = "it may have arrived; not sent again, as configured";
  }
  for (auto& recipient : mail.recipients) {
    if (recipient.state == RecipientState::in_doubt && now != RecipientState::in_doubt) {
      recipient.state = now;
      recipient.reply = why;
      m_mails.set_recipient(mail.id, recipient.address, now, why);
    }
  }
}

MailSender::Step MailSender::process(StoredMail mail, int outbox_attempt) {
  const int attempt = m_mails.begin_attempt(mail.id);
  step("begun");
  recover(mail);
  if (const auto dropped = drop_overtaken(mail); !dropped) {
    // Rather late than to somebody who wants none.
    return {mail.id, MailState::queued, dropped.error().message};
  }
  delivery::Mailing mailing;
  mailing.sender = mail.sender;
  mailing.mail = mail.content;
  mailing.name = mail.msgid;
  for (const auto& recipient : mail.recipients) {
    if (recipient.state == RecipientState::pending) {
      mailing.recipients.push_back(recipient.address);
    }
  }
  if (!mailing.recipients.empty()) {
    bool ours = true;
    const auto outcomes =
        m_transport.deliver(mailing, [&](const std::vector<std::string>& recipients) {
          ours = m_mails.begin_doubt(mail.id, attempt, recipients);
          step("in doubt");
          return ours;
        });
    step("answered");
    if (!ours) {
      return {mail.id, MailState::queued, "another sender has taken over"};
    }
    store::Transaction transaction(m_database);
    for (const auto& outcome : outcomes) {
      const RecipientState state = state_of(outcome.outcome);
      m_mails.set_recipient(mail.id, outcome.address, state, outcome.reply);
      for (auto& recipient : mail.recipients) {
        if (recipient.address == outcome.address) {
          recipient.state = state;
          recipient.reply = outcome.reply;
        }
      }
    }
    // With the answer, so that no crash can fall between.
    const Step done = conclude(mail, outbox_attempt);
    transaction.commit();
    step("concluded");
    return done;
  }
  return conclude(mail, outbox_attempt);
}

MailSender::Step MailSender::conclude(const StoredMail& mail, int outbox_attempt) {
  const std::string summary = sum_up(mail);
  Step done{mail.id, MailState::queued, summary};
  if (any_in(mail, RecipientState::pending)) {
    // Also by the number of attempts: the clock may have been set ahead.
    auto tried = std::chrono::seconds(0);
    for (int attempt = 1; attempt < outbox_attempt; ++attempt) {
      tried += mail_retry_after(m_config, attempt, 0);
    }
    if (m_clock.now() - mail.created < m_config.give_up_after ||
        tried < m_config.give_up_after / 2) {
      return done;
    }
    for (const auto& recipient : mail.recipients) {
      if (recipient.state == RecipientState::pending) {
        m_mails.set_recipient(mail.id, recipient.address, RecipientState::rejected,
                              "given up: " + recipient.reply);
      }
    }
    done.reason =
        fmt::format("given up after {}: {}", count_of(outbox_attempt, "attempt"), summary);
    done.state = any_in(mail, RecipientState::accepted) ? MailState::sent : MailState::failed;
  } else if (any_in(mail, RecipientState::in_doubt)) {
    done.state = MailState::in_doubt;
    done.reason = fmt::format("{}. {}", summary, k_doubt);
  } else if (any_in(mail, RecipientState::accepted)) {
    done.state = MailState::sent;
  } else if (any_in(mail, RecipientState::rejected)) {
    done.state = MailState::failed;
  } else {
    done.state = MailState::dropped;
  }
  if (done.state == MailState::failed || done.state == MailState::in_doubt) {
    log::error("mail {} to {}: {}", mail.id,
               mail.recipients.empty() ? "nobody" : mail.recipients.front().address, done.reason);
  }
  m_mails.set_state(mail.id, done.state, done.reason);
  return done;
}

int MailSender::settle_from_archive() {
  int settled = 0;
  for (const auto& mail : m_mails.in_state(MailState::in_doubt, k_most_doubtful)) {
    if (in_archive(mail)) {
      settled += m_mails.resolve(mail.id, true) ? 1 : 0;
    }
  }
  return settled;
}

}  // namespace patchmill::reports
