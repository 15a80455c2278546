#include "reports/registry_reporter.hpp"

#include "pipeline/work_store.hpp"
#include "registry/change.hpp"
#include "registry/find.hpp"
#include "registry/follow.hpp"
#include "registry/get.hpp"
#include "registry/setup.hpp"
#include "reports/fixture.hpp"
#include "store/event_log.hpp"
#include "tracker/taken.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>

namespace patchmill::reports {
namespace {

using namespace test;
using Lines = std::vector<std::string>;

struct Own {
  explicit Own(TestStore& test_store, std::set<std::string> wanted) : store(test_store) {
    config.states = std::move(wanted);
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
    RegistryReporter reporter(store.database(), store.blobs(), store.clock(), config);
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
  void post_checks() {
    config.user = registry::user_by_name(store.database(), "ann")->id;
    config.check_prefix = "ours";
    config.links = Links::at("https://ci.example.org");
  }
  // The newest of each patch and context.
  Lines checks() {
    std::map<std::string, std::string> newest;
    for (registry::Id patch = 1; registry::patch(store.database(), patch); ++patch) {
      for (const auto& check : registry::find_checks(store.database(), patch, {}, {}).items) {
        newest[fmt::format("{} {}", patch, check.context)] =
            fmt::format("{} {}", k_states.at(static_cast<std::size_t>(check.state)),
                        check.description.value_or(""));
      }
    }
    Lines lines;
    for (const auto& [what, state] : newest) {
      lines.push_back(fmt::format("{} {}", what, state));
    }
    return lines;
  }
  static constexpr std::array<std::string_view, 4> k_states = {"pending", "success", "warning",
                                                               "fail"};
  pipeline::Node plan_build(std::int64_t series) {
    pipeline::Node node;
    node.series = series;
    node.kind = pipeline::NodeKind::kbuild;
    node.name = "build";
    return pipeline::NodeStore(store.database(), store.clock()).create(node);
  }
  std::int64_t post(const std::string& id, int version) {
    SeriesSpec spec;
    spec.id = id;
    spec.version = version;
    return add_series(store, spec);
  }

  TestStore& store;
  RegistryReporterConfig config;
};

TEST_CASE("RegistryReporter: each state only where it is wanted, with its event") {
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

TEST_CASE("RegistryReporter: from the first test to the last word") {
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

TEST_CASE("RegistryReporter: what a partial reroll carries over is not superseded") {
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

TEST_CASE("RegistryReporter: what a person has set stays, also when it is set back") {
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

TEST_CASE("RegistryReporter: what happened before a state was wanted is left as it is") {
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
    RegistryReporter reporter(store.database(), store.blobs(), store.clock(), own.config);
    bool more = true;
    CHECK(reporter.pass(more) == 0);
    CHECK(own.pass() == 2);
  }
}

TEST_CASE("RegistryReporter: what is found out is checks of the user, each change once") {
  on_each_engine([](TestStore& store) {
    Own own(store, {});
    const auto series = own.post("v1", 1);
    own.pass();
    own.post_checks();
    CHECK(own.pass() == 0);
    pipeline::WorkStore work(store.database());
    work.note_pending({series, std::nullopt, 0});
    store::append_event(store.database(), store.clock().now(), "series-complete", series,
                        std::nullopt, "{}");
    CHECK(own.pass() == 2);
    CHECK(own.checks() ==
          Lines{"1 ours-series pending waits or runs", "2 ours-series pending waits or runs"});
    work.clear_pending(series);
    add_verdict(store, series, Verdict::fail, "patch 2: 1 error",
                {{"signed-off-by", pipeline::NodeKind::check, Verdict::pass, "is there"},
                 {"build", pipeline::NodeKind::kbuild, Verdict::fail, "1 error", 2}});
    CHECK(own.pass() == 5);
    CHECK(own.pass() == 0);
    CHECK(own.checks() == Lines{"1 ours-series fail patch 2: 1 error",
                                "1 ours-signed-off-by success is there",
                                "2 ours-build fail 1 error", "2 ours-series fail patch 2: 1 error",
                                "2 ours-signed-off-by success is there"});
    const auto check = registry::find_checks(store.database(), 2, {}, {}).items;
    CHECK(std::ranges::all_of(check, [](const auto& one) { return one.user.username == "ann"; }));
    CHECK(std::ranges::any_of(check, [&](const auto& one) {
      return one.target_url == fmt::format("https://ci.example.org/series/{}", series);
    }));
    CHECK(registry::patch(store.database(), 1)->check == registry::CheckState::fail);
    int told = 0;
    for (const auto& event : registry::events_after(store.database(), 0, 1000)) {
      told += event.category == registry::Category::check_created ? 1 : 0;
    }
    CHECK(told == 7);
  });
}

TEST_CASE("RegistryReporter: a pending check that nobody finishes is retired, nobody else's is") {
  TestStore store(store::Engine::sqlite);
  Own own(store, {"superseded"});
  own.post_checks();
  const auto series = own.post("v1", 1);
  own.pass();
  const auto ann = registry::user_by_name(store.database(), "ann");
  registry::NewCheck other;
  other.context = "theirs";
  REQUIRE(registry::add_check(store.database(), store.clock(), *ann, 1, other));
  own.plan_build(series);
  CHECK(own.pass() == 2);
  own.post("v2", 2);
  CHECK(own.pass() == 4);  // and two states
  const std::string retired = " ours-build warning a newer revision came before this was done";
  CHECK(own.checks() == Lines{"1" + retired, "1 theirs pending ", "2" + retired});
  CHECK(own.pass() == 0);
}

TEST_CASE("RegistryReporter: what a former user or prefix left pending is retired") {
  TestStore store(store::Engine::sqlite);
  Own own(store, {});
  own.post_checks();
  const auto series = own.post("v1", 1);
  own.pass();
  pipeline::NodeStore nodes(store.database(), store.clock());
  pipeline::Node node = own.plan_build(series);
  CHECK(own.pass() == 2);
  const Lines retired = {"1 ours-build warning this is not run any more",
                         "2 ours-build warning this is not run any more"};
  SUBCASE("another prefix") {
    own.config.check_prefix = "new";
    CHECK(own.pass() == 2);
    CHECK(own.checks() == retired);
    nodes.start(node);
    CHECK(own.pass() == 2);
    CHECK(own.checks().size() == 4);
  }
  SUBCASE("nobody any more; what happened meanwhile stays as it is") {
    own.config.user.reset();
    CHECK(own.pass() == 2);
    CHECK(own.checks() == retired);
    nodes.start(node);
    CHECK(own.pass() == 0);
    own.post_checks();
    CHECK(own.pass() == 0);
    CHECK(own.checks() == retired);
  }
}

TEST_CASE("RegistryReporter: what a partial reroll carries over gets the checks of the new one") {
  TestStore store(store::Engine::sqlite);
  Own own(store, {});
  own.post_checks();
  const auto first = own.post("v1", 1);
  own.pass();
  add_verdict(store, first, Verdict::fail, "broken", {});
  own.pass();
  const auto second = add_reroll(store, 2, 2);
  add_verdict(store, second, Verdict::pass, "fine", {});
  own.pass();
  CHECK(own.checks() == Lines{"1 ours-series success fine", "2 ours-series fail broken",
                              "3 ours-series success fine"});
}

}  // namespace
}  // namespace patchmill::reports
