#include "app/config.hpp"
#include "app/config_parts.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>

using namespace patchmill;

namespace {

constexpr const char* k_head =
    "mail:\n  from: patchmill at example.org <ci@example.org>\n  maildir: out\n";

std::string mail_fault(std::string_view text, const std::string& folder = "/etc/patchmill") {
  const auto config = app::parse_config(folder + "/c.yaml", text);
  REQUIRE_FALSE(config.has_value());
  return config.error().message;
}

std::string fault_under_mail(const std::string& more) {
  return mail_fault(k_head + more);
}

bool mentions(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

reports::MailConfig mail_of(const std::string& text, const std::string& folder = "/etc/patchmill") {
  const auto config = app::parse_config(folder + "/c.yaml", text);
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  return config->mail;
}

}  // namespace

TEST_CASE("app::parse_config: mail: nothing is mailed without rules") {
  CHECK_FALSE(mail_of("").enabled());
  CHECK_FALSE(mail_of(k_head).enabled());
  CHECK_FALSE(mail_of("mail: {from: ci@example.org}\n").enabled());
}

TEST_CASE("app::parse_config: mail: every key") {
  TempDir folder;
  REQUIRE(write_file_atomic(folder.path() / "pw", "hunter2\n"));
  REQUIRE(write_file_atomic(folder.path() / "no-mail", "# nobody\n"));
  REQUIRE(write_file_atomic(folder.path() / "ca.pem", "x"));
  std::filesystem::create_directories(folder.path() / "templates");
  REQUIRE(write_file_atomic(folder.path() / "templates/ours.txt", "Hello {{person}}.\n"));
  const auto mail = mail_of(R"(
trees:
  - {name: net-next, url: /x}
mail:
  from: patchmill at example.org <ci@example.org>
  reply-to: people@example.org
  contact: Carla Admin <carla@example.org>
  envelope-sender: bounces@example.org
  domain: id.example.org
  own-addresses: ["ci-*@example.org"]
  url: https://ci.example.org/
  links: {log: "https://logs.example.org/{node}"}
  templates: templates
  opt-out: {text: Tell Carla., url: "https://example.org/no", file: no-mail}
  classes: {"clang-*": build, smoke: test}
  precedence-bulk: true
  transfer-encoding: base64
  rfc: true
  strangers: true
  follow-up: true
  max-age: 2h
  robots: ["*robot*"]
  in-doubt: resend
  smtp:
    host: smtp.example.org
    port: 2525
    tls: implicit
    user: ci
    password: {file: pw}
    ca-file: ca.pem
    helo: ci.example.org
    proxy: socks5h://proxy:1080
    proxy-user: p
    proxy-password: {env: NOT_SET_ANYWHERE}
    timeout: 20s
  rules:
    - name: authors
      match:
        projects: [netdev]
        lists: [netdev.*]
        trees: ["net-*"]
        tags: [bpf]
        authors: ["*@gmail.com"]
        classes: [sign-off, build]
        people: [max@example.org]
      to: [author, Max <max@example.org>]
      cc: list
      verdicts: [fail, warning]
      allow: ["*@example.org"]
      deny: [bad@example.org]
      quiet:
        - {days: [sat, sun]}
        - {from: "22:00", until: "7:30", zone: Europe/Berlin}
      delay: 2h
      digest: 6h
      moderate: true
      per-thread: 3
      per-person-day: 4
      template: ours
    - {mail: false, match: {tags: [quiet]}, to: []}
)",
                            folder.path().string());
  const auto& identity = mail.reporter.identity;
  CHECK(identity.from == mail::Address{"patchmill at example.org", "ci@example.org"});
  CHECK(identity.reply_to == mail::Address{"", "people@example.org"});
  CHECK(identity.contact == mail::Address{"Carla Admin", "carla@example.org"});
  CHECK(identity.envelope_sender == "bounces@example.org");
  CHECK(identity.domain == "id.example.org");
  CHECK(identity.own_addresses == std::vector<std::string>{"ci-*@example.org"});
  CHECK(identity.precedence_bulk);
  CHECK(identity.encoding == mail::BodyEncoding::base64);
  CHECK(identity.opt_out == "Tell Carla.");
  CHECK(identity.opt_out_url == "https://example.org/no");
  CHECK(mail.reporter.opt_out_file == folder.path() / "no-mail");
  CHECK(mail.sender.opt_out_file == folder.path() / "no-mail");
  CHECK(mail.reporter.links.series == "https://ci.example.org/series/{series}");
  CHECK(mail.reporter.links.log == "https://logs.example.org/{node}");
  CHECK(mail.reporter.classes.at("clang-*") == reports::CheckClass::build);
  CHECK(mail.reporter.classes.at("smoke") == reports::CheckClass::test);
  CHECK(mail.templates == folder.path() / "templates");
  CHECK(mail.sender.when_in_doubt == reports::WhenInDoubt::resend);

