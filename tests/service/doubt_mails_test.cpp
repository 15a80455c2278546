#include "service/doubt_mails.hpp"

#include "reports/fixture.hpp"
#include "reports/undecided.hpp"

#include <doctest/doctest.h>

namespace patchmill::service {
namespace {

using namespace reports::test;
using reports::MailState;

app::Config mailing_config(TestStore& store) {
  app::Config config;
  config.store_url = store.url();
  config.data = store.folder();
  config.mail.reporter = sample_config();
  config.mail.reporter.policy.max_age = std::chrono::hours(1'000'000);
  return config;
}

std::int64_t add_failing(TestStore& store, const std::string& id) {
  SeriesSpec spec;
  spec.id = id;
  spec.change_id = "change-" + id;
  spec.title = "net: " + id;
  const auto number = add_series(store, spec);
  add_verdict(store, number, Verdict::fail, "it failed",
              {{"build", pipeline::NodeKind::kbuild, Verdict::fail, "broken"}});
  return number;
}

// A report that waits for its digest, a verdict whose mail is undecided, and a mail that is held.
struct Collected {
  explicit Collected(TestStore& store) : mails(store.database(), store.clock()) {
    auto digests = mailing_config(store).mail.reporter;
    digests.policy.rules[0].digest = std::chrono::hours(24);
    report(store, digests, add_failing(store, "collected"));
    REQUIRE(open_digests(store) > 0);
    undecided = add_failing(store, "undecided");
    reports::Undecided(store.database(), store.clock()).add(undecided, sample_context());
    reports::StoredMail mail;
    mail.key = "k";
    mail.msgid = "a@b";
    mail.state = MailState::held;
    mail.recipients = {{"ann@example.org", reports::RecipientState::pending, ""}};
    held = mails.add(mail).value_or(0);
  }
  static std::int64_t open_digests(TestStore& store) {
    return store.database().value<std::int64_t>(
        "SELECT COUNT(*) FROM report_digests WHERE mail IS NULL");
  }
  reports::MailStore mails;
  std::int64_t undecided = 0, held = 0;
};

TEST_CASE("service::doubt_mails: what was being collected becomes mails in doubt") {
  on_each_engine([](TestStore& store) {
    Collected collected(store);
    auto workspace = app::Workspace::open(mailing_config(store));
    REQUIRE(workspace);
    const int count = doubt_mails(**workspace, store.clock());
    CHECK(count == collected.mails.count(MailState::in_doubt));
    CHECK(collected.mails.count(MailState::queued) == 0);
    CHECK(Collected::open_digests(store) == 0);
    CHECK(reports::Undecided(store.database(), store.clock()).count() == 0);
    const auto about = collected.mails.of_series(collected.undecided);
    REQUIRE(about.size() == 1);
    CHECK(about[0].state == MailState::in_doubt);
    CHECK(about[0].reason.find("being collected when the backup was made") != std::string::npos);
    CHECK(about[0].recipients.at(0).state == reports::RecipientState::in_doubt);
    int digests = 0;
    for (const auto& mail : collected.mails.in_state(MailState::in_doubt, 100)) {
      digests += mail.mail_template == "digest" ? 1 : 0;
    }
    CHECK(digests > 0);
    CHECK(collected.mails.mail(collected.held)->state == MailState::held);
    CHECK(doubt_mails(**workspace, store.clock()) == 0);
  });
}

TEST_CASE("service::doubt_mails: what cannot be made into a mail is dropped, and says why") {
  on_each_engine([](TestStore& store) {
    Collected collected(store);
    auto config = mailing_config(store);
    config.mail.reporter.policy.rules.clear();
    auto workspace = app::Workspace::open(config);
    REQUIRE(workspace);
    CHECK(doubt_mails(**workspace, store.clock()) == 0);
    CHECK(Collected::open_digests(store) == 0);
    CHECK(reports::Undecided(store.database(), store.clock()).count() == 0);
    CHECK(collected.mails.of_series(collected.undecided).empty());
    const auto decision = collected.mails.decision(collected.undecided);
    REQUIRE(decision);
    CHECK(decision->find("may have been sent since") != std::string::npos);
  });
}

}  // namespace
}  // namespace patchmill::service
