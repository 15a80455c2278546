#include "registry/find.hpp"
#include "registry/support.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace patchmill;
using namespace patchmill::registry;
using namespace patchmill::registry::test;

namespace {

// Two projects, two people, three states, seven patches.
struct PatchesWorld {
  explicit PatchesWorld(store::Database& database) : rows(database), db(database) {
    ann = rows.user("Ann", "ann@example.org");
    bob = rows.user("bob", "bob@example.org");
    zeta = rows.project("Zeta", {ann});
    alpha = rows.project("alpha", {bob});
    carl = rows.person("Carl@Example.org", "Carl Ö. \"Quote\"");
    dora = rows.person("dora@example.org", "", bob);
    one = rows.series({.project = zeta, .name = "one", .submitter = carl});
    two = rows.series({.project = alpha, .name = std::nullopt, .submitter = dora, .version = 2});
    rows.series({.project = alpha, .name = "empty"});
    rows.patch({.project = zeta,
                .series = one,
                .number = 1,
                .msgid = "a@x",
                .date = 5,
                .name = "[1/2] net: fix 100% of it",
                .submitter = carl,
                .hash = "abc1",
                .delegate = ann});
    rows.patch({.project = zeta,
                .series = one,
                .number = 2,
                .msgid = "b@x",
                .date = 4,
                .name = "[2/2] net: Ärger, don't",
                .submitter = carl,
                .state = 2});
    rows.patch({.project = alpha,
                .series = two,
                .number = 1,
                .msgid = "a@x",
                .date = 3,
                .name = "Zebra under_score",
                .submitter = dora,
                .hash = "abc1",
                .state = 3,
                .archived = true});
    rows.patch({.project = alpha,
                .msgid = "d@x",
                .date = 2,
                .name = "apple",
                .submitter = dora,
                .pull_url = "git://x",
                .commit_ref = "c0ffee",
                .state = 7,
                .delegate = bob,
                .check = CheckState::warning});
    rows.patch({.project = zeta,
                .msgid = "e@x",
                .date = 2,
                .name = "back\\slash!",
                .submitter = dora,
                .state = 3,
                .relation = 9});
    rows.patch({.project = zeta,
                .msgid = std::string(300, 'm') + "1@x",
                .date = 1,
                .name = "[1/2] net: fix it again",
                .submitter = carl,
                .archived = true,
                .relation = 9});
    rows.patch({.project = zeta,
                .msgid = std::string(300, 'm') + "2@x",
                .date = 9,
                .name = "\xe6\xbc\xa2\xe5\xad\x97",
                .submitter = carl,
                .relation = 8});
  }
  Ids find(const PatchFilter& filter) { return ids_of(find_patches(db, filter, {})); }

  Rows rows;
  store::Database& db;
  Id ann = 0, bob = 0, zeta = 0, alpha = 0, carl = 0, dora = 0, one = 0, two = 0;
};

const Ids k_all = {1, 2, 3, 4, 5, 6, 7};

}  // namespace

TEST_CASE("registry::find_patches: by project, series, submitter, delegate") {
  on_each_engine([](TestStore& store) {
    PatchesWorld world(store.database());
    CHECK(world.find({}) == k_all);
    CHECK(world.find({.project = {"ZETA"}}) == Ids{1, 2, 5, 6, 7});
    CHECK(world.find({.project = {std::to_string(world.alpha)}}) == Ids{3, 4});
    CHECK(world.find({.project = {"zeta", "Alpha", "zeta"}}) == k_all);
    CHECK(world.find({.series = {"1"}}) == Ids{1, 2});
    CHECK(world.find({.series = {"1", "2"}}) == Ids{1, 2, 3});
    CHECK(world.find({.series = {"3"}}).empty());
    CHECK(world.find({.submitter = {"carl@example.ORG"}}) == Ids{1, 2, 6, 7});
    CHECK(world.find({.submitter = {std::to_string(world.dora), "Carl@Example.org"}}) == k_all);
    CHECK(world.find({.delegate = {"ANN"}}) == Ids{1});
    CHECK(world.find({.delegate = {"bob", std::to_string(world.ann)}}) == Ids{1, 4});
    CHECK(world.find({.undelegated = true}) == Ids{2, 3, 5, 6, 7});
    CHECK(world.find({.delegate = {"ann"}, .undelegated = true}) == Ids{1, 2, 3, 5, 6, 7});
    CHECK(world.find({.project = {"zeta"}, .submitter = {"dora@example.org"}}) == Ids{5});
  });
}

