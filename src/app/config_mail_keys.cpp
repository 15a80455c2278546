// The keys of the section `mail`; what they mean is told at length in docs/mail-policy.md.

#include "app/config_parts.hpp"

namespace patchmill::app {
namespace {

void add_top(std::vector<KeySpec>& keys) {
  using enum KeyType;
  keys.insert(
      keys.end(),
      {{"", "mail", section,
        "Answers by mail: who gets which, when, and where they leave "
        "([mail policy](mail-policy.md)). Without `rules` nothing is mailed.",
        "", ""},
       {"mail", "from", text, "The sender: a mailbox that somebody reads.",
        "none; rules cannot do without", "patchmill at example.org <ci@example.org>"},
       {"mail", "reply-to", text, "Where answers go.", "`from`", "ci-people@example.org"},
       {"mail", "contact", text, "The person named in every mail.", "`from`",
        "Carla Admin <carla@example.org>"},
       {"mail", "envelope-sender", text, "The address that gets bounces.", "address of `from`",
        "ci-bounces@example.org"},
       {"mail", "domain", text, "Right side of our Message-IDs.", "domain of `from`",
        "ci.example.org"},
       {"mail", "own-addresses", words,
        "Shell patterns of further addresses of ours; they are never written to.", "none",
        "[ci-*@example.org]"},
       {"mail", "url", text,
        "The address of the service's pages, for links to series, logs and reproducers.", "none",
        "https://ci.example.org"},
       {"mail", "links", section, "Other addresses for these links.", "", ""},
       {"mail", "templates", path,
        "Folder whose files stand in for the shipped templates of the same name.", "none",
        "/etc/patchmill/mail-templates"},
       {"mail", "opt-out", section, "How people get no more such mail.", "", ""},
       {"mail", "classes", table,
        "Class of checks and jobs by the shell pattern of their name: `applies`, `sign-off`, "
        "`description`, `build`, `test`, `style` or `other`.",
        "what a check is about; of jobs their kind", "{\"clang-*\": build}"},
       {"mail", "precedence-bulk", boolean, "Add `Precedence: bulk`.", "false", "true"},
       {"mail",
        "transfer-encoding",
        choice,
        "How the text is encoded.",
        "auto",
        "quoted-printable",
        false,
        {"auto", "8bit", "quoted-printable", "base64"}},
       {"mail", "rfc", boolean, "Also answer series marked RFC.", "false", "true"},
       {"mail", "max-age", text,
        "Series posted longer ago are not answered, so that importing an archive wakes no old "
        "threads: a duration, or `none`.",
        "168h", "48h"},
       {"mail", "strangers", boolean,
        "Also write to authors and signers whose address stands only in the patch.", "false",
        "true"},
       {"mail", "follow-up", boolean,
        "Mail again when the verdict of a revision turns from fail to pass or back.", "false",
        "true"},
       {"mail", "robots", words,
        "Shell patterns of addresses that are never written to, instead of the standard ones.",
        "no-reply addresses, bounces, known bots", "[\"*noreply*\", \"*-bot@*\"]"},
       {"mail",
        "in-doubt",
        choice,
        "What happens to a mail whose server did not say whether it took it: `hold` it until a "
        "person or the archive tells, `resend` it, or `give-up`.",
        "hold",
        "hold",
        false,
        {"hold", "resend", "give-up"}},
       {"mail", "smtp", section,
        "The server that takes the mails. One of `smtp`, `maildir` and `command` is needed.", "",
        ""},
       {"mail", "maildir", path, "Write each mail to a file of this maildir instead.", "none",
        "/var/spool/patchmill/out"},
       {"mail", "command", words,
        "Give each mail to this program instead, on standard input. The words `{sender}` and "
        "`{recipients}` are replaced; its exit status is read as sysexits(3) has it.",
        "none", "[/usr/sbin/sendmail, -i, -f, \"{sender}\", --, \"{recipients}\"]"},
       {"mail", "rules", sections,
        "Who gets which mail. All that match speak, and the most restrictive word wins.", "", ""},

       {"mail.links", "series", text, "Page of a series; `{series}` is replaced by its number.",
        "below `url`", "https://ci.example.org/series/{series}"},
       {"mail.links", "log", text, "Log of a node; `{node}` is replaced by its number.",
        "below `url`", "https://ci.example.org/nodes/{node}/log"},
       {"mail.links", "reproducer", text,
        "Reproducer of a node; `{node}` is replaced by its number.", "below `url`",
        "https://ci.example.org/nodes/{node}/reproducer"},

       {"mail.opt-out", "text", text, "The last line of every mail.",
        "a line that names `url` or the contact", "To get no more such mail, tell Carla."},
       {"mail.opt-out", "url", text, "The page where people opt out, for `List-Unsubscribe`.",
        "none", "https://example.org/no-more-mail"},
       {"mail.opt-out", "file", path,
        "One address or shell pattern a line, optionally followed by a List-Id, of people who "
        "want no mail. When it cannot be read, no mail goes out.",
        "none", "/etc/patchmill/no-mail"}});
}

void add_smtp(std::vector<KeySpec>& keys) {
  using enum KeyType;
  keys.insert(
      keys.end(),
      {{"mail.smtp", "host", text, "Name or address of the server.", "", "smtp.example.org", true},
       {"mail.smtp", "port", integer, "Its port.",
        "587; 465 for `implicit`; 25 for `never` and `opportunistic`", "25"},
       {"mail.smtp",
        "tls",
        choice,
        "`required`: STARTTLS or nothing. `implicit`: TLS from the first byte. `opportunistic`: "
        "encrypted where offered, the certificate is not checked. `never`.",
        "required",
        "implicit",
        false,
        {"required", "implicit", "opportunistic", "never"}},
       {"mail.smtp", "user", text, "Name to log in with.", "no login", "ci"},
       {"mail.smtp", "password", secret, "Password to log in with; read when it is used.", "none",
        "{file: /etc/patchmill/smtp-password}"},
       {"mail.smtp", "login-without-tls", boolean, "Send the password in the clear.", "false",
        "true"},
       {"mail.smtp", "ca-file", path, "PEM file of the authorities to trust.", "the system's",
        "/etc/ssl/certs/example.pem"},
       {"mail.smtp", "helo", text, "The name we greet with.", "this machine's", "ci.example.org"},
       {"mail.smtp", "proxy", text,
        "`socks5h://HOST:PORT` or `http://HOST:PORT`. Proxies of the environment are not used.",
        "none", "socks5h://proxy.example.org:1080"},
       {"mail.smtp", "proxy-user", text, "Name to log in to the proxy with.", "no login", "ci"},
       {"mail.smtp", "proxy-password", secret, "Password to log in to the proxy with.", "none",
        "{env: PROXY_PASSWORD}"},
       {"mail.smtp", "timeout", duration, "For connecting, with TLS and login.", "60s", "20s"}});
}

void add_rules(std::vector<KeySpec>& keys) {
  using enum KeyType;
  const std::vector<std::string> verdicts = {"fail", "warning", "pass"};
  const std::vector<std::string> days = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  const std::vector<std::string> classes = {"applies", "sign-off", "description", "build",
                                            "test",    "style",    "other"};
  keys.insert(
      keys.end(),
      {{"mail.rules", "name", text, "How reasons call the rule.", "its number",
        "authors hear of failures"},
       {"mail.rules", "match", section, "What the rule is about; every key given must match.",
        "everything", ""},
       {"mail.rules", "mail", boolean, "`false`: nothing that matches is mailed.", "true", "false"},
       {"mail.rules", "to", words,
        "`author`, `submitter`, `signer`, `maintainers`, `list`, `thread`, or addresses.",
        "the rule does not name recipients", "[author]"},
       {"mail.rules", "cc", words, "The same, for the Cc field.",
        "the rule does not name recipients", "[list, carla@example.org]"},
       {"mail.rules", "verdicts", words, "Verdicts that are mailed.",
        "the rule does not name verdicts; without any `fail`", "[fail, warning]", false, verdicts},
       {"mail.rules", "allow", words, "Shell patterns: only these addresses.", "everybody",
        "[\"*@example.org\"]"},
       {"mail.rules", "deny", words, "Shell patterns: never these addresses.", "nobody",
        "[\"*@example.com\"]"},
       {"mail.rules", "quiet", sections, "Times at which nothing is sent.", "", ""},
       {"mail.rules", "delay", duration, "Wait this long, so that people speak first.", "0", "2h"},
       {"mail.rules", "digest", duration, "Collect for this long, then send one mail.", "none",
        "24h"},
       {"mail.rules", "moderate", boolean, "Hold the mail until a person releases it.", "false",
        "true"},
       {"mail.rules", "per-thread", integer, "Most mails of ours in one thread.", "10", "3"},
       {"mail.rules", "per-person-day", integer, "Most mails of ours to one person in 24 hours.",
        "20", "5"},
       {"mail.rules", "template", text, "The template to use.", "by what failed", "lse"},

       {"mail.rules.match", "projects", words, "Shell patterns of projects.", "any", "[netdev]"},
       {"mail.rules.match", "lists", words, "Shell patterns of List-Ids.", "any",
        "[netdev.vger.kernel.org]"},
       {"mail.rules.match", "trees", words, "Shell patterns of trees.", "any", "[net-next]"},
       {"mail.rules.match", "tags", words, "Shell patterns of words in the subject's brackets.",
        "any", "[bpf]"},
       {"mail.rules.match", "authors", words,
        "Shell patterns of addresses: the submitter or an author of a patch.", "anybody",
        "[\"*@gmail.com\"]"},
       {"mail.rules.match", "classes", words, "Only results of these classes.", "all", "[style]",
        false, classes},
       {"mail.rules.match", "people", words, "Shell patterns: only for these recipients.",
        "everybody", "[max@example.org]"},

       {"mail.rules.quiet", "days", words, "Days on which it begins.", "every day", "[sat, sun]",
        false, days},
       {"mail.rules.quiet", "from", text, "Time of day it begins.", "00:00", "\"22:00\""},
       {"mail.rules.quiet", "until", text,
        "Time of day it ends; of the next day when it is not later than `from`.", "24:00",
        "\"07:00\""},
       {"mail.rules.quiet", "zone", text, "Whose time.", "UTC", "Europe/Berlin"}});
}

}  // namespace

std::vector<KeySpec> mail_keys() {
  std::vector<KeySpec> keys;
  add_top(keys);
  add_smtp(keys);
  add_rules(keys);
  return keys;
}

}  // namespace patchmill::app
