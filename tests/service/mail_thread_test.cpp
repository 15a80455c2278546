#include "service/mail_thread.hpp"

#include "delivery/fault_server.hpp"
#include "reports/fixture.hpp"
#include "reports/undecided.hpp"
#include "service/mail_work.hpp"
#include "support/promptly.hpp"

#include <doctest/doctest.h>

#include <thread>

namespace patchmill::service {
namespace {

using namespace reports::test;
using patchmill::test::Behaviour;
using patchmill::test::FaultServer;
using reports::MailState;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

app::Config config_for(TestStore& store, const FaultServer& server) {
  app::Config config;
  config.store_url = store.url();
  config.data = store.folder();
  config.mail.reporter = sample_config();
  config.mail.reporter.policy.max_age = std::chrono::hours(1'000'000);
  config.mail.route = reports::Route::smtp;
  config.mail.smtp.host = "127.0.0.1";
  config.mail.smtp.port = server.port();
  config.mail.smtp.tls = delivery::Tls::never;
  return config;
}

constexpr MailThread::Options k_quick{milliseconds(50), milliseconds(20), milliseconds(200)};
// Only a wake() makes it look again.
constexpr MailThread::Options k_slow{std::chrono::minutes(10), milliseconds(20), milliseconds(200)};

// A verdict whose mail is to be decided; `index` tells series apart.
std::int64_t add_failed(TestStore& store, int index) {
  SeriesSpec spec;
  spec.id = fmt::format("s{}", index);
  spec.change_id = fmt::format("change-{}", index);
  const auto number = add_series(store, spec);
  add_verdict(store, number, Verdict::fail, "it failed",
              {{"build", pipeline::NodeKind::kbuild, Verdict::fail, "broken"}});
  const SystemClock clock;
  reports::Undecided(store.database(), clock).add(number, sample_context());
  return number;
}

bool within(milliseconds limit, const std::function<bool()>& done) {
  const auto until = steady_clock::now() + limit;
  while (!done()) {
    if (steady_clock::now() > until) {
      return false;
    }
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

constexpr std::chrono::seconds k_long{20};

TEST_CASE("service::MailThread: decides, sends and counts, when woken") {
  on_each_engine([](TestStore& store) {
    FaultServer server;
    const SystemClock clock;
    SystemProcessRunner processes;
    MailThread thread(config_for(store, server), clock, processes, k_slow);
    thread.start();
    REQUIRE(within(k_long, [&] { return thread.counters().store_is_there; }));
    std::this_thread::sleep_for(milliseconds(100));
    const auto number = add_failed(store, 1);
    std::this_thread::sleep_for(milliseconds(100));
    CHECK(server.taken().empty());
    thread.wake();
    REQUIRE(within(k_long, [&] { return thread.counters().sent == 1; }));
    CHECK(server.taken().size() == 1);
    const auto counters = thread.counters();
    CHECK(counters.decided == 1);
    CHECK(counters.queued == 0);
    CHECK(counters.undecided == 0);
    CHECK(counters.last_error.empty());
    thread.stop();
    reports::MailStore mails(store.database(), clock);
    CHECK(mails.of_series(number).at(0).state == MailState::sent);
  });
}

TEST_CASE("service::MailThread: looks by itself every few seconds") {
  TestStore store(store::Engine::sqlite);
  FaultServer server;
  const SystemClock clock;
  SystemProcessRunner processes;
  MailThread thread(config_for(store, server), clock, processes, k_quick);
  thread.start();
  add_failed(store, 1);
  CHECK(within(k_long, [&] { return server.taken().size() == 1; }));
}

TEST_CASE("service::MailThread: a new configuration counts at once, also one that begins to mail") {
  TestStore store(store::Engine::sqlite);
  FaultServer server;
  const SystemClock clock;
  SystemProcessRunner processes;
  auto config = config_for(store, server);
  config.mail.reporter.policy.rules.clear();
  CHECK_FALSE(MailWork::open(config, clock, processes, {}).value());
  const auto number = add_failed(store, 1);
  MailThread thread(config, clock, processes, k_slow);
  thread.start();
  thread.wake();
  std::this_thread::sleep_for(milliseconds(100));
  CHECK(server.connections() == 0);
  thread.set_config(config_for(store, server));
  REQUIRE(within(k_long, [&] { return thread.counters().sent == 1; }));

  // To another server, the old one being gone.
  FaultServer other;
  thread.set_config(config_for(store, other));
  add_failed(store, 2);
  thread.wake();
  REQUIRE(within(k_long, [&] { return thread.counters().sent == 2; }));
  CHECK(server.taken().size() == 1);
  CHECK(other.taken().size() == 1);
  thread.set_config(config);
  add_failed(store, 3);
  thread.wake();
  std::this_thread::sleep_for(milliseconds(100));
  thread.stop();
  CHECK(other.taken().size() == 1);
  reports::MailStore mails(store.database(), clock);
  CHECK(mails.of_series(number).size() == 1);
}

TEST_CASE("service::MailThread: stops within a second wherever a tarpit holds it") {
  for (const char* stage_name : {"connect", "EHLO", "MAIL", "RCPT", "DATA", "body", "dot"}) {
    const std::string stage = stage_name;
    CAPTURE(stage);
    TestStore store(store::Engine::sqlite);
    Behaviour tarpit;
    tarpit.silent_at = stage;
    FaultServer server({tarpit, {}});
    std::atomic<bool> reached = false;
    server.on_stage([&](const std::string& at) { reached = reached || at == stage; });
    const auto number = add_failed(store, 1);
    const SystemClock clock;
    SystemProcessRunner processes;
    MailThread thread(config_for(store, server), clock, processes, k_quick);
    thread.start();
    REQUIRE(within(k_long, [&] { return reached.load(); }));
    std::this_thread::sleep_for(milliseconds(50));
    const auto started = steady_clock::now();
    thread.stop();
    CHECK(steady_clock::now() - started < patchmill::test::k_promptly);
    reports::MailStore mails(store.database(), clock);
    const auto mail = mails.of_series(number).at(0);
    // A short mail is written with its dot before the server has looked at its first line.
    const bool handed_over = stage == "body" || stage == "dot";
    CHECK(mail.state == (handed_over ? MailState::in_doubt : MailState::queued));
    if (stage == "body") {
      CHECK(mails.resolve(mail.id, false));
    }

    // The next one sends it at once, unless somebody may have it already.
    MailThread next(config_for(store, server), clock, processes, k_quick);
    next.start();
    CHECK(within(k_long, [&] { return server.taken().size() == 1; }));
    next.stop();
    CHECK(server.taken().size() == 1);
  }
}

TEST_CASE("service::MailThread: a store that is gone for a while is waited for") {
  TestStore store(store::Engine::sqlite);
  FaultServer server;
  const SystemClock clock;
  SystemProcessRunner processes;
  const auto number = add_failed(store, 1);
  auto config = config_for(store, server);
  config.store_url = (store.folder() / "later/store.db").string();
  MailThread thread(config, clock, processes, k_quick);
  thread.start();
  REQUIRE(within(k_long, [&] { return !thread.counters().store_is_there; }));
  CHECK_FALSE(thread.counters().last_error.empty());
  CHECK(thread.counters().last_error_time.has_value());
  std::filesystem::create_directory_symlink(store.folder(), store.folder() / "later");
  CHECK(within(k_long, [&] { return thread.counters().sent == 1; }));
  CHECK(thread.counters().store_is_there);

  // And in the middle of the work.
  store.database().execute_script("ALTER TABLE report_mails RENAME TO hidden;");
  REQUIRE(within(k_long, [&] { return !thread.counters().store_is_there; }));
  store.database().execute_script("ALTER TABLE hidden RENAME TO report_mails;");
  add_failed(store, 2);
  CHECK(within(k_long, [&] { return thread.counters().sent == 2; }));
  thread.stop();
  reports::MailStore mails(store.database(), clock);
  CHECK(mails.of_series(number).at(0).state == MailState::sent);
  CHECK(server.taken().size() == 2);
}

TEST_CASE("service::MailThread: trouble of the server is counted and told") {
  TestStore store(store::Engine::sqlite);
  Behaviour defers;
  defers.replies["RCPT"] = "450 4.2.0 later";
  Behaviour refuses;
  refuses.replies["RCPT"] = "550 5.1.1 nobody";
  Behaviour cuts;
  cuts.cut_before = "dot";
  const SystemClock clock;
  SystemProcessRunner processes;
  const auto outcome = [&](const Behaviour& behaviour, int index) {
    FaultServer server({behaviour});
    add_failed(store, index);
    MailThread thread(config_for(store, server), clock, processes, k_quick);
    thread.start();
    CHECK(within(k_long, [&] { return !thread.counters().last_error.empty(); }));
    CHECK(within(k_long, [&] {
      return thread.counters().deferred + thread.counters().failed + thread.counters().in_doubt > 0;
    }));
    return thread.counters();
  };
  const auto deferred = outcome(defers, 1);
  CHECK(deferred.deferred == 1);
  CHECK(deferred.queued == 1);
  CHECK(deferred.last_error.find("450 4.2.0 later") != std::string::npos);
  const auto failed = outcome(refuses, 2);
  CHECK(failed.failed == 1);
  CHECK(failed.last_error.find("550 5.1.1 nobody") != std::string::npos);
  const auto doubtful = outcome(cuts, 3);
  CHECK(doubtful.in_doubt == 1);
  CHECK(doubtful.doubtful == 1);
}

}  // namespace
}  // namespace patchmill::service
