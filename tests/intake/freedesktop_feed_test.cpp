#include "intake/freedesktop_feed.hpp"

#include "intake/following.hpp"
#include "intake/importer.hpp"
#include "patchwork/patch_map.hpp"
#include "patchwork/revision_store.hpp"
#include "support/fake_freedesktop.hpp"
#include "support/fake_patchwork.hpp"
#include "tracker/queries.hpp"

#include <doctest/doctest.h>

namespace patchmill::test {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<patchwork::Instance> instance_of(const std::string& url) {
  patchwork::InstanceConfig config;
  config.url = url;
  config.client.first_backoff = 5ms;
  config.client.host.requests_per_second = 0;
  config.client.host.failures_to_open = 0;
  config.longest_answer = 250'000;
  config.timeout = 5s;
  config.deadline = 20s;
  return std::make_shared<patchwork::Instance>(std::move(config));
}

void post_series(FakeFreedesktop& server, int series, int total, bool cover = true) {
  for (int i = cover ? 0 : 1; i <= total; ++i) {
    server.receive(patch_mail(series, i, total));
  }
}

// A patch that changes one of `patch_mail`'s series, its words replaced.
std::string changed(std::string mail,
                    const std::vector<std::pair<std::string, std::string>>& words) {
  for (const auto& [from, to] : words) {
    const auto at = mail.find(from);
    REQUIRE(at != std::string::npos);
    mail.replace(at, from.size(), to);
  }
  return mail;
}

std::size_t asked_for(const std::vector<std::string>& requests, std::string_view part) {
  return static_cast<std::size_t>(std::ranges::count_if(
      requests, [&](const auto& one) { return one.find(part) != std::string::npos; }));
}

struct LookingOver {
  explicit LookingOver(TestStore& test_store, const FakeFreedesktop& fake,
                       intake::PatchworkFeedOptions options = {0ms, 7})
      : store(test_store),
        server(fake),
        importer(test_store.database(), test_store.blobs(), test_store.clock()),
        queries(test_store.database(), test_store.blobs()),
        feed(intake::follow_any_patchwork(instance_of(fake.url()), "local", options)) {}

  // Problems of this look.
  std::vector<Error> look() {
    intake::StorePositions positions(store.database());
    intake::Waiter waiter;
    const auto sources = feed->open(positions, waiter);
    if (!sources) {
      feed->reset();
      return {sources.error()};
    }
    return importer.run(*sources).problems;
  }
  std::int64_t count(const std::string& of = "messages") {
    return store.database().value<std::int64_t>("SELECT COUNT(*) FROM " + of);
  }
  tracker::Series series_of(const std::string& msgid) {
    const auto number = queries.series_of(msgid);
    REQUIRE_MESSAGE(number.has_value(), msgid);
    return *queries.series(*number);
  }
  // "VERSION" of the newest revision that the patch stands for; 0: none.
  int version_of(std::int64_t patch) {
    const auto found = patchwork::revision_of(store.database(), server.url(), patch);
    return found ? found->version : 0;
  }
  std::vector<std::string> told(const std::string& kind) {
    std::vector<std::string> all;
    store.database().each(
        "SELECT payload FROM events WHERE kind = ? ORDER BY id",
        [&](const store::Row& row) { all.push_back(row.get<std::string>(0)); }, kind);
    return all;
  }

