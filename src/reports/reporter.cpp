#include "reports/reporter.hpp"

#include "mail/header_encode.hpp"
#include "mail/outgoing.hpp"
#include "mail/reply_marks.hpp"
#include "reports/digest.hpp"
#include "reports/opt_out.hpp"
#include "reports/people.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::reports {
namespace {

// Mails of a series that are read for people; more say nothing new.
constexpr std::size_t k_most_mails = 100;

std::string root_of(const mail::Message& head) {
  if (!head.references.empty()) {
    return head.references.front();
  }
  return head.in_reply_to.empty() ? head.message_id : head.in_reply_to.front();
}

}  // namespace

std::vector<std::string> check_config(const ReporterConfig& config, const TemplateSet& templates) {
  std::vector<std::string> faults = check_policy(config.policy);
  if (config.policy.rules.empty()) {
    return faults;
  }
  for (auto& fault : check_identity(config.identity)) {
    faults.push_back(std::move(fault));
  }
  for (const auto& rule : config.policy.rules) {
    if (!rule.mail_template.empty() && !templates.has(rule.mail_template)) {
      const auto names = templates.names();
      const auto near = nearest_name(rule.mail_template, names);
      faults.push_back(fmt::format(
          "mail rule '{}': there is no template '{}'{}", rule.name,
          escape_terminal(rule.mail_template),
          near ? fmt::format("; did you mean '{}'?", *near) : "; there are: " + join(names, ", ")));
    }
  }
  return faults;
}

Report visible(const Report& report, const Decision& decision) {
  Report result = report;
  result.entries.clear();
  for (std::size_t i = 0; i < report.entries.size(); ++i) {
    if (i < decision.entries.size() && decision.entries[i].kept) {
      result.entries.push_back(report.entries[i]);
    }
  }
  return result;
}

Reporter::Reporter(store::Database& database, const store::BlobStore& blobs, const Clock& clock,
                   ReporterConfig config, TemplateSet templates)
    : m_database(database),
      m_queries(database, blobs),
      m_nodes(database, clock),
      m_clock(clock),
      m_config(std::move(config)),
      m_templates(std::move(templates)),
      m_mails(database, clock) {}

Result<std::vector<mail::Message>> Reporter::load_mails(const tracker::Series& series) {
  std::vector<std::int64_t> rows;
  if (series.cover_message) {
    rows.push_back(*series.cover_message);
  }
  for (const auto& patch : series.patches) {
    // What was carried over from an earlier revision is in another place of the thread.
    if (!patch.carried_over || series.patches.size() == 1) {
      rows.push_back(patch.message);
    }
  }
  rows.resize(std::min(rows.size(), k_most_mails));
  std::vector<mail::Message> mails;
  for (const auto row : rows) {
    auto parsed = m_queries.parsed(row);
    if (!parsed) {
      return fail_with(fmt::format("a mail of series {}", series.number), parsed.error());
    }
    mails.push_back(*std::move(parsed));
  }
  if (mails.empty()) {
    return fail(ErrorKind::not_found, fmt::format("series {} has no mails", series.number));
  }
  return mails;
}

Result<History> Reporter::history_of(const tracker::Series& series, const std::string& thread,
                                     const std::vector<mail::Message>& mails,
                                     const People& people) {
  History history;
  history.subject_tags = series.prefixes;
  history.mails_of_revision = m_mails.mails_of_series(series.number, history.last_verdict);
  history.mails_in_thread = m_mails.mails_in_thread(thread);
  history.own_addresses = m_config.identity.all_own_addresses();
  for (const auto& mail : mails) {
    if (history.do_not_answer.empty()) {
      history.do_not_answer = reason_not_to_answer(mail, m_config.identity);
    }
  }
  PM_TRY_ASSIGN(const auto opt_outs, OptOuts::load(m_mails, m_config.opt_out_file));
  std::vector<mail::Address> everybody = {people.submitter};
  for (const auto* group :
       {&people.authors, &people.signers, &people.maintainers, &people.lists, &people.thread}) {
    everybody.insert(everybody.end(), group->begin(), group->end());
  }
  for (const auto& rule : m_config.policy.rules) {
    for (const auto* specs : {&rule.to, &rule.cc}) {
      for (const auto& spec : specs->value_or(std::vector<RecipientSpec>{})) {
        everybody.push_back(spec.address);
      }
    }
  }
  const Timestamp since = m_clock.now() - std::chrono::hours(24);
  for (const auto& person : everybody) {
    const std::string email = to_lower(mend_utf8(person.email));
    if (email.empty() || history.mails_to_person.contains(email)) {
      continue;
    }
    history.mails_to_person[email] = m_mails.mails_to_person(email, since);
    if (const auto why = opt_outs.why_not(email, series.list_ids)) {
      history.opted_out[email] = *why;
    }
  }
  return history;
}

