// The half of MailStore that people and decisions use.

#include "reports/mail_store.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

namespace patchmill::reports {
namespace {

// Why a mail was withdrawn, and by which it is told from what a person took out.
constexpr std::string_view k_turned = "the verdict has turned before it left";

}  // namespace

bool has_turned(std::string_view told, findings::Verdict now) {
  const bool failed = told == findings::to_string(findings::Verdict::fail);
  return now != findings::Verdict::incomplete && failed != (now == findings::Verdict::fail);
}

bool MailStore::release(std::int64_t id) {
  store::Transaction transaction(m_database);
  const auto found = mail(id);
  if (!found || found->state != MailState::held) {
    return false;
  }
  set_state(id, MailState::queued, "released by a person");
  queue(id, std::max(m_clock.now(), found->not_before));
  append_event(*found, "mail-queued", "released by a person");
  transaction.commit();
  return true;
}

bool MailStore::drop(std::int64_t id, std::string_view reason) {
  store::Transaction transaction(m_database);
  const auto found = mail(id);
  if (!found || found->state == MailState::sent || found->state == MailState::dropped) {
    return false;
  }
  for (const auto& recipient : found->recipients) {
    if (recipient.state == RecipientState::pending) {
      set_recipient(id, recipient.address, RecipientState::dropped, reason);
    }
  }
  set_state(id, MailState::dropped, reason);
  transaction.commit();
  return true;
}

void MailStore::withdraw_turned(std::int64_t series, findings::Verdict now) {
  store::Transaction transaction(m_database);
  for (const StoredMail& mail : of_series(series)) {
    const bool waits = mail.state == MailState::held || mail.state == MailState::queued;
    if (waits && mail.attempt == 0 && has_turned(mail.verdict, now)) {
      drop(mail.id, k_turned);
    }
  }
  transaction.commit();
}

bool MailStore::resolve(std::int64_t id, bool delivered) {
  store::Transaction transaction(m_database);
  const auto found = mail(id);
  if (!found || found->state != MailState::in_doubt) {
    return false;
  }
  bool open = false;
  for (const auto& recipient : found->recipients) {
    if (recipient.state == RecipientState::in_doubt) {
      set_recipient(id, recipient.address,
                    delivered ? RecipientState::accepted : RecipientState::pending,
                    delivered ? "a person says it arrived" : "a person says it did not arrive");
      open = open || !delivered;
    } else {
      open = open || recipient.state == RecipientState::pending;
    }
  }
  if (open) {
    set_state(id, MailState::queued, "resolved by a person");
    queue(id, m_clock.now());
  } else {
    set_state(id, MailState::sent, "resolved by a person: it arrived");
  }
  transaction.commit();
  return true;
}

bool MailStore::send_again(std::int64_t id) {
  store::Transaction transaction(m_database);
  const auto found = mail(id);
  if (!found || found->state != MailState::failed) {
    return false;
  }
  for (const auto& recipient : found->recipients) {
    if (recipient.state == RecipientState::rejected) {
      set_recipient(id, recipient.address, RecipientState::pending, "");
    }
  }
  set_state(id, MailState::queued, "sent again by a person");
  queue(id, m_clock.now());
  transaction.commit();
  return true;
}

int MailStore::mails_of_series(std::int64_t series,
                               std::optional<findings::Verdict>& last_verdict) {
  int count = 0;
  m_database.each(
      "SELECT verdict FROM report_mails WHERE series = ? AND NOT (state = ? AND reason = ?)"
      " ORDER BY id",
      [&](const store::Row& row) {
        ++count;
        last_verdict = findings::verdict_from(row.text(0));
      },
      series, MailState::dropped, k_turned);
  return count;
}

int MailStore::mails_ever_of_series(std::int64_t series) {
  return m_database.value<int>("SELECT COUNT(*) FROM report_mails WHERE series = ?", series);
}

int MailStore::mails_in_thread(std::string_view thread) {
  return m_database.value<int>("SELECT COUNT(*) FROM report_mails WHERE thread = ? AND state <> ?",
                               thread, MailState::dropped);
}

int MailStore::mails_to_person(std::string_view address, Timestamp since) {
  return m_database.value<int>(
      "SELECT COUNT(*) FROM report_recipients WHERE person = ? AND created > ? AND state <> ?",
      to_lower(address), to_micros(since), RecipientState::dropped);
}

void MailStore::set_decision(std::int64_t series, std::string_view json) {
  m_database.exec(
      "INSERT INTO report_decisions (series, time, decision) VALUES (?, ?, ?) ON CONFLICT (series) "
      "DO UPDATE SET time = excluded.time, decision = excluded.decision",
      series, to_micros(m_clock.now()), json);
}

std::optional<std::string> MailStore::decision(std::int64_t series) {
  const auto row =
      m_database.one<std::string>("SELECT decision FROM report_decisions WHERE series = ?", series);
  return row ? std::optional(std::get<0>(*row)) : std::nullopt;
}

void MailStore::opt_out(std::string_view address, std::string_view list, std::string_view reason) {
  m_database.exec(
      "INSERT INTO report_optouts (person, list, reason, time) VALUES (?, ?, ?, ?) ON CONFLICT "
      "(person, list) DO UPDATE SET reason = excluded.reason",
      to_lower(mend_utf8(trim(address))), to_lower(mend_utf8(trim(list))),
      ellipsize(mend_utf8(reason), 300), to_micros(m_clock.now()));
}

bool MailStore::opt_in(std::string_view address, std::string_view list) {
  return m_database.exec("DELETE FROM report_optouts WHERE person = ? AND list = ?",
                         to_lower(mend_utf8(trim(address))), to_lower(mend_utf8(trim(list)))) > 0;
}

std::vector<MailStore::OptOut> MailStore::opt_outs() {
  std::vector<OptOut> result;
  m_database.each("SELECT person, list, reason, time FROM report_optouts ORDER BY person, list",
                  [&](const store::Row& row) {
                    result.push_back({row.get<std::string>(0), row.get<std::string>(1),
                                      row.get<std::string>(2), from_micros(row.integer(3))});
                  });
  return result;
}

std::optional<std::string> MailStore::opted_out(std::string_view address,
                                                const std::vector<std::string>& lists) {
  std::optional<std::string> why;
  m_database.each(
      "SELECT list, reason FROM report_optouts WHERE person = ?",
      [&](const store::Row& row) {
        const std::string list = row.get<std::string>(0), reason = row.get<std::string>(1);
        bool meant = list.empty();
        for (const auto& id : lists) {
          meant = meant || to_lower(id) == list;
        }
        if (meant) {
          why = list.empty()
                    ? reason
                    : fmt::format("about {}{}{}", list, reason.empty() ? "" : ", ", reason);
        }
      },
      to_lower(mend_utf8(address)));
  return why;
}

}  // namespace patchmill::reports
