#include "service/patchwork_loop.hpp"

#include "patchwork/patch_map.hpp"
#include "patchwork/revision_store.hpp"
#include "reports/fixture.hpp"
#include "support/fake_freedesktop.hpp"
#include "support/fake_patchwork.hpp"
#include "util/file.hpp"
#include "util/log.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <thread>

namespace patchmill::service {
namespace {

using namespace std::chrono_literals;
using patchmill::test::FakeFreedesktop;
using patchmill::test::FakePatchwork;
using reports::test::TestStore;

bool soon(const std::function<bool()>& condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) {
      return true;
    }
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

TEST_CASE("PatchworkLoop: posts, says what is wrong, goes on with a new token, stops at once") {
  log::set_level(log::Level::error);
  TestStore store(store::Engine::sqlite);
  FakePatchwork server;
  const auto number = reports::test::add_series(store, {});
  const patchwork::KnownPatch known{
      server.url(),
      server.receive(1, 1, 2, "Message-ID: <v1-1@example.org>\nSubject: s\n\nText.\n"), "local",
      "v1-1@example.org", 1};
  patchwork::remember_patches(store.database(), std::span(&known, 1));
  reports::test::add_verdict(store, number, findings::Verdict::pass, "fine", {});

  app::Config config;
  config.store_url = store.url();
  config.data = store.folder();
  intake::PatchworkSpec spec;
  spec.url = server.url();
  spec.projects = {"local"};
  spec.checks = true;
  spec.token.file = (store.folder() / "token").string();
  REQUIRE(write_file_atomic(spec.token.file, "wrong\n"));
  const SystemClock clock;
  auto owned = std::make_unique<PatchworkLoop>(config, intake::SourceSpec{"pw", "", spec},
                                               reports::Links(), clock);
  PatchworkLoop& loop = *owned;
  CHECK(soon([&] { return loop.health().state == intake::SourceState::failing; }));
  CHECK(loop.health().name == "pw checks");
  CHECK(loop.health().error.find("Invalid token.") != std::string::npos);
  CHECK(loop.health().lag == 1);
  REQUIRE(write_file_atomic(spec.token.file, server.token + "\n"));
  loop.wake();
  CHECK(soon([&] { return loop.health().state == intake::SourceState::waiting; }));
  CHECK(loop.health().lag == 0);
  server.change([](FakePatchwork& s) { CHECK(s.checks(101).size() == 1); });

  server.add_fault({.path = "checks/", .times = 1, .method = "POST", .slow = 5000ms});
  reports::test::add_verdict(store, number, findings::Verdict::fail, "broken", {}, 2);
  server.take_requests();
  loop.wake();
  CHECK(soon([&] { return !server.take_requests().empty(); }));
  const auto start = std::chrono::steady_clock::now();
  owned.reset();
  CHECK(std::chrono::steady_clock::now() - start < 4s);
  log::set_level(log::Level::info);
}

TEST_CASE(
    "PatchworkLoop: a right that is given there counts when the configuration is read again") {
  log::set_level(log::Level::error);
  TestStore store(store::Engine::sqlite);
  FakePatchwork server;
  server.refusal = "You do not have permission to perform this action.";
  const auto number = reports::test::add_series(store, {});
  const patchwork::KnownPatch known{
      server.url(),
      server.receive(1, 1, 2, "Message-ID: <v1-1@example.org>\nSubject: s\n\nText.\n"), "local",
      "v1-1@example.org", 1};
  patchwork::remember_patches(store.database(), std::span(&known, 1));
  reports::test::add_verdict(store, number, findings::Verdict::pass, "fine", {});

  app::Config config;
  config.store_url = store.url();
  config.data = store.folder();
  intake::PatchworkSpec spec;
  spec.url = server.url();
  spec.projects = {"local"};
  spec.checks = true;
  spec.token.file = (store.folder() / "token").string();
  REQUIRE(write_file_atomic(spec.token.file, server.token + "\n"));
  const SystemClock clock;
  PatchworkLoop loop(config, intake::SourceSpec{"pw", "", spec}, reports::Links(), clock);
  CHECK(soon([&] { return loop.health().state == intake::SourceState::failing; }));
  CHECK(loop.health().error.find("the configuration is read again (SIGHUP)") != std::string::npos);
  server.change([](FakePatchwork& s) { s.refusal.clear(); });
  loop.try_again();
  CHECK(soon([&] { return loop.health().state == intake::SourceState::waiting; }));
  server.change([](FakePatchwork& s) { CHECK(s.checks(101).size() == 1); });
  log::set_level(log::Level::info);
}

TEST_CASE("PatchworkLoop: results on the revision, upserted, at the freedesktop edition") {
  log::set_level(log::Level::error);
  TestStore store(store::Engine::sqlite);
  FakeFreedesktop server;
  reports::test::SeriesSpec two;
  const auto number = reports::test::add_series(store, two);
  for (int i = 1; i <= 2; ++i) {
    server.receive(
        fmt::format("Message-ID: <v1-{0}@example.org>\nSubject: [PATCH {0}/2] s\n{1}\n"
                    "Text.\n\ndiff --git a/f b/f\n",
                    i, i == 1 ? "" : "In-Reply-To: <v1-1@example.org>\n"));
    const patchwork::KnownPatch known{server.url(), 100 + i, "local",
                                      fmt::format("v1-{}@example.org", i), 1};
    patchwork::remember_patches(store.database(), std::span(&known, 1));
  }
  patchwork::remember_revision(store.database(), {server.url(), 1, 1, 101});
  reports::test::add_verdict(
      store, number, findings::Verdict::fail, "broken",
      {{"style", pipeline::NodeKind::check, findings::Verdict::pass, "fine", 1},
       {"style", pipeline::NodeKind::check, findings::Verdict::fail, "too long", 2}});

  app::Config config;
  config.store_url = store.url();
  config.data = store.folder();
  intake::PatchworkSpec spec;
  spec.url = server.url();
  spec.projects = {"local"};
  spec.checks = true;
  spec.states = {"superseded"};  // cannot be set there, and does no harm
  spec.user = server.user;
  spec.password.file = (store.folder() / "password").string();
  REQUIRE(write_file_atomic(spec.password.file, "wrong\n"));
  const SystemClock clock;
  PatchworkLoop loop(config, intake::SourceSpec{"pw", "", spec},
                     reports::Links::at("https://ci.example.org"), clock);
  CHECK(soon([&] { return loop.health().state == intake::SourceState::failing; }));
  CHECK(loop.health().error.find("Invalid username/password.") != std::string::npos);
  CHECK(loop.health().error.find("wrong\n") == std::string::npos);
  REQUIRE(write_file_atomic(spec.password.file, server.password + "\n"));
  loop.wake();
  using Lines = std::vector<std::string>;
  CHECK(soon([&] {
    return server.results(1, 1) == Lines{"patchmill-series failure", "patchmill-style failure"};
  }));
  CHECK(server.result(1, 1, "patchmill-style").at("summary").as_string() == "patch 2: too long");
  CHECK(server.result(1, 1, "patchmill-series").at("url").as_string() ==
        fmt::format("https://ci.example.org/series/{}", number));
  CHECK(soon([&] { return loop.health().state == intake::SourceState::waiting; }));

  // Another test is wanted: its results are on the revision that was made for it.
  server.change([](patchmill::test::FreedesktopModel& model) { model.retest(1); });
  patchwork::remember_revision(store.database(), {server.url(), 1, 2, 101});
  server.add_fault({.path = "revisions/2/test-results/",
                    .times = 1,
                    .status = 502,
                    .after = true,
                    .method = "POST"});
  reports::test::add_verdict(store, number, findings::Verdict::pass, "fine", {}, 2);
  loop.wake();
  CHECK(soon([&] { return server.results(1, 2) == Lines{"patchmill-series success"}; }));
  CHECK(server.results(1, 1) == Lines{"patchmill-series failure", "patchmill-style failure"});
  // The answer was lost: it is looked at, not sent again.
  server.take_requests();
  CHECK(soon([&] { return loop.health().lag == 0; }));
  const auto requests = server.take_requests();
  CHECK(std::ranges::none_of(requests, [](const auto& one) { return one.starts_with("POST"); }));
  log::set_level(log::Level::info);
}

}  // namespace
}  // namespace patchmill::service
