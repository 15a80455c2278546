#include "cli/mail_view.hpp"

#include "cli/output.hpp"
#include "cli/series_text.hpp"
#include "reports/mail_config.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace patchmill::cli {
namespace {

namespace json = boost::json;

// "ann@example.org" or "ann@example.org and 2 more".
std::string people_of(const reports::StoredMail& mail) {
  if (mail.recipients.empty()) {
    return "-";
  }
  const std::string first = mail.recipients.front().address;
  return mail.recipients.size() == 1
             ? first
             : fmt::format("{} and {} more", first, mail.recipients.size() - 1);
}

}  // namespace

json::object mail_json(const reports::StoredMail& mail, bool with_content) {
  json::array recipients;
  for (const auto& recipient : mail.recipients) {
    recipients.push_back({{"address", mend_utf8(recipient.address)},
                          {"state", reports::to_string(recipient.state)},
                          {"reply", mend_utf8(recipient.reply)}});
  }
  json::object out{
      {"id", mail.id},
      {"state", reports::to_string(mail.state)},
      {"reason", mail.reason},
      {"series", mail.series ? json::value(*mail.series) : json::value()},
      {"verdict", mail.verdict},
      {"template", mail.mail_template},
      {"msgid", "<" + mail.msgid + ">"},
      {"subject", mail.subject},
      {"sender", mail.sender},
      {"not_before", to_iso(mail.not_before)},
      {"created", to_iso(mail.created)},
      {"finished", mail.finished ? json::value(to_iso(*mail.finished)) : json::value()},
      {"attempts", mail.attempt},
      {"recipients", std::move(recipients)}};
  if (with_content) {
    out["content"] = mend_utf8(mail.content);
  }
  return out;
}

void print_mails(const std::vector<reports::StoredMail>& mails) {
  Table table({"mail", "state", "series", "verdict", "to", "subject", "why"});
  for (const auto& mail : mails) {
    table.row({std::to_string(mail.id), std::string(reports::to_string(mail.state)),
               mail.series ? std::to_string(*mail.series) : "digest", mail.verdict,
               ellipsize(people_of(mail), 40), ellipsize(mail.subject, 50), mail.reason});
  }
  table.print();
}

void print_mail(const reports::StoredMail& mail) {
  const auto line = [](std::string_view what, std::string_view text) {
    fmt::print("{:<12}{}\n", fmt::format("{}:", what), escape_terminal(mend_utf8(text)));
  };
  line("mail", std::to_string(mail.id));
  line("state", reports::to_string(mail.state));
  line("reason", mail.reason);
  if (mail.series) {
    line("series", std::to_string(*mail.series));
  }
  line("not before", to_iso(mail.not_before) + " UTC");
  for (const auto& recipient : mail.recipients) {
    line("recipient",
         fmt::format("{}: {}{}{}", recipient.address, reports::to_string(recipient.state),
                     recipient.reply.empty() ? "" : ": ", recipient.reply));
  }
  fmt::print("\n{}", escape_terminal(mend_utf8(mail.content), true));
}

json::object preview_json(const tracker::Series& series, const reports::Preview& preview,
                          const std::vector<reports::StoredMail>& earlier) {
  json::object out{{"series", series.number},
                   {"decision", json::parse(reports::decision_json(preview.decision))},
                   {"template", preview.mail_template}};
  out["mail"] = preview.mail ? json::value(mail_json(*preview.mail, true)) : json::value();
  json::array before;
  for (const auto& mail : earlier) {
    before.push_back(mail_json(mail, false));
  }
  out["earlier"] = std::move(before);
  return out;
}

void print_preview(const tracker::Series& series, const reports::Preview& preview,
                   const std::vector<reports::StoredMail>& earlier) {
  fmt::print("series {}  {}\n", series.number, escape_terminal(shown_name(series)));
  for (const auto& line : reports::describe(preview)) {
    fmt::print("{}\n", escape_terminal(line));
  }
  for (const auto& mail : earlier) {
    fmt::print("earlier: mail {} is {}: {}\n", mail.id, reports::to_string(mail.state),
               escape_terminal(mail.reason));
  }
  if (preview.mail) {
    fmt::print("\n{}", escape_terminal(mend_utf8(preview.mail->content), true));
  }
}

}  // namespace patchmill::cli