  REQUIRE(mail.route == reports::Route::smtp);
  CHECK(mail.smtp.host == "smtp.example.org");
  CHECK(mail.smtp.port == 2525);
  CHECK(mail.smtp.tls == delivery::Tls::implicit);
  CHECK(mail.smtp.password.file == (folder.path() / "pw").string());
  CHECK(mail.smtp.ca_file == (folder.path() / "ca.pem").string());
  CHECK(mail.smtp.proxy == "socks5h://proxy:1080");
  CHECK(mail.smtp.proxy_password.env == "NOT_SET_ANYWHERE");
  CHECK(mail.smtp.connect_timeout == std::chrono::seconds(20));

  const auto& policy = mail.reporter.policy;
  CHECK(policy.rfc);
  CHECK(policy.strangers);
  CHECK(policy.follow_up);
  CHECK(policy.max_age == std::chrono::hours(2));
  CHECK(policy.robots == std::vector<std::string>{"*robot*"});
  REQUIRE(policy.rules.size() == 2);
  const auto& rule = policy.rules[0];
  CHECK(rule.name == "authors");
  CHECK(rule.match.projects == std::vector<std::string>{"netdev"});
  CHECK(rule.match.lists == std::vector<std::string>{"netdev.*"});
  CHECK(rule.match.trees == std::vector<std::string>{"net-*"});
  CHECK(rule.match.tags == std::vector<std::string>{"bpf"});
  CHECK(rule.match.authors == std::vector<std::string>{"*@gmail.com"});
  CHECK(rule.match.classes ==
        std::vector{reports::CheckClass::sign_off, reports::CheckClass::build});
  CHECK(rule.match.people == std::vector<std::string>{"max@example.org"});
  REQUIRE((rule.to && rule.to->size() == 2));
  CHECK(rule.to->at(0).role == reports::Role::author);
  CHECK(rule.to->at(1).role == reports::Role::fixed);
  CHECK(rule.to->at(1).address == mail::Address{"Max", "max@example.org"});
  REQUIRE((rule.cc && rule.cc->size() == 1));
  CHECK(rule.cc->at(0).role == reports::Role::list);
  CHECK(rule.verdicts == std::set{findings::Verdict::fail, findings::Verdict::warning});
  CHECK(rule.allow == std::vector<std::string>{"*@example.org"});
  CHECK(rule.deny == std::vector<std::string>{"bad@example.org"});
  REQUIRE(rule.quiet.size() == 2);
  CHECK(rule.quiet[0].days == std::vector{std::chrono::Saturday, std::chrono::Sunday});
  CHECK(rule.quiet[0].until == std::chrono::hours(24));
  CHECK(rule.quiet[1].from == std::chrono::hours(22));
  CHECK(rule.quiet[1].until == std::chrono::minutes(7 * 60 + 30));
  CHECK(rule.quiet[1].zone == "Europe/Berlin");
  CHECK(rule.delay == std::chrono::hours(2));
  CHECK(rule.digest == std::chrono::hours(6));
  CHECK(rule.moderate == true);
  CHECK(rule.per_thread == 3);
  CHECK(rule.per_person_day == 4);
  CHECK(rule.mail_template == "ours");
  CHECK(policy.rules[1].name == "#2");
  CHECK(policy.rules[1].mail == false);
  CHECK((policy.rules[1].to && policy.rules[1].to->empty()));
  CHECK_FALSE(policy.rules[1].cc.has_value());
}

