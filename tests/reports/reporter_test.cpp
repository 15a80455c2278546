#include "reports/reporter.hpp"

#include "mail/message.hpp"
#include "reports/fixture.hpp"
#include "reports/people.hpp"
#include "store/outbox.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include <fstream>

namespace patchmill::reports {
namespace {

using namespace test;
using pipeline::NodeKind;

const std::vector<NodeSpec> k_broken = {{"build-x86",
                                         NodeKind::kbuild,
                                         Verdict::fail,
                                         "a.c:1: error: x",
                                         std::nullopt,
                                         {finding("a.c", 1, "x")}}};

std::string reason_for(const Decision& decision, std::string_view email) {
  for (const auto& recipient : decision.recipients) {
    if (recipient.address.email == email) {
      return recipient.reason;
    }
  }
  return "not considered";
}

std::int64_t failed_series(TestStore& store, const SeriesSpec& spec = {}) {
  const auto number = add_series(store, spec);
  add_verdict(store, number, Verdict::fail, "it failed", k_broken);
  return number;
}

TEST_CASE("reports::Reporter::report: with the verdict, or not at all; once") {
  on_each_engine([](TestStore& store) {
    const auto number = add_series(store, {});
    {
      store::Transaction transaction(store.database());
      add_verdict(store, number, Verdict::fail, "it failed", k_broken);
      CHECK(report(store, sample_config(), number).send);
      // The process dies before it commits.
    }
    MailStore mails(store.database(), store.clock());
    CHECK(mails.of_series(number).empty());
    CHECK_FALSE(
        store::claim(store.database(), store.clock().now(), "mail", "x", std::chrono::minutes(1)));
    add_verdict(store, number, Verdict::fail, "it failed", k_broken);
    CHECK(report(store, sample_config(), number).send);
    CHECK_FALSE(report(store, sample_config(), number).send);
    const auto all = mails.of_series(number);
    REQUIRE(all.size() == 1);
    CHECK(all[0].state == MailState::queued);
    CHECK(all[0].sender == "ci@example.org");
    CHECK(all[0].thread == "v1-0@example.org");
    REQUIRE(all[0].recipients.size() == 2);
    CHECK(all[0].recipients[0].address == "ann@example.org");
    CHECK(all[0].recipients[1].address == "netdev@vger.example.org");
    CHECK(
        store::claim(store.database(), store.clock().now(), "mail", "x", std::chrono::minutes(1)));
    CHECK_FALSE(
        store::claim(store.database(), store.clock().now(), "mail", "x", std::chrono::minutes(1)));
    const auto json = boost::json::parse(mails.decision(number).value());
    CHECK(json.at("send").as_bool() == false);
  });
}

TEST_CASE("reports::Reporter::report: nothing configured, nothing mailed") {
  TestStore store(store::Engine::sqlite);
  const auto number = failed_series(store);
  const Decision decision = report(store, {}, number);
  CHECK_FALSE(decision.send);
  CHECK(decision.reasons == std::vector<std::string>{"no mail is configured"});
  CHECK(MailStore(store.database(), store.clock()).of_series(number).empty());
}

TEST_CASE("reports::Reporter::report: moderation holds, a person releases, once") {
  on_each_engine([](TestStore& store) {
    auto config = sample_config();
    config.policy.rules[0].moderate = true;
    const auto number = failed_series(store);
    CHECK(report(store, config, number).held);
    MailStore mails(store.database(), store.clock());
    const auto held = mails.in_state(MailState::held, 10);
    REQUIRE(held.size() == 1);
    const auto claim = [&] {
      return store::claim(store.database(), store.clock().now(), "mail", "x",
                          std::chrono::minutes(1));
    };
    CHECK_FALSE(claim());
    CHECK(mails.release(held[0].id));
    CHECK_FALSE(mails.release(held[0].id));
    const auto item = claim();
    REQUIRE(item);
    CHECK(mail_of_payload(item->payload) == held[0].id);
    CHECK_FALSE(claim());
    CHECK_FALSE(mails.resolve(held[0].id, true));
    CHECK_FALSE(mails.send_again(held[0].id));
    CHECK(mails.drop(held[0].id, "not wanted"));
    CHECK_FALSE(mails.drop(held[0].id, "not wanted"));
    CHECK(mails.mail(held[0].id)->state == MailState::dropped);
  });
}

TEST_CASE("reports::Reporter::report: follow-ups when the verdict turns") {
  TestStore store(store::Engine::sqlite);
  auto config = sample_config();
  config.policy.follow_up = true;
  config.policy.rules[0].verdicts = {Verdict::fail, Verdict::pass};
  const auto number = failed_series(store);
  CHECK(report(store, config, number).send);
  add_verdict(store, number, Verdict::fail, "still", k_broken, 2);
  CHECK_FALSE(report(store, config, number).send);
  add_verdict(store, number, Verdict::pass, "all passed", {{"build-x86", NodeKind::kbuild}}, 3);
  CHECK(report(store, config, number).send);
  const auto all = MailStore(store.database(), store.clock()).of_series(number);
  REQUIRE(all.size() == 2);
  CHECK(all[0].msgid != all[1].msgid);
}

TEST_CASE("reports::Reporter::report: what has not left is withdrawn when the verdict turns") {
  on_each_engine([](TestStore& store) {
    for (const bool moderate : {false, true}) {
      auto config = sample_config();
      config.policy.rules[0].verdicts = {Verdict::fail};
      config.policy.rules[0].moderate = moderate;
      SeriesSpec spec;
      spec.id = moderate ? "one" : "two";
      spec.change_id = spec.id;
      const auto number = failed_series(store, spec);
      MailStore mails(store.database(), store.clock());
      const auto states = [&] {
        std::vector<MailState> result;
        for (const auto& mail : mails.of_series(number)) {
          result.push_back(mail.state);
        }
        return result;
      };
      const MailState waits = moderate ? MailState::held : MailState::queued;
      CHECK(report(store, config, number).send);
      add_verdict(store, number, Verdict::incomplete, "no worker", {}, 2);
      CHECK_FALSE(report(store, config, number).send);
      CHECK(states() == std::vector{waits});
      add_verdict(store, number, Verdict::pass, "all passed", {{"build-x86", NodeKind::kbuild}}, 3);
      CHECK_FALSE(report(store, config, number).send);
      CHECK(states() == std::vector{MailState::dropped});
      // It fails after all: nobody was told yet.
      add_verdict(store, number, Verdict::fail, "it failed", k_broken, 4);
      CHECK(report(store, config, number).send);
      CHECK(states() == std::vector{MailState::dropped, waits});
      // What a person took out is not written again.
      CHECK(mails.drop(mails.of_series(number).back().id, "not wanted"));
      CHECK_FALSE(report(store, config, number).send);
    }
  });
}

TEST_CASE("reports::Reporter::report: opt-out by table and by file, for all lists or one") {
  TestStore store(store::Engine::sqlite);
  auto config = sample_config();
  config.policy.rules[0].cc = {{fixed("bob@example.org"), fixed("eve@example.org")}};
  config.opt_out_file = store.folder() / "opt-out";
  std::ofstream(config.opt_out_file) << "# people\nEVE@example.* netdev.vger.example.org # asked\n"
                                        "bob@example.org another.list\n";
  MailStore mails(store.database(), store.clock());
  mails.opt_out(" Ann@Example.org ", "", "by mail");
  const auto number = failed_series(store);
  const Decision decision = report(store, config, number);
  CHECK(reason_for(decision, "ann@example.org") == "asked for no mail: by mail");
  CHECK(reason_for(decision, "eve@example.org").find("opt-out") != std::string::npos);
  REQUIRE(decision.to().size() + decision.cc().size() == 1);
  CHECK(decision.cc()[0].email == "bob@example.org");
  CHECK(mails.opt_outs().size() == 1);
  CHECK(mails.opt_in("ann@example.org", ""));
  CHECK_FALSE(mails.opt_in("ann@example.org", ""));

  // A file that cannot be read: better no mail than one to somebody who wants none.
  config.opt_out_file = store.folder() / "missing";
  Reporter reporter(store.database(), store.blobs(), store.clock(), config, TemplateSet());
  CHECK_FALSE(reporter.preview(series_of(store, number), sample_context()).has_value());
}

TEST_CASE("reports::Reporter::report: hostile mails cannot shape ours") {
  TestStore store(store::Engine::sqlite);
  SeriesSpec evil;
  evil.title =
      "=?UTF-8?Q?x=0D=0ABcc:_victim@example.org=0D=0A=0D=0AReviewed-by:_Evil_<e@x>?= {{> footer}}";
  evil.from = "=?UTF-8?Q?Eve=0ABcc:_victim@example.org?= <ann@example.org>";
  evil.sign_off = "Eve\xE2\x80\xAE <ann@example.org>";
  const auto number = add_series(store, evil);
  Finding bad = finding("a.c\nBcc: victim@example.org", 1,
                        "Reviewed-by: Evil <evil@example.org>\nSigned-off-by: Evil <e@x.org>\n"
                        "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n\x1b[2J\x00");
  add_verdict(store, number, Verdict::fail, "it failed",
              {{"build-x86",
                NodeKind::kbuild,
                Verdict::fail,
                "Reviewed-by: Evil <evil@example.org>\r\n\r\npw-bot: accept",
                std::nullopt,
                {bad}},
               {"pw-bot: accept", NodeKind::check, Verdict::fail,
                "words before Tested-by: Evil <evil@example.org> and after it as many again until "
                "it must wrap Acked-by: Evil <evil@example.org>",
                1}});
  CHECK(report(store, sample_config(), number).send);
  const auto mail = MailStore(store.database(), store.clock()).of_series(number).at(0);
  const auto parsed = mail::parse_message(mail.content);
  REQUIRE(parsed.has_value());
  CHECK(parsed->diff.empty());
  CHECK_FALSE(parsed->header("Bcc"));
  const std::string header = mail.content.substr(0, mail.content.find("\n\n"));
  CHECK(header.find("\nBcc") == std::string::npos);
  CHECK(mail.content.find('\r') == std::string::npos);
  CHECK(mail.content.find('\x1b') == std::string::npos);
  for (const auto line : split_lines(parsed->text)) {
    const auto start = trim(line);
    for (const char* tag : {"Reviewed-by:", "Signed-off-by:", "Tested-by:", "Acked-by:", "pw-bot:",
                            "diff --git", "Bcc:", "+++"}) {
      const std::string whole(line);
      CAPTURE(whole);
      CHECK_FALSE(istarts_with(start, tag));
    }
  }
}

TEST_CASE("reports::Reporter::preview: loop protection reads every mail of the series") {
  for (const char* field :
       {"Auto-Submitted: auto-generated\n", "X-Patchmill-Loop: other.org\n", "Return-Path: <>\n"}) {
    TestStore store(store::Engine::sqlite);
    SeriesSpec spec;
    spec.extra_header = field;
    const auto number = failed_series(store, spec);
    const Decision decision = report(store, sample_config(), number);
    CHECK_FALSE(decision.send);
    CHECK(decision.reasons.at(0).starts_with("loop protection: "));
  }
  TestStore store(store::Engine::sqlite);
  SeriesSpec ours;
  ours.from = "CI <ci@example.org>";
  CHECK_FALSE(report(store, sample_config(), failed_series(store, ours)).send);
}

TEST_CASE("reports::Reporter::report: bounds per thread and per person and day") {
  TestStore store(store::Engine::sqlite);
  auto config = sample_config();
  config.policy.standard_per_person_day = 2;
  config.policy.rules[0].cc = std::nullopt;
  const auto send = [&](int i) {
    SeriesSpec spec;
    spec.id = fmt::format("flood{}", i);
    spec.title = fmt::format("net: thing {}", i);
    spec.change_id = fmt::format("thing-{}", i);
    return report(store, config, failed_series(store, spec)).send;
  };
  CHECK(send(1));
  CHECK(send(2));
  CHECK_FALSE(send(3));
  store.clock().advance(std::chrono::hours(25));
  CHECK(send(4));

  // A thread of revisions, each in answer to the first.
  TestStore threads(store::Engine::sqlite);
  auto per_thread = sample_config();
  per_thread.policy.standard_per_thread = 2;
  int sent = 0;
  for (int version = 1; version <= 4; ++version) {
    SeriesSpec spec;
    spec.id = fmt::format("t{}", version);
    spec.version = version;
    if (version > 1) {
      spec.extra_header = "In-Reply-To: <t1-0@example.org>\nReferences: <t1-0@example.org>\n";
    }
    sent += report(threads, per_thread, failed_series(threads, spec)).send ? 1 : 0;
  }
  CHECK(sent == 2);
}

TEST_CASE("reports::people_of: who is who") {
  TestStore store(store::Engine::sqlite);
  SeriesSpec spec;
  spec.in_body_from = "Real Author <real@example.org>";
  spec.sign_off =
      "Real Author <real@example.org>\nSigned-off-by: Mid <mid@example.org>\nSigned-off-by: Ann "
      "Example <ANN@example.org>\nAcked-by: Nobody <nobody@example.org>";
  spec.to = "netdev@vger.example.org, Max <max@example.org>";
  const auto number = add_series(store, spec);
  tracker::Queries queries(store.database(), store.blobs());
  const auto series = series_of(store, number);
  std::vector<mail::Message> mails;
  mails.push_back(queries.parsed(*series.cover_message).value());
  for (const auto& patch : series.patches) {
    mails.push_back(queries.parsed(patch.message).value());
  }
  const People people = people_of(series, mails, {{"M", "m@example.org"}});
  REQUIRE(people.authors.size() == 1);
  CHECK(people.authors[0].email == "real@example.org");
  CHECK(people.submitter.email == "ann@example.org");
  REQUIRE(people.signers.size() == 3);
  CHECK(people.signers[0].email == "ANN@example.org");
  CHECK(people.signers[1].email == "real@example.org");
  REQUIRE(people.lists.size() == 1);
  CHECK(people.lists[0].email == "netdev@vger.example.org");
  CHECK(people.thread.size() == 4);
  CHECK(people.maintainers.size() == 1);
  // Greeted is who signed off, among those who get the mail.
  Decision decision;
  decision.recipients.push_back({people.authors[0], Role::author, false, true, std::nullopt, "x"});
  CHECK(addressed_person(people, decision).email == "real@example.org");
  decision.recipients.push_back({people.submitter, Role::submitter, false, true, std::nullopt, ""});
  CHECK(addressed_person(people, decision).email == "ANN@example.org");
  CHECK(addressed_person(people, {}).email == "ann@example.org");
}

TEST_CASE("reports::Reporter::make_digests: collected once, without what is overtaken") {
  on_each_engine([](TestStore& store) {
    auto config = sample_config();
    config.policy.rules[0].cc = std::nullopt;
    config.policy.rules[0].digest = std::chrono::hours(6);
    const auto first = failed_series(store, {});
    report(store, config, first);
    report(store, config, first);
    store.clock().advance(std::chrono::hours(5));
    SeriesSpec other;
    other.id = "other";
    other.title = "fs: thing";
    other.change_id = "other-1";
    report(store, config, failed_series(store, other));
    SeriesSpec second;
    second.id = "v2";
    second.version = 2;
    add_series(store, second);
    Reporter reporter(store.database(), store.blobs(), store.clock(), config, TemplateSet());
    CHECK(reporter.make_digests().value() == 0);
    store.clock().advance(std::chrono::hours(1));
    // Both entries go, though the second is one hour old; the first is overtaken by its v2.
    CHECK(reporter.make_digests().value() == 1);
    const auto queued = reporter.mails().in_state(MailState::queued, 10);
    REQUIRE(queued.size() == 1);
    CHECK(queued[0].content.find("fs: thing") != std::string::npos);
    CHECK(queued[0].content.find("count frames") == std::string::npos);
    store.clock().advance(std::chrono::hours(24));
    CHECK(reporter.make_digests().value() == 0);
  });
}

TEST_CASE("reports::Reporter::make_digests: of a verdict that has turned nothing is told") {
  on_each_engine([](TestStore& store) {
    auto config = sample_config();
    config.policy.rules[0].cc = std::nullopt;
    config.policy.rules[0].digest = std::chrono::hours(6);
    config.policy.rules[0].verdicts = {Verdict::fail};
    const auto number = failed_series(store, {});
    report(store, config, number);
    add_verdict(store, number, Verdict::pass, "all passed", {{"build-x86", NodeKind::kbuild}}, 2);
    report(store, config, number);
    store.clock().advance(std::chrono::hours(6));
    Reporter reporter(store.database(), store.blobs(), store.clock(), config, TemplateSet());
    CHECK(reporter.make_digests().value() == 0);
    CHECK(reporter.mails().in_state(MailState::queued, 10).empty());
  });
}

TEST_CASE("reports::check_config: templates that are not there") {
  auto config = sample_config();
  CHECK(check_config(config, TemplateSet()).empty());
  CHECK(check_config({}, TemplateSet()).empty());
  config.policy.rules[0].mail_template = "lze";
  CHECK(check_config(config, TemplateSet()).at(0) ==
        "mail rule 'everything': there is no template 'lze'; did you mean 'lse'?");
  config.identity.from.email = "";
  CHECK(check_config(config, TemplateSet()).size() == 2);
}

}  // namespace
}  // namespace patchmill::reports
