#include "patchwork/state_store.hpp"

#include "patchwork/patch_map.hpp"
#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <span>
#include <string>

namespace patchmill::patchwork {
namespace {

using namespace std::chrono_literals;
using test::on_each_engine;
using test::TestStore;
using Standing = StateStore::Standing;

const std::string k_instance = "https://pw.example.org/";

// One patch that both sides know.
struct StateDesk {
  explicit StateDesk(TestStore& test_store)
      : store(test_store), states(store.database(), store.clock()) {
    const KnownPatch known{k_instance, 7, "local", "a@example.org", 1, "new"};
    remember_patches(store.database(), std::span(&known, 1));
  }
  std::string known() { return find_patch(store.database(), k_instance, 7)->state; }
  bool want(const std::string& wanted) {
    return states.want({k_instance, 7, "local", wanted, known()});
  }
  StateStore::Due claim() {
    store.clock().advance(1h);
    const auto next = states.claim(k_instance, "local", "me", 1min);
    REQUIRE(next.has_value());
    return *next;
  }
  // What the next attempt finds; where it may, it sends its request.
  Standing attempt(std::string_view there) {
    due = claim();
    const auto standing = states.found(*due, there);
    if (standing == Standing::as_seen) {
      states.about_to_set(*due);
    }
    return standing;
  }
  void lose() { states.failed(*due, "502", store.clock().now(), false); }
  bool heard(std::string_view state) {
    return heard_of_state(store.database(), k_instance, 7, state);
  }

