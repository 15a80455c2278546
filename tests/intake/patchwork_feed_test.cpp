#include "intake/patchwork_feed.hpp"

#include "intake/following.hpp"
#include "intake/importer.hpp"
#include "patchwork/patch_map.hpp"
#include "patchwork/state_store.hpp"
#include "store/cursors.hpp"
#include "support/fake_patchwork.hpp"
#include "tracker/queries.hpp"

#include <doctest/doctest.h>

namespace patchmill::test {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<patchwork::Instance> instance_of(const FakePatchwork& server) {
  patchwork::InstanceConfig config;
  config.url = server.url();
  config.client.first_backoff = 5ms;
  config.client.host.requests_per_second = 0;
  config.client.host.failures_to_open = 0;
  config.longest_answer = 250'000;
  config.timeout = 5s;
  config.deadline = 20s;
  return std::make_shared<patchwork::Instance>(std::move(config));
}

void post_series(FakePatchwork& server, int series, int total, bool cover = true) {
  for (int i = cover ? 0 : 1; i <= total; ++i) {
    server.receive(series, i, total, patch_mail(series, i, total));
  }
}

std::size_t count_of(const std::vector<std::string>& requests, std::string_view part) {
  return static_cast<std::size_t>(std::ranges::count_if(
      requests, [&](const auto& one) { return one.find(part) != std::string::npos; }));
}

// Looks as often as there is something, storing it, as a follower does.
struct Looking {
  explicit Looking(TestStore& test_store, const FakePatchwork& server,
                   intake::PatchworkFeedOptions options = {0ms, 7})
      : store(test_store),
        importer(test_store.database(), test_store.blobs(), test_store.clock()),
        feed(intake::follow_patchwork(instance_of(server), "local", options)) {}

  // Problems of this look.
  std::vector<Error> look() {
    intake::StorePositions positions(store.database());
    intake::Waiter waiter;
    const auto sources = feed->open(positions, waiter);
    if (!sources) {
      feed->reset();
      return {sources.error()};
    }
    auto report = importer.run(*sources);
    return report.problems;
  }
  std::int64_t count(const std::string& table = "messages") {
    return store.database().value<std::int64_t>("SELECT COUNT(*) FROM " + table);
  }

