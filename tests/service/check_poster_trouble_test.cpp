#include "patchwork/state_store.hpp"
#include "service/check_poster.hpp"
#include "service/check_poster_bench.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

namespace patchmill::service::poster_test {
namespace {

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
            requests, [](const std::string& one) { return one.starts_with("PATCH"); }) == 2);
}

TEST_CASE("CheckPoster: one check that is refused as it is waits alone; a second one stops them") {
  TestStore store(store::Engine::sqlite);
  PosterDesk desk(store);
  const auto refuse = [&](int times) {
    desk.server.add_fault({.path = "/checks/",
                           .times = times,
                           .status = 400,
                           .body = R"({"target_url":["Enter a valid URL."]})",
                           .type = "application/json",
                           .method = "POST"});
  };
  const auto count = [&] { return desk.posted(101).size() + desk.posted(102).size(); };
  SUBCASE("one") {
    refuse(1);
    desk.pass();
    CHECK(count() == 3);
    CHECK(desk.state.waiting == 1);
    store.clock().advance(30min);
    desk.pass();
    CHECK(count() == 3);
    refuse(1);
    store.clock().advance(31min);
    desk.pass();
    CHECK(count() == 3);
    CHECK(desk.state.refusals().find("of patch 101 is refused by local: ") != std::string::npos);
    CHECK(desk.state.refusals().find("Enter a valid URL.") != std::string::npos);
  }
  SUBCASE("two") {
    refuse(2);
    desk.pass();
    CHECK(count() == 0);
    CHECK(desk.state.waiting == 4);
    CHECK(desk.state.refusals().find("no checks are posted to local") != std::string::npos);
    store.clock().advance(30min);
    desk.server.take_requests();
    desk.pass();
    CHECK(desk.server.take_requests().empty());
    store.clock().advance(1min);
  }
  int mended = 0;
  SUBCASE("one, and somebody has mended it") {
    mended = 1;
  }
  SUBCASE("two, and somebody has mended them") {
    mended = 2;
  }
  if (mended > 0) {
    refuse(mended);
    desk.pass();
    CHECK(desk.state.waiting > 0);
    desk.try_again();
  }
  SUBCASE("one for ever") {
    for (int i = 0; i < 5; ++i) {
      refuse(1);
      desk.pass();
      CHECK(count() == 3);
      store.clock().advance(61min);
    }
    desk.pass();
    CHECK(count() == 3);
    CHECK(desk.state.waiting == 0);
    return;
  }
  if (mended == 0) {
    store.clock().advance(61min);
    desk.pass();
  }
  CHECK(count() == 4);
  CHECK(desk.state.waiting == 0);
  CHECK(desk.state.refused.empty());
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
}  // namespace patchmill::service::poster_test
