#include "reports/mail_sender.hpp"

#include "reports/fixture.hpp"
#include "store/outbox.hpp"
#include "util/log.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <set>

namespace patchmill::reports {
namespace {

using namespace test;
using delivery::Outcome;
using std::chrono::hours;
using std::chrono::minutes;

// Answers by recipient, and remembers who got what.
class FakeTransport final : public delivery::Transport {
 public:
  std::vector<delivery::RecipientOutcome> deliver(const delivery::Mailing& mailing,
                                                  const delivery::PointOfNoReturn& point) override {
    std::vector<delivery::RecipientOutcome> outcomes;
    std::vector<std::string> going;
    for (const auto& address : mailing.recipients) {
      const auto it = answers.find(address);
      const Outcome outcome = it == answers.end() ? Outcome::accepted : it->second;
      outcomes.push_back({address, outcome, std::string(delivery::to_string(outcome))});
      if (outcome == Outcome::accepted || outcome == Outcome::in_doubt) {
        going.push_back(address);
      }
    }
    ++calls;
    if (!going.empty()) {
      if (!point(going)) {
        for (auto& outcome : outcomes) {
          outcome.outcome = Outcome::deferred;
        }
        return outcomes;
      }
      for (const auto& address : going) {
        if (answers[address] != Outcome::in_doubt) {
          ++got[address];
        }
      }
    }
    if (throws_after) {
      throw std::runtime_error("killed");
    }
    return outcomes;
  }
  [[nodiscard]] bool repeatable() const override { return is_repeatable; }