  TestStore& store;
  intake::Importer importer;
  std::unique_ptr<intake::Feed> feed;
};

TEST_CASE("follow_patchwork: series come with their mails, and patches with their numbers") {
  on_each_engine([](TestStore& store) {
    FakePatchwork server;
    post_series(server, 1, 2);
    Looking looking(store, server);
    CHECK(looking.look().empty());
    CHECK(looking.count() == 3);
    tracker::Queries queries(store.database(), store.blobs());
    const auto number = queries.series_of("series-1-1@example.org");
    REQUIRE(number.has_value());
    const auto series = queries.series(*number);
    CHECK(series->patches.size() == 2);
    CHECK(series->total == 2);
    const auto known = patchwork::patches_of(store.database(), "series-1-2@example.org");
    REQUIRE(known.size() == 1);
    CHECK(known[0].instance == server.url());
    CHECK(known[0].patch == 102);
    CHECK(known[0].project == "local");
    CHECK(known[0].series == 1);
    const auto mail = queries.parsed(queries.message("series-1-1@example.org")->id);
    CHECK(mail->list_ids == std::vector<std::string>{"local.example.org"});
    CHECK(mail->diff.find("+new\n") != std::string::npos);
  });
}

TEST_CASE("follow_patchwork: states and delegates, as they are and as they change") {
  on_each_engine([](TestStore& store) {
    FakePatchwork server;
    post_series(server, 1, 2);
    server.delegate(102, "kuba");
    Looking looking(store, server);
    CHECK(looking.look().empty());
    const auto patch = [&](int number) {
      const auto known =
          patchwork::patches_of(store.database(), fmt::format("series-1-{}@example.org", number));
      REQUIRE(known.size() == 1);
      return known[0];
    };
    CHECK(patch(1).state == "new");
    CHECK(patch(1).delegate.empty());
    CHECK(patch(2).delegate == "kuba");
    const auto told = [&] {
      return store.database().value<std::int64_t>(
          "SELECT COUNT(*) FROM events WHERE kind = 'patchwork-patch-changed'");
    };
    CHECK(told() == 0);
    server.set_state(101, "under-review");
    server.delegate(102, "");
    server.take_requests();
    CHECK(looking.look().empty());
    CHECK(server.take_requests().size() <= 2);
    CHECK(patch(1).state == "under-review");
    CHECK(patch(2).state == "new");
    CHECK(patch(2).delegate.empty());
    CHECK(told() == 2);
    // The same again is nothing new.
    server.set_state(101, "under-review");
    CHECK(looking.look().empty());
    CHECK(told() == 2);
    // What has no state, or one of another type, changes nothing.
    server.set_state(101, std::string(1000, 'x'));
    CHECK(looking.look().empty());
    CHECK(patch(1).state == "under-review");
  });
}

TEST_CASE("follow_patchwork: whose a state is") {
  TestStore store(store::Engine::sqlite);
  FakePatchwork server;
  post_series(server, 1, 2);
  Looking looking(store, server);
  CHECK(looking.look().empty());
  patchwork::StateStore states(store.database(), store.clock());
  const auto want = [&](std::int64_t patch, const std::string& wanted, const std::string& seen) {
    return states.want({server.url(), patch, "local", wanted, seen});
  };
  CHECK(want(101, "under-review", "new"));
  CHECK_FALSE(want(101, "under-review", "new"));
  const auto due = states.claim(server.url(), "local", "me", 1min);
  REQUIRE(due.has_value());
  states.about_to_set(*due);
  server.set_state(101, "under-review");
  states.set(*due);
  server.set_state(102, "accepted");
  CHECK(looking.look().empty());
  // The first was ours; the second is a person's, whatever comes.
  CHECK(want(101, "changes-requested", "under-review"));
  CHECK_FALSE(want(102, "superseded", "new"));
  server.set_state(101, "new");
  CHECK(looking.look().empty());
  CHECK_FALSE(states.claim(server.url(), "local", "me", 1min).has_value());
  CHECK_FALSE(want(101, "superseded", "new"));
}

TEST_CASE("follow_patchwork: what a look costs") {
  TestStore store(store::Engine::sqlite);
  FakePatchwork server;
  post_series(server, 1, 1);
  Looking looking(store, server);
  looking.look();
  for (int i = 0; i < 25; ++i) {
    server.take_requests();
    CHECK(looking.look().empty());
    CHECK(server.take_requests().size() <= 2);
  }
  post_series(server, 2, 5);
  server.take_requests();
  CHECK(looking.look().empty());
  CHECK(server.take_requests().size() <= 5 + 4);
  CHECK(looking.count() == 8);
  // Our own checks make events, too; they cost nothing more.
  server.change([](FakePatchwork& s) {
    for (int i = 0; i < 50; ++i) {
      s.event("check-created", {{"patch", {{"id", 101}}}});
      s.event("patch-state-changed", {{"patch", {{"id", 101}}}, {"current_state", nullptr}});
    }
  });
  server.take_requests();
  CHECK(looking.look().empty());
  CHECK(server.take_requests().size() <= 2);
}

TEST_CASE("follow_patchwork: late covers, late and extra patches, repeated and strange events") {
  TestStore store(store::Engine::sqlite);
  FakePatchwork server;
  server.receive(1, 1, 2, patch_mail(1, 1, 2));
  Looking looking(store, server);
  CHECK(looking.look().empty());
  CHECK(looking.count() == 1);
  server.receive(1, 2, 2, patch_mail(1, 2, 2));
  CHECK(looking.look().empty());
  server.receive(1, 0, 2, patch_mail(1, 0, 2));
  server.receive(1, 3, 2, patch_mail(1, 3, 2));
  server.change([](FakePatchwork& s) {
    s.event("series-completed", {{"series", {{"id", 1}}}});
    s.event("series-completed", {{"series", {{"id", nullptr}}}});
    s.event("series-completed", {{"series", {{"id", 77}}}});
    s.event("patch-created", {{"patch", nullptr}});
    s.event("patch-created", {});
    s.event("something-new", {{"patch", 7}});
  });
  CHECK(looking.look().empty());
  CHECK(looking.count() == 4);
  CHECK(looking.look().empty());
  tracker::Queries queries(store.database(), store.blobs());
  const auto series = queries.series(*queries.series_of("series-1-1@example.org"));
  CHECK(series->patches.size() == 3);
}

TEST_CASE("follow_patchwork: what was there before the first look, as far as it is wanted") {
  TestStore store(store::Engine::sqlite);
  FakePatchwork server;
  post_series(server, 1, 2);
  server.set_clock_back(-10 * 86400);
  server.receive(2, 0, 2, patch_mail(2, 0, 2));
  server.receive(2, 1, 2, patch_mail(2, 1, 2));
  server.set_clock_back(-8 * 86400);  // the beginning of series 2 is older than a week
  server.receive(2, 2, 2, patch_mail(2, 2, 2));
  SUBCASE("by events") {}
  SUBCASE("by number") {
    server.has_events = false;
  }
  Looking looking(store, server);
  CHECK(looking.look().empty());
  CHECK(looking.look().empty());
  tracker::Queries queries(store.database(), store.blobs());
  CHECK(queries.message("series-2-2@example.org").has_value());
  CHECK(!queries.message("series-1-1@example.org").has_value());
  if (server.has_events) {
    CHECK(looking.count() == 3);  // the rest of the series comes with it
  }
}

TEST_CASE("follow_patchwork: an instance without events") {
  TestStore store(store::Engine::sqlite);
  FakePatchwork server;
  server.has_events = false;
  post_series(server, 1, 2);
  Looking looking(store, server);
  CHECK(looking.look().empty());
  CHECK(looking.count() == 3);
  for (int i = 0; i < 10; ++i) {
    server.take_requests();
    looking.look();
    CHECK(server.take_requests().size() <= 2);
  }
  for (int i = 2; i < 130; ++i) {
    post_series(server, i, 1);  // more than a page
  }
  CHECK(looking.look().empty());
  CHECK(looking.count() == 3 + 128 * 2);
  server.has_events = true;
  for (int i = 0; i < 70; ++i) {
    looking.look();
  }
  server.take_requests();
  server.receive(500, 1, 1, patch_mail(500, 1, 1));
  looking.look();
  CHECK(count_of(server.take_requests(), "events/") > 0);
  CHECK(looking.count() == 3 + 128 * 2 + 1);
}

TEST_CASE("follow_patchwork: one fault of the server, and events are asked for again at once") {
  TestStore store(store::Engine::sqlite);
  FakePatchwork server;
  post_series(server, 1, 2);
  Looking looking(store, server);
  CHECK(looking.look().empty());
  server.add_fault({.path = "events/", .times = 1, .status = 500});
  server.set_state(101, "under-review");
  server.take_requests();
  CHECK(looking.look().empty());
  CHECK(server.take_requests().size() <= 2);
  CHECK(looking.look().empty());
  CHECK(patchwork::patches_of(store.database(), "series-1-1@example.org")[0].state ==
        "under-review");
}

TEST_CASE("follow_patchwork: events that always fail are asked for less and less") {
  TestStore store(store::Engine::sqlite);
  FakePatchwork server;
  post_series(server, 1, 1);
  Looking looking(store, server);
  CHECK(looking.look().empty());
  std::vector<int> asked;
  const auto look = [&](int times) {
    asked.clear();
    for (int i = 0; i < times; ++i) {
      server.take_requests();
      CHECK(looking.look().empty());
      const auto requests = server.take_requests();
      CHECK(requests.size() <= 2);
      if (count_of(requests, "events/") > 0) {
        asked.push_back(i);
      }
    }
  };
  SUBCASE("by a fault inside of the server") {
    server.add_fault({.path = "events/", .times = 1000, .status = 500});
    look(190);
    CHECK(asked == std::vector<int>{0, 1, 3, 7, 15, 31, 63, 123, 183});
    // Covers come all the same.
    post_series(server, 2, 1);
    CHECK(looking.look().empty());
    CHECK(looking.count() == 4);
    // Once they are there, the next fault is a new one.
    server.clear_faults();
    look(60);
    CHECK(asked.size() > 1);
    server.add_fault({.path = "events/", .times = 1000, .status = 500});
    look(10);
    CHECK(asked == std::vector<int>{0, 1, 3, 7});
  }
  SUBCASE("as they are switched off") {
    server.has_events = false;
    look(130);
    CHECK(asked == std::vector<int>{0, 60, 120});
  }
}

TEST_CASE("follow_patchwork: pages of events without an end") {
  TestStore store(store::Engine::sqlite);
  FakePatchwork server;
  post_series(server, 1, 1);
  Looking looking(store, server);
  CHECK(looking.look().empty());
  server.change([](FakePatchwork& s) { s.endless = "events"; });
  server.take_requests();
  CHECK(looking.look().empty());
  CHECK(server.take_requests().size() <= 102);
}

TEST_CASE("follow_patchwork: the server's clock goes back an hour") {
  TestStore store(store::Engine::sqlite);
  FakePatchwork server;
  post_series(server, 1, 1);
  Looking looking(store, server);
  CHECK(looking.look().empty());
  server.set_clock_back(3600);
  post_series(server, 2, 2);
  for (int i = 0; i < 12; ++i) {
    CHECK(looking.look().empty());
  }
  CHECK(looking.count() == 5);
}

TEST_CASE("follow_patchwork: a patch that the server cannot give holds up nothing") {
  TestStore store(store::Engine::sqlite);
  FakePatchwork server;
  post_series(server, 1, 3);
  SUBCASE("Django's 500, for a while") {
    server.add_fault({.path = "patches/102/", .times = 1, .status = 500});
  }
  SUBCASE("no JSON, for a while") {
    server.add_fault({.path = "patches/102/", .times = 1, .status = 200});
  }
  Looking looking(store, server);
  CHECK(looking.look().size() == 1);
  CHECK(looking.count() == 3);
  CHECK(looking.look().empty());
  CHECK(looking.count() == 4);
}

TEST_CASE(
    "follow_patchwork: a patch that the server never gives is left out after three attempts") {
  TestStore store(store::Engine::sqlite);
  FakePatchwork server;
  post_series(server, 1, 3);
  SUBCASE("500") {
    server.add_fault({.path = "patches/102/", .times = 1000, .status = 500});
  }
  SUBCASE("without headers") {
    server.patch(102)["headers"] = nullptr;
  }
  SUBCASE("larger than any") {
    server.patch(102)["content"] = std::string(300'000, 'x');
  }
  SUBCASE("another one") {
    server.patch(102)["id"] = 103;
  }
  Looking looking(store, server);
  for (int i = 0; i < 3; ++i) {
    CHECK(looking.look().size() == 1);
  }
  for (int i = 0; i < 12; ++i) {
    server.take_requests();
    CHECK(looking.look().empty());
    CHECK(count_of(server.take_requests(), "GET patches/102/") == 0);
  }
  CHECK(looking.count() == 3);
}

TEST_CASE("follow_patchwork: only Patchwork itself says that a patch is gone") {
  TestStore store(store::Engine::sqlite);
  FakePatchwork server;
  post_series(server, 1, 3);
  SUBCASE("a page of a proxy") {
    server.add_fault({.path = "patches/102/", .times = 1, .status = 404});
    Looking looking(store, server);
    CHECK(looking.look().size() == 1);
    CHECK(looking.count() == 2);
    CHECK(looking.look().empty());
    CHECK(looking.count() == 4);
  }
  SUBCASE("Patchwork") {
    server.add_fault({.path = "patches/102/",
                      .times = 1,
                      .status = 404,
                      .body = "{\"detail\": \"Not found.\"}",
                      .type = "application/json"});
    Looking looking(store, server);
    CHECK(looking.look().empty());
    CHECK(looking.look().empty());
    CHECK(looking.count() == 3);
  }
}

TEST_CASE("follow_patchwork: the project is gone") {
  TestStore store(store::Engine::sqlite);
  FakePatchwork server;
  post_series(server, 1, 1);
  Looking looking(store, server);
  CHECK(looking.look().empty());
  server.has_project = false;
  const auto problems = looking.look();
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].kind == ErrorKind::invalid);
  CHECK(problems[0].message.find("has no project local any more") != std::string::npos);
}

