#include "registry/change.hpp"
#include "registry/support.hpp"
#include "registry/writing.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace patchmill;
using namespace patchmill::registry;
using namespace patchmill::registry::test;

namespace {

// ann maintains zeta and both, bob alpha and both; dora sent patch 2; eve is nobody.
struct ChangeWorld {
  explicit ChangeWorld(store::Database& database) : rows(database), db(database) {
    ann = *user(db, rows.user("ann"));
    bob = *user(db, rows.user("bob"));
    dora = *user(db, rows.user("dora"));
    eve = *user(db, rows.user("eve"));
    rows.project("zeta", {ann.id});
    rows.project("alpha", {bob.id});
    rows.project("both", {ann.id, bob.id});
    rows.person("carl@example.org");
    rows.person("dora@example.org", "", dora.id);
    rows.patch({.project = 1});
    rows.patch({.project = 1, .submitter = 2});
    rows.patch({.project = 2});
    rows.patch({.project = 3});
    rows.patch({.project = 3, .delegate = eve.id});
    rows.patch({.project = 1});
  }
  Changed<Patch> change(const User& who, Id patch, const PatchChange& change) {
    return change_patch(db, ManualClock(at(60)), who, patch, change);
  }
  std::vector<Event> events() {
    EventFilter rising;
    rising.order.descending = false;
    return find_events(db, rising, {}).items;
  }
  Ids related(Id id) { return ids_of(patch(db, id)->related); }

  Rows rows;
  store::Database& db;
  User ann, bob, dora, eve;
};

Refusal refused(const Changed<Patch>& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error();
}

using Kind = Refusal::Kind;

}  // namespace

TEST_CASE("registry::may_change: maintainers, the delegate, who sent it") {
  on_each_engine([](TestStore& store) {
    ChangeWorld world(store.database());
    const auto may = [&](Id patch) {
      std::string names;
      for (const User& who : {world.ann, world.bob, world.dora, world.eve}) {
        names += may_change(world.db, who, patch) ? who.username + " " : "";
      }
      return names;
    };
    CHECK(may(1) == "ann ");
    CHECK(may(2) == "ann dora ");
    CHECK(may(3) == "bob ");
    CHECK(may(4) == "ann bob ");
    CHECK(may(5) == "ann bob eve ");
    CHECK(may(99).empty());
    CHECK(may(-1).empty());
  });
}

TEST_CASE("registry::change_patch: nobody without the right, nothing of it") {
  on_each_engine([](TestStore& store) {
    ChangeWorld world(store.database());
    CHECK(refused(world.change(world.bob, 1, {.state = "accepted"})).kind == Kind::forbidden);
    CHECK(refused(world.change(world.dora, 1, {.archived = true})).kind == Kind::forbidden);
    CHECK(refused(world.change(world.eve, 3, {})).kind == Kind::forbidden);
    CHECK(refused(world.change(world.ann, 99, {})).kind == Kind::not_found);
    CHECK(refused(world.change(User{}, 1, {})).kind == Kind::forbidden);
    CHECK(patch(world.db, 1)->state == "new");
    CHECK_FALSE(patch(world.db, 1)->archived);
    CHECK(world.events().empty());
    CHECK(newest_change(world.db) == 0);
  });
}

TEST_CASE("registry::change_patch: state, by slug or name, with its event") {
  on_each_engine([](TestStore& store) {
    ChangeWorld world(store.database());
    auto result = world.change(world.dora, 2, {.state = "under-review"});
    REQUIRE(result.has_value());
    CHECK(result->state == "under-review");
    result = world.change(world.ann, 2, {.state = "CHANGES Requested"});
    REQUIRE(result.has_value());
    CHECK(result->state == "changes-requested");
    const auto events = world.events();
    REQUIRE(events.size() == 2);
    CHECK(events[0].category == Category::patch_state_changed);
    CHECK(events[0].actor->username == "dora");
    CHECK(events[0].patch->id == 2);
    CHECK(events[0].project == 1);
    CHECK(events[0].date == at(60));
    CHECK(events[0].previous_state == "new");
    CHECK(events[0].current_state == "under-review");
    CHECK(events[1].previous_state == "under-review");
    CHECK(events[1].current_state == "changes-requested");

    CHECK(world.change(world.ann, 2, {.state = "changes-requested"}).has_value());
    CHECK(world.events().size() == 2);
    for (const std::string& strange : strange_values()) {
      CAPTURE(strange.substr(0, 50));
      const auto refusal = refused(world.change(world.ann, 2, {.state = strange}));
      CHECK(refusal.kind == Kind::invalid);
      CHECK(refusal.field == "state");
      CHECK(refusal.message.size() < 500);
    }
    CHECK(refused(world.change(world.ann, 2, {.state = "bogus"})).message ==
          "Invalid state bogus. Expected one of: new, under-review, accepted, rejected, rfc,"
          " not-applicable, changes-requested, awaiting-upstream, superseded, deferred");
    CHECK(world.events().size() == 2);
  });
}

