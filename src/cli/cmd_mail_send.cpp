// The forms of `patchmill mail` that talk to a server.

#include "cli/cmd_mail.hpp"
#include "cli/output.hpp"
#include "cli/stop_on_signal.hpp"
#include "mail/header_encode.hpp"
#include "mail/outgoing.hpp"
#include "reports/digest.hpp"
#include "reports/mail_config.hpp"
#include "service/mail_thread.hpp"
#include "service/mail_work.hpp"
#include "util/hash.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <unistd.h>

namespace patchmill::cli {
namespace {

using reports::MailState;

Error not_configured() {
  return {ErrorKind::invalid,
          "this configuration mails nothing: there are no rules under 'mail' "
          "(docs/mail-policy.md)"};
}

int print_pass(const service::MailWork::Pass& pass, service::MailWork& work, const Common& common) {
  const auto waiting = work.count(MailState::queued);
  const auto held = work.count(MailState::held);
  const auto undecided = work.undecided();
  bool good = pass.fault.empty();
  boost::json::array mails;
  Table table({"mail", "state", "why"});
  for (const auto& step : pass.steps) {
    good = good && (step.state == MailState::sent || step.state == MailState::dropped);
    mails.push_back({{"id", step.mail},
                     {"state", reports::to_string(step.state)},
                     {"reason", mend_utf8(step.reason)}});
    table.row(
        {std::to_string(step.mail), std::string(reports::to_string(step.state)), step.reason});
  }
  if (!pass.fault.empty()) {
    fmt::print(stderr, "patchmill: {}\n", escape_terminal(pass.fault));
  }
  if (common.json) {
    const boost::json::object out{{"mails", std::move(mails)}, {"decided", pass.decided},
                                  {"digests", pass.digests},   {"settled", pass.settled},
                                  {"queued", waiting},         {"held", held},
                                  {"undecided", undecided}};
    print_json(out);
  } else {
    if (!pass.steps.empty()) {
      table.print();
    }
    if (!common.quiet && (waiting > 0 || held > 0 || undecided > 0)) {
      fmt::print("{} queued for later, {} held, {} undecided\n", waiting, held, undecided);
    }
  }
  return good ? k_pass : k_infrastructure;
}

// The mail of `mail test`: everything but the recipient is as in any mail of ours.
Result<delivery::Mailing> test_mail(const app::Config& config, const Clock& clock,
                                    const std::string& address, std::string& content) {
  const reports::Identity& identity = config.mail.reporter.identity;
  mail::OutgoingMail out = reports::outgoing(identity);
  out.to = {{"", address}};
  out.subject = "Test mail of patchmill";
  out.date = clock.now();
  out.message_id = reports::make_message_id(
      identity, fmt::format("test\n{}\n{}\n{}", address, to_micros(clock.now()), ::getpid()));
  out.text = fmt::format(
      "This mail shows that patchmill can send. Nobody needs to do anything.\n\n"
      "It was asked for with `patchmill mail test`.\n{}\n",
      identity.opt_out_sentence());
  PM_TRY_ASSIGN(content, mail::compose(out));
  return delivery::Mailing{reports::envelope_sender(identity), {address}, content, out.message_id};
}

std::string_view route_name(reports::Route route) {
  switch (route) {
    case reports::Route::smtp:
      return "the SMTP server";
    case reports::Route::maildir:
      return "the maildir";
    case reports::Route::command:
      return "the command";
    case reports::Route::none:
      break;
  }
  return "nothing";
}

}  // namespace

int mail_send(const Common& common, const MailStorage& storage) {
  StopOnSignal signals;
  // Makes the folder and brings the schema up to date.
  auto workspace = common.workspace();
  if (!workspace) {
    return report(workspace.error());
  }
  const app::Config config = (*workspace)->config();
  workspace->reset();
  if (!config.mail.enabled()) {
    return report(not_configured());
  }
  const SystemClock clock;
  SystemProcessRunner processes;
  if (storage.once) {
    const auto work = service::MailWork::open(config, clock, processes, signals.token());
    if (!work) {
      return report(work.error());
    }
    const auto pass = (*work)->pass();
    return print_pass(pass, **work, common);
  }
  if (!common.quiet) {
    log::set_level(log::Level::info);
  }
  service::MailThread thread(config, clock, processes);
  thread.start();
  signals.wait();
  thread.stop();
  return k_pass;
}

int mail_test(const Common& common, const std::string& address) {
  if (!mail::is_plain_address(address)) {
    return report({ErrorKind::invalid, fmt::format("'{}' is no mail address", address)});
  }
  const auto config = common.config();
  if (!config) {
    return report(config.error());
  }
  const reports::MailConfig& mail = config->mail;
  if (mail.route == reports::Route::none || mail.reporter.identity.from.email.empty()) {
    return report({ErrorKind::invalid,
                   "a test needs 'from' and one of 'smtp', 'maildir' and 'command' under 'mail' "
                   "(docs/mail-policy.md)"});
  }
  StopOnSignal signals;
  SystemProcessRunner processes;
  std::string content;
  const auto mailing = test_mail(*config, SystemClock(), address, content);
  if (!mailing) {
    return report(mailing.error());
  }
  const auto transport = reports::make_transport(mail, processes, signals.token());
  const auto outcomes =
      transport->deliver(*mailing, [](const std::vector<std::string>&) { return true; });
  const auto& outcome = outcomes.at(0);
  if (common.json) {
    const boost::json::object out{{"address", address},
                                  {"outcome", delivery::to_string(outcome.outcome)},
                                  {"reply", mend_utf8(outcome.reply)},
                                  {"msgid", "<" + mailing->name + ">"}};
    print_json(out);
  } else {
    fmt::print("{}: {}{}{}\n", route_name(mail.route), delivery::to_string(outcome.outcome),
               outcome.reply.empty() ? "" : ": ", escape_terminal(mend_utf8(outcome.reply)));
  }
  return outcome.outcome == delivery::Outcome::accepted ? k_pass : k_infrastructure;
}

}  // namespace patchmill::cli
