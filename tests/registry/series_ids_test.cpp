#include "registry/series_ids.hpp"

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

constexpr Id k_far_series = 1 << 30;

// As one of another Patchwork, or of an earlier time.
void put_series(store::Database& database, Id id, std::int64_t number) {
  database.exec(
      "INSERT INTO registry_series (id, project, number, date, submitter, version, total,"
      " completed, gone, changed) VALUES (?, ?, ?, 0, 1, 1, 1, 0, 0, 0)",
      id, id, number);
}

}  // namespace

TEST_CASE("registry::SeriesIds: the tracker's number, in whatever order they come") {
  on_each_engine([](TestStore& store) {
    SeriesIds ids(store.database());
    CHECK(ids.of(7) == 7);
    CHECK(ids.of(3) == 3);
    CHECK(ids.of(3) == k_far_series);  // in a second project
    CHECK(ids.of(7) == k_far_series + 1);
    CHECK(ids.of(8) == 8);
    put_series(store.database(), 7, 7);
    put_series(store.database(), k_far_series, 7);
    SeriesIds later(store.database());
    CHECK(later.of(7) == k_far_series + 1);
    CHECK(later.of(4) == 4);
    CHECK(later.of(8) == 8);
  });
}

TEST_CASE("registry::SeriesIds: numbers up to what somebody else has given are no ids") {
  on_each_engine([](TestStore& store) {
    auto& database = store.database();
    SUBCASE("what was there before") {
      put_series(database, 500, 2);
      CHECK(SeriesIds(database).of(3) == 501);
      CHECK(SeriesIds(database).of(500) == 501);
      CHECK(SeriesIds(database).of(502) == 502);
    }
    SUBCASE("what is taken over later") {
      CHECK(SeriesIds(database).of(1) == 1);
      put_series(database, 1, 1);
      put_series(database, 500, 2);
      SeriesIds(database).adopted(500);
      SeriesIds ids(database);
      CHECK(ids.of(3) == 501);
      CHECK(ids.of(3) == 502);
    }
    SUBCASE("what is still to be taken over") {
      keep_free(database, "registry_series", 500);
      CHECK(SeriesIds(database).of(3) == 501);
      put_series(database, 501, 3);
      release_kept(database, "registry_series");
      CHECK(SeriesIds(database).of(4) == 4);  // nothing was
    }
  });
}

TEST_CASE("registry::follow: a mail in two projects does not move the numbers of later series") {
  on_each_engine([](TestStore& store) {
    Follower follower(store, {{}, {project("one"), project("two", "two.example.com")}, {}, {}});
    const auto feed = [&](const std::string& msgid, const std::string& list) {
      follower.mails.feed(std::vector{tracker::test::incoming(
          MailSpec{.msgid = msgid, .subject = "[PATCH] " + msgid}.raw(), list)});
      follower.follow();
    };
    feed("a@x", "");
    feed("a@x", "two.example.com");
    feed("b@x", "");
    feed("c@x", "");
    CHECK(follower.lines("SELECT number, id FROM registry_series ORDER BY project, number",
                         [](const store::Row& row) {
                           return fmt::format("{} {}", row.integer(0), row.integer(1));
                         }) == Lines{"1 1", "2 2", "3 3", fmt::format("1 {}", k_far_series)});
  });
}
