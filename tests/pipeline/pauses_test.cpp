#include "pipeline/pauses.hpp"

#include "store/event_log.hpp"
#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::pipeline;

TEST_CASE("pipeline::PauseScope: reads back from its text") {
  for (const auto& scope : {PauseScope::everything(), PauseScope::project("net dev"),
                            PauseScope::tree("mainline"), PauseScope::project("all")}) {
    CHECK(pause_scope_from(to_string(scope)) == scope);
  }
  for (const auto* text : {"", "project ", "tree ", "everything", "project", "trees x"}) {
    CAPTURE(text);
    CHECK_FALSE(pause_scope_from(text));
  }
}

TEST_CASE("pipeline::Pauses: stand until resumed, each change with its event") {
  test::on_each_engine([](test::TestStore& store) {
    Pauses pauses(store.database(), store.clock());
    const auto start = store.clock().now();
    REQUIRE(pauses.pause(PauseScope::tree("mainline"), "ann", "broken by a merge"));
    store.clock().advance(std::chrono::seconds(5));
    REQUIRE(pauses.pause(PauseScope::project("netdev"), "bob", ""));
    REQUIRE(pauses.pause(PauseScope::everything(), "bob\xff", ""));

    auto standing = pauses.list();
    REQUIRE(standing.size() == 3);
    CHECK(standing[0].scope == PauseScope::everything());
    CHECK(standing[0].who == "bob\u00ff");
    CHECK(standing[1].scope == PauseScope::project("netdev"));
    CHECK(standing[2].reason == "broken by a merge");

    const auto again = pauses.pause(PauseScope::tree("mainline"), "cat", "still broken");
    REQUIRE(again);
    CHECK(again->time == start);
    standing = pauses.list();
    REQUIRE(standing.size() == 3);
    CHECK(standing[2].who == "cat");
    CHECK(standing[2].reason == "still broken");
    CHECK(standing[2].time == start);

    CHECK(pauses.resume(PauseScope::everything(), "ann"));
    CHECK_FALSE(pauses.resume(PauseScope::everything(), "ann"));
    CHECK_FALSE(pauses.resume(PauseScope::project("mainline"), "ann"));
    CHECK(pauses.list().size() == 2);

    std::vector<std::string> kinds;
    for (const auto& event : store::events_after(store.database(), 0, 100)) {
      kinds.push_back(event.kind);
    }
    CHECK(kinds == std::vector<std::string>{"work-paused", "work-paused", "work-paused",
                                            "work-paused", "work-resumed"});
  });
}

TEST_CASE("pipeline::Pauses::pause: a scope without a name is refused") {
  test::on_each_engine([](test::TestStore& store) {
    Pauses pauses(store.database(), store.clock());
    for (const auto& name :
         {std::string(), std::string(201, 'x'), std::string("\xff"), std::string("a\0b", 3)}) {
      CAPTURE(name);
      const auto refused = pauses.pause(PauseScope::project(name), "ann", "");
      REQUIRE_FALSE(refused);
      CHECK(refused.error().kind == ErrorKind::invalid);
      CHECK_FALSE(pauses.resume(PauseScope::project(name), "ann"));
    }
    CHECK(pauses.list().empty());
  });
}

TEST_CASE("pipeline::pause_of: all, the project, or the tree") {
  const std::vector<Pause> pauses = {{PauseScope::project("netdev"), "ann", "p", {}},
                                     {PauseScope::tree("mainline"), "ann", "t", {}}};
  CHECK(pause_of(pauses, "netdev", "net-next")->reason == "p");
  CHECK(pause_of(pauses, "bpf", "mainline")->reason == "t");
  CHECK(pause_of(pauses, "mainline", "netdev") == nullptr);
  CHECK(pause_of(pauses, "", "") == nullptr);
  CHECK(pause_of({}, "netdev", "mainline") == nullptr);
  CHECK(pause_of({{PauseScope::everything(), "ann", "a", {}}}, "x", "")->reason == "a");
}
