#include "registry/find.hpp"
#include "registry/support.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::registry;
using namespace patchmill::registry::test;

namespace {

struct SeriesWorld {
  explicit SeriesWorld(store::Database& database) : rows(database), db(database) {
    rows.user("ann");
    zeta = rows.project("zeta");
    alpha = rows.project("alpha");
    carl = rows.person("carl@example.org", "Carl");
    dora = rows.person("dora@example.org", "Dora", 1);
    rows.series({.project = zeta,
                 .name = "mm: it's 50% of all",
                 .submitter = carl,
                 .total = 2,
                 .date = 3,
                 .cover = 1});
    rows.series({.project = zeta, .name = std::nullopt, .submitter = dora, .date = 2});
    rows.series({.project = alpha, .name = "MM_other", .submitter = carl, .version = 3, .date = 2});
    rows.series({.project = zeta, .name = "mm: gone", .gone = true});
    rows.cover({.project = zeta,
                .series = 1,
                .msgid = "c1@x",
                .date = 3,
                .name = "b: mm_",
                .submitter = carl});
    rows.cover(
        {.project = alpha, .msgid = "c2@x", .date = 4, .name = "a: 100%", .submitter = dora});
    rows.patch({.project = zeta, .series = 1, .number = 2, .date = 1, .name = "[2/2] two"});
    rows.patch({.project = zeta, .series = 1, .number = 1, .date = 2, .name = "[1/2] one"});
    rows.patch({.project = alpha, .series = 3, .number = 1});
  }
  Ids series(const SeriesFilter& filter) { return ids_of(find_series(db, filter, {})); }
  Ids covers(const CoverFilter& filter) { return ids_of(find_covers(db, filter, {})); }

  Rows rows;
  store::Database& db;
  Id zeta = 0, alpha = 0, carl = 0, dora = 0;
};

}  // namespace

TEST_CASE("registry::find_series: filters and words") {
  on_each_engine([](TestStore& store) {
    SeriesWorld world(store.database());
    CHECK(world.series({}) == Ids{1, 2, 3});
    CHECK(world.series({.project = {"Zeta"}}) == Ids{1, 2});
    CHECK(world.series({.submitter = {"CARL@example.org"}}) == Ids{1, 3});
    CHECK(world.series({.project = {"1"}, .submitter = {"2"}}) == Ids{2});
    CHECK(world.series({.date = {.since = {at(3)}}}) == Ids{1});
    CHECK(world.series({.date = {.before = {at(3)}}}) == Ids{2, 3});
    CHECK(world.series({.date = {.since = {std::nullopt}}}).empty());
    CHECK(world.series({.q = "mm"}) == Ids{1, 3});
    CHECK(world.series({.q = "%"}) == Ids{1});
    CHECK(world.series({.q = "_"}) == Ids{3});
    CHECK(world.series({.q = "all it's"}) == Ids{1});
    CHECK(world.series({.q = "\xff"}).empty());
    for (const std::string& strange : strange_values()) {
      CAPTURE(strange.substr(0, 50));
      CHECK(world.series({.project = {"zeta", strange}}).empty());
      CHECK(world.series({.submitter = {"1", strange}}).empty());
    }
  });
}

TEST_CASE("registry::find_series: orders and pages") {
  on_each_engine([](TestStore& store) {
    SeriesWorld world(store.database());
    CHECK(world.series({.order = {"id", true}}) == Ids{3, 2, 1});
    CHECK(world.series({.order = {"date", false}}) == Ids{2, 3, 1});
    CHECK(world.series({.order = {"date", true}}) == Ids{1, 3, 2});
    CHECK(world.series({.order = {"name", false}}) == Ids{2, 3, 1});
    CHECK(world.series({.order = {"name", true}}) == Ids{1, 3, 2});
    CHECK(world.series({.order = {"submitter", false}}) == Ids{1, 3, 2});
    CHECK(world.series({.order = {"received_all", true}}) == Ids{1, 2, 3});
    const auto page = find_series(world.db, {}, {2, 2});
    CHECK(page.total == 3);
    CHECK(ids_of(page.items) == Ids{3});
  });
}

