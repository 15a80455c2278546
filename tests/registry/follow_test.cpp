#include "registry/follow_support.hpp"
#include "store/event_log.hpp"
#include "store/migrations.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::registry;
using namespace patchmill::registry::test;
using patchmill::test::on_each_engine;
using patchmill::test::TestStore;

namespace {

const MailSpec k_cover{.msgid = "c@x", .subject = "[PATCH 0/2] A thing", .diff = false};
const MailSpec k_one{
    .msgid = "1@x", .subject = "[PATCH 1/2] one", .in_reply_to = "c@x", .seconds = 1};
const MailSpec k_two{
    .msgid = "2@x", .subject = "[PATCH 2/2] two", .in_reply_to = "c@x", .seconds = 2};

const Lines in_order = {"series-created s1",     "cover-created c1", "patch-created p1",
                        "patch-completed p1 s1", "patch-created p2", "patch-completed p2 s1",
                        "series-completed s1"};

}  // namespace

TEST_CASE(
    "registry::follow: a series in order has Patchwork's events, however much is taken at once") {
  on_each_engine([](TestStore& store) {
    Follower follower(store);
    SUBCASE("mail by mail") {
      follower.feed_and_follow({k_cover, k_one, k_two});
    }
    SUBCASE("one batch") {
      follower.mails.feed({k_cover, k_one, k_two});
      follower.follow();
    }
    SUBCASE("event by event") {
      follower.mails.feed({k_cover, k_one, k_two});
      while (follower.follow(1) == 1) {
      }
    }
    CHECK(follower.events() == in_order);
    CHECK(follower.series() == Lines{"s1 v1 2/2: A thing [c1] 1=p1 2=p2"});
    CHECK(follower.follow() == 0);
  });
}

TEST_CASE("registry::follow: patches out of order are completed when those before them are there") {
  on_each_engine([](TestStore& store) {
    Follower follower(store);
    follower.feed_and_follow({k_two, k_one, k_cover});
    CHECK(follower.events() == Lines{"patch-created p1", "series-created s1", "patch-created p2",
                                     "patch-completed p2 s1", "patch-completed p1 s1",
                                     "series-completed s1", "cover-created c1"});
    CHECK(follower.series() == Lines{"s1 v1 2/2: A thing [c1] 1=p2 2=p1"});
  });
}

TEST_CASE("registry::follow: an extra patch completes the series once more") {
  on_each_engine([](TestStore& store) {
    Follower follower(store);
    follower.feed_and_follow({k_cover, k_one, k_two});
    follower.feed_and_follow(
        {{.msgid = "3@x", .subject = "[PATCH 3/2] three", .in_reply_to = "c@x", .seconds = 3}});
    const auto events = follower.events();
    REQUIRE(events.size() == in_order.size() + 3);
    CHECK(Lines(events.end() - 3, events.end()) ==
          Lines{"patch-created p3", "patch-completed p3 s1", "series-completed s1"});
  });
}

TEST_CASE("registry::follow: names and dates of people, patches and series") {
  on_each_engine([](TestStore& store) {
    Follower follower(store);
    follower.feed_and_follow({k_two});
    CHECK(follower.series() == Lines{"s1 v1 1/2: null 2=p1"});
    follower.feed_and_follow({k_one});
    CHECK(follower.series() == Lines{"s1 v1 2/2: [1/2] one 1=p2 2=p1"});
    auto renamed = k_cover;
    renamed.from = "Alice B <Alice@Example.org>";
    follower.feed_and_follow({renamed});
    CHECK(follower.lines("SELECT name, email FROM registry_people", [](const store::Row& row) {
      return fmt::format("{} <{}>", row.text(0), row.text(1));
    }) == Lines{"Alice B <alice@example.org>"});
    CHECK(follower.lines(
              "SELECT name, date FROM registry_patches ORDER BY id", [](const store::Row& row) {
                return fmt::format("{} {}", row.text(0), to_iso(from_micros(row.integer(1))));
              }) == Lines{"[2/2] two 2023-11-14T22:13:22", "[1/2] one 2023-11-14T22:13:21"});
  });
}

