#include "web/patch_list_model.hpp"

#include "registry/person_order.hpp"
#include "registry/support.hpp"
#include "web/patch_list_query.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace patchmill;
using namespace patchmill::registry::test;
using namespace patchmill::web;
using registry::CheckState;
using registry::Id;

namespace {

struct World {
  explicit World(store::Database& database) : db(database), rows(database) {
    ann = rows.user("ann");
    bob = rows.user("bob");
    rows.project("net", {ann, bob});
    rows.project("mm", {ann});
    carl = rows.person("carl@example.org", "Carl Coder");
    rows.person("dora@example.org", "Dora");
    rows.series({.name = "two patches", .total = 2});
    rows.patch({.series = 1, .number = 1, .date = 1, .name = "one", .delegate = ann});
    rows.patch({.series = 1, .number = 2, .date = 2, .name = "two", .state = 3});
    rows.patch({.date = 3, .name = "three", .submitter = 2, .state = 2, .delegate = bob});
    rows.patch({.date = 4, .name = "old", .archived = true, .delegate = ann});
    rows.patch({.project = 2, .date = 5, .name = "other", .delegate = ann});
  }
  PatchList read(std::string_view query, std::string_view project = "net") {
    return read_patch_list(db, index, registry::project(db, project), std::nullopt,
                           *patch_list_query(*http::parse_query(query)));
  }
  std::string names(std::string_view query, std::string_view project = "net") {
    return names(read(query, project));
  }
  static std::string names(const PatchList& list) {
    std::string names;
    for (const web::PatchRow& row : list.rows) {
      names += (names.empty() ? "" : " ") + row.patch.self.name;
    }
    CHECK(list.total == list.rows.size());
    return names;
  }

  store::Database& db;
  Rows rows;
  registry::ListIndex index;
  Id ann = 0, bob = 0, carl = 0;
};

}  // namespace

TEST_CASE("web::read_patch_list: filters as Patchwork has them") {
  on_each_engine([](TestStore& store) {
    World world(store.database());
    CHECK(world.names("") == "three one");
    CHECK(world.names("", "mm") == "other");
    CHECK(world.names("state=*") == "three two one");
    CHECK(world.names("state=3") == "two");
    CHECK(world.names("state=Accepted&state=under-review") == "three two");
    CHECK(world.names("state=none").empty());
    CHECK(world.names("archive=true") == "old");
    CHECK(world.names("archive=both") == "old three one");
    CHECK(world.names("delegate=ann") == "one");
    CHECK(world.names("delegate=Nobody&state=*") == "two");
    CHECK(world.names("delegate=" + std::to_string(world.bob)) == "three");
    CHECK(world.names("submitter=" + std::to_string(world.carl)) == "one");
    CHECK(world.names("submitter=carl%20c") == "one");
    CHECK(world.names("submitter=DORA@example.org") == "three");
    CHECK(world.names("submitter=zoe").empty());
    CHECK(world.names("q=O&state=*&order=date") == "one two");
    CHECK(world.names("state=*&order=state") == "one three two");
    CHECK(world.names("state=*&order=-submitter") == "three two one");
    CHECK(world.names("state=*&archive=both&order=submitter") == "one two old three");
    CHECK(world.names("state=*&order=delegate") == "two one three");  // nobody's first
    CHECK(world.names("state=*&order=-delegate") == "three one two");
    CHECK(world.names("state=*&order=name") == "one three two");
    CHECK(world.names("series=1&order=-delegate") == "one two");
    CHECK(world.names("series=1&order=submitter") == "one two");
    const PatchList series = world.read("series=1");
    CHECK(World::names(series) == "two one");
    REQUIRE(series.series.has_value());
    CHECK(series.series->self.name == "two patches");
    CHECK_FALSE(world.read("series=1", "mm").series.has_value());
    CHECK_FALSE(world.read("series=9").series.has_value());
    const PatchList second = world.read("state=*&per_page=2&page=2");
    CHECK(second.total == 3);
    CHECK(second.rows.size() == 1);
    CHECK(world.read("page=1000000").rows.empty());
  });
}

TEST_CASE("web::read_patch_list: a submitter's name may be that of any number of people") {
  on_each_engine([](TestStore& store) {
    World world(store.database());
    {
      store::Transaction transaction(world.db);
      for (int i = 0; i < 1100; ++i) {
        const std::string name = "dev" + std::to_string(i);
        world.rows.patch(
            {.series = 1, .name = name, .submitter = world.rows.person(name + "@gmail.example")});
      }
      transaction.commit();
    }
    CHECK(world.read("submitter=gmail&state=*").total == 1100);
    CHECK(world.read("submitter=GMAIL%20dev7&state=*").total == 111);
    CHECK(world.read("submitter=%2C&state=*").total == 1103);
    // What the store answers itself.
    CHECK(world.read("submitter=gmail&series=1").total == 1100);
    CHECK(world.names("submitter=carl&series=1") == "two one");
  });
}

