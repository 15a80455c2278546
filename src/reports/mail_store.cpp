#include "reports/mail_store.hpp"

#include "store/event_log.hpp"
#include "store/outbox.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <array>
#include <utility>

namespace patchmill::reports {
namespace {

constexpr std::array<std::string_view, 6> k_mail_states = {"held",   "queued",   "sent",
                                                           "failed", "in-doubt", "dropped"};
constexpr std::array<std::string_view, 5> k_recipient_states = {"pending", "in-doubt", "accepted",
                                                                "rejected", "dropped"};

constexpr std::string_view k_select =
    "SELECT id, key, series, thread, msgid, verdict, template, subject, sender, content, state, "
    "reason, attempt, not_before, created, finished FROM report_mails";

StoredMail mail_from(const store::Row& row) {
  StoredMail mail;
  mail.id = row.integer(0);
  mail.key = row.text(1);
  if (!row.is_null(2)) {
    mail.series = row.integer(2);
  }
  mail.thread = row.text(3);
  mail.msgid = row.text(4);
  mail.verdict = row.text(5);
  mail.mail_template = row.text(6);
  mail.subject = row.text(7);
  mail.sender = row.text(8);
  mail.content = row.bytes(9);
  mail.state = row.get<MailState>(10);
  mail.reason = row.text(11);
  mail.attempt = row.get<int>(12);
  mail.not_before = from_micros(row.integer(13));
  mail.created = from_micros(row.integer(14));
  if (!row.is_null(15)) {
    mail.finished = from_micros(row.integer(15));
  }
  return mail;
}

bool is_final(MailState state) {
  return state != MailState::held && state != MailState::queued;
}

}  // namespace

std::string_view to_string(MailState state) {
  return k_mail_states.at(static_cast<std::size_t>(state));
}
std::string_view to_string(RecipientState state) {
  return k_recipient_states.at(static_cast<std::size_t>(state));
}

std::optional<std::int64_t> mail_of_payload(std::string_view payload) {
  const auto id = parse_uint(payload);
  return id ? std::optional(static_cast<std::int64_t>(*id)) : std::nullopt;
}

MailStore::MailStore(store::Database& database, const Clock& clock)
    : m_database(database), m_clock(clock) {}

std::optional<std::int64_t> MailStore::add(const StoredMail& mail) {
  store::Transaction transaction(m_database);
  const Timestamp now = m_clock.now();
  const auto row = m_database.one<std::int64_t>(
      "INSERT INTO report_mails (key, series, thread, msgid, verdict, template, subject, sender, "
      "content, state, reason, attempt, outbox_runs, not_before, created) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?) ON CONFLICT (key) DO NOTHING "
      "RETURNING id",
      mail.key, mail.series, mail.thread, mail.msgid, mail.verdict, mail.mail_template,
      mail.subject, mail.sender, store::Blob{mail.content}, mail.state, mail.reason,
      to_micros(mail.not_before), to_micros(now));
  if (!row) {
    transaction.commit();
    return std::nullopt;
  }
  const std::int64_t id = std::get<0>(*row);
  for (std::size_t i = 0; i < mail.recipients.size(); ++i) {
    m_database.exec(
        "INSERT INTO report_recipients (mail, position, address, person, state, reply, created, "
        "changed) VALUES (?, ?, ?, ?, 0, '', ?, ?)",
        id, i, mail.recipients[i].address, to_lower(mail.recipients[i].address), to_micros(now),
        to_micros(now));
  }
  StoredMail added = mail;
  added.id = id;
  append_event(added, mail.state == MailState::held ? "mail-held" : "mail-queued", mail.reason);
  if (mail.state == MailState::queued) {
    queue(id, mail.not_before);
  }
  transaction.commit();
  return id;
}

// An outbox row that has ended stays ended, so each time has a key of its own.
void MailStore::queue(std::int64_t id, Timestamp due) {
  const int run = m_database.value<int>(
      "UPDATE report_mails SET outbox_runs = outbox_runs + 1, state = ?, finished = NULL "
      "WHERE id = ? RETURNING outbox_runs",
      MailState::queued, id);
  store::enqueue(m_database, m_clock.now(), fmt::format("mail/{}/{}", id, run), k_outbox_kind,
                 std::to_string(id), due);
}

void MailStore::append_event(const StoredMail& mail, std::string_view kind,
                             std::string_view reason) {
  const boost::json::object payload{{"mail", mail.id},
                                    {"msgid", mail.msgid},
                                    {"subject", mail.subject},
                                    {"reason", mend_utf8(reason)}};
  store::append_event(m_database, m_clock.now(), kind, mail.series, std::nullopt,
                      boost::json::serialize(payload));
}

std::vector<StoredMail> MailStore::select(std::string_view where, std::int64_t value,
                                          std::size_t limit) {
  std::vector<StoredMail> mails;
  m_database.each(
      fmt::format("{} WHERE {} = ? ORDER BY id LIMIT ?", k_select, where),
      [&](const store::Row& row) { mails.push_back(mail_from(row)); }, value, limit);
  for (auto& mail : mails) {
    m_database.each(
        "SELECT address, state, reply FROM report_recipients WHERE mail = ? ORDER BY position",
        [&](const store::Row& row) {
          mail.recipients.push_back(
              {row.get<std::string>(0), row.get<RecipientState>(1), row.get<std::string>(2)});
        },
        mail.id);
  }
  return mails;
}

std::optional<StoredMail> MailStore::mail(std::int64_t id) {
  auto found = select("id", id, 1);
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

std::vector<StoredMail> MailStore::of_series(std::int64_t series) {
  return select("series", series, 1000);
}

std::vector<StoredMail> MailStore::in_state(MailState state, std::size_t limit) {
  return select("state", static_cast<std::int64_t>(state), limit);
}

std::vector<StoredMail> MailStore::newest(std::size_t limit) {
  std::vector<StoredMail> mails;
  for (const auto& [id] : m_database.rows<std::int64_t>(
           "SELECT id FROM report_mails ORDER BY id DESC LIMIT ?", limit)) {
    if (auto found = mail(id)) {
      mails.push_back(*std::move(found));
    }
  }
  return mails;
}

std::int64_t MailStore::count(MailState state) {
  return m_database.value<std::int64_t>("SELECT COUNT(*) FROM report_mails WHERE state = ?", state);
}

int MailStore::begin_attempt(std::int64_t id) {
  return m_database.value<int>(
      "UPDATE report_mails SET attempt = attempt + 1 WHERE id = ? RETURNING attempt", id);
}

bool MailStore::begin_doubt(std::int64_t id, int attempt,
                            const std::vector<std::string>& recipients) {
  store::Transaction transaction(m_database);
  // Writing the mail's row makes two senders wait for each other.
  const auto ours = m_database.exec(
      "UPDATE report_mails SET reason = ? WHERE id = ? AND attempt = ? AND state = ?",
      "the server has been given the mail", id, attempt, MailState::queued);
  if (ours != 1) {
    return false;
  }
  for (const auto& address : recipients) {
    m_database.exec(
        "UPDATE report_recipients SET state = ?, changed = ? WHERE mail = ? AND address = ? AND "
        "state = ?",
        RecipientState::in_doubt, to_micros(m_clock.now()), id, address, RecipientState::pending);
  }
  transaction.commit();
  return true;
}

void MailStore::set_recipient(std::int64_t id, std::string_view address, RecipientState state,
                              std::string_view reply) {
  // What a server has accepted stays accepted, whoever reports late.
  m_database.exec(
      "UPDATE report_recipients SET state = ?, reply = ?, changed = ? WHERE mail = ? AND address = "
      "? AND state <> ?",
      state, mend_utf8(reply), to_micros(m_clock.now()), id, address, RecipientState::accepted);
}

void MailStore::set_state(std::int64_t id, MailState state, std::string_view reason) {
  store::Transaction transaction(m_database);
  const std::string text = ellipsize(mend_utf8(reason), 1000);
  m_database.exec("UPDATE report_mails SET state = ?, reason = ?, finished = ? WHERE id = ?", state,
                  text, is_final(state) ? std::optional(to_micros(m_clock.now())) : std::nullopt,
                  id);
  if (const auto changed = mail(id); changed && is_final(state)) {
    append_event(*changed, fmt::format("mail-{}", to_string(state)), text);
  }
  transaction.commit();
}

}  // namespace patchmill::reports
