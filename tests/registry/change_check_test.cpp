#include "registry/change.hpp"
#include "registry/check_state.hpp"
#include "registry/support.hpp"
#include "registry/writing.hpp"

#include <doctest/doctest.h>

#include <string>
#include <thread>

using namespace patchmill;
using namespace patchmill::registry;
using namespace patchmill::registry::test;

namespace {

struct CheckWorld {
  explicit CheckWorld(store::Database& database) : rows(database), db(database) {
    ann = *user(db, rows.user("ann"));
    bob = *user(db, rows.user("bob"));
    rows.project("zeta", {ann.id, bob.id});
    rows.person("carl@example.org");
    rows.patch({});
  }
  Changed<Check> add(const User& who, const NewCheck& check, int minute = 60, Id patch = 1) {
    return add_check(db, ManualClock(at(minute)), who, patch, check);
  }
  CheckState combined() { return patch(db, 1)->check; }

  Rows rows;
  store::Database& db;
  User ann, bob;
};

}  // namespace

TEST_CASE("registry::add_check: a check and its event") {
  on_each_engine([](TestStore& store) {
    CheckWorld world(store.database());
    const auto made = world.add(world.ann, {CheckState::warning, "ci-Build_1",
                                            "https://ci.example.org/1?a=b#c", "Ä 'quoted' %\n"});
    REQUIRE(made.has_value());
    CHECK(made->id == 1);
    CHECK(made->patch == 1);
    CHECK(made->user.username == "ann");
    CHECK(made->date == at(60));
    CHECK(made->state == CheckState::warning);
    CHECK(made->context == "ci-Build_1");
    CHECK(made->target_url == "https://ci.example.org/1?a=b#c");
    CHECK(made->description == "Ä 'quoted' %\n");
    const auto plain = world.add(world.bob, {});
    REQUIRE(plain.has_value());
    CHECK(plain->context == "default");
    CHECK_FALSE(plain->target_url.has_value());
    CHECK_FALSE(plain->description.has_value());
    const auto events = find_events(world.db, {}, {}).items;
    REQUIRE(events.size() == 2);
    CHECK(events[1].category == Category::check_created);
    CHECK(events[1].actor->username == "ann");
    CHECK(events[1].check->id == 1);
    CHECK(events[1].patch->id == 1);
  });
}

TEST_CASE("registry::add_check: what is refused leaves nothing") {
  on_each_engine([](TestStore& store) {
    CheckWorld world(store.database());
    const User eve = *user(world.db, world.rows.user("eve"));
    using Kind = Refusal::Kind;
    const auto kind = [](const Changed<Check>& result) {
      REQUIRE_FALSE(result.has_value());
      return result.error().kind;
    };
    const auto field = [](const Changed<Check>& result) {
      REQUIRE_FALSE(result.has_value());
      CHECK(result.error().kind == Kind::invalid);
      return result.error().field;
    };
    CHECK(kind(world.add(eve, {})) == Kind::forbidden);
    CHECK(kind(world.add(world.ann, {}, 60, 99)) == Kind::not_found);
    for (const auto& context : {std::string(), std::string("a b/c"), std::string("ä"),
                                std::string("a\0", 2), std::string("x'"), std::string(256, 'x')}) {
      CHECK(field(world.add(world.ann, {.context = context})) == "context");
    }
    CHECK(world.add(world.ann, {.context = std::string(255, 'x')}).has_value());
    for (const auto& url :
         {std::string("notaurl"), std::string("javascript:alert(1)"), std::string("https://"),
          std::string("https:///x"), std::string("https://a b"), std::string("https://a\nb"),
          std::string("https://a/\"><script>"), std::string("https://\xff"),
          "https://ci/" + std::string(190, 'x')}) {
      CAPTURE(url);
      CHECK(field(world.add(world.ann, {.target_url = url})) == "target_url");
    }
    for (const auto& url : {std::string(), std::string("http://localhost/x"),
                            std::string("HTTPS://x"), "https://ci/" + std::string(189, 'x')}) {
      CHECK(world.add(world.ann, {.target_url = url}).has_value());
    }
    CHECK(field(world.add(world.ann, {.description = std::string("\0", 1)})) == "description");
    CHECK(field(world.add(world.ann, {.description = std::string(1 << 20, 'x')})) == "description");
    CHECK(find_checks(world.db, 1, {}, {}).total == 5);
    CHECK(find_events(world.db, {}, {}).total == 5);
  });
}