TEST_CASE("app::parse_config: mail: what is left out keeps the standard") {
  const auto mail =
      mail_of("mail:\n  from: ci@example.org\n  smtp: {host: h}\n  rules: [{to: author}]\n");
  CHECK(mail.enabled());
  CHECK(mail.smtp.tls == delivery::Tls::required);
  CHECK(mail.smtp.connect_timeout == std::chrono::seconds(60));
  CHECK(mail.sender.when_in_doubt == reports::WhenInDoubt::hold);
  CHECK(mail.reporter.policy.robots == reports::Policy().robots);
  const auto& rule = mail.reporter.policy.rules.at(0);
  CHECK_FALSE(rule.verdicts.has_value());
  CHECK_FALSE(rule.moderate.has_value());
  CHECK_FALSE(rule.mail.has_value());
  CHECK_FALSE(rule.per_thread.has_value());
}

TEST_CASE("app::parse_config: mail: max-age takes a duration or none, as that of the service") {
  const auto mail = mail_of(std::string(k_head) + "  max-age: none\n");
  CHECK_FALSE(mail.reporter.policy.max_age.has_value());
  CHECK(mentions(fault_under_mail("  max-age: soon\n"),
                 "'max-age' takes a duration like 240h, or none, found 'soon'"));
}

TEST_CASE("app::parse_config: mail: a command, with a program beside the configuration") {
  const auto mail = mail_of(
      "mail:\n  from: ci@example.org\n  command: [./send, \"{sender}\", \"{recipients}\"]\n");
  CHECK(mail.route == reports::Route::command);
  CHECK(mail.command.argv ==
        std::vector<std::string>{"/etc/patchmill/send", "{sender}", "{recipients}"});
}

TEST_CASE("app::parse_config: mail: faults name file, line, column and the nearest word") {
  CHECK(mentions(fault_under_mail("  form: x\n"),
                 "c.yaml:4:3: unknown key 'form'; did you mean 'from'?"));
  CHECK(mentions(fault_under_mail("  smpt: {}\n"), "did you mean 'smtp'?"));
  CHECK(mentions(
      fault_under_mail("  rules:\n    - {to: [autor]}\n"),
      "c.yaml:5:13: 'autor' is neither a mail address nor one of: author, submitter, signer, "
      "maintainers, list, thread; did you mean 'author'?"));
  CHECK(
      mentions(fault_under_mail("  rules:\n    - {to: [\"a b@x\"]}\n"), "is not one mail address"));
  CHECK(mentions(fault_under_mail("  rules:\n    - {to: author, verdicts: [incomplete]}\n"),
                 "'incomplete' is not a value of 'verdicts' (one of: fail, warning, pass)"));
  CHECK(mentions(fault_under_mail("  rules:\n    - {to: author, match: {classes: biuld}}\n"),
                 "did you mean 'build'?"));
  CHECK(mentions(fault_under_mail("  rules:\n    - {to: author, match: {trees: [net]}}\n"),
                 ":5:36: there is no tree 'net'"));
  CHECK(mentions(fault_under_mail("  rules:\n    - {to: author, template: repord}\n"),
                 ":5:30: there is no template 'repord'; did you mean 'report'?"));
  CHECK(mentions(fault_under_mail("  rules:\n    - {to: author, quiet: [{zone: Europe/Berlni}]}\n"),
                 "no time zone 'Europe/Berlni'"));
  CHECK(mentions(fault_under_mail("  rules:\n    - {to: author, quiet: [{from: 7pm}]}\n"),
                 "'from' takes a time of day like \"22:00\", found '7pm'"));
  CHECK(mentions(fault_under_mail("  rules:\n    - {to: author, quiet: [{from: \"24:30\"}]}\n"),
                 "takes a time of day"));
  CHECK(mentions(fault_under_mail("  rules:\n    - {to: author, quiet: [{days: [so]}]}\n"),
                 "'so' is not a value of 'days'"));
  CHECK(mentions(fault_under_mail("  rules:\n    - {to: author, quiet: [{}]}\n"),
                 "its quiet periods leave no time to mail in"));
  CHECK(mentions(fault_under_mail("  rules:\n    - {to: author, digest: 900h}\n"),
                 "longer than 30 days"));
  CHECK(
      mentions(fault_under_mail("  rules:\n    - {to: author, moderate: yes}\n"), "true or false"));
  CHECK(mentions(fault_under_mail("  classes: {checkpatch: stile}\n"), "did you mean 'style'?"));
  CHECK(mentions(fault_under_mail("  links: {series: \"https://x/\"}\n"), "has no {series}"));
  CHECK(mentions(fault_under_mail("  url: ci.example.org\n"), "'url' is no address of a page"));
  CHECK(mentions(fault_under_mail("  in-doubt: holt\n"), "did you mean 'hold'?"));
  CHECK(
      mentions(fault_under_mail("  templates: /nonexistent\n"), "there is no folder /nonexistent"));
  CHECK(mentions(mail_fault("mail: {from: \"A <a@x.org>, B <b@x.org>\"}\n"),
                 "is not one mail address"));
  CHECK(mentions(mail_fault("mail: {from: nobody}\n"), "'nobody' is not one mail address"));
}

