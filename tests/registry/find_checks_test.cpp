#include "registry/find.hpp"
#include "registry/support.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::registry;
using namespace patchmill::registry::test;

namespace {

struct ChecksWorld {
  explicit ChecksWorld(store::Database& database) : rows(database), db(database) {
    rows.user("ann");
    rows.user("bob");
    rows.project("zeta");
    rows.person("carl@example.org");
    rows.patch({});
    rows.patch({});
    rows.check({.patch = 1,
                .user = 1,
                .date = 3,
                .state = CheckState::fail,
                .context = "build",
                .target_url = "https://b"});
    rows.check({.patch = 1,
                .user = 2,
                .date = 1,
                .state = CheckState::success,
                .context = "Build",
                .description = "words"});
    rows.check({.patch = 1, .user = 1, .date = 2, .context = "a-b_c", .target_url = "https://a"});
    rows.check({.patch = 2, .user = 1, .date = 9, .context = "build"});
  }
  Ids find(const CheckFilter& filter) { return ids_of(find_checks(db, 1, filter, {})); }

  Rows rows;
  store::Database& db;
};

}  // namespace

TEST_CASE("registry::find_checks: filters") {
  on_each_engine([](TestStore& store) {
    ChecksWorld world(store.database());
    CHECK(world.find({}) == Ids{1, 2, 3});
    CHECK(world.find({.user = {"ANN"}}) == Ids{1, 3});
    CHECK(world.find({.user = {"2"}}) == Ids{2});
    CHECK(world.find({.state = {"0"}}) == Ids{3});
    CHECK(world.find({.state = {"1", "3"}}) == Ids{1, 2});
    CHECK(world.find({.state = {"2"}}).empty());
    CHECK(world.find({.context = {"build"}}) == Ids{1});
    CHECK(world.find({.context = {"build", "a-b_c", "none"}}) == Ids{1, 3});
    CHECK(world.find({.context = {"a_b_c"}}).empty());
    CHECK(world.find({.date = {.since = {at(2)}}}) == Ids{1, 3});
    CHECK(world.find({.date = {.before = {at(2)}}}) == Ids{2});
    for (const std::string& strange : strange_values()) {
      CAPTURE(strange.substr(0, 50));
      CHECK(world.find({.user = {"ann", strange}}).empty());
      CHECK(world.find({.context = {strange}}).empty());
      if (strange != "0") {
        CHECK(world.find({.state = {"3", strange}}).empty());
      }
    }
    CHECK(world.find({.state = {"4"}}).empty());
    CHECK(world.find({.state = {"fail"}}).empty());
    CHECK(find_checks(world.db, 99, {}, {}).total == 0);
    CHECK(find_checks(world.db, -1, {}, {}).total == 0);
  });
}

TEST_CASE("registry::find_checks: of all patches, by id and project") {
  on_each_engine([](TestStore& store) {
    ChecksWorld world(store.database());
    world.rows.project("other");
    world.rows.patch({.project = 2});
    world.rows.check({.patch = 3, .user = 1, .date = 1, .context = "build"});
    const auto find = [&](const CheckFilter& filter) {
      return ids_of(find_checks(world.db, std::nullopt, filter, {}));
    };
    CHECK(find({}) == Ids{1, 2, 3, 4, 5});
    CHECK(find({.id = {"4", "99", "2", "lorem", "-1"}}) == Ids{2, 4});
    CHECK(find({.id = {"99"}}).empty());
    CHECK(find({.id = {"lorem"}}).empty());
    CHECK(find({.project = {"Other"}}) == Ids{5});
    CHECK(find({.project = {"1"}, .user = {"bob"}}) == Ids{2});
    CHECK(find({.project = {"none"}}).empty());
    CHECK(world.find({.id = {"4"}}).empty());  // of another patch
  });
}

TEST_CASE("registry::find_checks: orders and pages") {
  on_each_engine([](TestStore& store) {
    ChecksWorld world(store.database());
    const auto by = [&](const std::string& field, bool descending = false) {
      return world.find({.order = {field, descending}});
    };
    CHECK(by("id", true) == Ids{3, 2, 1});
    CHECK(by("date", true) == Ids{1, 3, 2});
    CHECK(by("user") == Ids{1, 3, 2});
    CHECK(by("state", true) == Ids{1, 2, 3});
    CHECK(by("context") == Ids{2, 3, 1});
    CHECK(by("target_url") == Ids{2, 3, 1});
    CHECK(by("description", true) == Ids{2, 3, 1});
    CHECK(by("bogus", true) == Ids{1, 2, 3});
    const auto page = find_checks(world.db, 1, {.order = {"date", true}}, {1, 1});
    CHECK(page.total == 3);
    CHECK(ids_of(page.items) == Ids{1});
  });
}

TEST_CASE("registry::find_patch_comments, find_cover_comments: by id, a page at a time") {
  on_each_engine([](TestStore& store) {
    ChecksWorld world(store.database());
    world.rows.cover({});
    world.rows.patch_comment({.about = 1, .date = 2, .addressed = false});
    world.rows.patch_comment({.about = 2});
    world.rows.patch_comment({.about = 1, .date = 1});
    world.rows.cover_comment({.about = 1, .addressed = true});
    auto page = find_patch_comments(world.db, 1, {}, {});
    REQUIRE(ids_of(page) == Ids{1, 3});
    CHECK(page.items[0].patch == 1);
    CHECK_FALSE(page.items[0].cover.has_value());
    CHECK(page.items[0].project == 1);
    CHECK(page.items[0].addressed == false);
    CHECK(page.items[0].msgid == "r1@x");
    CHECK(page.items[0].subject == "Re: it");
    CHECK(page.items[0].date == at(2));
    CHECK_FALSE(page.items[1].addressed.has_value());
    CHECK(ids_of(find_patch_comments(world.db, 1, {"id", true}, {})) == Ids{3, 1});
    CHECK(ids_of(find_patch_comments(world.db, 1, {"bogus", true}, {})) == Ids{1, 3});
    page = find_patch_comments(world.db, 1, {}, {2, 1});
    CHECK(page.total == 2);
    CHECK(ids_of(page.items) == Ids{3});
    page = find_cover_comments(world.db, 1, {}, {});
    REQUIRE(ids_of(page) == Ids{1});
    CHECK(page.items[0].cover == 1);
    CHECK(page.items[0].addressed == true);
    CHECK(ids_of(comments_of(world.db, 1)) == Ids{3, 1});
  });
}