  std::map<std::string, Outcome> answers;
  std::map<std::string, int> got;
  int calls = 0;
  bool throws_after = false, is_repeatable = false;
};

struct Bench {
  explicit Bench(TestStore& s, SenderConfig config = {})
      : store(s),
        mails(s.database(), s.clock()),
        sender(s.database(), s.blobs(), s.clock(), transport, config, "test") {
    log::set_level(log::Level::error);
    number = add_series(store, {});
    add_verdict(store, number, Verdict::fail, "it failed",
                {{"build", pipeline::NodeKind::kbuild, Verdict::fail, "broken"}});
    REQUIRE(report(store, sample_config(), number).send);
    mail = mails.of_series(number).at(0).id;
  }
  [[nodiscard]] StoredMail now() { return mails.mail(mail).value(); }
  TestStore& store;
  MailStore mails;
  FakeTransport transport;
  MailSender sender;
  std::int64_t number = 0, mail = 0;
};

const std::string k_ann = "ann@example.org", k_list = "netdev@vger.example.org";

TEST_CASE("reports::MailSender: sent once, with its events") {
  on_each_engine([](TestStore& store) {
    Bench bench(store);
    CHECK(bench.sender.send_due() == 1);
    CHECK(bench.now().state == MailState::sent);
    CHECK(bench.now().recipients[0].state == RecipientState::accepted);
    CHECK(bench.transport.got == std::map<std::string, int>{{k_ann, 1}, {k_list, 1}});
    store.clock().advance(hours(1000));
    CHECK(bench.sender.send_due() == 0);
    const auto events = store.database().rows<std::string>(
        "SELECT kind FROM events WHERE kind LIKE 'mail-%' ORDER BY id");
    REQUIRE(events.size() == 2);
    CHECK(std::get<0>(events[0]) == "mail-queued");
    CHECK(std::get<0>(events[1]) == "mail-sent");
  });
}

TEST_CASE("reports::MailSender: who is deferred is tried again alone, with back-off") {
  on_each_engine([](TestStore& store) {
    Bench bench(store);
    bench.transport.answers[k_list] = Outcome::deferred;
    CHECK(bench.sender.send_due() == 1);
    CHECK(bench.now().state == MailState::queued);
    CHECK(bench.sender.send_due() == 0);
    store.clock().advance(minutes(3));
    CHECK(bench.sender.send_due() == 1);
    CHECK(bench.transport.got[k_ann] == 1);
    bench.transport.answers.clear();
    store.clock().advance(minutes(6));
    CHECK(bench.sender.send_due() == 1);
    CHECK(bench.now().state == MailState::sent);
    CHECK(bench.transport.got == std::map<std::string, int>{{k_ann, 1}, {k_list, 1}});
  });
}

TEST_CASE("reports::MailSender: refused by all fails, refused by one does not") {
  TestStore store(store::Engine::sqlite);
  Bench bench(store);
  bench.transport.answers[k_list] = Outcome::rejected;
  bench.sender.send_due();
  CHECK(bench.now().state == MailState::sent);
  CHECK(bench.now().recipients[1].state == RecipientState::rejected);
  CHECK(bench.now().reason == "1 accepted (accepted), 1 rejected (rejected)");

  TestStore other(store::Engine::sqlite);
  Bench all(other);
  all.transport.answers = {{k_ann, Outcome::rejected}, {k_list, Outcome::rejected}};
  all.sender.send_due();
  CHECK(all.now().state == MailState::failed);
  // Kept, and sent when a person says so.
  all.transport.answers.clear();
  other.clock().advance(hours(1));
  CHECK(all.sender.send_due() == 0);
  CHECK(all.mails.send_again(all.mail));
  CHECK(all.sender.send_due() == 1);
  CHECK(all.now().state == MailState::sent);
  CHECK(all.transport.got == std::map<std::string, int>{{k_ann, 1}, {k_list, 1}});
}

TEST_CASE("reports::MailSender: after five days it is given up, and kept") {
  TestStore store(store::Engine::sqlite);
  Bench bench(store);
  bench.transport.answers = {{k_ann, Outcome::deferred}, {k_list, Outcome::deferred}};
  int tries = 0;
  for (int hour = 0; hour < 24 * 7; ++hour) {
    tries += bench.sender.send_due();
    store.clock().advance(hours(1));
  }
  CHECK(bench.now().state == MailState::failed);
  CHECK(tries > 20);
  CHECK(tries < 60);
  CHECK(bench.now().reason.starts_with("given up after"));
}

TEST_CASE("reports::MailSender: a clock that is set ahead gives up nothing") {
  TestStore store(store::Engine::sqlite);
  Bench bench(store);
  bench.transport.answers = {{k_ann, Outcome::deferred}, {k_list, Outcome::deferred}};
  for (int attempt = 0; attempt < 3; ++attempt) {
    CHECK(bench.sender.send_due() == 1);
    store.clock().advance(hours(24 * 400));
  }
  CHECK(bench.now().state == MailState::queued);
}

TEST_CASE("reports::mail_retry_after: doubling, bounded, spread") {
  const SenderConfig config;
  std::set<std::int64_t> different;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    std::int64_t last = 0;
    for (int attempt = 1; attempt < 100; ++attempt) {
      const auto delay = mail_retry_after(config, attempt, seed).count();
      CHECK(delay >= 120);
      CHECK(delay <= 4 * 3600 + 3601);
      if (attempt < 6) {
        CHECK(delay > last);
      }
      last = delay;
    }
    different.insert(mail_retry_after(config, 1, seed).count());
  }
  CHECK(different.size() > 10);
}

TEST_CASE("reports::MailSender: in doubt is held for a person") {
  on_each_engine([](TestStore& store) {
    Bench bench(store);
    bench.transport.answers[k_list] = Outcome::in_doubt;
    bench.sender.send_due();
    CHECK(bench.now().state == MailState::in_doubt);
    CHECK(bench.now().recipients[0].state == RecipientState::accepted);
    CHECK(bench.now().recipients[1].state == RecipientState::in_doubt);
    CHECK(bench.now().reason.find("resolve it") != std::string::npos);
    store.clock().advance(hours(1000));
    CHECK(bench.sender.send_due() == 0);
    CHECK(bench.sender.settle_from_archive() == 0);
    bench.transport.answers.clear();
    SUBCASE("it arrived") {
      CHECK(bench.mails.resolve(bench.mail, true));
      CHECK(bench.now().state == MailState::sent);
      CHECK(bench.sender.send_due() == 0);
      CHECK(bench.transport.got.count(k_list) == 0);
    }
    SUBCASE("it did not") {
      CHECK(bench.mails.resolve(bench.mail, false));
      CHECK(bench.sender.send_due() == 1);
      CHECK(bench.now().state == MailState::sent);
      CHECK(bench.transport.got == std::map<std::string, int>{{k_ann, 1}, {k_list, 1}});
    }
    SUBCASE("our own archive knows") {
      const std::string raw = bench.now().content;
      tracker::Incoming mail{raw, mail::parse_message(raw), "", "archive"};
      tracker::Tracker(store.database(), store.blobs(), store.clock()).ingest({&mail, 1});
      CHECK(bench.sender.settle_from_archive() == 1);
      CHECK(bench.now().state == MailState::sent);
    }
  });
}

TEST_CASE("reports::MailSender: killed after the point of no return") {
  for (const auto policy : {WhenInDoubt::hold, WhenInDoubt::resend, WhenInDoubt::give_up}) {
    TestStore store(store::Engine::sqlite);
    SenderConfig config;
    config.when_in_doubt = policy;
    Bench bench(store, config);
    bench.transport.throws_after = true;
    CHECK_THROWS(bench.sender.send_one());
    bench.transport.throws_after = false;
    CHECK(bench.now().state == MailState::queued);
    // Its lease still runs.
    CHECK(bench.sender.send_due() == 0);
    store.clock().advance(minutes(41));
    CHECK(bench.sender.send_due() == 1);
    const int each = policy == WhenInDoubt::resend ? 2 : 1;
    CHECK(bench.transport.got == std::map<std::string, int>{{k_ann, each}, {k_list, each}});
    CHECK(bench.now().state == (policy == WhenInDoubt::hold     ? MailState::in_doubt
                                : policy == WhenInDoubt::resend ? MailState::sent
                                                                : MailState::dropped));
  }
  // Where repeating is harmless there is no doubt.
  TestStore store(store::Engine::sqlite);
  Bench bench(store);
  bench.transport.is_repeatable = true;
  bench.transport.throws_after = true;
  CHECK_THROWS(bench.sender.send_one());
  bench.transport.throws_after = false;
  store.clock().advance(minutes(41));
  CHECK(bench.sender.send_due() == 1);
  CHECK(bench.now().state == MailState::sent);
}

TEST_CASE("reports::MailSender: a slow sender that lost its lease cannot send a second time") {
  on_each_engine([](TestStore& store) {
    Bench bench(store);
    FakeTransport second_transport;
    const auto connection = store.connect();
    bool taken_over = false;
    bench.sender.on_step = [&](std::string_view step) {
      if (step == "begun" && !taken_over) {
        taken_over = true;
        store.clock().advance(minutes(41));
        MailSender second(*connection, store.blobs(), store.clock(), second_transport, {}, "two");
        CHECK(second.send_due() == 1);
      }
    };
    CHECK(bench.sender.send_one());
    CHECK(bench.transport.got.empty());
    CHECK(second_transport.got == std::map<std::string, int>{{k_ann, 1}, {k_list, 1}});
    CHECK(bench.now().state == MailState::sent);
    store.clock().advance(hours(100));
    bench.sender.on_step = nullptr;
    CHECK(bench.sender.send_due() <= 1);
    CHECK(bench.transport.got.empty());
    CHECK(bench.now().state == MailState::sent);
  });
}

TEST_CASE("reports::MailSender: a newer revision, an opt-out, a drop before it goes") {
  TestStore store(store::Engine::sqlite);
  Bench bench(store);
  SeriesSpec second;
  second.id = "v2";
  second.version = 2;
  add_series(store, second);
  bench.sender.send_due();
  CHECK(bench.now().state == MailState::dropped);
  CHECK(bench.now().recipients[0].reply == "a newer revision is here");
  CHECK(bench.transport.calls == 0);

  TestStore other(store::Engine::sqlite);
  Bench opted(other);
  opted.mails.opt_out(k_ann, "", "");
  opted.sender.send_due();
  CHECK(opted.now().state == MailState::sent);
  CHECK(opted.transport.got == std::map<std::string, int>{{k_list, 1}});

  TestStore third(store::Engine::sqlite);
  Bench dropped(third);
  CHECK(dropped.mails.drop(dropped.mail, "by hand"));
  CHECK(dropped.sender.send_due() == 1);
  CHECK(dropped.transport.calls == 0);
  CHECK(dropped.now().state == MailState::dropped);
  CHECK(dropped.sender.send_due() == 0);
}

TEST_CASE("reports::MailSender: an opt-out file that cannot be read keeps the mail waiting") {
  TestStore store(store::Engine::sqlite);
  SenderConfig config;
  config.opt_out_file = store.folder() / "missing";
  Bench bench(store, config);
  bench.sender.send_due();
  CHECK(bench.now().state == MailState::queued);
  CHECK(bench.transport.calls == 0);
}

}  // namespace
}  // namespace patchmill::reports