TEST_CASE("app::parse_config: mail: what contradicts itself or can never work") {
  CHECK(mentions(fault_under_mail("  smtp: {host: h}\n"),
                 "by one of 'smtp', 'maildir' and 'command'"));
  CHECK(mentions(mail_fault("mail:\n  from: ci@example.org\n  rules: [{to: author}]\n"),
                 "none of 'smtp', 'maildir' and 'command'"));
  CHECK(mentions(mail_fault("mail:\n  maildir: out\n  rules: [{to: author}]\n"),
                 "the key 'from' is missing here"));
  CHECK(mentions(fault_under_mail("  rules: [{verdicts: fail}]\n"), "no rule names anybody"));
  const auto smtp = [](const std::string& keys) {
    return mail_fault("mail:\n  from: ci@example.org\n  smtp: {" + keys + "}\n");
  };
  CHECK(mentions(smtp("port: 25"), "the key 'host' is missing"));
  CHECK(mentions(smtp("host: h, port: 70000"), "'70000' is no port"));
  CHECK(mentions(smtp("host: h, port: 0"), "'0' is no port"));
  CHECK(mentions(smtp("host: a b"), "not the name or address of an SMTP server"));
  CHECK(mentions(smtp("host: h, user: u"), "'user' is set, but no 'password'"));
  CHECK(mentions(smtp("host: h, user: u, password: {env: X}, tls: never"), "without TLS"));
  CHECK(mentions(smtp("host: h, timeout: 0"), "'timeout' lies between"));
  CHECK(mentions(smtp("host: h, proxy: \"proxy:1080\""), "'proxy' is socks5h://"));
  CHECK(mentions(smtp("host: h, proxy-user: u"), "but no 'proxy'"));
  CHECK(mentions(smtp("host: h, proxy: \"http://p:1\", proxy-user: u"), "go together"));
  const auto command = [](const std::string& words) {
    return mail_fault("mail:\n  from: ci@example.org\n  command: " + words + "\n");
  };
  CHECK(mentions(command("[]"), "'command' is empty"));
  CHECK(mentions(command("[sendmail, -t]"), "has no word \"{recipients}\""));
}

