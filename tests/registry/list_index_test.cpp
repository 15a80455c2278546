#include "registry/list_index.hpp"

#include "registry/change.hpp"
#include "registry/find.hpp"
#include "registry/support.hpp"
#include "registry/writing.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <string_view>
#include <thread>

using namespace patchmill;
using namespace patchmill::registry;
using namespace patchmill::registry::test;

namespace {

const std::vector<std::string> k_orders = {
    "id",       "date",      "project",        "state",         "name",
    "archived", "submitter", "submitter_name", "delegate_name", "bogus"};

struct IndexWorld {
  explicit IndexWorld(store::Database& database) : rows(database), db(database) {
    ann = *user(db, rows.user("ann"));
    rows.user("bob");
    rows.project("zeta", {1, 2});
    rows.project("Alpha", {2});
    rows.project("mid");
    for (int i = 0; i < 5; ++i) {
      rows.person("p" + std::to_string(i) + "@x", std::to_string((i * 3) % 4));
    }
    rows.series({});
    db.exec("UPDATE registry_states SET ordering = 1 WHERE id = 7");  // as of "under-review"
  }
  int pick(int below) { return static_cast<int>(random() % static_cast<unsigned>(below)); }
  void add_patch() {
    const int thing = pick(120);
    rows.patch({.project = 1 + pick(3),
                .date = pick(50),
                .name = (thing % 2 == 0 ? "Fix " : "sch\xc3\xb6ne ") + std::string("thing ") +
                        std::to_string(thing) + (thing % 7 == 0 ? "_100%" : ""),
                .submitter = 1 + pick(5),
                .state = 1 + pick(10),
                .archived = pick(3) == 0,
                .delegate = pick(3) == 0 ? std::optional<Id>(1 + pick(2)) : std::nullopt});
  }
  PatchFilter any_filter() {
    PatchFilter filter;
    const auto some = [&](Values& values, int below) {
      for (int i = pick(3); i > 0 && pick(2) == 0; --i) {
        values.push_back(std::to_string(1 + pick(below)));
      }
    };
    some(filter.project, 3);
    some(filter.submitter, 5);
    some(filter.delegate, 2);
    filter.undelegated = pick(4) == 0;
    some(filter.state, 10);
    some(filter.series, 1);
    if (pick(3) == 0) {
      filter.archived = pick(2) == 0;
    }
    if (pick(3) == 0) {
      filter.date.since.emplace_back(at(pick(60)));
    }
    if (pick(3) == 0) {
      filter.date.before.emplace_back(at(pick(60)));
    }
    if (pick(4) == 0) {
      static const std::vector<std::string> words = {
          "patch", "FIX thing 1", "thing 1", "_", "%", "no", "\xc3\xb6ne THING", "thing,7", "x"};
      filter.q = words[static_cast<std::size_t>(pick(9))];
    }
    filter.order = {k_orders[static_cast<std::size_t>(pick(static_cast<int>(k_orders.size())))],
                    pick(2) == 0};
    for (int i = pick(5); i > 1; --i) {
      filter.order.then.push_back(
          {k_orders[static_cast<std::size_t>(pick(static_cast<int>(k_orders.size())))],
           pick(2) == 0});
    }
    return filter;
  }
  // The store itself and the index say the same.
  void compare(int questions) {
    for (int i = 0; i < questions; ++i) {
      const PatchFilter filter = any_filter();
      const PageAsked page{static_cast<std::uint64_t>(1 + pick(6)),
                           static_cast<std::uint64_t>(1 + pick(40))};
      CAPTURE(filter.order.field);
      CAPTURE(filter.order.descending);
      CAPTURE(filter.order.then.size());
      CAPTURE(page.page);
      CAPTURE(page.per_page);
      const auto stored = find_patches(db, filter, page);
      const auto indexed = find_patches(db, filter, page, &index);
      REQUIRE(indexed.total == stored.total);
      REQUIRE(ids_of(indexed.items) == ids_of(stored.items));
      REQUIRE(ids_of(find_delegates(db, filter, &index)) == ids_of(find_delegates(db, filter)));
    }
  }