TEST_CASE("registry::find_patches: by state, archived, hash, msgid") {
  on_each_engine([](TestStore& store) {
    PatchesWorld world(store.database());
    CHECK(world.find({.state = {"new"}}) == Ids{1, 6, 7});
    CHECK(world.find({.state = {"Under Review"}}) == Ids{2});
    CHECK(world.find({.state = {"UNDER-review"}}) == Ids{2});
    CHECK(world.find({.state = {"3", "changes-requested"}}) == Ids{3, 4, 5});
    CHECK(world.find({.state = {"10"}}).empty());
    CHECK(world.find({.archived = true}) == Ids{3, 6});
    CHECK(world.find({.state = {"new"}, .archived = false}) == Ids{1, 7});
    CHECK(world.find({.hash = {"ABC1"}}) == Ids{1, 3});
    CHECK(world.find({.hash = {"abc1", "unknown"}}) == Ids{1, 3});
    CHECK(world.find({.hash = {"unknown"}}).empty());
    CHECK(world.find({.msgid = {"a@x"}}) == Ids{1, 3});
    CHECK(world.find({.id = {"3", "1", "99", "lorem"}}) == Ids{1, 3});
    CHECK(world.find({.id = {"1", "2"}, .project = {"alpha"}}).empty());
    CHECK(world.find({.id = {"99"}}).empty());
    CHECK(world.find({.id = {"lorem"}}).empty());
    CHECK(world.find({.project = {"alpha"}, .msgid = {"a@x", "e@x"}}) == Ids{3});
    CHECK(world.find({.msgid = {"<a@x>"}}).empty());
    CHECK(world.find({.msgid = {"A@x"}}).empty());
    CHECK(world.find({.msgid = {std::string(300, 'm') + "2@x"}}) == Ids{7});
  });
}

TEST_CASE("registry::find_patches: since is at or after, before is earlier") {
  on_each_engine([](TestStore& store) {
    PatchesWorld world(store.database());
    CHECK(world.find({.date = {.since = {at(4)}}}) == Ids{1, 2, 7});
    CHECK(world.find({.date = {.before = {at(4)}}}) == Ids{3, 4, 5, 6});
    CHECK(world.find({.date = {.since = {at(2)}, .before = {at(4)}}}) == Ids{3, 4, 5});
    CHECK(world.find({.date = {.since = {at(9), at(4)}}}) == Ids{1, 2, 7});
    CHECK(world.find({.date = {.before = {at(2), at(3)}}}) == Ids{4, 5, 6});
    CHECK(world.find({.date = {.since = {at(4), std::nullopt}}}).empty());
    CHECK(world.find({.date = {.before = {std::nullopt}}}).empty());
    CHECK(world.find({.date = {.since = {Timestamp::max()}}}).empty());
    CHECK(world.find({.date = {.since = {Timestamp::min()}}}) == k_all);
  });
}