TEST_CASE("registry::follow: what is carried over stays in the series it was posted in") {
  on_each_engine([](TestStore& store) {
    Follower follower(store);
    follower.feed_and_follow({k_cover, k_one, k_two});
    follower.feed_and_follow({{.msgid = "v2@x",
                               .subject = "[PATCH v2 2/2] two",
                               .in_reply_to = "2@x",
                               .seconds = tracker::test::day}});
    CHECK(follower.series() ==
          Lines{"s1 v1 2/2: A thing [c1] 1=p1 2=p2", "s2 v2 1/2: A thing 2=p3"});
    const auto events = follower.events();
    CHECK(Lines(events.begin() + 7, events.end()) == Lines{"patch-created p3", "series-created s2",
                                                           "patch-completed p3 s2",
                                                           "series-completed s2"});
  });
}

TEST_CASE("registry::follow: a patch that moves to another series keeps its id") {
  on_each_engine([](TestStore& store) {
    Follower follower(store);
    // Two parts of one thread, until the mail that connects them is there.
    const MailSpec late{.msgid = "c@x", .subject = "[PATCH 0/2] A thing", .diff = false};
    MailSpec first = k_one, second = k_two;
    second.seconds = 3 * 3600;  // too late to be one posting without the thread
    first.in_reply_to = second.in_reply_to = "";
    first.references = "<c@x>";
    second.references = "<between@x>";
    follower.feed_and_follow({first, second});
    CHECK(follower.series() == Lines{"s1 v1 1/2: [1/2] one 1=p1", "s2 v1 1/2: null 2=p2"});
    follower.feed_and_follow({late, reply("between@x", "c@x", "words\n")});
    const auto series = follower.series();
    CHECK(series == Lines{"s1 v1 2/2: A thing [c1] 1=p1 2=p2", "s2 v1 0/2: null gone"});
    const auto events = follower.events();
    CHECK(std::count(events.begin(), events.end(), "series-completed s1") == 1);
    CHECK(std::count(events.begin(), events.end(), "patch-completed p2 s1") == 1);
    CHECK(std::count(events.begin(), events.end(), "patch-created p2") == 1);
  });
}

TEST_CASE("registry::follow: dates of events grow, and tell when they were found") {
  on_each_engine([](TestStore& store) {
    Follower follower(store);
    follower.mails.feed({k_cover, k_one, k_two});
    follower.follow();
    std::int64_t last = to_micros(store.clock().now()) - 1;
    follower.database().each("SELECT date FROM registry_events ORDER BY id",
                             [&](const store::Row& row) {
                               CHECK(row.integer(0) > last);
                               last = row.integer(0);
                             });
    CHECK(last < to_micros(store.clock().now()) + 1000);
  });
}

TEST_CASE(
    "registry::follow: later events have later dates, although the clock stands or goes back") {
  on_each_engine([](TestStore& store) {
    Follower follower(store);
    follower.feed_and_follow({k_cover, k_one});
    store.clock().advance(-std::chrono::hours(1));
    follower.mails.feed({k_two, reply("r@x", "1@x", "words\n")});
    while (follower.follow(1) == 1) {
    }
    std::int64_t last = 0;
    std::size_t seen = 0;
    follower.database().each("SELECT date FROM registry_events ORDER BY id",
                             [&](const store::Row& row) {
                               CHECK(row.integer(0) > last);
                               last = row.integer(0);
                               ++seen;
                             });
    CHECK(seen == in_order.size() + 1);
  });
}

TEST_CASE("registry::follow: nothing is taken while there is no project, and nothing is missed") {
  on_each_engine([](TestStore& store) {
    Follower follower(store, {});
    follower.mails.feed({k_cover, k_one, k_two});
    CHECK(follower.follow() == 0);
    follower.set_up({{}, {project("test")}, {}, {}});
    CHECK(follower.follow() > 0);
    CHECK(follower.events() == in_order);
  });
}

TEST_CASE("registry::follow: a new project has the mails that came before it") {
  on_each_engine([](TestStore& store) {
    Follower follower(store, {{}, {project("other", "other.example.com")}, {}, {}});
    follower.mails.feed({k_cover, k_one, k_two, reply("r@x", "1@x", "Acked-by: B <b@x>\n")});
    follower.follow();
    CHECK(follower.events().empty());
    follower.set_up({{}, {project("test")}, {}, {}});
    follower.follow();
    CHECK(follower.series() == Lines{"s1 v1 2/2: A thing [c1] 1=p1 2=p2"});
    CHECK(follower.patches() == Lines{"p1 in 2: 1@x 1/0/0", "p2 in 2: 2@x 0/0/0"});
    const auto events = follower.events();
    while (follower.follow() != 0) {
    }
    CHECK(follower.events() == events);
  });
}