TEST_CASE("registry::find_series: says all of a series, its patches by number") {
  on_each_engine([](TestStore& store) {
    SeriesWorld world(store.database());
    const auto found = find_series(world.db, {}, {}).items;
    REQUIRE(found.size() == 3);
    CHECK(found[0].self.name == "mm: it's 50% of all");
    CHECK(found[0].self.project == world.zeta);
    CHECK(found[0].self.date == at(3));
    CHECK(found[0].submitter.name == "Carl");
    CHECK(found[0].total == 2);
    CHECK(found[0].number == 1);
    REQUIRE(found[0].cover.has_value());
    CHECK(found[0].cover->msgid == "c1@x");
    CHECK(ids_of(found[0].patches) == Ids{2, 1});
    CHECK(found[0].patches[0].name == "[1/2] one");
    CHECK(found[0].received_all());
    CHECK(found[0].dependencies.empty());
    CHECK_FALSE(found[1].self.name.has_value());
    CHECK_FALSE(found[1].cover.has_value());
    CHECK(found[1].patches.empty());
    CHECK_FALSE(found[1].received_all());
    CHECK(found[2].self.version == 3);
    CHECK(ids_of(found[2].patches) == Ids{3});
  });
}

TEST_CASE("registry::find_series: what it builds on, within its project") {
  on_each_engine([](TestStore& store) {
    SeriesWorld world(store.database());
    // Tracker's series 3 is on both lists.
    world.rows.series({.project = world.zeta, .name = "mm", .number = 3});
    const auto depend = [&](int position, std::int64_t from, std::optional<std::int64_t> to) {
      world.db.exec(
          "INSERT INTO series_dependencies (series, position, kind, target, lookup, resolved,"
          " reason) VALUES (?, ?, 0, 'x', 'x', ?, '')",
          from, position, to);
    };
    depend(1, 1, 2);
    depend(2, 1, 3);
    depend(3, 1, 3);
    depend(4, 1, 4);  // gone
    depend(5, 1, std::nullopt);
    depend(1, 2, 3);
    depend(1, 77, 1);  // not here
    const auto found = find_series(world.db, {}, {}).items;
    REQUIRE(ids_of(found) == Ids{1, 2, 3, 5});
    CHECK(found[0].dependencies == Ids{2, 5});
    CHECK(found[0].dependents.empty());
    CHECK(found[1].dependencies == Ids{5});
    CHECK(found[1].dependents == Ids{1});
    CHECK(found[2].dependents.empty());
    CHECK(found[3].dependents == Ids{1, 2});
  });
}

TEST_CASE("registry::find_covers: filters, orders, everything of a cover") {
  on_each_engine([](TestStore& store) {
    SeriesWorld world(store.database());
    CHECK(world.covers({}) == Ids{1, 2});
    CHECK(world.covers({.project = {"zeta"}}) == Ids{1});
    CHECK(world.covers({.submitter = {"dora@example.org"}}) == Ids{2});
    CHECK(world.covers({.series = {"1"}}) == Ids{1});
    CHECK(world.covers({.series = {"2"}}).empty());
    CHECK(world.covers({.msgid = {"c2@x"}}) == Ids{2});
    CHECK(world.covers({.msgid = {"<c2@x>"}}).empty());
    CHECK(world.covers({.date = {.since = {at(4)}}}) == Ids{2});
    CHECK(world.covers({.date = {.before = {at(4)}}}) == Ids{1});
    CHECK(world.covers({.q = "%"}) == Ids{2});
    CHECK(world.covers({.q = "MM_"}) == Ids{1});
    CHECK(world.covers({.order = {"name", false}}) == Ids{2, 1});
    CHECK(world.covers({.order = {"date", true}}) == Ids{2, 1});
    CHECK(world.covers({.order = {"submitter", true}}) == Ids{2, 1});
    CHECK(world.covers({.order = {"bogus", true}}) == Ids{1, 2});
    for (const std::string& strange : strange_values()) {
      CAPTURE(strange.substr(0, 50));
      CHECK(world.covers({.project = {strange}}).empty());
      CHECK(world.covers({.submitter = {"1", strange}}).empty());
      CHECK(world.covers({.series = {"1", strange}}).empty());
      CHECK(world.covers({.msgid = {strange}}).empty());
    }
    const auto found = find_covers(world.db, {}, {}).items;
    REQUIRE(found.size() == 2);
    CHECK(found[0].self.name == "b: mm_");
    REQUIRE(found[0].series.has_value());
    CHECK(found[0].series->id == 1);
    CHECK(found[0].message == 2001);
    CHECK_FALSE(found[1].series.has_value());
    REQUIRE(found[1].submitter.user.has_value());
    CHECK(found[1].submitter.user->username == "ann");
  });
}
