#include "registry/change.hpp"
#include "registry/support.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::registry;
using namespace patchmill::registry::test;

namespace {

struct BundleWorld {
  explicit BundleWorld(store::Database& database) : rows(database), db(database) {
    ann = *user(db, rows.user("ann"));
    bob = *user(db, rows.user("bob"));
    carl = *user(db, rows.user("carl"));
    eve = *user(db, rows.user("eve"));
    rows.project("zeta", {ann.id});
    rows.project("alpha", {bob.id});
    rows.person("carl@example.org", "", carl.id);
    rows.person("eve@example.org", "", eve.id);
    rows.patch({.project = 1});
    rows.patch({.project = 1});
    rows.patch({.project = 2});
    rows.cover({.project = 1});
    rows.patch_comment({.about = 1, .submitter = 2});
    rows.patch_comment({.about = 1, .submitter = 1, .addressed = false});
    rows.cover_comment({.about = 1, .submitter = 2});
  }

  Rows rows;
  store::Database& db;
  User ann, bob, carl, eve;
};

using Kind = Refusal::Kind;

template <class T>
Refusal refused(const Changed<T>& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error();
}

}  // namespace

TEST_CASE("registry::address_patch_comment: author, submitter, maintainer") {
  on_each_engine([](TestStore& store) {
    BundleWorld world(store.database());
    const auto set = [&](const User& who, Id comment, std::optional<bool> addressed, Id patch = 1) {
      return address_patch_comment(world.db, who, patch, comment, addressed);
    };
    CHECK(set(world.eve, 1, true)->addressed == true);     // wrote it
    CHECK(set(world.carl, 1, false)->addressed == false);  // sent the patch
    CHECK(set(world.ann, 1, std::nullopt)->addressed == std::nullopt);
    CHECK(set(world.ann, 1, std::nullopt).has_value());
    CHECK(refused(set(world.bob, 1, true)).kind == Kind::forbidden);
    CHECK(refused(set(world.eve, 2, true)).kind == Kind::forbidden);
    CHECK(refused(set(world.ann, 99, true)).kind == Kind::not_found);
    CHECK(refused(set(world.ann, 1, true, 2)).kind == Kind::not_found);
    CHECK(patch_comment(world.db, 1, 2)->addressed == false);
    CHECK(find_events(world.db, {}, {}).total == 0);
    const auto cover = [&](const User& who) {
      return address_cover_comment(world.db, who, 1, 1, true);
    };
    CHECK(cover(world.eve)->addressed == true);
    CHECK(cover(world.carl).has_value());
    CHECK(cover(world.ann).has_value());
    CHECK(refused(cover(world.bob)).kind == Kind::forbidden);
  });
}

