#include "registry/find.hpp"
#include "registry/support.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::registry;
using namespace patchmill::registry::test;

TEST_CASE("registry::find_projects, find_users, find_people: searched and ordered") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    Rows rows(db);
    const Id ann = rows.user("Ann", "ann@example.org");
    const Id bob = rows.user("bob_1", "bob@example.org");
    rows.project("zeta", {bob, ann});
    rows.project("alpha");
    rows.person("carl@example.org", "carl 100%");
    rows.person("dora@example.org", "Dora", bob);

    CHECK(ids_of(find_projects(db, {}, {})) == Ids{1, 2});
    CHECK(ids_of(find_projects(db, {.order = {"name", false}}, {})) == Ids{2, 1});
    CHECK(ids_of(find_projects(db, {.order = {"id", true}}, {})) == Ids{2, 1});
    CHECK(ids_of(find_projects(db, {.q = "ZETA"}, {})) == Ids{1});
    const auto projects = find_projects(db, {}, {}).items;
    REQUIRE(projects.size() == 2);
    CHECK(projects[0].link_name == "zeta");
    CHECK(projects[0].list_id == "zeta.example.org");
    CHECK(ids_of(projects[0].maintainers) == Ids{ann, bob});
    CHECK(projects[1].maintainers.empty());

    CHECK(ids_of(find_users(db, {}, {})) == Ids{1, 2});
    CHECK(ids_of(find_users(db, {.q = "BOB@example"}, {})) == Ids{2});
    CHECK(ids_of(find_users(db, {.q = "first last ann"}, {})) == Ids{1});
    CHECK(ids_of(find_users(db, {.q = "_"}, {})) == Ids{2});
    CHECK(ids_of(find_users(db, {.order = {"name", true}}, {})) == Ids{2, 1});

    CHECK(ids_of(find_people(db, {}, {})) == Ids{1, 2});
    CHECK(ids_of(find_people(db, {.q = "%"}, {})) == Ids{1});
    CHECK(ids_of(find_people(db, {.q = "dora EXAMPLE"}, {})) == Ids{2});
    CHECK(ids_of(find_people(db, {.order = {"name", false}}, {})) == Ids{2, 1});
    CHECK(find_people(db, {.q = "\xff"}, {}).total == 0);
    const auto page = find_people(db, {}, {2, 1});
    CHECK(page.total == 2);
    REQUIRE(page.items.size() == 1);
    CHECK(page.items[0].user->username == "bob_1");
  });
}

TEST_CASE("registry::find_bundles: private ones are for their owners") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    Rows rows(db);
    const Id ann = rows.user("ann");
    const Id bob = rows.user("bob");
    rows.project("zeta");
    rows.project("alpha");
    rows.person("carl@example.org");
    rows.patch({});
    rows.patch({});
    rows.patch({.project = 2});
    const auto add = [&](const User& who, Id project, const std::string& name, bool is_public,
                         std::vector<Id> patches) {
      const auto made = add_bundle(db, who, project, {name, is_public, std::move(patches)});
      REQUIRE(made.has_value());
      return made->id;
    };
    add(*user(db, ann), 1, "b 100%", true, {2, 1, 2});
    add(*user(db, ann), 1, "a", false, {1});
    add(*user(db, bob), 2, "c_", true, {3});
    const auto find = [&](const BundleFilter& filter) {
      return ids_of(find_bundles(db, filter, {}));
    };
    CHECK(find({}) == Ids{1, 3});
    CHECK(find({.viewer = ann}) == Ids{1, 2, 3});
    CHECK(find({.viewer = bob}) == Ids{1, 3});
    CHECK(find({.is_public = false}).empty());
    CHECK(find({.is_public = false, .viewer = ann}) == Ids{2});
    CHECK(find({.is_public = true, .viewer = ann}) == Ids{1, 3});
    CHECK(find({.project = {"zeta"}, .viewer = ann}) == Ids{1, 2});
    CHECK(find({.owner = {"BOB"}}) == Ids{3});
    CHECK(find({.owner = {"ann", "nobody"}, .viewer = ann}).empty());
    CHECK(find({.project = {"nope"}}).empty());
    CHECK(find({.q = "%"}) == Ids{1});
    CHECK(find({.q = "_"}) == Ids{3});
    CHECK(find({.viewer = ann, .order = {"name", false}}) == Ids{2, 1, 3});
    CHECK(find({.viewer = ann, .order = {"owner", true}}) == Ids{3, 2, 1});
    CHECK(find({.viewer = ann, .order = {"bogus", true}}) == Ids{1, 2, 3});
    const auto bundles = find_bundles(db, {}, {}).items;
    CHECK(ids_of(bundles[0].patches) == Ids{2, 1});
    CHECK(bundles[0].owner.username == "ann");
  });
}

