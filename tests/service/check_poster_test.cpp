#include "service/check_poster.hpp"

#include "patchwork/patch_map.hpp"
#include "patchwork/state_store.hpp"
#include "reports/fixture.hpp"
#include "store/event_log.hpp"
#include "support/fake_patchwork.hpp"
#include "tracker/queries.hpp"
#include "tracker/taken.hpp"
#include "util/file.hpp"
#include "util/log.hpp"

#include <doctest/doctest.h>

namespace patchmill::service {
namespace {

using namespace std::chrono_literals;
using findings::Verdict;
using patchmill::test::FakePatchwork;
using reports::test::add_series;
using reports::test::add_verdict;
using reports::test::TestStore;

// A series of two patches that both sides know, judged.
struct PosterDesk {
  explicit PosterDesk(TestStore& test_store) : store(test_store) {
    log::set_level(log::Level::error);
    config.store_url = store.url();
    config.data = store.folder();
    spec.url = server.url();
    spec.projects = {"local"};
    spec.checks = true;
    spec.token.file = (store.folder() / "token").string();
    spec.timeout = 5s;
    set_token(server.token);
    pass();  // begins at the end of the event log
    number = add_series(store, {});
    for (int i = 1; i <= 2; ++i) {
      const auto msgid = fmt::format("v1-{}@example.org", i);
      const patchwork::KnownPatch known{
          server.url(),
          server.receive(1, i, 2, fmt::format("Message-ID: <{}>\nSubject: s\n\nText.\n", msgid)),
          "local",
          msgid,
          1,
          "new"};
      patchwork::remember_patches(store.database(), std::span(&known, 1));
    }
    add_verdict(store, number, Verdict::fail, "broken",
                {{"build", pipeline::NodeKind::kbuild, Verdict::fail, "broken"}});
  }
  ~PosterDesk() { log::set_level(log::Level::info); }

  void set_token(const std::string& token) {
    REQUIRE(write_file_atomic(spec.token.file, token + "\n"));
  }
  // As a process that has just started: nothing is remembered but what the store has.
  void pass(const std::function<void(std::string_view)>& on_step = {}) {
    http::ClientConfig client;
    patchwork::InstanceConfig instance_config;
    instance_config.url = spec.url;
    instance_config.token = [secret = spec.token] { return intake::read_secret(secret); };
    instance_config.client.first_backoff = 5ms;
    instance_config.client.host.requests_per_second = 0;
    instance_config.client.host.failures_to_open = 0;
    instance_config.timeout = 5s;
    patchwork::Instance instance(instance_config);
    CheckPoster poster(config, "pw", spec, instance, reports::Links::at("https://ci.example.org"),
                       store.clock(), state);
    poster.on_step = on_step;
    while (poster.pass({})) {
    }
  }
  // "CONTEXT STATE" of a patch, as posted.
  std::vector<std::string> posted(std::int64_t patch) {
    std::vector<std::string> all;
    server.change([&](FakePatchwork& s) {
      for (const auto& check : s.checks(patch)) {
        const auto& object = check.as_object();
        all.push_back(fmt::format("{} {}", std::string_view(object.at("context").as_string()),
                                  std::string_view(object.at("state").as_string())));
      }
    });
    return all;
  }
  std::string state_of(std::int64_t patch) {
    std::string found;
    server.change([&](FakePatchwork& s) {
      found = boost::json::value_to<std::string>(s.patch(patch).at("state"));
    });
    return found;
  }
  // Something happens to the series.
  void look_again() {
    store::append_event(store.database(), store.clock().now(), "series-touched", number,
                        std::nullopt, "{}");
    pass();
  }
  using Lines = std::vector<std::string>;

