#include "registry/follow_support.hpp"
#include "registry/get.hpp"

#include <doctest/doctest.h>

namespace patchmill::registry::test {
namespace {

using patchmill::test::on_each_engine;
using patchmill::test::TestStore;

TEST_CASE("registry::series: a reroll of one patch has the others, too, and is complete") {
  on_each_engine([](TestStore& store) {
    Follower follower(store);
    follower.feed_and_follow(
        {{.msgid = "c@x", .subject = "[PATCH 0/2] A thing", .diff = false},
         {.msgid = "1@x", .subject = "[PATCH 1/2] one", .in_reply_to = "c@x", .seconds = 1},
         {.msgid = "2@x", .subject = "[PATCH 2/2] two", .in_reply_to = "c@x", .seconds = 2},
         {.msgid = "v2@x",
          .subject = "[PATCH v2 2/2] two",
          .in_reply_to = "2@x",
          .seconds = tracker::test::day}});
    auto events = follower.events();
    const auto told = events.size();
    CHECK(events.back() == "series-completed s2");
    // Who fetches it gets what applies.
    auto whole = registry::series(store.database(), 2);
    REQUIRE(whole);
    CHECK(whole->received_all());
    REQUIRE(whole->patches.size() == 2);
    CHECK(whole->patches[0].id == 1);
    CHECK(whole->patches[1].id == 3);
    CHECK(registry::patch(store.database(), 1)->series->id == 1);
    CHECK(registry::series(store.database(), 1)->patches.size() == 2);
    // The rest after all: complete once more, now by itself.
    follower.feed_and_follow({{.msgid = "v2-1@x",
                               .subject = "[PATCH v2 1/2] one",
                               .in_reply_to = "1@x",
                               .seconds = tracker::test::day + 1}});
    events = follower.events();
    CHECK(Lines(events.begin() + static_cast<std::ptrdiff_t>(told), events.end()) ==
          Lines{"patch-created p4", "patch-completed p4 s2", "series-completed s2"});
    whole = registry::series(store.database(), 2);
    REQUIRE(whole->patches.size() == 2);
    CHECK(whole->patches[0].id == 4);
  });
}

}  // namespace
}  // namespace patchmill::registry::test
