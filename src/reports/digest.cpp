#include "reports/digest.hpp"

#include "mail/header_encode.hpp"
#include "reports/opt_out.hpp"
#include "reports/reporter.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace patchmill::reports {
namespace {

constexpr std::size_t k_most_entries = 50;

std::string entry_json(const tracker::Series& series, const Report& report) {
  boost::json::object entry;
  entry["title"] = report.title;
  entry["verdict"] = findings::to_string(report.verdict);
  entry["headline"] = mail::header_text(headline_of(report));
  entry["url"] = report.url;
  entry["msgid"] = series.cover_msgid.empty() && !series.patches.empty()
                       ? series.patches.front().msgid
                       : series.cover_msgid;
  return boost::json::serialize(entry);
}

DigestEntry entry_from(const std::string& text) {
  boost::system::error_code error;
  const auto value = boost::json::parse(text, error);
  DigestEntry entry;
  if (error || !value.is_object()) {
    return entry;
  }
  const auto read = [&](std::string_view key) {
    const auto* found = value.as_object().if_contains(key);
    return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
  };
  entry.title = read("title");
  entry.verdict = read("verdict");
  entry.headline = read("headline");
  entry.url = read("url");
  entry.msgid = read("msgid");
  return entry;
}

}  // namespace

mail::OutgoingMail outgoing(const Identity& identity) {
  mail::OutgoingMail out;
  out.from = identity.from;
  out.reply_to = identity.reply_to;
  out.encoding = identity.encoding;
  out.fields.emplace_back("Auto-Submitted", "auto-generated");
  if (identity.precedence_bulk) {
    out.fields.emplace_back("Precedence", "bulk");
  }
  // Exchange answers by its own rules otherwise.
  out.fields.emplace_back("X-Auto-Response-Suppress", "All");
  out.fields.emplace_back(std::string(k_loop_field), identity.message_id_domain());
  out.fields.emplace_back("List-Unsubscribe", identity.opt_out_url.empty()
                                                  ? fmt::format("<mailto:{}?subject=unsubscribe>",
                                                                identity.person().email)
                                                  : fmt::format("<{}>", identity.opt_out_url));
  return out;
}

std::string envelope_sender(const Identity& identity) {
  return identity.envelope_sender.empty() ? identity.from.email : identity.envelope_sender;
}

void add_to_digest(store::Database& database, Timestamp now, const tracker::Series& series,
                   const Report& report, const RecipientDecision& recipient) {
  const std::string person = to_lower(recipient.address.email);
  const auto collecting = database.one<std::optional<std::int64_t>>(
      "SELECT MIN(due) FROM report_digests WHERE person = ? AND mail IS NULL", person);
  const std::int64_t due = collecting && std::get<0>(*collecting)
                               ? *std::get<0>(*collecting)
                               : to_micros(recipient.digest_at.value_or(now));
  database.exec(
      "INSERT INTO report_digests (person, address, name, series, entry, due, created) "
      "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (person, series) DO UPDATE SET "
      "entry = excluded.entry WHERE report_digests.mail IS NULL",
      person, recipient.address.email, mail::header_text(recipient.address.name), series.number,
      entry_json(series, report), due, to_micros(now));
}

Result<int> Reporter::make_digests() {
  const auto due = m_database.rows<std::string>(
      // Set back, the clock would have it wait for years.
      "SELECT DISTINCT person FROM report_digests WHERE mail IS NULL AND (due <= ? OR created > ?)"
      " ORDER BY person",
      to_micros(m_clock.now()), to_micros(m_clock.now() + std::chrono::minutes(1)));
  int made = 0;
  for (const auto& [person] : due) {
    PM_TRY_ASSIGN(const bool mailed, make_digest(person));
    made += mailed ? 1 : 0;
  }
  return made;
}

Result<bool> Reporter::make_digest(const std::string& person) {
  store::Transaction transaction(m_database);
  const auto rows =
      m_database.rows<std::int64_t, std::string, std::string, std::int64_t, std::string>(
          "SELECT id, address, name, series, entry FROM report_digests WHERE person = ? AND mail "
          "IS NULL ORDER BY id LIMIT ?",
          person, k_most_entries);
  PM_TRY_ASSIGN(const auto opt_outs, OptOuts::load(m_mails, m_config.opt_out_file));
  std::vector<DigestEntry> entries;
  std::string ids;
  for (const auto& [id, address, name, number, text] : rows) {
    const auto series = m_queries.series(number);
    ids += fmt::format("{}\n", id);
    auto entry = entry_from(text);
    const auto now = m_nodes.verdict(number);
    // What was true then is no news when a newer revision is here, when it has turned since, or
    // wished for by nobody.
    if (series && !series->superseded && !(now && has_turned(entry.verdict, now->verdict)) &&
        !opt_outs.why_not(address, series->list_ids)) {
      entries.push_back(std::move(entry));
    }
  }
  std::int64_t mail_id = 0;
  if (!entries.empty()) {
    const auto& [id, address, name, number, text] = rows.front();
    const Identity& identity = m_config.identity;
    Words words;
    words.person = {name, address};
    words.contact = mail::to_string(identity.person());
    words.opt_out = identity.opt_out_sentence();
    PM_TRY_ASSIGN(const auto rendered, render_digest(m_templates, "digest", entries, words));
    mail::OutgoingMail out = outgoing(identity);
    out.to = {words.person};
    out.subject = rendered.subject.empty() ? fmt::format("{} test reports", entries.size())
                                           : rendered.subject;
    out.date = m_clock.now();
    out.message_id = make_message_id(identity, fmt::format("digest\n{}\n{}", person, ids));
    out.text = rendered.text;
    StoredMail mail;
    PM_TRY_ASSIGN(mail.content, mail::compose(out));
    mail.key = fmt::format("digest/{}/{}", person, id);
    mail.msgid = out.message_id;
    mail.mail_template = "digest";
    mail.subject = mail::header_text(out.subject);
    mail.sender = envelope_sender(identity);
    mail.reason = "a digest is due";
    mail.not_before = m_clock.now();
    mail.recipients.push_back({address, RecipientState::pending, ""});
    mail_id = m_mails.add(mail).value_or(0);
  }
  for (const auto& row : rows) {
    m_database.exec("UPDATE report_digests SET mail = ? WHERE id = ?", mail_id, std::get<0>(row));
  }
  transaction.commit();
  return mail_id != 0;
}

}  // namespace patchmill::reports