TEST_CASE("follow_patchwork: the events are gone, the project is not") {
  TestStore store(store::Engine::sqlite);
  FakePatchwork server;
  post_series(server, 1, 1);
  Looking looking(store, server);
  CHECK(looking.look().empty());
  server.forget_events();
  CHECK(looking.look().empty());
  post_series(server, 2, 1);
  CHECK(looking.look().empty());
  CHECK(looking.look().empty());
  CHECK(looking.count() == 4);
}

TEST_CASE("follow_patchwork: after a long outage, and killed in the middle of it") {
  TestStore store(store::Engine::sqlite);
  FakePatchwork server;
  post_series(server, 1, 1);
  {
    Looking looking(store, server);
    CHECK(looking.look().empty());
  }
  for (int i = 2; i <= 300; ++i) {
    post_series(server, i, 2);
  }
  server.add_fault({.path = "patches/303/", .times = 4, .status = 502});
  {
    Looking looking(store, server);
    int looks = 0;
    while (looking.look().empty() && looks < 20) {
      ++looks;
    }
    CHECK(looks < 20);
    CHECK(looking.count() > 2);
    CHECK(looking.count() < 2 + 299 * 3);
  }
  server.take_requests();
  Looking looking(store, server);
  for (int i = 0; i < 20; ++i) {
    CHECK(looking.look().empty());
  }
  CHECK(looking.count() == 2 + 299 * 3);
  // Nothing is fetched twice.
  const auto requests = server.take_requests();
  std::set<std::string> once;
  for (const auto& request : requests) {
    if (request.starts_with("GET patches/") && request.find('?') == std::string::npos) {
      CHECK(once.insert(request).second);
    }
  }
}