  std::mt19937 random{20260101};
  Rows rows;
  store::Database& db;
  ListIndex index{7};
  User ann;
};

}  // namespace

TEST_CASE("registry::ListIndex: answers as the store does, whatever is asked and changed") {
  on_each_engine([](TestStore& store) {
    IndexWorld world(store.database());
    world.compare(10);
    for (int round = 0; round < 6; ++round) {
      store::Transaction transaction(world.db);
      for (int i = 0; i < 30 * (round + 1); ++i) {
        world.add_patch();
      }
      transaction.commit();
      world.compare(120);
      PatchChange change;
      change.state = "accepted";
      change.archived = true;
      change.delegate = std::optional<Id>(2);
      for (const Id id : {3, 7, 20}) {
        (void)change_patch(world.db, ManualClock(at(100)), world.ann, id, change);
      }
      world.compare(30);
    }
    CHECK(world.index.bytes() > 0);
  });
}

TEST_CASE("registry::ListIndex: sees what other connections commit, dates too") {
  on_each_engine([](TestStore& store) {
    IndexWorld world(store.database());
    for (int i = 0; i < 50; ++i) {
      world.add_patch();
    }
    world.index.load(world.db);
    const auto other = store.connect();
    store::Transaction transaction(*other);
    const auto number = begin_change(*other);
    other->exec("UPDATE registry_patches SET date = ?, changed = ? WHERE id = 9",
                to_micros(at(1'000)), number);
    transaction.commit();
    const auto found =
        find_patches(world.db, {.order = {"date", true}}, {1, 1}, &world.index).items;
    REQUIRE(found.size() == 1);
    CHECK(found[0].self.id == 9);
    world.compare(60);
    // Another name for one of many: its place is looked for among the others.
    for (const char* name : {"AAA", "zzz", "Fix thing 30", ""}) {
      store::Transaction rename(*other);
      other->exec("UPDATE registry_patches SET name = ?, changed = ? WHERE id = 12", name,
                  begin_change(*other));
      rename.commit();
      for (const bool descending : {false, true}) {
        const PatchFilter by_name{.order = {"name", descending}};
        CHECK(ids_of(find_patches(world.db, by_name, {1, 50}, &world.index).items) ==
              ids_of(find_patches(world.db, by_name, {1, 50}).items));
      }
      CHECK(find_patches(world.db, {.q = "aaa"}, {}, &world.index).total ==
            (std::string_view(name) == "AAA" ? 1 : 0));
    }
    // One change of many rows, more than are read at once.
    store::Transaction all(*other);
    const auto next = begin_change(*other);
    other->exec("UPDATE registry_patches SET archived = 1 - archived, changed = ?", next);
    all.commit();
    world.compare(60);
  });
}

TEST_CASE("registry::ListIndex: asked by several threads while others write") {
  on_each_engine([](TestStore& store) {
    IndexWorld world(store.database());
    for (int i = 0; i < 200; ++i) {
      world.add_patch();
    }
    const auto ask = [&](std::size_t* wrong) {
      const auto connection = store.connect();
      std::uint64_t before = 0;
      for (int i = 0; i < 60; ++i) {
        const auto page = find_patches(*connection, {.archived = true}, {1, 10}, &world.index);
        *wrong += page.total < before ? 1 : 0;  // nobody takes any back
        before = page.total;
      }
    };
    std::size_t wrong[2] = {0, 0};
    std::thread first(ask, &wrong[0]);
    std::thread second(ask, &wrong[1]);
    PatchChange change;
    change.archived = true;
    for (Id id = 1; id <= 40; ++id) {
      (void)change_patch(world.db, ManualClock(at(100)), world.ann, id, change);
    }
    first.join();
    second.join();
    CHECK(wrong[0] + wrong[1] == 0);
    world.compare(30);
  });
}

TEST_CASE("registry::ListIndex: series, covers and events as the store has them") {
  on_each_engine([](TestStore& store) {
    IndexWorld world(store.database());
    auto& db = world.db;
    for (int i = 0; i < 60; ++i) {
      world.rows.series({.project = 1 + world.pick(3),
                         .submitter = 1 + world.pick(5),
                         .date = world.pick(40),
                         .gone = world.pick(4) == 0});
      world.rows.cover(
          {.project = 1 + world.pick(3), .date = world.pick(40), .submitter = 1 + world.pick(5)});
      world.rows.event({.category = static_cast<Category>(world.pick(11)),
                        .project = 1 + world.pick(3),
                        .date = i / 2,
                        .actor = world.pick(2) == 0 ? std::optional<Id>(1) : std::nullopt});
    }
    const auto same = [](const auto& stored, const auto& indexed) {
      CHECK(stored.total == indexed.total);
      CHECK(ids_of(stored.items) == ids_of(indexed.items));
    };
    for (const bool descending : {false, true}) {
      for (const std::string& field : k_orders) {
        for (const PageAsked page : {PageAsked{1, 7}, PageAsked{3, 7}, PageAsked{99, 7}}) {
          SeriesFilter series{
              .project = {"1", "alpha"}, .date = {.since = {at(3)}}, .order = {field, descending}};
          same(find_series(db, series, page), find_series(db, series, page, &world.index));
          CoverFilter covers{.submitter = {"2", "3"}, .order = {field, descending}};
          same(find_covers(db, covers, page), find_covers(db, covers, page, &world.index));
          for (const bool comments : {false, true}) {
            EventFilter events{
                .project = {"zeta"}, .comments = comments, .order = {field, descending}};
            same(find_events(db, events, page), find_events(db, events, page, &world.index));
          }
        }
      }
    }
    db.exec("UPDATE registry_series SET name = NULL, changed = ? WHERE id = 30", begin_change(db));
    db.exec("UPDATE registry_series SET name = 'A', changed = ? WHERE id = 31", begin_change(db));
    const SeriesFilter by_name{.order = {"name", false}};
    same(find_series(db, by_name, {1, 100}), find_series(db, by_name, {1, 100}, &world.index));
    EventFilter mine{.category = {"patch-created", "check-created"}, .actor = {"ann"}};
    same(find_events(db, mine, {}), find_events(db, mine, {}, &world.index));
    EventFilter of_series{.series = {"1"}};
    same(find_events(db, of_series, {}), find_events(db, of_series, {}, &world.index));
  });
}

TEST_CASE("registry::ListIndex: words that are almost everywhere") {
  on_each_engine([](TestStore& store) {
    IndexWorld world(store.database());
    store::Transaction transaction(world.db);
    for (int i = 0; i < 1'500; ++i) {  // more than are read one by one
      world.rows.patch({.name = i % 50 == 0 ? "other" : "thing " + std::to_string(i % 20),
                        .archived = i % 3 == 0});
    }
    transaction.commit();
    for (const char* q : {"thing", "THING 1", "th"}) {
      const PatchFilter filter{.q = q, .order = {"id", true}};
      for (const PageAsked page : {PageAsked{1, 250}, PageAsked{2, 99}}) {
        const auto stored = find_patches(world.db, filter, page);
        const auto indexed = find_patches(world.db, filter, page, &world.index);
        CHECK(stored.total > 600);
        CHECK(stored.total == indexed.total);
        CHECK(ids_of(stored.items) == ids_of(indexed.items));
      }
    }
  });
}

TEST_CASE("registry::ListIndex: leaves to the store what does not fit") {
  on_each_engine([](TestStore& store) {
    IndexWorld world(store.database());
    world.add_patch();
    CHECK(find_patches(world.db, {}, {}, &world.index).total == 1);
    world.db.exec("UPDATE registry_people SET id = ? WHERE id = 5", Id{1} << 40);
    world.rows.patch({.submitter = Id{1} << 40});
    CHECK(find_patches(world.db, {}, {}, &world.index).total == 2);
    const PatchFilter by_new{.submitter = {std::to_string(Id{1} << 40)}};
    CHECK(ids_of(find_patches(world.db, by_new, {}, &world.index)) == Ids{2});
    world.add_patch();
    world.compare(20);
  });
}
