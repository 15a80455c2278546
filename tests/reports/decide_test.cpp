#include "reports/fixture.hpp"
#include "reports/policy.hpp"

#include <doctest/doctest.h>

namespace patchmill::reports {
namespace {

using namespace test;
using std::chrono::hours;

const Timestamp k_now(std::chrono::sys_days(std::chrono::year(2026) / 1 / 14) + hours(12));

ReportEntry entry(CheckClass check_class, Verdict verdict = Verdict::fail) {
  ReportEntry result;
  result.name = std::string(to_string(check_class));
  result.check_class = check_class;
  result.verdict = verdict;
  return result;
}

Report report_of(std::vector<ReportEntry> entries, Verdict verdict = Verdict::fail) {
  Report report;
  report.series = 1;
  report.submitter = {"Ann", "ann@x.org"};
  report.lists = {"netdev.vger.kernel.org"};
  report.project = "netdev";
  report.tree = "net-next";
  report.verdict = verdict;
  report.entries = std::move(entries);
  return report;
}

People people() {
  People people;
  people.submitter = {"Ann", "ann@x.org"};
  people.authors = {{"Ann", "ann@x.org"}, {"Bea", "bea@x.org"}};
  people.signers = {{"Ann", "ann@x.org"}};
  people.maintainers = {{"Max", "max@x.org"}};
  people.lists = {{"", "netdev@vger.kernel.org"}};
  people.thread = {{"Max", "max@x.org"}, {"Tom", "tom@x.org"}, {"", "netdev@vger.kernel.org"}};
  people.present = {"ann@x.org", "bea@x.org", "max@x.org", "tom@x.org", "netdev@vger.kernel.org"};
  return people;
}

Rule rule(std::string name, std::vector<RecipientSpec> to, std::vector<RecipientSpec> cc = {}) {
  Rule result;
  result.name = std::move(name);
  result.to = std::move(to);
  result.cc = std::move(cc);
  return result;
}

std::string kept(const Decision& decision) {
  std::string text;
  for (const auto& recipient : decision.recipients) {
    CHECK(!recipient.reason.empty());
    if (recipient.kept) {
      text += (text.empty() ? "" : " ") + std::string(recipient.digest_at ? "digest:" : "") +
              (recipient.cc ? "cc:" : "") + recipient.address.email;
    }
  }
  return text;
}

std::string decided_for(const Decision& decision, std::string_view email) {
  for (const auto& recipient : decision.recipients) {
    if (recipient.address.email == email) {
      return recipient.reason;
    }
  }
  return "not considered";
}

Decision run(const std::vector<Rule>& rules, const Report& report, History history = {},
             const People& who = people()) {
  Policy policy;
  policy.rules = rules;
  return decide(policy, report, who, history, k_now);
}

const RecipientSpec author{Role::author, {}}, list{Role::list, {}},
    maintainers{Role::maintainers, {}}, submitter{Role::submitter, {}}, signer{Role::signer, {}},
    thread_role{Role::thread, {}};

TEST_CASE("reports::decide: nothing is mailed unless configured") {
  const Report failed = report_of({entry(CheckClass::build)});
  const Decision none = run({}, failed);
  CHECK_FALSE(none.send);
  CHECK(none.reasons == std::vector<std::string>{"no mail is configured"});
  Rule elsewhere = rule("r", {author});
  elsewhere.match.lists = {"bpf.*"};
  CHECK_FALSE(run({elsewhere}, failed).send);
  Rule nobody;
  nobody.name = "no recipients";
  nobody.verdicts = {Verdict::fail};
  CHECK_FALSE(run({nobody}, failed).send);
}

TEST_CASE("reports::decide: roles, To before Cc, everybody once") {
  const Report failed = report_of({entry(CheckClass::build)});
  CHECK(kept(run({rule("r", {author}, {list})}, failed)) ==
        "ann@x.org bea@x.org cc:netdev@vger.kernel.org");
  CHECK(kept(run({rule("r", {submitter, author, signer})}, failed)) == "ann@x.org bea@x.org");
  CHECK(kept(run({rule("r", {signer}, {maintainers, fixed("ops@x.org")})}, failed)) ==
        "ann@x.org cc:max@x.org cc:ops@x.org");
  CHECK(kept(run({rule("r", {thread_role})}, failed)) ==
        "max@x.org tom@x.org netdev@vger.kernel.org");
  People nobody_signed = people();
  nobody_signed.signers.clear();
  CHECK(kept(run({rule("r", {signer})}, failed, {}, nobody_signed)) == "ann@x.org bea@x.org");
  nobody_signed.authors.clear();
  CHECK(kept(run({rule("r", {signer})}, failed, {}, nobody_signed)) == "ann@x.org");
}

TEST_CASE("reports::decide: verdicts; success is silent unless asked for") {
  const auto send = [](Verdict verdict, std::optional<std::set<Verdict>> verdicts) {
    Rule one = rule("r", {author});
    one.verdicts = std::move(verdicts);
    auto entries = verdict == Verdict::fail || verdict == Verdict::warning
                       ? std::vector{entry(CheckClass::build, verdict)}
                       : std::vector<ReportEntry>{};
    return run({one}, report_of(entries, verdict)).send;
  };
  CHECK(send(Verdict::fail, std::nullopt));
  CHECK_FALSE(send(Verdict::warning, std::nullopt));
  CHECK_FALSE(send(Verdict::pass, std::nullopt));
  CHECK(send(Verdict::pass, std::set{Verdict::pass}));
  CHECK_FALSE(send(Verdict::fail, std::set{Verdict::pass}));
  // Whatever rules say: our own trouble is nobody's mail.
  CHECK_FALSE(send(Verdict::incomplete, std::set{Verdict::incomplete, Verdict::fail}));
  CHECK_FALSE(send(Verdict::skip, std::set{Verdict::skip, Verdict::fail}));
}

TEST_CASE("reports::decide: the most restrictive rule wins") {
  const Report failed = report_of({entry(CheckClass::build)});
  const Rule wide = rule("wide", {author}, {list, maintainers});
  Rule narrow = rule("authors only", {author});
  narrow.match.lists = {"netdev.*"};
  CHECK(kept(run({wide, narrow}, failed)) == "ann@x.org bea@x.org");
  CHECK(decided_for(run({wide, narrow}, failed), "max@x.org") ==
        "rule 'authors only' names others only");
  CHECK(kept(run({narrow, wide}, failed)) == kept(run({wide, narrow}, failed)));

  Rule no_fail = wide;
  no_fail.verdicts = {Verdict::pass};
  CHECK_FALSE(run({wide, no_fail}, failed).send);

  Rule silent;
  silent.name = "silent";
  silent.mail = false;
  silent.match.trees = {"net-next"};
  const Decision decision = run({wide, silent}, failed);
  CHECK_FALSE(decision.send);
  CHECK(decided_for(decision, "ann@x.org") == "rule 'silent' mails nothing");

  // To by one, Cc by the other: Cc.
  CHECK(kept(run({rule("a", {author, list}), rule("b", {author}, {list})}, failed)) ==
        "ann@x.org bea@x.org cc:netdev@vger.kernel.org");
}

TEST_CASE("reports::decide: deny wins over allow, whatever the order") {
  const Report failed = report_of({entry(CheckClass::build)});
  Rule allows = rule("allows", {author}, {maintainers});
  allows.allow = {"*@x.org"};
  Rule denies;
  denies.name = "denies";
  denies.deny = {"BEA@X.ORG"};
  for (const auto& rules : {std::vector{allows, denies}, std::vector{denies, allows}}) {
    const Decision decision = run(rules, failed);
    CHECK(kept(decision) == "ann@x.org cc:max@x.org");
    CHECK(decided_for(decision, "bea@x.org") == "denied by rule 'denies'");
  }
  Rule both = rule("both", {author});
  both.allow = {"ann@x.org"};
  both.deny = {"ann@x.org"};
  CHECK(kept(run({both}, failed)).empty());
  allows.allow = {"ann@*"};
  CHECK(decided_for(run({allows}, failed), "max@x.org") == "not among those rule 'allows' allows");
}

TEST_CASE("reports::decide: classes decide who hears what, the mail is about the worst") {
  const Rule base = rule("base", {author}, {list});
  Rule style = rule("style to authors", {author});
  style.match.classes = {CheckClass::style};
  const Report both = report_of({entry(CheckClass::build), entry(CheckClass::style)});
  const Decision mixed = run({base, style}, both);
  CHECK(kept(mixed) == "ann@x.org bea@x.org cc:netdev@vger.kernel.org");
  REQUIRE(mixed.entries.size() == 2);
  CHECK(mixed.entries[0].kept);
  // The list does not want to read about style, so this mail does not tell.
  CHECK_FALSE(mixed.entries[1].kept);
  CHECK(mixed.entries[1].reason.find("netdev@vger.kernel.org") != std::string::npos);
  const Decision alone = run({base, style}, report_of({entry(CheckClass::style)}));
  CHECK(kept(alone) == "ann@x.org bea@x.org");
  CHECK(alone.entries[0].kept);
  // Warnings of style are not mailed, so they are not in the mail about the build either.
  const Decision warned = run(
      {base}, report_of({entry(CheckClass::build), entry(CheckClass::style, Verdict::warning)}));
  CHECK(warned.send);
  CHECK_FALSE(warned.entries[1].kept);
}

TEST_CASE("reports::decide: rules about persons and authors") {
  const Report failed = report_of({entry(CheckClass::build)});
  Rule mute;
  mute.name = "bea wants none";
  mute.match.people = {"bea@*"};
  mute.mail = false;
  CHECK(kept(run({rule("r", {author}), mute}, failed)) == "ann@x.org");
  Rule newcomers;
  newcomers.name = "by hand";
  newcomers.match.authors = {"*@elsewhere.org"};
  newcomers.moderate = true;
  CHECK_FALSE(run({rule("r", {author}), newcomers}, failed).held);
  newcomers.match.authors = {"bea@x.org"};
  const Decision held = run({rule("r", {author}), newcomers}, failed);
  CHECK(held.send);
  CHECK(held.held);
  CHECK(held.reasons == std::vector<std::string>{"rule 'by hand' wants a person to release it"});
  Rule tagged = rule("r", {author});
  tagged.match.tags = {"net-*"};
  History history;
  history.subject_tags = {"bpf"};
  CHECK_FALSE(run({tagged}, failed, history).send);
  history.subject_tags = {"net-next"};
  CHECK(run({tagged}, failed, history).send);
}

TEST_CASE("reports::decide: never to robots, ourselves, those who opted out, or strangers") {
  const Report failed = report_of({entry(CheckClass::build)});
  People who = people();
  who.authors = {{"Bot", "syzbot+abc@syzkaller.appspotmail.com"},
                 {"", "noreply@github.com"},
                 {"", "CI@Example.org"},
                 {"Opt", "Opt@x.org"},
                 {"Stranger", "president@whitehouse.example"},
                 {"", "not an address"},
                 {"", "j\xC3\xB6@x.org"},
                 {"Ann", "ann@x.org"}};
  who.present.insert(who.present.end(), {"syzbot+abc@syzkaller.appspotmail.com",
                                         "noreply@github.com", "ci@example.org", "opt@x.org"});
  History history;
  history.own_addresses = {"ci@example.org"};
  history.opted_out["opt@x.org"] = "wrote to us";
  const Decision decision = run({rule("r", {author})}, failed, history, who);
  CHECK(kept(decision) == "ann@x.org");
  CHECK(decided_for(decision, "noreply@github.com") == "a robot's or no-reply address");
  CHECK(decided_for(decision, "syzbot+abc@syzkaller.appspotmail.com") ==
        "a robot's or no-reply address");
  CHECK(decided_for(decision, "CI@Example.org") == "that is ourselves");
  CHECK(decided_for(decision, "Opt@x.org") == "asked for no mail: wrote to us");
  CHECK(decided_for(decision, "president@whitehouse.example").find("in the patch only") !=
        std::string::npos);
  CHECK(decided_for(decision, "not an address") == "no address that can be mailed to");
  Policy open;
  open.rules = {rule("r", {author})};
  open.strangers = true;
  CHECK(kept(decide(open, failed, who, history, k_now)) ==
        "president@whitehouse.example ann@x.org");
}

TEST_CASE("reports::decide: loops and floods end") {
  const Report failed = report_of({entry(CheckClass::build)});
  const Rule one = rule("r", {author});
  History history;
  history.do_not_answer = "it was sent by ourselves";
  CHECK(run({one}, failed, history).reasons ==
        std::vector<std::string>{"loop protection: it was sent by ourselves"});
  history = {};
  history.mails_in_thread = 10;
  const Decision full = run({one}, failed, history);
  CHECK_FALSE(full.send);
  CHECK(full.reasons[0] == "the thread has had 10 mails of ours, the limit is 10");
  history.mails_in_thread = 3;
  Rule strict;
  strict.name = "strict";
  strict.per_thread = 3;
  CHECK_FALSE(run({one, strict}, failed, history).send);
  history = {};
  history.mails_to_person["ann@x.org"] = 20;
  CHECK(kept(run({one}, failed, history)) == "bea@x.org");
  history.mails_to_person["bea@x.org"] = 2;
  Rule daily;
  daily.match.people = {"bea@*"};
  daily.per_person_day = 2;
  CHECK(kept(run({one, daily}, failed, history)).empty());

  // The standard is for where no rule says anything; of those that do, the lowest counts.
  Rule more;
  more.per_person_day = 100;
  more.per_thread = 100;
  history.mails_in_thread = 50;
  CHECK(kept(run({one, more}, failed, history)) == "ann@x.org bea@x.org");
  CHECK(run({one, more}, failed, history).send);
  CHECK_FALSE(run({one, more, strict}, failed, history).send);
  CHECK(kept(run({one, more, daily}, failed, history)) == "ann@x.org");
}

TEST_CASE("reports::decide: old threads are left alone") {
  Report report = report_of({entry(CheckClass::build)});
  Policy policy;
  policy.rules = {rule("r", {author})};
  const auto reasons = [&] { return decide(policy, report, people(), {}, k_now).reasons; };
  report.posted = k_now - hours(7 * 24);
  CHECK(decide(policy, report, people(), {}, k_now).send);
  report.posted = k_now - hours(7 * 24 + 1);
  CHECK(reasons() == std::vector<std::string>{"it was posted more than 168 h ago (see 'max-age')"});
  policy.max_age = std::nullopt;
  CHECK(decide(policy, report, people(), {}, k_now).send);
  report.posted = k_now + hours(48);  // clocks of others
  CHECK(decide(policy, report, people(), {}, k_now).send);
}

TEST_CASE("reports::decide: one mail a revision, or one each time the verdict turns") {
  const Report failed = report_of({entry(CheckClass::build)});
  const Report passed = report_of({}, Verdict::pass);
  Policy policy;
  policy.rules = {rule("r", {author})};
  policy.rules[0].verdicts = {Verdict::fail, Verdict::pass};
  History history;
  history.mails_of_revision = 1;
  history.last_verdict = Verdict::fail;
  CHECK_FALSE(decide(policy, passed, people(), history, k_now).send);
  CHECK_FALSE(decide(policy, failed, people(), history, k_now).send);
  policy.follow_up = true;
  CHECK(decide(policy, passed, people(), history, k_now).send);
  CHECK_FALSE(decide(policy, failed, people(), history, k_now).send);
}

TEST_CASE("reports::decide: RFC series are left alone unless asked for") {
  Report rfc = report_of({entry(CheckClass::build)});
  rfc.is_rfc = true;
  Policy policy;
  policy.rules = {rule("r", {author})};
  CHECK_FALSE(decide(policy, rfc, people(), {}, k_now).send);
  policy.rfc = true;
  CHECK(decide(policy, rfc, people(), {}, k_now).send);
}

TEST_CASE("reports::decide: waiting: humans first, then quiet periods of everybody") {
  const Report failed = report_of({entry(CheckClass::build)});
  Rule one = rule("r", {author});
  one.delay = hours(3);
  CHECK(run({one}, failed).not_before == k_now + hours(3));
  Rule longer;
  longer.delay = hours(5);
  CHECK(run({one, longer}, failed).not_before == k_now + hours(5));
  Rule afternoon;
  afternoon.quiet = {{{}, hours(14), hours(20), "UTC"}};
  CHECK(run({one, longer, afternoon}, failed).not_before == k_now + hours(8));
  Rule of_bea;
  of_bea.match.people = {"bea@*"};
  of_bea.quiet = {{{}, hours(20), hours(6), "UTC"}};
  CHECK(run({one, longer, afternoon, of_bea}, failed).not_before == k_now + hours(18));
  Rule never;
  never.quiet = {QuietPeriod{}};
  const Decision held = run({one, never}, failed);
  CHECK(held.held);
}

TEST_CASE("reports::decide: digests per person, the others get it at once") {
  const Report failed = report_of({entry(CheckClass::build)});
  Rule digest;
  digest.name = "bea's digest";
  digest.match.people = {"bea@*"};
  digest.digest = hours(6);
  const Decision decision = run({rule("r", {author}), digest}, failed);
  CHECK(kept(decision) == "ann@x.org digest:bea@x.org");
  CHECK(decision.send);
  CHECK(decision.to().size() == 1);
  digest.match.people = {};
  const Decision all = run({rule("r", {author}), digest}, failed);
  CHECK_FALSE(all.send);
  CHECK(all.has_digest());
  CHECK(all.recipients[0].digest_at == k_now + hours(6));
}

TEST_CASE("reports::decide: moderation cannot be gone round") {
  Rule digest;
  digest.digest = hours(6);
  Rule moderated;
  moderated.name = "look first";
  moderated.moderate = true;
  const Decision decision =
      run({rule("r", {author}), digest, moderated}, report_of({entry(CheckClass::build)}));
  CHECK(decision.held);
  CHECK_FALSE(decision.has_digest());
  // Also when what wants it is not the worst in the mail.
  moderated.match.classes = {CheckClass::style};
  const Report both = report_of({entry(CheckClass::build), entry(CheckClass::style)});
  CHECK(run({rule("r", {author}), moderated}, both).held);
  CHECK_FALSE(run({rule("r", {author}), moderated}, report_of({entry(CheckClass::build)})).held);
}

TEST_CASE("reports::check_policy: faults name their rule") {
  Policy policy;
  policy.rules = {rule("bad", {fixed("nobody")})};
  policy.rules[0].quiet = {{{}, hours(0), hours(1), "Nowhere/City"}};
  policy.rules[0].verdicts = {Verdict::incomplete};
  const auto faults = check_policy(policy);
  REQUIRE(faults.size() == 3);
  CHECK(faults[0].starts_with("mail rule 'bad': 'nobody' is no mail address"));
  CHECK(faults[1].find("Nowhere/City") != std::string::npos);
  CHECK(check_policy(Policy{}).empty());
  for (const Role role :
       {Role::author, Role::submitter, Role::signer, Role::maintainers, Role::list, Role::thread}) {
    CHECK(role_from(to_string(role)) == role);
  }
  CHECK_FALSE(role_from("fixed"));
}

}  // namespace
}  // namespace patchmill::reports