TEST_CASE("follow_patchwork: followed for ever, across a restart of the server") {
  TestStore store(store::Engine::sqlite);
  FakePatchwork server;
  post_series(server, 1, 2);
  Following following(store);
  auto follower =
      following.follow(intake::follow_patchwork(instance_of(server), "local", {20ms, 7}));
  CHECK(following.reaches(3));
  server.stop();
  CHECK(soon([&] { return follower->health().state == intake::SourceState::failing; }));
  CHECK(follower->health().error.find(server.url()) != std::string::npos);
  server.start_again();
  post_series(server, 2, 1);
  CHECK(following.reaches(5));
  CHECK(soon([&] { return follower->health().state == intake::SourceState::waiting; }));
  CHECK(follower->health().error.empty());
  CHECK(follower->health().mails == 5);
}

TEST_CASE("follow_patchwork: stops in the middle of a slow page") {
  TestStore store(store::Engine::sqlite);
  FakePatchwork server;
  post_series(server, 1, 2);
  server.add_fault({.path = "patches/102/", .times = 1, .slow = 4000ms});
  Following following(store);
  auto follower =
      following.follow(intake::follow_patchwork(instance_of(server), "local", {20ms, 7}));
  CHECK(soon([&] { return count_of(server.take_requests(), "patches/102/") > 0; }));
  CHECK(time_to_stop(follower) < 3000ms);
}

}  // namespace
}  // namespace patchmill::test