TEST_CASE("web::read_patch_list: people are ordered by the names they have now") {
  on_each_engine([](TestStore& store) {
    World world(store.database());
    CHECK(world.names("state=*&order=submitter") == "one two three");
    world.db.exec("UPDATE registry_people SET name = 'Zora' WHERE id = ?", world.carl);
    registry::note_people_changed(world.db);
    CHECK(world.names("state=*&order=submitter") == "three one two");
    world.rows.patch({.date = 9, .name = "new", .submitter = world.rows.person("a@x", "Abe")});
    CHECK(world.names("state=*&order=submitter") == "new three one two");
    CHECK(world.names("state=*&order=-submitter") == "two one three new");
  });
}

TEST_CASE("web::read_marks: the newest check of every user and context counts, once") {
  on_each_engine([](TestStore& store) {
    World world(store.database());
    const auto check = [&](Id user, int date, CheckState state, const std::string& context) {
      world.rows.check(
          {.patch = 1, .user = user, .date = date, .state = state, .context = context});
    };
    check(world.ann, 1, CheckState::fail, "build");
    check(world.ann, 2, CheckState::success, "build");
    check(world.bob, 1, CheckState::warning, "build");
    check(world.bob, 1, CheckState::pending, "boot");
    check(world.bob, 1, CheckState::fail, "boot");  // at the same moment: the later row
    world.db.exec("UPDATE registry_patches SET acked = 1, tested = 12 WHERE id = 1");
    const PatchList list = world.read("delegate=ann");
    REQUIRE(list.rows.size() == 1);
    CHECK(list.rows[0].checks == CheckCounts{1, 1, 1, 0});
    CHECK(list.rows[0].tags == registry::TagCounts{1, 0, 12});
    CHECK(world.read("delegate=bob").rows.at(0).checks == CheckCounts{});
    const auto newest = newest_checks(registry::find_checks(world.db, 1, {}, {1, 100}).items);
    REQUIRE(newest.size() == 3);
    CHECK(newest[0].context == "boot");
    CHECK(newest[0].state == CheckState::fail);
    CHECK(newest[1].state == CheckState::success);
  });
}

TEST_CASE("web::read_todo: who has something to do need not be a maintainer") {
  on_each_engine([](TestStore& store) {
    World world(store.database());
    const Id abe = world.rows.user("abe");
    const Id zoe = world.rows.user("zoe");
    world.rows.patch({.date = 6, .name = "abe's", .delegate = abe});
    world.rows.patch({.project = 2, .date = 7, .name = "done", .state = 3, .delegate = zoe});
    const auto todo = [&](std::string_view project) {
      std::string text;
      for (const TodoRow& row :
           read_todo(world.db, world.index,
                     project.empty() ? std::nullopt : registry::project(world.db, project))) {
        text += fmt::format("{} {} ", row.user.username, row.patches);
      }
      return text;
    };
    CHECK(todo("") == "abe 1 ann 2 bob 1 ");
    CHECK(todo("net") == "abe 1 ann 1 bob 1 ");
    CHECK(todo("mm") == "ann 1 ");
    const auto menu = [&](std::string_view project) {
      std::string text;
      for (const auto& user : world.read("", project).delegates) {
        text += user.username + " ";
      }
      return text;
    };
    CHECK(menu("net") == "abe ann bob ");
    CHECK(menu("mm") == "ann zoe ");
  });
}

TEST_CASE("web::read_todo: what is delegated, needs action and is not archived") {
  on_each_engine([](TestStore& store) {
    World world(store.database());
    std::string text;
    for (const TodoRow& row : read_todo(world.db, world.index)) {
      text += fmt::format("{} {} ", row.user.username, row.patches);
    }
    CHECK(text == "ann 2 bob 1 ");
    text.clear();
    for (const TodoRow& row : read_todo(world.db, world.index, registry::project(world.db, "mm"))) {
      text += fmt::format("{} {} ", row.user.username, row.patches);
    }
    CHECK(text.find("ann 1 ") != std::string::npos);
    const auto ann = registry::user(world.db, world.ann);
    const PatchList list =
        read_patch_list(world.db, world.index, std::nullopt, ann, PatchListQuery{});
    CHECK(World::names(list) == "other one");
    CHECK(list.rows.at(0).project == "mm");
    CHECK(World::names(read_patch_list(world.db, world.index, registry::project(world.db, "net"),
                                       ann, PatchListQuery{})) == "one");
    text.clear();
    for (const ProjectRow& row : read_projects(world.db, world.index)) {
      text += fmt::format("{} {} ", row.project.link_name, row.patches);
    }
    CHECK(text == "mm 1 net 2 ");
    // Nothing needs action where no state says so.
    world.db.exec("UPDATE registry_states SET action_required = 0");
    CHECK(world.read("").rows.empty());
    CHECK(read_todo(world.db, world.index).at(0).patches == 0);
  });
}