  TestStore& store;
  StateStore states;
  std::optional<StateStore::Due> due;
};

TEST_CASE("StateStore: what was set comes back once") {
  on_each_engine([](TestStore& store) {
    StateDesk desk(store);
    CHECK(desk.want("under-review"));
    CHECK(desk.attempt("new") == Standing::as_seen);
    SUBCASE("after the answer") {
      desk.states.set(*desk.due);
      CHECK(desk.heard("under-review"));
    }
    SUBCASE("before the answer") {
      CHECK(desk.heard("under-review"));
      desk.states.set(*desk.due);
    }
    CHECK(desk.known() == "under-review");
    CHECK(desk.want("changes-requested"));
    CHECK_FALSE(desk.heard("under-review"));  // a person's
    CHECK_FALSE(desk.want("superseded"));
  });
}

TEST_CASE("StateStore: the echo of a change that did not arrive hides no later one") {
  on_each_engine([](TestStore& store) {
    StateDesk desk(store);
    CHECK(desk.want("under-review"));
    for (int i = 0; i < 3; ++i) {
      CHECK(desk.attempt("new") == Standing::as_seen);
      desk.lose();
    }
    CHECK(desk.want("changes-requested"));
    CHECK(desk.attempt("new") == Standing::as_seen);
    desk.states.set(*desk.due);
    SUBCASE("our own is ours, and the patch stays in our hands") {
      CHECK(desk.heard("changes-requested"));
      CHECK(desk.want("superseded"));
      CHECK(desk.attempt("changes-requested") == Standing::as_seen);
    }
    SUBCASE("a person's is a person's") {
      CHECK_FALSE(desk.heard("under-review"));
      CHECK_FALSE(desk.want("superseded"));
    }
  });
}

TEST_CASE("StateStore: a change that arrived without an answer is ours") {
  on_each_engine([](TestStore& store) {
    StateDesk desk(store);
    CHECK(desk.want("under-review"));
    CHECK(desk.attempt("new") == Standing::as_seen);
    desk.lose();
    SUBCASE("the next attempt finds it") {
      CHECK(desk.attempt("under-review") == Standing::as_wanted);
      desk.states.set(*desk.due);
      CHECK(desk.heard("under-review"));
      CHECK(desk.want("changes-requested"));
    }
    SUBCASE("its event comes first") {
      CHECK(desk.heard("under-review"));
      CHECK(desk.known() == "under-review");
      CHECK(desk.attempt("under-review") == Standing::as_wanted);
      desk.states.set(*desk.due);
      CHECK(desk.want("changes-requested"));
    }
    SUBCASE("its event comes first, and a person takes it back before the next attempt") {
      CHECK(desk.heard("under-review"));
      CHECK(desk.attempt("new") == Standing::somebodys);
      desk.states.leave(*desk.due, "new");
      CHECK_FALSE(desk.want("changes-requested"));
      return;
    }
    SUBCASE("the next attempt finds it, and is killed") {
      CHECK(desk.attempt("under-review") == Standing::as_wanted);
      CHECK(desk.known() == "under-review");
      CHECK(desk.want("changes-requested"));
      CHECK(desk.attempt("under-review") == Standing::as_seen);
      CHECK(desk.heard("under-review"));
    }
    SUBCASE("another one is wanted meanwhile") {
      CHECK(desk.want("changes-requested"));
      SUBCASE("and finds it") {}
      SUBCASE("and its event comes first") {
        CHECK(desk.heard("under-review"));
      }
      CHECK(desk.attempt("under-review") == Standing::as_seen);
      CHECK(desk.known() == "under-review");
      desk.lose();
      CHECK(desk.attempt("under-review") == Standing::as_seen);
      desk.states.set(*desk.due);
      CHECK(desk.heard("changes-requested"));
    }
    SUBCASE("another one is set meanwhile, whose event goes beyond it") {
      CHECK(desk.want("changes-requested"));
      CHECK(desk.attempt("under-review") == Standing::as_seen);
      desk.states.set(*desk.due);
      CHECK(desk.heard("changes-requested"));
    }
    CHECK_FALSE(desk.heard("under-review"));  // it came, or cannot come any more
  });
}

TEST_CASE("StateStore: what arrived late is not gone back from") {
  on_each_engine([](TestStore& store) {
    StateDesk desk(store);
    CHECK(desk.want("accepted"));
    CHECK(desk.attempt("new") == Standing::as_seen);
    desk.lose();
    CHECK(desk.want("superseded"));
    CHECK(desk.attempt("accepted") == Standing::too_late);
    desk.states.failed(*desk.due, "too late", std::nullopt, false);
    CHECK(desk.known() == "accepted");
    CHECK(desk.heard("accepted"));
    CHECK(desk.states.waiting(k_instance, "local") == 0);
  });
}

TEST_CASE("StateStore: a person's word is not taken for ours") {
  on_each_engine([](TestStore& store) {
    StateDesk desk(store);
    CHECK(desk.want("under-review"));
    CHECK(desk.attempt("new") == Standing::as_seen);
    SUBCASE("when ours was refused") {
      desk.states.failed(*desk.due, "403", store.clock().now(), true);
    }
    SUBCASE("when ours was given up") {
      desk.lose();
      CHECK(desk.attempt("new") == Standing::as_seen);
      desk.states.failed(*desk.due, "502", std::nullopt, false);
    }
    SUBCASE("when it is another one") {
      desk.lose();
      CHECK_FALSE(desk.heard("rejected"));
      CHECK_FALSE(desk.want("changes-requested"));
      return;
    }
    SUBCASE("when it is found before the next attempt") {
      desk.lose();
      CHECK(desk.attempt("rejected") == Standing::somebodys);
      desk.states.leave(*desk.due, "rejected");
      CHECK_FALSE(desk.want("changes-requested"));
      return;
    }
    CHECK_FALSE(desk.heard("under-review"));
  });
}

TEST_CASE("StateStore: a refusal is about its own attempt") {
  on_each_engine([](TestStore& store) {
    StateDesk desk(store);
    CHECK(desk.want("under-review"));
    CHECK(desk.attempt("new") == Standing::as_seen);
    desk.lose();
    SUBCASE("of the same wish") {}
    SUBCASE("not of the same number of another wish") {
      CHECK(desk.want("changes-requested"));
      CHECK(desk.want("under-review"));
    }
    desk.due = desk.claim();  // refused before anything was read
    desk.states.failed(*desk.due, "403", store.clock().now(), true);
    CHECK(desk.heard("under-review"));
  });
}

TEST_CASE("StateStore: what we set before something else is not what is there now") {
  on_each_engine([](TestStore& store) {
    StateDesk desk(store);
    for (const char* state : {"under-review", "changes-requested"}) {
      CHECK(desk.want(state));
      CHECK(desk.attempt(desk.known()) == Standing::as_seen);
      desk.states.set(*desk.due);
    }
    // No event was read yet.
    CHECK(desk.want("accepted"));
    CHECK(desk.attempt("under-review") == Standing::somebodys);
  });
}

TEST_CASE("StateStore: what a release before this one has written down is sure to come") {
  TestStore store(store::Engine::sqlite);
  StateDesk desk(store);
  CHECK(desk.want("under-review"));
  SUBCASE("by an event") {
    store.database().exec("UPDATE patchwork_states SET echoes = 'under-review,changes-requested,'");
    CHECK(desk.heard("changes-requested"));
    CHECK_FALSE(desk.heard("under-review"));
  }
  SUBCASE("and is found there") {
    store.database().exec("UPDATE patchwork_states SET echoes = 'under-review,'");
    CHECK(desk.want("changes-requested"));
    CHECK(desk.attempt("under-review") == Standing::as_seen);
    CHECK(desk.known() == "under-review");
  }
}

}  // namespace
}  // namespace patchmill::patchwork