  TestStore& store;
  const FakeFreedesktop& server;
  intake::Importer importer;
  tracker::Queries queries;
  std::unique_ptr<intake::Feed> feed;
};

TEST_CASE("follow_freedesktop: revisions come as mails, with a cover letter made of their text") {
  on_each_engine([](TestStore& store) {
    FakeFreedesktop server;
    post_series(server, 1, 2);
    server.change([](FreedesktopModel& model) { model.patches.at(102).delegate = "kuba@a.org"; });
    LookingOver looking(store, server);
    CHECK(looking.look().empty());
    CHECK(looking.count() == 3);
    const auto series = looking.series_of("series-1-1@example.org");
    CHECK(series.patches.size() == 2);
    CHECK(series.total == 2);
    CHECK(series.name == "thing 1: step 0");
    const auto cover = looking.queries.message(series.cover_msgid);
    REQUIRE(cover.has_value());
    CHECK(cover->subject == "[PATCH 0/2] thing 1: step 0");
    CHECK(cover->from_email == "person@example.org");
    CHECK(looking.queries.parsed(cover->id)->text == "Text.");
    const auto known = patchwork::patches_of(store.database(), "series-1-2@example.org");
    REQUIRE(known.size() == 1);
    CHECK(known[0].instance == server.url());
    CHECK(known[0].patch == 102);
    CHECK(known[0].project == "local");
    CHECK(known[0].series == 1);
    CHECK(known[0].state == "new");
    CHECK(known[0].delegate == "kuba@a.org");
    CHECK(looking.version_of(101) == 1);
    const auto mail = looking.queries.parsed(looking.queries.message("series-1-1@example.org")->id);
    CHECK(mail->list_ids == std::vector<std::string>{"local.lists.example.org"});
    CHECK(mail->diff.find("+new\n") != std::string::npos);
  });
}

TEST_CASE("follow_freedesktop: without a cover letter, and one patch alone") {
  TestStore store(store::Engine::sqlite);
  FakeFreedesktop server;
  server.receive(changed(patch_mail(1, 1, 2), {{"In-Reply-To: <series-1-0@example.org>\n", ""}}));
  server.receive(changed(patch_mail(1, 2, 2), {{"<series-1-0@", "<series-1-1@"}}));
  server.receive(changed(patch_mail(2, 1, 1), {{"In-Reply-To: <series-2-0@example.org>\n", ""},
                                               {"[PATCH 1/1]", "[PATCH]"}}));
  LookingOver looking(store, server);
  CHECK(looking.look().empty());
  CHECK(looking.count() == 3);
  CHECK(looking.series_of("series-1-2@example.org").patches.size() == 2);
  CHECK(looking.series_of("series-1-2@example.org").received_all());
  CHECK(looking.series_of("series-2-1@example.org").patches.size() == 1);
}

TEST_CASE("follow_freedesktop: what a look costs") {
  TestStore store(store::Engine::sqlite);
  FakeFreedesktop server;
  post_series(server, 1, 1);
  LookingOver looking(store, server);
  looking.look();
  for (int i = 0; i < 25; ++i) {
    server.take_requests();
    CHECK(looking.look().empty());
    CHECK(server.take_requests().size() <= 2);
  }
  post_series(server, 2, 50);
  server.take_requests();
  CHECK(looking.look().empty());
  CHECK(server.take_requests().size() <= 2 + 3);
  CHECK(looking.count() == 2 + 51);
}

TEST_CASE("follow_freedesktop: states, as they are and as they change") {
  on_each_engine([](TestStore& store) {
    FakeFreedesktop server;
    post_series(server, 1, 2);
    server.change([](FreedesktopModel& model) { model.patches.at(102).state = "Not Applicable"; });
    LookingOver looking(store, server);
    CHECK(looking.look().empty());
    const auto state = [&](int number) {
      return patchwork::patches_of(store.database(), fmt::format("series-1-{}@example.org", number))
          .at(0)
          .state;
    };
    CHECK(state(1) == "new");
    CHECK(state(2) == "not-applicable");
    CHECK(looking.told("patchwork-patch-changed").empty());
    server.change([](FreedesktopModel& model) {
      model.set_state(101, "Under Review");
      model.set_state(102, "Not Applicable");
    });
    server.take_requests();
    CHECK(looking.look().empty());
    CHECK(server.take_requests().size() <= 2);
    CHECK(state(1) == "under-review");
    CHECK(looking.told("patchwork-patch-changed") ==
          std::vector<std::string>{R"({"msgid":"series-1-1@example.org"})"});
  });
}

TEST_CASE("follow_freedesktop: an answer to a patch replaces it, in a revision of its own") {
  TestStore store(store::Engine::sqlite);
  FakeFreedesktop server;
  post_series(server, 1, 3);
  const auto answer = changed(patch_mail(1, 2, 3), {{"[PATCH 2/3]", "[PATCH v2 2/3]"},
                                                    {"series-1-2@", "series-1-2b@"},
                                                    {"<series-1-0@", "<series-1-2@"},
                                                    {"+new", "+newer"}});
  SUBCASE("seen as it comes") {}
  SUBCASE("both at once") {
    server.receive(answer);
  }
  LookingOver looking(store, server);
  CHECK(looking.look().empty());
  if (looking.count() == 4) {
    server.receive(answer);
    server.take_requests();
    CHECK(looking.look().empty());
    CHECK(server.take_requests().size() <= 2 + 3 + 1);
  }
  CHECK(looking.count() == 5);
  const auto series = looking.series_of("series-1-2b@example.org");
  CHECK(series.version == 2);
  REQUIRE(series.patches.size() == 3);
  CHECK(series.patches[0].carried_over);
  CHECK_FALSE(series.patches[1].carried_over);
  CHECK(looking.version_of(101) == 1);
  CHECK(looking.version_of(104) == 2);
  CHECK(looking.series_of("series-1-2@example.org").superseded);
}

TEST_CASE("follow_freedesktop: a new thread becomes a revision of the same series") {
  TestStore store(store::Engine::sqlite);
  FakeFreedesktop server;
  post_series(server, 1, 2);
  LookingOver looking(store, server);
  CHECK(looking.look().empty());
  for (int i = 0; i <= 2; ++i) {
    const auto mail = changed(patch_mail(1, i, 2),
                              {{"[PATCH", "[PATCH v2"},
                               {fmt::format("<series-1-{}@", i), fmt::format("<second-1-{}@", i)}});
    server.receive(i == 0 ? mail : changed(mail, {{"<series-1-0@", "<second-1-0@"}}));
  }
  CHECK(looking.look().empty());
  CHECK(looking.count() == 6);
  CHECK(looking.version_of(101) == 1);
  CHECK(looking.version_of(103) == 2);
  const auto second = looking.series_of("second-1-1@example.org");
  CHECK(second.version == 2);
  CHECK(second.patches.size() == 2);
  CHECK(looking.series_of("series-1-1@example.org").superseded);
  CHECK(looking.told("patchwork-retest").empty());
}

TEST_CASE("follow_freedesktop: another test of the same is wanted") {
  on_each_engine([](TestStore& store) {
    FakeFreedesktop server;
    post_series(server, 1, 2);
    LookingOver looking(store, server);
    CHECK(looking.look().empty());
    const std::vector<std::string> once = {R"({"msgid":"series-1-1@example.org"})"};
    server.take_requests();
    SUBCASE("by a new revision with the same patches") {
      server.change([](FreedesktopModel& model) { model.retest(1); });
      CHECK(looking.look().empty());
      CHECK(looking.version_of(101) == 2);
    }
    SUBCASE("by the event of the same revision, as older ones tell it") {
      server.change([](FreedesktopModel& model) { model.tell_again(1); });
      CHECK(looking.look().empty());
      CHECK(looking.version_of(101) == 1);
    }
    CHECK(server.take_requests().size() <= 1 + 1 + 1);
    CHECK(looking.told("patchwork-retest") == once);
    for (int i = 0; i < 12; ++i) {
      CHECK(looking.look().empty());
    }
    CHECK(looking.told("patchwork-retest") == once);
    CHECK(looking.count() == 3);
    server.change([](FreedesktopModel& model) { model.retest(1); });
    CHECK(looking.look().empty());
    CHECK(looking.told("patchwork-retest").size() == 2);
  });
}

TEST_CASE("follow_freedesktop: more revisions than a page has") {
  TestStore store(store::Engine::sqlite);
  FakeFreedesktop server;
  post_series(server, 1, 1);
  LookingOver looking(store, server);
  CHECK(looking.look().empty());
  server.change([](FreedesktopModel& model) {
    for (int i = 0; i < 150; ++i) {
      model.retest(1);
    }
  });
  CHECK(looking.look().empty());
  CHECK(looking.version_of(101) == 151);
  CHECK(looking.count() == 2);
}

TEST_CASE("follow_freedesktop: a patch that pretends to be others is only itself") {
  TestStore store(store::Engine::sqlite);
  FakeFreedesktop server;
  const std::string more =
      "\n\nFrom patchwork Mon Jan  5 10:00:00 2026\nSubject: [2/2] evil\nFrom: E <e@example.org>\n"
      "X-Patchwork-Id: 102\nMessage-Id: <evil@example.org>\n\nText.\n";
  server.receive(changed(patch_mail(1, 1, 2), {{"Text.\n", "Text." + more},
                                               {"In-Reply-To: <series-1-0@example.org>\n", ""}}));
  server.receive(changed(patch_mail(1, 2, 2), {{"<series-1-0@", "<series-1-1@"}}));
  SUBCASE("with it") {}
  SUBCASE("and no numbers in the mbox") {
    server.tells_ids = false;
  }
  LookingOver looking(store, server);
  CHECK(looking.look().empty());
  CHECK(looking.count() == 2);
  CHECK(!looking.queries.message("evil@example.org").has_value());
  CHECK(looking.series_of("series-1-2@example.org").patches.size() == 2);
}

TEST_CASE("follow_freedesktop: text that is not ASCII") {
  TestStore store(store::Engine::sqlite);
  FakeFreedesktop server;
  server.receive(changed(patch_mail(1, 1, 1), {{"Text.\n", "Grüße.\n"}, {"+new", "+größer"}}));
  LookingOver looking(store, server);
  CHECK(looking.look().empty());
  const auto mail = looking.queries.parsed(looking.queries.message("series-1-1@example.org")->id);
  CHECK(mail->text.find("Grüße.") != std::string::npos);
  CHECK(mail->diff.find("+größer\n") != std::string::npos);
}

TEST_CASE("follow_freedesktop: what was there before the first look, as far as it is wanted") {
  TestStore store(store::Engine::sqlite);
  FakeFreedesktop server;
  post_series(server, 1, 2);
  server.change([](FreedesktopModel& model) { model.microseconds += 10 * 86'400'000'000; });
  post_series(server, 2, 2);
  LookingOver looking(store, server);
  for (int i = 0; i < 12; ++i) {
    CHECK(looking.look().empty());
  }
  CHECK(looking.queries.message("series-2-2@example.org").has_value());
  CHECK(looking.count() == 3);
  // A revision of what is older comes with it.
  server.receive(changed(patch_mail(1, 2, 2), {{"[PATCH 2/2]", "[PATCH v2 2/2]"},
                                               {"series-1-2@", "series-1-2b@"},
                                               {"<series-1-0@", "<series-1-2@"}}));
  CHECK(looking.look().empty());
  CHECK(looking.count() == 3 + 4);
  CHECK(looking.series_of("series-1-2b@example.org").patches.size() == 2);
}

TEST_CASE("follow_freedesktop: nothing was ever there") {
  TestStore store(store::Engine::sqlite);
  FakeFreedesktop server;
  LookingOver looking(store, server);
  CHECK(looking.look().empty());
  post_series(server, 1, 1);
  CHECK(looking.look().empty());
  CHECK(looking.count() == 2);
}

TEST_CASE("follow_freedesktop: the server's clock goes back, or stands still") {
  TestStore store(store::Engine::sqlite);
  FakeFreedesktop server;
  post_series(server, 1, 1);
  LookingOver looking(store, server);
  CHECK(looking.look().empty());
  SUBCASE("goes back") {
    server.change([](FreedesktopModel& model) { model.microseconds -= 3'600'000'000; });
    post_series(server, 2, 2);
  }
  SUBCASE("stands still") {
    server.change([](FreedesktopModel& model) { model.clock_stands = true; });
    post_series(server, 2, 2);
  }
  for (int i = 0; i < 12; ++i) {
    CHECK(looking.look().empty());
  }
  CHECK(looking.count() == 2 + 3);
  CHECK(looking.told("patchwork-retest").empty());
}

TEST_CASE("follow_freedesktop: events of one moment on both sides of what one look takes") {
  TestStore store(store::Engine::sqlite);
  FakeFreedesktop server;
  post_series(server, 1, 1);
  LookingOver looking(store, server);
  CHECK(looking.look().empty());
  for (int i = 2; i <= 200; ++i) {
    post_series(server, i, 1, false);
  }
  server.change([](FreedesktopModel& model) { model.clock_stands = true; });
  for (int i = 201; i <= 210; ++i) {
    post_series(server, i, 1, false);
  }
  CHECK(looking.look().empty());
  CHECK(looking.look().empty());
  CHECK(looking.count() == 2 + 209);
}

TEST_CASE("follow_freedesktop: a series that the server cannot give holds up nothing") {
  TestStore store(store::Engine::sqlite);
  FakeFreedesktop server;
  post_series(server, 1, 1);
  post_series(server, 2, 2);
  post_series(server, 3, 1);
  int times = 1;
  SUBCASE("for a while") {
    SUBCASE("its mbox") {
      server.add_fault({.path = "series/2/revisions/1/mbox/", .times = 1, .status = 500});
    }
    SUBCASE("its revisions") {
      server.add_fault({.path = "series/2/revisions/?", .times = 1, .status = 500});
    }
    SUBCASE("no JSON") {
      server.add_fault({.path = "series/2/revisions/?", .times = 1, .status = 200});
    }
  }
  SUBCASE("ever") {
    times = 3;
    server.add_fault({.path = "series/2/revisions/1/mbox/", .times = 1000, .status = 500});
  }
  LookingOver looking(store, server);
  for (int i = 0; i < times; ++i) {
    CHECK(looking.look().size() == 1);
    CHECK(looking.count() == 4);
  }
  for (int i = 0; i < 12; ++i) {
    server.take_requests();
    CHECK(looking.look().empty());
    if (times == 3) {
      CHECK(asked_for(server.take_requests(), "series/2/") == 0);
    }
  }
  CHECK(looking.count() == (times == 3 ? 4 : 7));
}

TEST_CASE("follow_freedesktop: a series is gone by the time it is asked for") {
  TestStore store(store::Engine::sqlite);
  FakeFreedesktop server;
  post_series(server, 1, 1);
  post_series(server, 2, 1);
  server.change([](FreedesktopModel& model) { model.series.erase(1); });
  LookingOver looking(store, server);
  for (int i = 0; i < 12; ++i) {
    CHECK(looking.look().empty());
  }
  CHECK(looking.count() == 2);
}

TEST_CASE("follow_freedesktop: the project is gone") {
  TestStore store(store::Engine::sqlite);
  FakeFreedesktop server;
  post_series(server, 1, 1);
  LookingOver looking(store, server);
  CHECK(looking.look().empty());
  server.has_project = false;
  std::vector<Error> problems;
  for (int i = 0; i < 10 && problems.empty(); ++i) {
    problems = looking.look();
  }
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].kind == ErrorKind::invalid);
}

TEST_CASE("follow_freedesktop: after a long outage, and killed in the middle of it") {
  TestStore store(store::Engine::sqlite);
  FakeFreedesktop server;
  post_series(server, 1, 1);
  {
    LookingOver looking(store, server);
    CHECK(looking.look().empty());
  }
  for (int i = 2; i <= 250; ++i) {
    post_series(server, i, 2);
  }
  server.add_fault({.path = "series/120/revisions/1/mbox/", .times = 4, .status = 502});
  {
    LookingOver looking(store, server);
    int looks = 0;
    while (looking.look().empty() && looks < 20) {
      ++looks;
    }
    CHECK(looks < 20);
    CHECK(looking.count() > 2);
    CHECK(looking.count() < 2 + 249 * 3);
  }
  server.take_requests();
  LookingOver looking(store, server);
  for (int i = 0; i < 12; ++i) {
    CHECK(looking.look().empty());
  }
  CHECK(looking.count() == 2 + 249 * 3);
  std::set<std::string> once;
  for (const auto& request : server.take_requests()) {
    if (request.find("/mbox/") != std::string::npos) {
      CHECK(once.insert(request).second);
    }
  }
}

TEST_CASE("follow_any_patchwork: followed for ever, across a restart as another edition") {
  TestStore store(store::Engine::sqlite);
  auto server = std::make_unique<FakeFreedesktop>();
  post_series(*server, 1, 2);
  Following following(store);
  auto follower = following.follow(
      intake::follow_any_patchwork(instance_of(server->url()), "local", {20ms, 7}));
  CHECK(following.reaches(3));
  server->stop();
  CHECK(soon([&] { return follower->health().state == intake::SourceState::failing; }));
  CHECK(follower->health().error.find(server->url()) != std::string::npos);
  server->start_again();
  post_series(*server, 2, 1);
  CHECK(following.reaches(5));
  CHECK(soon([&] { return follower->health().state == intake::SourceState::waiting; }));
  CHECK(follower->health().error.empty());

  FakePatchwork other;
  for (int i = 0; i <= 1; ++i) {
    other.receive(3, i, 1, patch_mail(3, i, 1));
  }
  auto second =
      following.follow(intake::follow_any_patchwork(instance_of(other.url()), "local", {20ms, 7}));
  CHECK(following.reaches(7));
}

}  // namespace
}  // namespace patchmill::test
