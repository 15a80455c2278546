#include "cli/cmd_mail.hpp"

#include "cli/mail_view.hpp"
#include "cli/output.hpp"
#include "mail/header_encode.hpp"
#include "reports/mail_store.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace patchmill::cli {
namespace {

using reports::MailState;
using reports::MailStore;

constexpr std::array k_states = {MailState::held,   MailState::queued,   MailState::sent,
                                 MailState::failed, MailState::in_doubt, MailState::dropped};

std::optional<MailState> state_from(std::string_view word) {
  for (const MailState state : k_states) {
    if (reports::to_string(state) == word) {
      return state;
    }
  }
  return std::nullopt;
}

std::vector<std::string> state_names() {
  std::vector<std::string> names;
  for (const MailState one : k_states) {
    names.emplace_back(reports::to_string(one));
  }
  return names;
}

int list(MailStore& mails, const Common& common, const MailStorage& storage) {
  const auto limit = parse_uint(storage.limit);
  if (!limit || *limit > 100'000) {
    return report(
        {ErrorKind::invalid, fmt::format("--limit takes a whole number, not '{}'", storage.limit)});
  }
  const auto state = state_from(storage.state);
  if (!storage.state.empty() && !state) {
    const std::vector<std::string> names = state_names();
    const auto near = nearest_name(storage.state, names);
    return report({ErrorKind::invalid, fmt::format("there is no state '{}'{}", storage.state,
                                                   near ? fmt::format("; did you mean '{}'?", *near)
                                                        : " (one of: " + join(names, ", ") + ")")});
  }
  const auto found = state ? mails.in_state(*state, *limit) : mails.newest(*limit);
  if (!common.json) {
    print_mails(found);
    return k_pass;
  }
  boost::json::array out;
  for (const auto& mail : found) {
    out.push_back(mail_json(mail, false));
  }
  print_json(out);
  return k_pass;
}

Error no_mail(const std::string& word) {
  return {ErrorKind::not_found,
          fmt::format("there is no mail '{}'; `patchmill mail list` shows them", word)};
}

int show(const reports::StoredMail& mail, const Common& common) {
  if (common.json) {
    print_json(mail_json(mail, true));
  } else {
    print_mail(mail);
  }
  return k_pass;
}

// What came of it, in the words of the mail's new state.
int tell(MailStore& mails, std::int64_t id, const Common& common) {
  const auto mail = mails.mail(id);
  if (common.json) {
    print_json(mail_json(*mail, false));
  } else if (!common.quiet) {
    fmt::print("mail {} is {}: {}\n", id, reports::to_string(mail->state),
               escape_terminal(mail->reason));
  }
  return k_pass;
}

int change(MailStore& mails, const Common& common, const MailStorage& storage, std::int64_t id) {
  const std::string& action = storage.words[0];
  bool done = false;
  std::string_view wanted;
  if (action == "release") {
    done = mails.release(id);
    wanted = "is held";
  } else if (action == "drop") {
    done = mails.drop(
        id, storage.why.empty() ? "dropped by a person" : "dropped by a person: " + storage.why);
    wanted = "has not been sent or dropped";
  } else if (action == "send-again") {
    done = mails.send_again(id);
    wanted = "has failed";
  } else {
    if (storage.delivered == storage.not_delivered) {
      return report({ErrorKind::invalid,
                     "`mail resolve` needs to know what happened: --delivered or "
                     "--not-delivered (then it is sent again)"});
    }
    done = mails.resolve(id, storage.delivered);
    wanted = "is in doubt";
  }
  if (!done) {
    const auto mail = mails.mail(id);
    return report({ErrorKind::invalid,
                   fmt::format("`mail {}` is for a mail that {}; mail {} is {}: {}", action, wanted,
                               id, reports::to_string(mail->state), mail->reason)});
  }
  return tell(mails, id, common);
}

int opt(MailStore& mails, const Common& common, const MailStorage& storage) {
  const std::string& address = storage.words[1];
  const std::string list_id = storage.words.size() > 2 ? to_lower(storage.words[2]) : "";
  if (!mail::is_plain_address(address)) {
    return report({ErrorKind::invalid, fmt::format("'{}' is no mail address", address)});
  }
  const std::string about = list_id.empty() ? "all mail" : "mail about " + list_id;
  if (storage.words[0] == "opt-out") {
    mails.opt_out(address, list_id, storage.why);
  } else if (!mails.opt_in(address, list_id)) {
    return report({ErrorKind::not_found,
                   fmt::format("{} has not opted out of {}; `patchmill mail opt-outs` shows who "
                               "did, and the file of 'mail.opt-out' may name them as well",
                               address, about)});
  }
  if (!common.quiet && !common.json) {
    fmt::print("{} gets {} {}\n", address, storage.words[0] == "opt-out" ? "no more" : "again",
               about);
  }
  return k_pass;
}

int opt_outs(MailStore& mails, const Common& common) {
  boost::json::array out;
  Table table({"person", "list", "since", "reason"});
  for (const auto& one : mails.opt_outs()) {
    out.push_back({{"person", one.person},
                   {"list", one.list},
                   {"reason", one.reason},
                   {"since", to_iso(one.time)}});
    table.row({one.person, one.list.empty() ? "all" : one.list, to_iso(one.time), one.reason});
  }
  if (common.json) {
    print_json(out);
  } else {
    table.print();
  }
  return k_pass;
}

// How many words each form takes, the first included.
struct MailForm {
  std::string_view word, synopsis;
  std::size_t least, most;
};
constexpr std::array k_mail_forms = {MailForm{"list", "", 1, 1},
                                     MailForm{"show", " ID", 2, 2},
                                     MailForm{"release", " ID", 2, 2},
                                     MailForm{"drop", " ID", 2, 2},
                                     MailForm{"resolve", " ID --delivered|--not-delivered", 2, 2},
                                     MailForm{"send-again", " ID", 2, 2},
                                     MailForm{"opt-out", " ADDRESS [LIST]", 2, 3},
                                     MailForm{"opt-in", " ADDRESS [LIST]", 2, 3},
                                     MailForm{"opt-outs", "", 1, 1},
                                     MailForm{"send", " [--once]", 1, 1},
                                     MailForm{"test", " ADDRESS", 2, 2}};

Result<MailForm> form_of(const std::vector<std::string>& words) {
  std::vector<std::string> names;
  for (const MailForm& form : k_mail_forms) {
    if (words[0] == form.word) {
      if (words.size() < form.least || words.size() > form.most) {
        return fail(ErrorKind::invalid,
                    fmt::format("write `patchmill mail {}{}`", form.word, form.synopsis));
      }
      return form;
    }
    names.emplace_back(form.word);
  }
  const auto near = nearest_name(words[0], names);
  return fail(ErrorKind::invalid, fmt::format("`patchmill mail` cannot '{}'; {}", words[0],
                                              near ? fmt::format("did you mean '{}'?", *near)
                                                   : "it is one of: " + join(names, ", ")));
}

int run(const Common& common, const MailStorage& storage) {
  const auto& words = storage.words;
  const auto form = form_of(words);
  if (!form) {
    return report(form.error());
  }
  if (form->word == "send") {
    return mail_send(common, storage);
  }
  if (form->word == "test") {
    return mail_test(common, words[1]);
  }
  auto workspace = common.workspace();
  if (!workspace) {
    return report(workspace.error());
  }
  MailStore mails((*workspace)->database(), (*workspace)->clock());
  if (form->word == "list") {
    return list(mails, common, storage);
  }
  if (form->word == "opt-outs") {
    return opt_outs(mails, common);
  }
  if (form->word.starts_with("opt-")) {
    return opt(mails, common, storage);
  }
  const auto id = parse_uint(words[1]);
  const auto found = id ? mails.mail(static_cast<std::int64_t>(*id)) : std::nullopt;
  if (!found) {
    return report(no_mail(words[1]));
  }
  return form->word == "show" ? show(*found, common) : change(mails, common, storage, found->id);
}

}  // namespace