TEST_CASE("registry::get: single things, and nothing where there is none") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    Rows rows(db);
    rows.user("Ann");
    rows.project("Zeta", {1});
    rows.project("7");
    rows.person("carl@example.org");
    rows.series({});
    rows.patch({.series = 1, .msgid = "it's@x"});
    rows.cover({.msgid = "c@x"});
    rows.check({});
    rows.patch_comment({});
    rows.cover_comment({});
    CHECK(project(db, 1)->link_name == "Zeta");
    CHECK(project(db, "zETA")->id == 1);
    CHECK(project(db, "1")->id == 1);
    CHECK(project(db, "7")->id == 2);
    CHECK(patch(db, 1)->self.msgid == "it's@x");
    CHECK(patch(db, 1, "it's@x")->self.id == 1);
    CHECK_FALSE(patch(db, 2, "it's@x").has_value());
    CHECK(series(db, 1)->patches.size() == 1);
    CHECK(cover(db, 1)->self.msgid == "c@x");
    CHECK(cover(db, 1, "c@x")->self.id == 1);
    CHECK(check(db, 1, 1)->context == "default");
    CHECK_FALSE(check(db, 2, 1).has_value());
    CHECK(patch_comment(db, 1, 1)->id == 1);
    CHECK_FALSE(patch_comment(db, 2, 1).has_value());
    CHECK(cover_comment(db, 1, 1)->id == 1);
    CHECK_FALSE(cover_comment(db, 2, 1).has_value());
    CHECK(user(db, 1)->username == "Ann");
    CHECK(user_by_name(db, "aNN")->id == 1);
    CHECK(person(db, 1)->email == "carl@example.org");
    REQUIRE(add_bundle(db, *user(db, 1), 1, {"my bundle", true, Ids{1}}).has_value());
    CHECK(bundle(db, 1)->name == "my bundle");
    CHECK(bundle(db, "ANN", "my bundle")->id == 1);
    CHECK_FALSE(bundle(db, "ann", "My bundle").has_value());
    CHECK(states(db).size() == 10);
    CHECK(states(db).front().slug == "new");
    for (const Id id : {Id{0}, Id{-1}, Id{99}, std::numeric_limits<Id>::max()}) {
      CHECK_FALSE(project(db, id).has_value());
      CHECK_FALSE(patch(db, id).has_value());
      CHECK_FALSE(series(db, id).has_value());
      CHECK_FALSE(cover(db, id).has_value());
      CHECK_FALSE(check(db, 1, id).has_value());
      CHECK_FALSE(patch_comment(db, 1, id).has_value());
      CHECK_FALSE(cover_comment(db, 1, id).has_value());
      CHECK_FALSE(bundle(db, id).has_value());
      CHECK_FALSE(user(db, id).has_value());
      CHECK_FALSE(person(db, id).has_value());
      CHECK(comments_of(db, id).empty());
    }
    for (const std::string& strange : strange_values()) {
      CAPTURE(strange.substr(0, 50));
      CHECK_FALSE(project(db, strange).has_value());
      CHECK_FALSE(patch(db, 1, strange).has_value());
      CHECK_FALSE(cover(db, 1, strange).has_value());
      CHECK_FALSE(user_by_name(db, strange).has_value());
      CHECK_FALSE(bundle(db, "ann", strange).has_value());
    }
  });
}