  TestStore& store;
  FakePatchwork server;
  app::Config config;
  intake::PatchworkSpec spec;
  CheckPosterState state;
  std::int64_t number = 0;
};

void add_second_revision(TestStore& store) {
  reports::test::SeriesSpec second;
  second.id = "v2";
  second.version = 2;
  add_series(store, second);
}

const PosterDesk::Lines k_both = {"patchmill-build fail", "patchmill-series fail"};

TEST_CASE("CheckPoster: one POST for each changed check, and nothing else") {
  reports::test::on_each_engine([](TestStore& store) {
    PosterDesk desk(store);
    desk.server.take_requests();
    desk.pass();
    CHECK(desk.posted(101) == k_both);
    CHECK(desk.posted(102) == k_both);
    CHECK(desk.server.take_requests().size() == 4 + 2);  // and what the instance is, once
    desk.pass();
    CHECK(desk.server.take_requests().empty());
    CHECK(desk.state.posted == 4);
    CHECK(desk.state.waiting == 0);
    desk.server.change([](FakePatchwork& s) {
      const auto& check = s.checks(101).at(0).as_object();
      CHECK(check.at("target_url").as_string().starts_with("https://ci.example.org/"));
      CHECK(check.at("description").as_string() == "broken");
    });
  });
}

TEST_CASE("CheckPoster: states, only where they are wanted") {
  reports::test::on_each_engine([](TestStore& store) {
    PosterDesk desk(store);
    desk.spec.checks = false;
    desk.server.take_requests();
    desk.pass();
    CHECK(desk.server.take_requests().empty());
    CHECK(desk.state_of(101) == "new");
    desk.spec.states = {"changes-requested", "superseded"};
    desk.look_again();
    CHECK(desk.state_of(101) == "changes-requested");
    CHECK(desk.state_of(102) == "changes-requested");
    CHECK(desk.posted(101).empty());
    desk.server.take_requests();
    desk.look_again();
    CHECK(desk.server.take_requests().empty());
    // From what we set ourselves.
    CHECK(patchwork::heard_of_state(store.database(), desk.server.url(), 101, "changes-requested"));
    add_second_revision(store);
    desk.pass();
    CHECK(desk.state_of(101) == "superseded");
    CHECK(desk.state_of(102) == "superseded");
  });
}

TEST_CASE("CheckPoster: a state that a person has set is left alone for good") {
  TestStore store(store::Engine::sqlite);
  PosterDesk desk(store);
  desk.spec.checks = false;
  desk.spec.states = {"under-review", "changes-requested", "superseded"};
  SUBCASE("nobody has told us yet") {
    desk.server.set_state(101, "rejected");
    desk.pass();
    CHECK(desk.state_of(101) == "rejected");
  }
  SUBCASE("an event told us") {
    desk.server.set_state(101, "under-review");
    CHECK_FALSE(
        patchwork::heard_of_state(store.database(), desk.server.url(), 101, "under-review"));
    patchwork::set_state(store.database(), desk.server.url(), 101, "under-review");
    desk.pass();
    CHECK(desk.state_of(101) == "under-review");
  }
  SUBCASE("after we set one") {
    desk.pass();
    CHECK(desk.state_of(101) == "changes-requested");
    CHECK(patchwork::heard_of_state(store.database(), desk.server.url(), 101, "changes-requested"));
    desk.server.set_state(101, "new");
    CHECK_FALSE(patchwork::heard_of_state(store.database(), desk.server.url(), 101, "new"));
    patchwork::set_state(store.database(), desk.server.url(), 101, "new");
    desk.look_again();
    CHECK(desk.state_of(101) == "new");
  }
  const auto before = desk.state_of(101);
  add_second_revision(store);
  for (int i = 0; i < 3; ++i) {
    store.clock().advance(1h);
    desk.look_again();
  }
  CHECK(desk.state_of(101) == before);
  CHECK(desk.state_of(102) == "superseded");  // that one nobody has touched
}

TEST_CASE("CheckPoster: a state that is lost on the way, or refused") {
  TestStore store(store::Engine::sqlite);
  PosterDesk desk(store);
  desk.spec.checks = false;
  desk.spec.states = {"changes-requested"};
  SUBCASE("the answer is lost") {
    desk.server.add_fault(
        {.path = "patches/101/", .times = 1, .status = 502, .after = true, .method = "PATCH"});
    desk.pass();
    CHECK(!desk.state.trouble.empty());
  }
  SUBCASE("it did not arrive") {
    desk.server.add_fault({.path = "patches/101/", .times = 1, .status = 502, .method = "PATCH"});
    desk.pass();
    CHECK(!desk.state.trouble.empty());
  }
  SUBCASE("no right") {
    desk.server.refusal = "You do not have permission to perform this action.";
    desk.pass();
    CHECK(desk.state.refusals().find(desk.server.refusal) != std::string::npos);
    CHECK(desk.state_of(101) == "new");
    desk.server.take_requests();
    desk.pass();
    CHECK(desk.server.take_requests().empty());
    desk.server.refusal.clear();
    desk.state = {};
  }
  for (int i = 0; i < 3; ++i) {
    store.clock().advance(1h);
    desk.pass();
  }
  CHECK(desk.state_of(101) == "changes-requested");
  CHECK(desk.state_of(102) == "changes-requested");
  CHECK(desk.state.waiting == 0);
  // It was set once: the next event of it is a person's.
  CHECK(patchwork::heard_of_state(store.database(), desk.server.url(), 101, "changes-requested"));
  CHECK_FALSE(
      patchwork::heard_of_state(store.database(), desk.server.url(), 101, "changes-requested"));
}

TEST_CASE("CheckPoster: killed while a state is set") {
  struct Killed {};
  for (const auto* at : {"claimed state", "posted state"}) {
    CAPTURE(at);
    TestStore store(store::Engine::sqlite);
    PosterDesk desk(store);
    desk.spec.checks = false;
    desk.spec.states = {"changes-requested"};
    for (int i = 0; i < 2; ++i) {
      CHECK_THROWS_AS(desk.pass([&](std::string_view step) {
        if (step == at) {
          throw Killed();
        }
      }),
                      Killed);
    }
    store.clock().advance(1h);
    desk.pass();
    CHECK(desk.state_of(101) == "changes-requested");
    CHECK(desk.state_of(102) == "changes-requested");
    CHECK(desk.state.waiting == 0);
    // By whom is known all the same.
    CHECK(patchwork::heard_of_state(store.database(), desk.server.url(), 101, "changes-requested"));
  }
}

TEST_CASE("CheckPoster: an answer that was lost is no second check") {
  TestStore store(store::Engine::sqlite);
  PosterDesk desk(store);
  desk.server.add_fault(
      {.path = "patches/101/checks/", .times = 1, .status = 502, .after = true, .method = "POST"});
  desk.pass();
  CHECK(desk.state.trouble.find("502") != std::string::npos);
  store.clock().advance(10s);
  desk.pass();
  CHECK(desk.posted(101) == k_both);
  CHECK(desk.posted(102) == k_both);
  CHECK(desk.state.trouble.empty());
}

TEST_CASE("CheckPoster: a POST that did not arrive is made again") {
  TestStore store(store::Engine::sqlite);
  PosterDesk desk(store);
  desk.server.add_fault({.path = "checks/", .times = 2, .status = 500, .method = "POST"});
  desk.server.add_fault({.path = "checks/", .times = 1, .status = 404, .method = "POST"});
  for (int i = 0; i < 6; ++i) {
    desk.pass();
    store.clock().advance(60s);
  }
  CHECK(desk.posted(101).size() == 2);
  CHECK(desk.posted(102).size() == 2);
  CHECK(desk.state.waiting == 0);
}

TEST_CASE("CheckPoster: killed at any step") {
  struct Killed {};
  for (const auto* at : {"claimed", "posted"}) {
    CAPTURE(at);
    TestStore store(store::Engine::sqlite);
    PosterDesk desk(store);
    for (int i = 0; i < 4; ++i) {
      CHECK_THROWS_AS(desk.pass([&](std::string_view step) {
        if (step == at) {
          throw Killed();
        }
      }),
                      Killed);
    }
    store.clock().advance(1h);
    desk.pass();
    for (const auto patch : {101, 102}) {
      auto posted = desk.posted(patch);
      std::sort(posted.begin(), posted.end());
      CHECK(posted == k_both);
    }
  }
}

TEST_CASE("CheckPoster: what a killed process had under way is posted at once by the next") {
  reports::test::on_each_engine([](TestStore& store) {
    struct Killed {};
    PosterDesk desk(store);
    CHECK_THROWS_AS(desk.pass([&](std::string_view step) {
      if (step == "claimed") {
        throw Killed();
      }
    }),
                    Killed);
    auto& database = store.database();
    database.exec(
        "UPDATE outbox SET holder = 'elsewhere:1', lease_until = (SELECT MAX(lease_until) FROM "
        "outbox) WHERE id = (SELECT MAX(id) FROM outbox)");
    // Another machine's stays its own where both may have the store. In the data folder that was
    // this one, under another name.
    const bool shared = store.engine() == store::Engine::postgresql;
    desk.pass();
    CHECK(desk.posted(101).size() + desk.posted(102).size() == (shared ? 3 : 4));
    CHECK(desk.state.waiting == (shared ? 1 : 0));
    store.clock().advance(1h);
    desk.pass();
    CHECK(desk.posted(101).size() + desk.posted(102).size() == 4);
  });
}

TEST_CASE("CheckPoster: a file elsewhere may be the store of two machines") {
  TestStore store(store::Engine::sqlite);
  struct Killed {};
  PosterDesk desk(store);
  desk.config.data = store.folder() / "data";
  std::filesystem::create_directories(desk.config.data);
  CHECK_THROWS_AS(desk.pass([&](std::string_view step) {
    if (step == "claimed") {
      throw Killed();
    }
  }),
                  Killed);
  store.database().exec("UPDATE outbox SET holder = 'elsewhere:1' WHERE holder IS NOT NULL");
  desk.pass();
  CHECK(desk.state.waiting == 1);
}

TEST_CASE("CheckPoster: a try again with the same result posts nothing") {
  TestStore store(store::Engine::sqlite);
  PosterDesk desk(store);
  desk.pass();
  CHECK(desk.state.posted == 4);
  patchwork::CheckStore checks(store.database(), store.clock());
  auto all = checks.of_series(desk.number);
  REQUIRE(all.size() == 4);
  desk.server.take_requests();
  for (int attempt = 2; attempt <= 3; ++attempt) {
    for (auto& wish : all) {
      wish.attempt = attempt;
      CHECK_FALSE(checks.want(wish));
    }
    CHECK(checks.of_series(desk.number)[0].attempt == attempt);
  }
  CHECK(checks.waiting(desk.server.url(), "local") == 0);
  // Another text or address is another check, and what is not posted yet does not count.
  all[0].attempt = 4;
  all[0].description = "broken again";
  CHECK(checks.want(all[0]));
  all[0].attempt = 5;
  CHECK(checks.want(all[0]));
}

TEST_CASE("CheckPoster: a lost token is one message, until there is a new one") {
  TestStore store(store::Engine::sqlite);
  PosterDesk desk(store);
  desk.set_token("a lost one");
  desk.server.take_requests();
  desk.pass();
  CHECK(desk.state.refusals().find("\"Invalid token.\"") != std::string::npos);
  CHECK(desk.state.refusals().find("a lost one") == std::string::npos);
  desk.server.take_requests();
  for (int i = 0; i < 5; ++i) {
    store.clock().advance(10min);
    desk.pass();
  }
  CHECK(desk.server.take_requests().empty());
  // Somebody may have mended it there: one attempt.
  store.clock().advance(1h);
  desk.pass();
  desk.pass();
  CHECK(desk.server.take_requests().size() <= 4);
  CHECK(desk.state.waiting == 4);
  CHECK(desk.posted(101).empty());
  desk.set_token(desk.server.token);
  desk.pass();
  CHECK(desk.state.refused.empty());
  for (const auto patch : {101, 102}) {
    auto posted = desk.posted(patch);
    std::ranges::sort(posted);  // what was refused is tried after the others
    CHECK(posted == k_both);
  }
}

TEST_CASE("CheckPoster: a token that is not there, and no right to the project") {
  TestStore store(store::Engine::sqlite);
  PosterDesk desk(store);
  SUBCASE("not there") {
    std::filesystem::remove(desk.spec.token.file);
    desk.pass();
    CHECK(desk.state.refusals().find("cannot be read") != std::string::npos);
  }
  SUBCASE("no right") {
    desk.server.refusal = "You do not have permission to perform this action.";
    desk.pass();
    CHECK(desk.state.refusals().find(desk.server.refusal) != std::string::npos);
  }
  CHECK(desk.posted(101).empty());
}

TEST_CASE("CheckPoster: a right that is given there is found without anybody's help") {
  TestStore store(store::Engine::sqlite);
  PosterDesk desk(store);
  desk.server.refusal = "You do not have permission to perform this action.";
  desk.pass();
  CHECK(desk.state.refused.size() == 1);
  desk.server.refusal.clear();
  store.clock().advance(61min);
  desk.pass();
  CHECK(desk.state.refused.empty());
  CHECK(desk.posted(101).size() == 2);
  CHECK(desk.posted(102).size() == 2);
}

TEST_CASE("CheckPoster: what is refused as it is stops its kind, not the others") {
  TestStore store(store::Engine::sqlite);
  PosterDesk desk(store);
  desk.spec.states = {"changes-requested"};
  desk.server.add_fault({.path = "patches/",
                         .times = 1000,
                         .status = 400,
                         .body = R"({"state":["Invalid state changes-requested."]})",
                         .type = "application/json",
                         .method = "PATCH"});
  for (int i = 0; i < 10; ++i) {
    desk.pass();
    store.clock().advance(1min);
  }
  CHECK(desk.posted(101) == k_both);
  CHECK(desk.posted(102) == k_both);
  CHECK(desk.state.refusals().find("no states are posted to local") != std::string::npos);
  CHECK(desk.state.refusals().find("Invalid state changes-requested.") != std::string::npos);
  const auto requests = desk.server.take_requests();
  CHECK(std::ranges::count_if(
            requests, [](const std::string& one) { return one.starts_with("PATCH"); }) == 1);
}

TEST_CASE("CheckPoster: patches that a tree has taken are accepted, each by itself") {
  reports::test::on_each_engine([](TestStore& store) {
    PosterDesk desk(store);
    desk.spec.checks = false;
    desk.spec.states = {"accepted"};
    desk.pass();
    CHECK(desk.state_of(101) == "new");
    const auto series = tracker::Queries(store.database(), store.blobs()).series(desk.number);
    const tracker::TakenPatch taken{series->patches[1].message, "main", "0123456789"};
    tracker::note_taken(store.database(), store.clock().now(), desk.number, std::span(&taken, 1));
    desk.pass();
    CHECK(desk.state_of(101) == "new");
    CHECK(desk.state_of(102) == "accepted");
    // A newer revision does not take that back.
    desk.spec.states = {"accepted", "superseded"};
    CHECK(patchwork::heard_of_state(store.database(), desk.server.url(), 102, "accepted"));
    add_second_revision(store);
    desk.pass();
    CHECK(desk.state_of(101) == "superseded");
    CHECK(desk.state_of(102) == "accepted");
  });
}

// Patches that become known while rules stand.
struct Delegating {
  explicit Delegating(TestStore& store) : desk(store) {
    desk.spec.checks = false;
    desk.spec.delegates = {{"nobody", {"g"}, {}, {}, {}}, {"ann", {"f"}, {}, {"net-*"}, {}}};
    desk.server.change([](FakePatchwork& s) {
      s.list("users") = {{{"id", 8}, {"username", "annabel"}}, {{"id", 9}, {"username", "ann"}}};
    });
    desk.server.take_requests();
  }
  std::string delegate_of(std::int64_t patch) {
    std::string found;
    desk.server.change([&](FakePatchwork& s) {
      const auto& delegate = s.patch(patch).at("delegate");
      found = delegate.is_null()
                  ? "nobody"
                  : boost::json::value_to<std::string>(delegate.as_object().at("username"));
    });
    return found;
  }
  PosterDesk desk;
};

TEST_CASE("CheckPoster: delegates by rules, where nobody has the patch, once") {
  reports::test::on_each_engine([](TestStore& store) {
    Delegating rules(store);
    rules.desk.server.delegate(102, "bob");
    rules.desk.pass();
    CHECK(rules.delegate_of(101) == "ann");
    CHECK(rules.delegate_of(102) == "bob");
    // Somebody takes it away.
    rules.desk.server.delegate(101, "");
    rules.desk.server.take_requests();
    for (int i = 0; i < 3; ++i) {
      store.clock().advance(1h);
      rules.desk.look_again();
    }
    CHECK(rules.delegate_of(101) == "nobody");
    CHECK(rules.desk.server.take_requests().empty());
  });
}

TEST_CASE("CheckPoster: a delegate whom nobody knows there is told, and holds up nothing") {
  TestStore store(store::Engine::sqlite);
  Delegating rules(store);
  rules.desk.spec.delegates[1].user = "anny";
  rules.desk.spec.checks = true;
  rules.desk.pass();
  CHECK(rules.desk.state.refusals().find("nobody is called 'anny'") != std::string::npos);
  CHECK(rules.desk.posted(101) == k_both);
  CHECK(rules.desk.state.waiting == 0);
  CHECK(rules.delegate_of(101) == "nobody");
}

TEST_CASE("CheckPoster: pages of users without an end are left") {
  TestStore store(store::Engine::sqlite);
  Delegating rules(store);
  rules.desk.spec.delegates[1].user = "anny";
  rules.desk.server.change([](FakePatchwork& s) { s.endless = "users"; });
  rules.desk.server.take_requests();
  rules.desk.pass();
  CHECK(rules.desk.state.refusals().find("nobody is called 'anny'") != std::string::npos);
  CHECK(rules.desk.server.take_requests().size() < 500);
}

TEST_CASE("CheckPoster: killed while a delegate is set") {
  struct Killed {};
  for (const auto* at : {"claimed delegate", "posted delegate"}) {
    CAPTURE(at);
    TestStore store(store::Engine::sqlite);
    Delegating rules(store);
    CHECK_THROWS_AS(rules.desk.pass([&](std::string_view step) {
      if (step == at) {
        throw Killed();
      }
    }),
                    Killed);
    store.clock().advance(1h);
    rules.desk.pass();
    CHECK(rules.delegate_of(101) == "ann");
    CHECK(rules.delegate_of(102) == "ann");
    CHECK(rules.desk.state.waiting == 0);
  }
}

TEST_CASE("CheckPoster: a patch that is gone there keeps nobody waiting") {
  TestStore store(store::Engine::sqlite);
  PosterDesk desk(store);
  const patchwork::KnownPatch gone{desk.server.url(), 999, "local", "v1-1@example.org", 1};
  patchwork::remember_patches(store.database(), std::span(&gone, 1));
  desk.pass();
  CHECK(desk.posted(101) == k_both);
  CHECK(desk.posted(102) == k_both);
  CHECK(desk.state.waiting == 0);
  CHECK(desk.state.trouble.empty());
}

TEST_CASE("CheckPoster: the instance is away for a while") {
  TestStore store(store::Engine::sqlite);
  PosterDesk desk(store);
  desk.server.stop();
  for (int i = 0; i < 5; ++i) {
    desk.pass();
    store.clock().advance(10min);
  }
  CHECK(!desk.state.trouble.empty());
  CHECK(desk.state.waiting == 4);
  desk.server.start_again();
  desk.server.take_requests();
  for (int i = 0; i < 3; ++i) {
    desk.pass();
    store.clock().advance(10min);
  }
  CHECK(desk.posted(101).size() == 2);
  CHECK(desk.posted(102).size() == 2);
}

}  // namespace
}  // namespace patchmill::service