TEST_CASE("registry::add_check: the newest of every user and context count, the worst of them") {
  on_each_engine([](TestStore& store) {
    CheckWorld world(store.database());
    CHECK(world.combined() == CheckState::pending);
    const auto add = [&](const User& who, const std::string& context, CheckState state) {
      REQUIRE(world.add(who, {.state = state, .context = context}).has_value());
      return world.combined();
    };
    CHECK(add(world.ann, "a", CheckState::success) == CheckState::success);
    CHECK(add(world.ann, "b", CheckState::pending) == CheckState::pending);
    CHECK(add(world.ann, "c", CheckState::warning) == CheckState::warning);
    CHECK(add(world.bob, "a", CheckState::fail) == CheckState::fail);
    CHECK(add(world.ann, "a", CheckState::success) == CheckState::fail);
    CHECK(add(world.bob, "a", CheckState::success) == CheckState::warning);
    CHECK(add(world.ann, "c", CheckState::success) == CheckState::pending);
    CHECK(add(world.ann, "b", CheckState::success) == CheckState::success);
    CHECK(world.db.value<std::int64_t>("SELECT changed FROM registry_patches WHERE id = 1") ==
          newest_change(world.db));
    CHECK(add(world.ann, "b", CheckState::pending) == CheckState::pending);
  });
}

TEST_CASE("registry::add_check: the later one counts, although the clock went back") {
  on_each_engine([](TestStore& store) {
    CheckWorld world(store.database());
    const NewCheck broken{CheckState::fail, "a", {}, {}}, good{CheckState::success, "a", {}, {}};
    REQUIRE(world.add(world.ann, broken, 60).has_value());
    const auto made = world.add(world.ann, good, 59);
    REQUIRE(made.has_value());
    CHECK(made->date == at(60) + std::chrono::microseconds(1));
    CHECK(world.combined() == CheckState::success);
    CHECK(world.add(world.bob, broken, 61)->date == at(61));
  });
}

TEST_CASE("registry::combined_check_state: newest is by date, then by id") {
  on_each_engine([](TestStore& store) {
    CheckWorld world(store.database());
    world.rows.check({.user = 1, .date = 5, .state = CheckState::success, .context = "a"});
    world.rows.check({.user = 1, .date = 4, .state = CheckState::fail, .context = "a"});
    CHECK(combined_check_state(world.db, 1) == CheckState::success);
    world.rows.check({.user = 1, .date = 5, .state = CheckState::warning, .context = "a"});
    CHECK(combined_check_state(world.db, 1) == CheckState::warning);
    world.rows.check({.user = 1, .date = 4, .state = CheckState::fail, .context = "A"});
    CHECK(combined_check_state(world.db, 1) == CheckState::fail);
    CHECK(combined_check_state(world.db, 2) == CheckState::pending);
  });
}

TEST_CASE("registry::add_check: several at once are all counted") {
  on_each_engine([](TestStore& store) {
    CheckWorld world(store.database());
    constexpr int each = 20;
    const auto post = [&](const User& who) {
      const auto connection = store.connect();
      for (int i = 0; i < each; ++i) {
        const auto made =
            add_check(*connection, ManualClock(at(60)), who, 1,
                      {.state = CheckState::success, .context = "c" + std::to_string(i)});
        if (!made) {
          return;
        }
      }
    };
    std::thread first(post, world.ann);
    std::thread second(post, world.bob);
    first.join();
    second.join();
    CHECK(find_checks(world.db, 1, {}, {}).total == 2 * each);
    CHECK(find_events(world.db, {}, {}).total == 2 * each);
    CHECK(newest_change(world.db) == 2 * each);
    CHECK(world.combined() == CheckState::success);
  });
}