TEST_CASE("registry::add_bundle: a name and patches of one project") {
  on_each_engine([](TestStore& store) {
    BundleWorld world(store.database());
    const auto made = add_bundle(world.db, world.eve, 1, {"漢 'x'", std::nullopt, Ids{2, 1, 2}});
    REQUIRE(made.has_value());
    CHECK(made->name == "漢 'x'");
    CHECK(made->owner.username == "eve");
    CHECK(made->project == 1);
    CHECK_FALSE(made->is_public);
    CHECK(ids_of(made->patches) == Ids{2, 1});
    const auto add = [&](const std::string& name, const Ids& patches, Id project = 1) {
      return refused(add_bundle(world.db, world.eve, project, {name, true, patches}));
    };
    CHECK(add("x", {}).message == "Bundles cannot be empty");
    CHECK(add("x", {3}).field == "patches");
    CHECK(add("x", {1, 3}).message == "Bundle patches must belong to the same project");
    CHECK(add("x", {1, 99}).field == "patches");
    CHECK(add("x", {1, std::numeric_limits<Id>::max()}).field == "patches");
    CHECK(add("x", Ids(100'000, 1)).field == "patches");
    CHECK(add("x", {1}, 99).kind == Kind::not_found);
    CHECK(add("", {1}).field == "name");
    CHECK(add("a/b", {1}).field == "name");
    for (const auto* name : {".", "..", "a\nb", "\x7f", "\t", "a\xc2\x85"}) {
      CAPTURE(name);
      CHECK(add(name, {1}).field == "name");
    }
    CHECK(add(std::string(51, 'x'), {1}).field == "name");
    CHECK(add("\xff", {1}).field == "name");
    CHECK(add("漢 'x'", {1}).field == "name");
    CHECK(refused(add_bundle(world.db, world.eve, 1, {"x", true, std::nullopt})).field ==
          "patches");
    // Names are one's own.
    CHECK(add_bundle(world.db, world.bob, 2, {"漢 'x'", true, Ids{3}}).has_value());
    CHECK(add_bundle(world.db, world.eve, 1, {std::string(50, 'x'), true, Ids{1}}).has_value());
  });
}

TEST_CASE("registry::change_bundle, remove_bundle: by the owner; others do not see private ones") {
  on_each_engine([](TestStore& store) {
    BundleWorld world(store.database());
    REQUIRE(add_bundle(world.db, world.eve, 1, {"one", false, Ids{1}}).has_value());
    REQUIRE(add_bundle(world.db, world.eve, 1, {"two", true, Ids{1, 2}}).has_value());
    CHECK(refused(change_bundle(world.db, world.ann, 1, {"x", {}, {}})).kind == Kind::not_found);
    CHECK(refused(change_bundle(world.db, world.ann, 2, {"x", {}, {}})).kind == Kind::forbidden);
    CHECK(refused(remove_bundle(world.db, world.ann, 1)).kind == Kind::not_found);
    CHECK(refused(remove_bundle(world.db, world.ann, 2)).kind == Kind::forbidden);
    CHECK(refused(change_bundle(world.db, world.eve, 99, {})).kind == Kind::not_found);

    auto changed = change_bundle(world.db, world.eve, 2, {{}, false, Ids{2}});
    REQUIRE(changed.has_value());
    CHECK(changed->name == "two");
    CHECK_FALSE(changed->is_public);
    CHECK(ids_of(changed->patches) == Ids{2});
    changed = change_bundle(world.db, world.eve, 2, {"three", {}, {}});
    REQUIRE(changed.has_value());
    CHECK(changed->name == "three");
    CHECK(ids_of(changed->patches) == Ids{2});
    CHECK(refused(change_bundle(world.db, world.eve, 2, {"one", {}, {}})).field == "name");
    CHECK(refused(change_bundle(world.db, world.eve, 2, {"..", {}, {}})).field == "name");
    // One of before there was such a rule can still be changed.
    world.db.exec("UPDATE registry_bundles SET name = '..' WHERE id = 2");
    CHECK(change_bundle(world.db, world.eve, 2, {{}, true, {}}).has_value());
    CHECK(change_bundle(world.db, world.eve, 2, {"three", false, {}}).has_value());
    CHECK(refused(change_bundle(world.db, world.eve, 2, {{}, {}, Ids{}})).field == "patches");
    CHECK(refused(change_bundle(world.db, world.eve, 2, {"four", {}, Ids{3}})).field == "patches");
    CHECK(bundle(world.db, 2)->name == "three");

    CHECK(remove_bundle(world.db, world.eve, 2).has_value());
    CHECK_FALSE(bundle(world.db, 2).has_value());
    CHECK(refused(remove_bundle(world.db, world.eve, 2)).kind == Kind::not_found);
    CHECK(add_bundle(world.db, world.eve, 1, {"again", true, Ids{1}})->id == 3);
  });
}

TEST_CASE("registry::change_project: by its maintainers, links that are links") {
  on_each_engine([](TestStore& store) {
    BundleWorld world(store.database());
    ProjectChange change;
    change.web_url = "https://example.org/";
    change.scm_url = "git@example.org:x.git";
    change.webscm_url = "https://git.example.org/";
    change.list_archive_url = "https://lore.example.org/";
    change.list_archive_url_format = "https://lore.example.org/{}/";
    change.commit_url_format = "https://git.example.org/{}";
    change.show_dependencies = true;
    CHECK(refused(change_project(world.db, world.bob, 1, change)).kind == Kind::forbidden);
    CHECK(refused(change_project(world.db, world.ann, 99, change)).kind == Kind::not_found);
    const auto changed = change_project(world.db, world.ann, 1, change);
    REQUIRE(changed.has_value());
    for (const Project& seen : {*changed, *project(world.db, 1)}) {
      CHECK(seen.web_url == change.web_url);
      CHECK(seen.scm_url == change.scm_url);
      CHECK(seen.webscm_url == change.webscm_url);
      CHECK(seen.list_archive_url == change.list_archive_url);
      CHECK(seen.list_archive_url_format == change.list_archive_url_format);
      CHECK(seen.commit_url_format == change.commit_url_format);
      CHECK(seen.show_dependencies);
    }
    ProjectChange partly;
    partly.web_url = "";
    CHECK(change_project(world.db, world.ann, 1, partly).has_value());
    CHECK(project(world.db, 1)->web_url.empty());
    CHECK(project(world.db, 1)->show_dependencies);
    for (const auto* wrong : {"javascript:alert(1)", "x", "https://a b", "\xff"}) {
      ProjectChange bad;
      bad.show_dependencies = false;
      bad.commit_url_format = wrong;
      CHECK(refused(change_project(world.db, world.ann, 1, bad)).field == "commit_url_format");
    }
    for (const auto format :
         {&ProjectChange::list_archive_url_format, &ProjectChange::commit_url_format}) {
      ProjectChange bad;
      bad.*format = "https://lore.example.org/x";
      const auto refusal = refused(change_project(world.db, world.ann, 1, bad));
      CHECK(refusal.kind == Kind::invalid);
      CHECK(refusal.field.ends_with("_url_format"));
      CHECK(refusal.message == "This has no {}: every link would be the same.");
      ProjectChange none;
      none.*format = "";
      CHECK(change_project(world.db, world.ann, 1, none).has_value());
    }
    CHECK(project(world.db, 1)->list_archive_url_format.empty());
    CHECK(project(world.db, 1)->commit_url_format.empty());
    CHECK(project(world.db, 1)->show_dependencies);
    CHECK(project(world.db, 2)->web_url.empty());
  });
}