TEST_CASE("app::parse_config: mail: secrets come by file or environment only and are not shown") {
  for (const std::string text :
       {"smtp: {host: h, user: u, password: hunter2}", "smtp: {host: h, user: u, pasword: hunter2}",
        "smtp: {host: h, proxy: \"http://u:hunter2@p:1\"}"}) {
    const auto message = mail_fault("mail:\n  from: ci@example.org\n  " + text + "\n");
    CHECK_FALSE(mentions(message, "patchmill: hunter2"));
    if (mentions(text, "password: hunter2")) {
      CHECK(mentions(message, "never the secret itself"));
    }
  }
  TempDir folder;
  REQUIRE(write_file_atomic(folder.path() / "pw", "hunter2\n"));
  const auto mail =
      mail_of("mail:\n  from: ci@example.org\n  smtp: {host: h, user: u, password: {file: pw}}\n",
              folder.path().string());
  CHECK(delivery::read_secret(mail.smtp.password).value() == "hunter2");
  CHECK(reports::check_mail_files(mail).empty());
}

TEST_CASE(
    "reports::check_mail_files: what mail needs and is not there, without stopping the rest") {
  const auto mail = mail_of(
      "mail:\n  from: ci@example.org\n  opt-out: {file: /nonexistent/a}\n"
      "  smtp: {host: h, user: u, password: {file: /nonexistent/b}, ca-file: /nonexistent/c,\n"
      "         proxy: \"http://p:1\", proxy-user: u, proxy-password: {env: NOT_SET_ANYWHERE}}\n");
  const auto faults = reports::check_mail_files(mail);
  REQUIRE(faults.size() == 3);
  CHECK(mentions(faults[0], "/nonexistent/a"));
  CHECK(mentions(faults[1], "/nonexistent/c"));
  CHECK(mentions(faults[2], "/nonexistent/b"));
}

TEST_CASE("app::parse_config: mail: faults of templates name their own file and line") {
  TempDir folder;
  std::filesystem::create_directories(folder.path() / "t");
  REQUIRE(write_file_atomic(folder.path() / "t/report.txt", "fine\nHello {{persn}}\n"));
  REQUIRE(write_file_atomic(folder.path() / "t/style.txt", "{{#failures}}\n"));
  const auto message = mail_fault(std::string(k_head) + "  templates: t\n  rules: [{to: author}]\n",
                                  folder.path().string());
  CHECK(mentions(message, (folder.path() / "t/report.txt").string() + ":2: "));
  CHECK(mentions(message, "did you mean"));
  CHECK(mentions(message, (folder.path() / "t/style.txt").string() + ":1: "));
  std::vector<app::ConfigFault> faults;
  CHECK_FALSE(app::parse_config(folder.path() / "c.yaml",
                                std::string(k_head) + "  templates: t\n  rules: [{to: author}]\n",
                                &faults));
  REQUIRE(faults.size() == 2);
  CHECK(faults[0].file == (folder.path() / "t/report.txt").string());
  CHECK(faults[0].line == 2);
  CHECK(faults[0].column == 0);
}

TEST_CASE("docs/mail-policy.md: names every key, and its examples are good") {
  const auto page = read_file(PATCHMILL_SOURCE_DIR "/docs/mail-policy.md").value();
  for (const auto& key : app::mail_keys()) {
    const std::string name(key.name);
    bool named = false;
    for (const std::string before : {"`", ".", "{", ", ", "    "}) {
      for (const std::string after : {"`", ":", ",", "}"}) {
        named = named || mentions(page, before + name + after);
      }
    }
    CHECK_MESSAGE(named, key.section, " ", name);
  }
  int examples = 0;
  for (std::size_t at = page.find("```yaml\n"); at != std::string::npos;
       at = page.find("```yaml\n", at)) {
    at += 8;
    std::string text = page.substr(at, page.find("```", at) - at);
    if (text.starts_with("rules:")) {
      std::string rules;
      for (const auto line : split_lines(text)) {
        rules += "  " + std::string(line) + "\n";
      }
      text = k_head + rules;
    }
    CHECK(mail_of(text).enabled());
    ++examples;
  }
  CHECK(examples >= 4);
}