TEST_CASE("registry::change_patch: dates of events grow with their ids, whatever the clock says") {
  // What the change counter was when the clock was read.
  class WatchedClock final : public Clock {
   public:
    explicit WatchedClock(store::Database& database) : m_database(database) {}
    [[nodiscard]] Timestamp now() const override {
      seen = newest_change(m_database);
      return at(10);
    }
    mutable std::int64_t seen = -1;

   private:
    store::Database& m_database;
  };
  on_each_engine([](TestStore& store) {
    ChangeWorld world(store.database());
    CHECK(world.change(world.ann, 1, {.state = "accepted", .delegate = std::optional(world.ann.id)})
              .has_value());
    const WatchedClock slow(world.db);
    CHECK(change_patch(world.db, slow, world.ann, 1, {.state = "new"}).has_value());
    CHECK(slow.seen == 2);  // read in the turn
    CHECK(add_check(world.db, slow, world.ann, 1, {}).has_value());
    CHECK(slow.seen == 3);
    CHECK(world.change(world.ann, 1, {.related = Ids{2, 6}}).has_value());
    auto events = world.events();
    std::sort(events.begin(), events.end(),
              [](const Event& a, const Event& b) { return a.id < b.id; });
    REQUIRE(events.size() == 7);
    for (std::size_t i = 0; i < events.size(); ++i) {
      CHECK(events[i].date == at(60) + std::chrono::microseconds(i));
    }
  });
}

TEST_CASE("registry::change_patch: archived, commit and pull URL make no event") {
  on_each_engine([](TestStore& store) {
    ChangeWorld world(store.database());
    auto result = world.change(
        world.ann, 1, {.archived = true, .commit_ref = "c0ffee", .pull_url = "git://x 漢'"});
    REQUIRE(result.has_value());
    CHECK(result->archived);
    CHECK(result->commit_ref == "c0ffee");
    CHECK(result->pull_url == "git://x 漢'");
    result = world.change(world.ann, 1, {.commit_ref = std::optional<std::string>()});
    REQUIRE(result.has_value());
    CHECK_FALSE(result->commit_ref.has_value());
    CHECK(result->pull_url.has_value());
    CHECK(result->archived);
    std::string longest;
    for (int i = 0; i < 255; ++i) {
      longest += "\xe6\xbc\xa2";
    }
    CHECK(world.change(world.ann, 1, {.commit_ref = longest}).has_value());
    CHECK(refused(world.change(world.ann, 1, {.commit_ref = longest + "x"})).field == "commit_ref");
    CHECK(refused(world.change(world.ann, 1, {.pull_url = std::string("a\0b", 3)})).field ==
          "pull_url");
    CHECK(refused(world.change(world.ann, 1, {.pull_url = "\xff"})).kind == Kind::invalid);
    CHECK(world.events().empty());
  });
}

TEST_CASE("registry::change_patch: delegates are maintainers of the project") {
  on_each_engine([](TestStore& store) {
    ChangeWorld world(store.database());
    using Delegate = std::optional<Id>;
    auto result = world.change(world.ann, 1, {.delegate = Delegate(world.ann.id)});
    REQUIRE(result.has_value());
    CHECK(result->delegate->username == "ann");
    CHECK(world.change(world.ann, 1, {.delegate = Delegate(world.ann.id)}).has_value());
    result = world.change(world.ann, 1, {.delegate = Delegate()});
    REQUIRE(result.has_value());
    CHECK_FALSE(result->delegate.has_value());
    const auto events = world.events();
    REQUIRE(events.size() == 2);
    CHECK(events[0].category == Category::patch_delegated);
    CHECK_FALSE(events[0].previous_delegate.has_value());
    CHECK(events[0].current_delegate->username == "ann");
    CHECK(events[1].previous_delegate->username == "ann");
    CHECK_FALSE(events[1].current_delegate.has_value());

    CHECK(refused(world.change(world.ann, 1, {.delegate = Delegate(world.bob.id)})).message ==
          "User 'bob' is not a maintainer for project 'Project zeta'");
    for (const Id id : {Id{0}, Id{-1}, Id{99}, std::numeric_limits<Id>::max()}) {
      const auto refusal = refused(world.change(world.ann, 1, {.delegate = Delegate(id)}));
      CHECK(refusal.kind == Kind::invalid);
      CHECK(refusal.field == "delegate");
      CHECK(refusal.message ==
            "Invalid pk \"" + std::to_string(id) + "\" - object does not exist.");
    }
    // One who maintains no more may keep what is delegated already, and give it back.
    CHECK(world.change(world.eve, 5, {.delegate = Delegate(world.eve.id)}).has_value());
    CHECK(world.change(world.eve, 5, {.delegate = Delegate()}).has_value());
    CHECK(refused(world.change(world.eve, 5, {.archived = true})).kind == Kind::forbidden);
  });
}