Result<Preview> Reporter::preview(const tracker::Series& series, const VerdictContext& context) {
  const auto whole =
      load_report(m_queries, m_nodes, series, context, m_config.classes, m_config.links);
  if (!whole) {
    return fail(
        ErrorKind::not_found,
        fmt::format("series {} has no verdict yet; `patchmill run` gives it one", series.number));
  }
  Preview preview;
  if (m_config.policy.rules.empty()) {
    preview.report = *whole;
    preview.decision = decide(m_config.policy, *whole, {}, {}, m_clock.now());
    return preview;
  }
  PM_TRY_ASSIGN(const auto mails, load_mails(series));
  const People people = people_of(series, mails, context.maintainers);
  PM_TRY_ASSIGN(const auto history, history_of(series, root_of(mails.front()), mails, people));
  preview.decision = decide(m_config.policy, *whole, people, history, m_clock.now());
  preview.report = visible(*whole, preview.decision);
  preview.mail_template = preview.decision.mail_template.empty()
                              ? std::string(template_for(preview.report))
                              : preview.decision.mail_template;
  if (preview.decision.send) {
    PM_TRY_ASSIGN(preview.mail, compose(series, preview, mails, people,
                                        m_mails.mails_ever_of_series(series.number) + 1));
  }
  return preview;
}

Result<StoredMail> Reporter::compose(const tracker::Series& series, const Preview& preview,
                                     const std::vector<mail::Message>& mails, const People& people,
                                     int sequence) {
  const Identity& identity = m_config.identity;
  const mail::Message& head = mails.front();
  Words words;
  words.person = addressed_person(people, preview.decision);
  words.subject = std::string(mail::strip_reply_marks(head.subject).rest);
  words.contact = mail::to_string(identity.person());
  words.opt_out = identity.opt_out_sentence();
  words.left_out = static_cast<std::size_t>(
      std::count_if(preview.decision.entries.begin(), preview.decision.entries.end(),
                    [](const EntryDecision& entry) { return !entry.kept; }));
  PM_TRY_ASSIGN(const auto rendered,
                render_report(m_templates, preview.mail_template, preview.report, words));

  mail::OutgoingMail out = outgoing(identity);
  out.to = preview.decision.to();
  out.cc = preview.decision.cc();
  out.subject = rendered.subject.empty() ? "Re: " + words.subject : rendered.subject;
  out.date = preview.decision.not_before;
  out.in_reply_to = head.message_id;
  out.references = head.references;
  if (out.references.empty()) {
    out.references = head.in_reply_to;
  }
  out.message_id =
      make_message_id(identity, fmt::format("report\n{}\n{}\n{}\n{}", head.message_id,
                                            series.version, preview.report.content_key, sequence));
  out.fields.emplace_back("X-Patchmill-Verdict", findings::to_string(preview.report.verdict));
  out.text = rendered.text;

  StoredMail mail;
  PM_TRY_ASSIGN(mail.content, mail::compose(out));
  mail.key = fmt::format("series/{}/{}", series.number, sequence);
  mail.series = series.number;
  mail.thread = root_of(head);
  mail.msgid = out.message_id;
  mail.verdict = findings::to_string(preview.report.verdict);
  mail.mail_template = preview.mail_template;
  mail.subject = mail::header_text(out.subject);
  mail.sender = envelope_sender(identity);
  mail.state = preview.decision.held ? MailState::held : MailState::queued;
  mail.reason = join(preview.decision.reasons, "; ");
  mail.not_before = preview.decision.not_before;
  for (const auto* field : {&out.to, &out.cc}) {
    for (const auto& person : *field) {
      mail.recipients.push_back({person.email, RecipientState::pending, ""});
    }
  }
  return mail;
}

Result<Decision> Reporter::report(const tracker::Series& series, const VerdictContext& context) {
  if (const auto now = m_nodes.verdict(series.number)) {
    m_mails.withdraw_turned(series.number, now->verdict);
  }
  PM_TRY_ASSIGN(auto preview, this->preview(series, context));
  store::Transaction transaction(m_database);
  if (preview.mail) {
    m_mails.add(*preview.mail);
  }
  for (const auto& recipient : preview.decision.recipients) {
    if (recipient.kept && recipient.digest_at) {
      add_to_digest(m_database, m_clock.now(), series, preview.report, recipient);
    }
  }
  m_mails.set_decision(series.number, decision_json(preview.decision));
  transaction.commit();
  return std::move(preview.decision);
}

}  // namespace patchmill::reports
