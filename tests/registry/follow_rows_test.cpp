#include "registry/follow_rows.hpp"

#include "registry/adopt.hpp"
#include "registry/follow_support.hpp"
#include "registry/turn.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::registry;
using namespace patchmill::registry::test;
using patchmill::test::on_each_engine;
using patchmill::test::TestStore;

namespace {

// Ids of series added to projects in one go.
struct Added {
  explicit Added(store::Database& database) : rows(database) {}
  Id of(std::int64_t number, Id project = 1) { return rows.add_series(project, number).id; }
  FollowRows rows;
};

// As one of another Patchwork, or of an earlier time.
void put_series(store::Database& database, Id id, std::int64_t number) {
  database.exec(
      "INSERT INTO registry_series (id, project, number, date, submitter, version, total,"
      " completed, gone, changed) VALUES (?, ?, ?, 0, 1, 1, 1, 0, 0, 0)",
      id, id, number);
}

}  // namespace

TEST_CASE("registry::FollowRows::add_series: the tracker's number, and always rising") {
  on_each_engine([](TestStore& store) {
    Added ids(store.database());
    CHECK(ids.of(7) == 7);
    CHECK(ids.of(3) == 8);     // it entered late
    CHECK(ids.of(7, 2) == 9);  // in a second project
    CHECK(ids.of(8) == 10);
    CHECK(ids.of(12) == 12);  // some were of no project
    put_series(store.database(), 12, 12);
    CHECK(Added(store.database()).of(12) == 13);
    CHECK(Added(store.database()).of(14) == 14);
  });
}

TEST_CASE("registry::FollowRows::add_series: above what somebody else has given") {
  on_each_engine([](TestStore& store) {
    auto& database = store.database();
    SUBCASE("what is there") {
      put_series(database, 500, 2);
      CHECK(Added(database).of(3) == 501);
      CHECK(Added(database).of(500) == 501);
      CHECK(Added(database).of(502) == 502);
    }
    SUBCASE("what is still to be taken over") {
      keep_free(database, "registry_series", 500);
      CHECK(Added(database).of(3) == 501);
      release_kept(database, "registry_series");
      CHECK(Added(database).of(4) == 4);  // nothing was
    }
  });
}

TEST_CASE("registry::follow: a mail in two projects, and a list that stays quick") {
  on_each_engine([](TestStore& store) {
    Follower follower(store, {{}, {project("one"), project("two", "two.example.com")}, {}, {}});
    const auto feed = [&](const std::string& msgid, const std::string& list) {
      follower.mails.feed(std::vector{tracker::test::incoming(
          MailSpec{.msgid = msgid, .subject = "[PATCH] " + msgid}.raw(), list)});
      follower.follow();
    };
    feed("a@x", "");
    feed("b@x", "");
    feed("a@x", "two.example.com");
    feed("c@x", "");
    CHECK(follower.lines("SELECT number, id FROM registry_series ORDER BY id",
                         [](const store::Row& row) {
                           return fmt::format("{} {}", row.integer(0), row.integer(1));
                         }) == Lines{"1 1", "2 2", "1 3", "3 4"});
  });
}