TEST_CASE("registry::follow: mails are found although their events are dropped") {
  on_each_engine([](TestStore& store) {
    Follower follower(store);
    follower.feed_and_follow({k_cover});
    follower.mails.feed({k_one, k_two});
    store.clock().advance(std::chrono::hours(1));
    CHECK(store::drop_old_events(follower.database(), store.clock().now(), 1000, false) > 0);
    follower.follow();
    CHECK(follower.events() == in_order);
  });
}

TEST_CASE("registry::follow: a series that went while events were lost is gone") {
  on_each_engine([](TestStore& store) {
    Follower follower(store);
    MailSpec first = k_one, second = k_two;
    first.in_reply_to = second.in_reply_to = "";
    first.references = "<c@x>";
    second.references = "<between@x>";
    second.seconds = 3 * 3600;
    follower.feed_and_follow({first, second});
    REQUIRE(follower.series().size() == 2);
    follower.mails.feed({k_cover, reply("between@x", "c@x", "words\n")});
    store.clock().advance(std::chrono::hours(1));
    CHECK(store::drop_old_events(follower.database(), store.clock().now(), 1000, false) > 0);
    SUBCASE("at once") {
      follower.follow();
    }
    SUBCASE("step by step") {
      while (follower.follow(1) == 1) {
      }
    }
    CHECK(follower.series() == Lines{"s1 v1 2/2: A thing [c1] 1=p1 2=p2", "s2 v1 0/2: null gone"});
  });
}

TEST_CASE("registry::follow: an interrupted transaction is done again as a whole") {
  on_each_engine([](TestStore& store) {
    Follower follower(store);
    follower.mails.feed({k_cover, k_one});
    {
      store::Transaction outer(follower.database());  // given up when the process dies
      CHECK(follower.follow() > 0);
    }
    CHECK(follower.events().empty());
    follower.mails.feed({k_two});
    follower.follow();
    CHECK(follower.events() == in_order);
  });
}

TEST_CASE("registry::follow: hashes of an earlier making are made again from the mails") {
  on_each_engine([](TestStore& store) {
    Follower follower(store);
    store::Database& database = follower.database();
    const auto hashes = [&] {
      return follower.lines("SELECT hash FROM registry_patches ORDER BY id",
                            [](const auto& row) { return std::string(row.text(0)); });
    };
    follower.feed_and_follow(
        {k_cover, k_one, reply("r@x", "1@x", "Acked-by: Bob <bob@example.org>\n"), k_two});
    const Lines right = hashes();
    REQUIRE(right.size() == 2);
    const Lines told = follower.events();
    const Lines patches = follower.patches();
    database.exec("UPDATE series_mails SET patch_hash = 'old'");
    database.exec("UPDATE registry_patches SET hash = 'old'");
    database.exec("DELETE FROM schema_migrations WHERE number = 24");
    store::migrate(database);
    follower.follow();
    CHECK(hashes() == right);
    CHECK(follower.events() == told);
    CHECK(follower.patches() == patches);
    CHECK(follower.follow() == 0);
    // A project that comes later has them from the mails, too; what is new, from the tracker.
    follower.set_up({{}, {project("test", "else.example.com"), project("other")}, {}, {}});
    follower.follow();
    CHECK(hashes() == Lines{right[0], right[1], right[0], right[1]});
    follower.mails.feed({MailSpec{.msgid = "3@x", .subject = "[PATCH] three"}});
    database.exec("UPDATE series_mails SET patch_hash = 'new' WHERE patch_hash <> 'old'");
    follower.follow();
    CHECK(hashes() == Lines{right[0], right[1], right[0], right[1], "new"});
  });
}

TEST_CASE("registry::follow: a new store has no hashes to make again") {
  on_each_engine([](TestStore& store) {
    CHECK(store.database().rows<std::int64_t>("SELECT value FROM registry_counters").size() == 1);
    CHECK(store.database().rows<std::string>("SELECT value FROM cursors").empty());
  });
}