Command mail_command() {
  auto storage = std::make_shared<MailStorage>();
  Command command;
  command.name = "mail";
  command.summary =
      "Look at the mails patchmill writes, send them, and settle what needs a person.";
  command.description =
      "`mail list` shows the newest mails, `mail show ID` one with its recipients and the words of "
      "their servers. `release` lets a held mail go, `drop` takes one back, `send-again` tries a "
      "failed one anew, `resolve` says whether one in doubt arrived. `opt-out` and `opt-in` keep "
      "the list of people who want no mail (about one list, or at all), `opt-outs` shows it. "
      "`send` sends mails as they become due until it is interrupted, with --once those that are "
      "due now; `test` sends a test mail as the configuration says. Who gets which mail: "
      "docs/mail-policy.md; what would be mailed about a series: `patchmill plan --mail`.";
  std::vector<std::string> names;
  for (const MailForm& form : k_mail_forms) {
    names.emplace_back(form.word);
  }
  command.arguments = {{"WHAT", "One of the words above, and what it is about.", &storage->words,
                        true, true, Complete::nothing, names}};
  command.options = {
      {"--state", "STATE",
       "list: only mails that are held, queued, sent, failed, in-doubt or dropped, the oldest "
       "first.",
       &storage->state, Complete::nothing, state_names()},
      {"--limit", "N", "list: at most this many (100).", &storage->limit},
      {"--why", "TEXT", "drop, opt-out: the reason, for others who look.", &storage->why},
      {"--delivered", "", "resolve: the recipients have it.", &storage->delivered},
      {"--not-delivered", "", "resolve: they do not have it; it is sent again.",
       &storage->not_delivered},
      {"--once", "", "send: what is due now, then leave; status 3 when one did not go.",
       &storage->once}};
  command.examples = {
      {"patchmill mail list --state held", "what waits for me?"},
      {"patchmill mail show 3", "read it"},
      {"patchmill mail release 3", "let it go"},
      {"patchmill mail resolve 4 --delivered", "it is in the archive"},
      {"patchmill mail opt-out max@example.org netdev.vger.kernel.org", "no more about netdev"},
      {"patchmill mail test me@example.org", "does the server take our mail?"},
      {"patchmill mail send --once", "from cron, where no service runs"}};
  command.run = [storage](const Common& common) -> int { return run(common, *storage); };
  return command;
}

}  // namespace patchmill::cli
