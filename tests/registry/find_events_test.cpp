#include "registry/find.hpp"
#include "registry/support.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::registry;
using namespace patchmill::registry::test;

namespace {

// One event of every category; ids are their numbers plus one.
struct EventsWorld {
  explicit EventsWorld(store::Database& database) : rows(database), db(database) {
    rows.user("ann");
    rows.user("bob");
    rows.project("zeta");
    rows.project("alpha");
    rows.person("carl@example.org", "Carl");
    rows.series({.name = "one"});
    rows.series({.project = 2, .name = "two"});
    rows.cover({.series = 1});
    rows.patch({.series = 1, .number = 1});
    rows.patch({.project = 2});
    rows.check({.patch = 1,
                .user = 1,
                .state = CheckState::warning,
                .target_url = "https://ci/1",
                .description = "words"});
    rows.cover_comment({.about = 1});
    rows.patch_comment({.about = 1});
    rows.event({.category = Category::cover_created, .date = 1, .cover = 1});
    rows.event({.category = Category::patch_created, .date = 1, .patch = 1});
    rows.event({.category = Category::patch_completed, .date = 2, .patch = 1, .series = 1});
    rows.event({.category = Category::patch_state_changed,
                .date = 3,
                .actor = 1,
                .patch = 1,
                .previous = 1,
                .current = 2});
    rows.event(
        {.category = Category::patch_delegated, .date = 4, .actor = 2, .patch = 1, .current = 2});
    rows.event({.category = Category::patch_relation_changed, .date = 5, .actor = 1, .patch = 1});
    rows.event(
        {.category = Category::check_created, .date = 6, .actor = 1, .patch = 1, .check = 1});
    rows.event({.category = Category::series_created, .date = 7, .series = 1});
    rows.event({.category = Category::series_completed, .project = 2, .date = 8, .series = 2});
    rows.event({.category = Category::cover_comment_created, .date = 9, .cover = 1, .comment = 1});
    rows.event({.category = Category::patch_comment_created, .date = 10, .patch = 1, .comment = 1});
  }
  Ids find(const EventFilter& filter) { return ids_of(find_events(db, filter, {})); }

  Rows rows;
  store::Database& db;
};

}  // namespace

TEST_CASE("registry::find_events: filters") {
  on_each_engine([](TestStore& store) {
    EventsWorld world(store.database());
    CHECK(world.find({}) == Ids{11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1});
    CHECK(world.find({.project = {"ALPHA"}}) == Ids{9});
    CHECK(world.find({.category = {"patch-created", "series-completed"}}) == Ids{9, 2});
    CHECK(world.find({.category = {"patch-state-changed"}}) == Ids{4});
    CHECK(world.find({.category = {"patch-comment-created"}}) == Ids{11});
    CHECK(world.find({.category = {"patch-comment-created"}, .comments = false}).empty());
    CHECK(world.find({.comments = false}) == Ids{9, 8, 7, 6, 5, 4, 3, 2, 1});
    CHECK(world.find({.series = {"1"}}) == Ids{8, 3});
    CHECK(world.find({.series = {"1", "2"}}) == Ids{9, 8, 3});
    CHECK(world.find({.patch = {"1"}}) == Ids{11, 7, 6, 5, 4, 3, 2});
    CHECK(world.find({.patch = {"2"}}).empty());
    CHECK(world.find({.cover = {"1"}}) == Ids{10, 1});
    CHECK(world.find({.actor = {"ann"}}) == Ids{7, 6, 4});
    CHECK(world.find({.actor = {"2"}}) == Ids{5});
    CHECK(world.find({.date = {.since = {at(9)}}}) == Ids{11, 10});
    CHECK(world.find({.date = {.before = {at(2)}}}) == Ids{2, 1});
    CHECK(world.find({.date = {.since = {std::nullopt}}}).empty());
    for (const std::string& strange : strange_values()) {
      CAPTURE(strange.substr(0, 50));
      CHECK(world.find({.project = {"zeta", strange}}).empty());
      CHECK(world.find({.category = {"patch-created", strange}}).empty());
      CHECK(world.find({.series = {"1", strange}}).empty());
      CHECK(world.find({.patch = {"1", strange}}).empty());
      CHECK(world.find({.cover = {"1", strange}}).empty());
      CHECK(world.find({.actor = {"ann", strange}}).empty());
    }
  });
}

TEST_CASE("registry::find_events: newest first unless asked otherwise") {
  on_each_engine([](TestStore& store) {
    EventsWorld world(store.database());
    const Ids rising = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    CHECK(world.find({.order = {"date", false}}) == rising);
    const Ids falling(rising.rbegin(), rising.rend());
    CHECK(world.find({.order = {"date", true}}) == falling);
    CHECK(world.find({.order = {"", false}}) == falling);
    CHECK(world.find({.order = {"id", false}}) == falling);
    const auto page = find_events(world.db, {}, {3, 4});
    CHECK(page.total == 11);
    CHECK(ids_of(page.items) == Ids{3, 2, 1});
  });
}

TEST_CASE("registry::find_events: every category says what it is about") {
  on_each_engine([](TestStore& store) {
    EventsWorld world(store.database());
    EventFilter rising;
    rising.order.descending = false;
    const auto found = find_events(world.db, rising, {}).items;
    REQUIRE(found.size() == 11);
    for (std::size_t i = 0; i < found.size(); ++i) {
      CHECK(static_cast<std::size_t>(found[i].category) == i);
    }
    CHECK(found[0].cover->msgid == "c1@x");
    CHECK_FALSE(found[0].actor.has_value());
    CHECK(found[1].patch->msgid == "p1@x");
    CHECK(found[2].series->name == "one");
    CHECK(found[2].patch->id == 1);
    CHECK(found[3].actor->username == "ann");
    CHECK(found[3].previous_state == "new");
    CHECK(found[3].current_state == "under-review");
    CHECK_FALSE(found[3].current_delegate.has_value());
    CHECK_FALSE(found[4].previous_delegate.has_value());
    CHECK(found[4].current_delegate->username == "bob");
    CHECK(found[4].current_state.empty());
    CHECK(found[5].patch->id == 1);
    CHECK(found[6].check->state == CheckState::warning);
    CHECK(found[6].check->user.username == "ann");
    CHECK(found[6].check->target_url == "https://ci/1");
    CHECK(found[6].check->description == "words");
    CHECK(found[8].project == 2);
    CHECK(found[8].series->name == "two");
    CHECK(found[9].comment->cover == 1);
    CHECK(found[10].comment->patch == 1);
    CHECK(found[10].comment->submitter.name == "Carl");
    CHECK(found[10].date == at(10));
  });
}