TEST_CASE("registry::find_patches: q finds words of the name, and nothing in it is a pattern") {
  on_each_engine([](TestStore& store) {
    PatchesWorld world(store.database());
    CHECK(world.find({.q = "NET"}) == Ids{1, 2, 6});
    CHECK(world.find({.q = "net fix"}) == Ids{1, 6});
    CHECK(world.find({.q = "fix,net:"}) == Ids{1, 6});
    CHECK(world.find({.q = "[1/2] net: fix it again"}) == Ids{6});
    CHECK(world.find({.q = "%"}) == Ids{1});
    CHECK(world.find({.q = "_"}) == Ids{3});
    CHECK(world.find({.q = "!"}) == Ids{5});
    CHECK(world.find({.q = "\\"}) == Ids{5});
    CHECK(world.find({.q = "don't"}) == Ids{2});
    CHECK(world.find({.q = "\xc3\x84rger"}) == Ids{2});
    CHECK(world.find({.q = "\xe5\xad\x97"}) == Ids{7});
    CHECK(world.find({.q = " , \t"}) == k_all);
    CHECK(world.find({.q = "' OR 1=1 --"}).empty());
    CHECK(world.find({.q = "\xff"}).empty());
    CHECK(world.find({.q = std::string("net\0", 4)}).empty());
    CHECK(world.find({.q = std::string(100'000, 'n')}).empty());
    std::string words;
    for (int i = 0; i < 1'000; ++i) {
      words += std::to_string(i) + " ";
    }
    CHECK(world.find({.q = words}).empty());
  });
}

TEST_CASE("registry::find_patches: one value that names nothing empties the list") {
  on_each_engine([](TestStore& store) {
    PatchesWorld world(store.database());
    const std::vector<std::pair<Values PatchFilter::*, std::string>> filters = {
        {&PatchFilter::project, "zeta"},
        {&PatchFilter::series, "1"},
        {&PatchFilter::submitter, "dora@example.org"},
        {&PatchFilter::delegate, "ann"},
        {&PatchFilter::state, "new"}};
    for (const auto& [field, good] : filters) {
      PatchFilter filter;
      filter.*field = {good};
      CHECK_FALSE(world.find(filter).empty());
      for (const std::string& strange : strange_values()) {
        CAPTURE(strange.substr(0, 50));
        filter.*field = {good, strange};
        const auto page = find_patches(world.db, filter, {});
        CHECK(page.items.empty());
        CHECK(page.total == 0);
      }
    }
    for (const std::string& strange : strange_values()) {
      CAPTURE(strange.substr(0, 50));
      CHECK(world.find({.hash = {strange}}).empty());
      CHECK(world.find({.msgid = {strange}}).empty());
    }
    Values many;
    for (int i = 0; i < 40'000; ++i) {
      many.push_back("m" + std::to_string(i) + "@x");
    }
    CHECK(world.find({.project = many}).empty());
  });
}

TEST_CASE("registry::find_patches: more values than a statement may bind") {
  on_each_engine([](TestStore& store) {
    PatchesWorld world(store.database());
    Values many;
    for (int i = 0; i < 70'000; ++i) {
      many.push_back("m" + std::to_string(i) + "@x");
    }
    many.emplace_back("a@x");
    CHECK(world.find({.msgid = many}).empty());
    CHECK(world.find({.hash = many}).empty());
    CHECK(world.find({.state = Values(100'000, "new")}) == Ids{1, 6, 7});
  });
}

TEST_CASE("registry::find_patches: ordered by any of its fields, then by id") {
  on_each_engine([](TestStore& store) {
    PatchesWorld world(store.database());
    const auto by = [&](const std::string& field, bool descending = false) {
      return world.find({.order = {field, descending}});
    };
    CHECK(by("id", true) == Ids{7, 6, 5, 4, 3, 2, 1});
    CHECK(by("date") == Ids{6, 4, 5, 3, 2, 1, 7});
    CHECK(by("date", true) == Ids{7, 1, 2, 3, 5, 4, 6});
    CHECK(by("name") == Ids{3, 1, 6, 2, 4, 5, 7});
    CHECK(by("name", true) == Ids{7, 5, 4, 2, 6, 1, 3});
    // As Patchwork: projects by link name, states by their ordering.
    CHECK(by("project") == Ids{3, 4, 1, 2, 5, 6, 7});
    CHECK(by("project", true) == Ids{7, 6, 5, 2, 1, 4, 3});
    CHECK(by("state") == Ids{1, 6, 7, 2, 3, 5, 4});
    CHECK(by("archived") == Ids{1, 2, 4, 5, 7, 3, 6});
    CHECK(by("submitter", true) == Ids{5, 4, 3, 7, 6, 2, 1});
    const auto by_two = [&](const std::string& field, bool descending, const std::string& second,
                            bool second_descending) {
      return world.find({.order = {field, descending, {{second, second_descending, {}}}}});
    };
    CHECK(by_two("project", false, "id", true) == Ids{4, 3, 7, 6, 5, 2, 1});
    CHECK(by_two("project", true, "id", false) == Ids{1, 2, 5, 6, 7, 3, 4});
    CHECK(by_two("archived", false, "date", true) == Ids{7, 1, 2, 5, 4, 3, 6});
    CHECK(by_two("bogus", false, "date", true) == by("date", true));
    CHECK(by_two("date", true, "bogus", false) == by("date", true));
    for (const auto* unknown :
         {"", "bogus", "name; DROP TABLE x", "received_all", "ID", "t.name"}) {
      CHECK(by(unknown, true) == k_all);
    }
  });
}

TEST_CASE("registry::find_patches: pages with the number of all") {
  on_each_engine([](TestStore& store) {
    PatchesWorld world(store.database());
    const auto page = [&](std::uint64_t number, std::uint64_t size) {
      const auto found = find_patches(world.db, {.project = {"zeta"}}, {number, size});
      CHECK(found.total == 5);
      return ids_of(found.items);
    };
    CHECK(page(1, 2) == Ids{1, 2});
    CHECK(page(2, 2) == Ids{5, 6});
    CHECK(page(3, 2) == Ids{7});
    CHECK(page(4, 2).empty());
    CHECK(page(1, 5) == Ids{1, 2, 5, 6, 7});
    CHECK(page(2, 5).empty());
    CHECK(page(0, 1) == Ids{1});
    CHECK(page(2, 0) == Ids{2});
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    CHECK(page(1, most) == Ids{1, 2, 5, 6, 7});
    CHECK(page(most, 1).empty());
    CHECK(page(most, most).empty());
    CHECK(page(most / 250 + 2, 250).empty());
    CHECK(page((std::uint64_t{1} << 63) + 1, 1).empty());
    for (int i = 0; i < 260; ++i) {
      world.rows.patch({.project = world.zeta, .name = "more"});
    }
    CHECK(find_patches(world.db, {}, {1, 1'000}).items.size() == 250);
    CHECK(find_patches(world.db, {}, {2, 1'000}).items.size() == 17);
  });
}

TEST_CASE("registry::find_patches: says all of a patch") {
  on_each_engine([](TestStore& store) {
    PatchesWorld world(store.database());
    const auto found = find_patches(world.db, {}, {}).items;
    REQUIRE(found.size() == 7);
    const Patch& first = found[0];
    CHECK(first.self.project == world.zeta);
    CHECK(first.self.msgid == "a@x");
    CHECK(first.self.date == at(5));
    CHECK(first.self.name == "[1/2] net: fix 100% of it");
    CHECK(first.hash == "abc1");
    CHECK_FALSE(first.commit_ref.has_value());
    CHECK_FALSE(first.pull_url.has_value());
    CHECK(first.state == "new");
    CHECK_FALSE(first.archived);
    CHECK(first.submitter.name == "Carl Ö. \"Quote\"");
    CHECK(first.submitter.email == "Carl@Example.org");
    CHECK_FALSE(first.submitter.user.has_value());
    REQUIRE(first.delegate.has_value());
    CHECK(first.delegate->username == "Ann");
    CHECK(first.delegate->items_per_page == 100);
    REQUIRE(first.series.has_value());
    CHECK(first.series->id == world.one);
    CHECK(first.series->name == "one");
    CHECK(first.number == 1);
    CHECK(first.check == CheckState::pending);
    CHECK(first.message == 1001);
    CHECK(first.related.empty());

    CHECK(found[2].archived);
    REQUIRE(found[2].series.has_value());
    CHECK_FALSE(found[2].series->name.has_value());
    CHECK(found[2].series->version == 2);
    REQUIRE(found[2].submitter.user.has_value());
    CHECK(found[2].submitter.user->username == "bob");
    CHECK(found[3].commit_ref == "c0ffee");
    CHECK(found[3].pull_url == "git://x");
    CHECK(found[3].check == CheckState::warning);
    CHECK_FALSE(found[3].series.has_value());
    CHECK_FALSE(found[3].number.has_value());
    CHECK(ids_of(found[4].related) == Ids{6});
    CHECK(ids_of(found[5].related) == Ids{5});
    CHECK(found[6].related.empty());
  });
}