TEST_CASE("registry::change_patch: all of a change or nothing") {
  on_each_engine([](TestStore& store) {
    ChangeWorld world(store.database());
    CHECK(refused(world.change(world.ann, 1, {.state = "accepted", .commit_ref = "\xff"})).kind ==
          Kind::invalid);
    CHECK(refused(world.change(world.ann, 1, {.state = "accepted", .related = Ids{3}})).kind ==
          Kind::forbidden);
    CHECK(patch(world.db, 1)->state == "new");
    CHECK(world.events().empty());
    CHECK(world.change(world.ann, 1, {.state = "accepted", .archived = true, .related = Ids{4}})
              .has_value());
    CHECK(world.events().size() == 3);
    const auto change = newest_change(world.db);
    CHECK(world.db.value<std::int64_t>("SELECT changed FROM registry_patches WHERE id = 1") ==
          change);
    CHECK(world.db.value<std::int64_t>("SELECT changed FROM registry_patches WHERE id = 4") ==
          change);
  });
}

TEST_CASE("registry::change_patch: relations grow, and end with an empty list") {
  on_each_engine([](TestStore& store) {
    ChangeWorld world(store.database());
    auto result = world.change(world.ann, 1, {.related = Ids{2, 4}});
    REQUIRE(result.has_value());
    CHECK(ids_of(result->related) == Ids{2, 4});
    CHECK(world.related(2) == Ids{1, 4});
    CHECK(world.events().size() == 3);
    CHECK(world.events()[0].category == Category::patch_relation_changed);
    CHECK(world.change(world.ann, 1, {.related = Ids{2, 1}}).has_value());
    CHECK(world.events().size() == 3);
    CHECK(world.change(world.ann, 6, {.related = Ids{4}}).has_value());
    CHECK(world.related(6) == Ids{1, 2, 4});
    CHECK(world.events().size() == 4);

    CHECK(world.change(world.ann, 1, {.related = Ids{}}).has_value());
    CHECK(world.related(1).empty());
    CHECK(world.related(2) == Ids{4, 6});
    CHECK(world.change(world.ann, 1, {.related = Ids{}}).has_value());
    CHECK(world.events().size() == 5);
    CHECK(world.change(world.ann, 2, {.related = Ids{}}).has_value());
    CHECK(world.events().size() == 6);
    // The last two part together.
    CHECK(world.change(world.ann, 4, {.related = Ids{}}).has_value());
    CHECK(world.related(6).empty());
    CHECK(world.events().size() == 8);
    CHECK(world.db.value<std::int64_t>(
              "SELECT COUNT(*) FROM registry_patches WHERE relation IS NOT NULL") == 0);
    CHECK(world.change(world.ann, 1, {.related = Ids{1}}).has_value());
    CHECK(world.events().size() == 8);
  });
}

TEST_CASE("registry::change_patch: relations need every project involved") {
  on_each_engine([](TestStore& store) {
    ChangeWorld world(store.database());
    CHECK(refused(world.change(world.ann, 1, {.related = Ids{3}})).kind == Kind::forbidden);
    CHECK(refused(world.change(world.dora, 2, {.related = Ids{1}})).kind == Kind::forbidden);
    CHECK(refused(world.change(world.dora, 2, {.related = Ids{}})).kind == Kind::forbidden);
    REQUIRE(world.change(world.bob, 3, {.related = Ids{4}}).has_value());
    // 4 is of a project of ann's, what it is related to is not.
    CHECK(refused(world.change(world.ann, 1, {.related = Ids{4}})).kind == Kind::forbidden);
    CHECK(refused(world.change(world.ann, 4, {.related = Ids{}})).kind == Kind::forbidden);
    CHECK(world.related(4) == Ids{3});

    CHECK(world.change(world.ann, 1, {.related = Ids{2}}).has_value());
    CHECK(world.change(world.ann, 5, {.related = Ids{6}}).has_value());
    CHECK(refused(world.change(world.ann, 1, {.related = Ids{5}})).kind == Kind::conflict);
    for (const Id id : {Id{0}, Id{-1}, Id{99}, std::numeric_limits<Id>::max()}) {
      const auto refusal = refused(world.change(world.ann, 1, {.related = Ids{2, id}}));
      CHECK(refusal.kind == Kind::invalid);
      CHECK(refusal.field == "related");
    }
    CHECK(refused(world.change(world.ann, 1, {.related = Ids(100'000, 2)})).field == "related");
    CHECK(world.related(1) == Ids{2});
  });
}
