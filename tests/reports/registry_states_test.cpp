#include "reports/registry_states.hpp"

#include "registry/change.hpp"
#include "registry/find.hpp"
#include "registry/follow.hpp"
#include "registry/get.hpp"
#include "registry/setup.hpp"
#include "reports/fixture.hpp"
#include "tracker/taken.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace patchmill::reports {
namespace {

using namespace test;
using Lines = std::vector<std::string>;

struct Own {
  explicit Own(TestStore& test_store, std::set<std::string> wanted) : store(test_store) {
    states = std::move(wanted);
    registry::Setup setup;
    registry::ProjectSetup project;
    project.project.name = project.project.link_name = "net";
    project.project.list_id = "netdev.vger.example.org";
    project.maintainers = {"ann"};
    setup.users = {{"ann", "", "", "ann@example.org"}};
    setup.projects = {project};
    REQUIRE(registry::set_up(store.database(), setup));
    pass();
  }
  int pass() {
    while (registry::follow(store.database(), store.blobs(), store.clock().now(), 1000) > 0) {
    }
    RegistryStates reporter(store.database(), store.blobs(), store.clock(), states);
    int changed = 0;
    for (bool more = true; more;) {
      changed += reporter.pass(more);
    }
    return changed;
  }
  // Of all patches, by number.
  Lines state() {
    Lines found;
    for (const auto& patch : registry::find_patches(store.database(), {}, {}).items) {
      found.push_back(patch.state);
    }
    return found;
  }
  void set(registry::Id patch, const std::string& state) {
    const auto ann = registry::user_by_name(store.database(), "ann");
    registry::PatchChange change;
    change.state = state;
    REQUIRE(registry::change_patch(store.database(), store.clock(), *ann, patch, change));
  }
  void take(std::int64_t series, std::size_t patch) {
    const auto known = tracker::Queries(store.database(), store.blobs()).series(series);
    const tracker::TakenPatch taken{known->patches[patch].message, "main", "0123456789"};
    tracker::note_taken(store.database(), store.clock().now(), series, std::span(&taken, 1));
  }
  std::int64_t post(const std::string& id, int version) {
    SeriesSpec spec;
    spec.id = id;
    spec.version = version;
    return add_series(store, spec);
  }

  TestStore& store;
  std::set<std::string> states;
};

TEST_CASE("RegistryStates: each state only where it is wanted, with its event") {
  on_each_engine([](TestStore& store) {
    Own own(store, {"accepted", "superseded"});
    const auto first = own.post("v1", 1);
    add_verdict(store, first, Verdict::fail, "broken", {});
    CHECK(own.pass() == 0);
    CHECK(own.state() == Lines{"new", "new"});
    own.take(first, 1);
    CHECK(own.pass() == 1);
    CHECK(own.state() == Lines{"new", "accepted"});
    own.post("v2", 2);
    CHECK(own.pass() == 1);
    CHECK(own.pass() == 0);
    CHECK(own.state() == Lines{"superseded", "accepted", "new", "new"});
    int told = 0;
    for (const auto& event : registry::events_after(store.database(), 0, 1000)) {
      if (event.category == registry::Category::patch_state_changed) {
        ++told;
        CHECK_FALSE(event.actor);
        CHECK(event.previous_state == "new");
      }
    }
    CHECK(told == 2);
  });
}

TEST_CASE("RegistryStates: from the first test to the last word") {
  TestStore store(store::Engine::sqlite);
  Own own(store, {"under-review", "changes-requested", "accepted"});
  const auto series = own.post("v1", 1);
  add_verdict(store, series, Verdict::pass, "fine", {});
  own.pass();
  CHECK(own.state() == Lines{"under-review", "under-review"});
  add_verdict(store, series, Verdict::fail, "broken", {}, 2);
  own.pass();
  CHECK(own.state() == Lines{"changes-requested", "changes-requested"});
  own.take(series, 0);
  own.pass();
  CHECK(own.state() == Lines{"accepted", "changes-requested"});
}

TEST_CASE("RegistryStates: what a partial reroll carries over is not superseded") {
  TestStore store(store::Engine::sqlite);
  Own own(store, {"under-review", "accepted", "superseded"});
  own.post("v1", 1);
  own.pass();
  const auto newest = add_reroll(store, 2, 2);
  own.pass();
  CHECK(own.state() == Lines{"new", "superseded", "new"});
  const auto open = tracker::open_patches(store.database(), Timestamp{});
  CHECK(open.size() == 2);  // trees are searched for both
  CHECK(std::ranges::all_of(open, [&](const auto& one) { return one.series == newest; }));
  add_verdict(store, newest, Verdict::pass, "fine", {});
  own.pass();
  CHECK(own.state() == Lines{"under-review", "superseded", "under-review"});
  SUBCASE("it is in a tree") {
    own.take(newest, 0);
    own.take(newest, 1);
    own.pass();
    CHECK(own.state() == Lines{"accepted", "superseded", "accepted"});
  }
  SUBCASE("until all is posted again") {
    own.post("v3", 3);
    own.pass();
    CHECK(own.state() == Lines{"superseded", "superseded", "superseded", "new", "new"});
  }
}

TEST_CASE("RegistryStates: what a person has set stays, also when it is set back") {
  TestStore store(store::Engine::sqlite);
  Own own(store, {"accepted", "superseded"});
  const auto series = own.post("v1", 1);
  own.pass();
  own.set(1, "deferred");
  own.set(2, "deferred");
  own.set(2, "new");
  own.take(series, 0);
  own.take(series, 1);
  own.post("v2", 2);
  CHECK(own.pass() == 0);
  CHECK(own.state() == Lines{"deferred", "new", "new", "new"});
}

TEST_CASE("RegistryStates: what happened before a state was wanted is left as it is") {
  TestStore store(store::Engine::sqlite);
  Own own(store, {"superseded"});
  SUBCASE("the first time") {
    store.database().exec("DELETE FROM cursors WHERE source = 'patchwork-states'");
    own.post("v1", 1);
    own.post("v2", 2);
    CHECK(own.pass() == 0);
  }
  SUBCASE("what the registry does not know yet is waited for") {
    own.post("v1", 1);
    own.post("v2", 2);
    RegistryStates reporter(store.database(), store.blobs(), store.clock(), own.states);
    bool more = true;
    CHECK(reporter.pass(more) == 0);
    CHECK(own.pass() == 2);
  }
}

}  // namespace
}  // namespace patchmill::reports
