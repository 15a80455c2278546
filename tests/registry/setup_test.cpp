#include "registry/setup.hpp"

#include "registry/adopt.hpp"
#include "registry/change.hpp"
#include "registry/follow_support.hpp"
#include "registry/get.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::registry;
using namespace patchmill::registry::test;
using patchmill::test::on_each_engine;
using patchmill::test::TestStore;

namespace {

Lines states(Follower& follower) {
  return follower.lines(
      "SELECT id, name, slug, action_required FROM registry_states ORDER BY ordering, id",
      [](const store::Row& row) {
        return fmt::format("{} {} {}{}", row.integer(0), row.text(1), row.text(2),
                           row.get<bool>(3) ? " !" : "");
      });
}

}  // namespace

TEST_CASE("registry::set_up: the same twice changes nothing, what is left out stays") {
  on_each_engine([](TestStore& store) {
    Setup setup;
    setup.users = {{"ann", "Ann", "Ample", "ann@example.org"}, {"ben", "", "", "ben@example.org"}};
    setup.projects = {project("one")};
    setup.projects[0].maintainers = {"Ann"};
    setup.projects[0].delegation = {{"a/*", "ben", 0}, {"b/*", "ann", 3}};
    Follower follower(store, setup);
    const auto everything = [&] {
      Lines all = follower.lines(
          "SELECT p.id, p.link_name, u.username FROM registry_projects p"
          " LEFT JOIN registry_maintainers m ON m.project = p.id"
          " LEFT JOIN registry_users u ON u.id = m.user_id ORDER BY p.id, u.id",
          [](const store::Row& row) {
            return fmt::format("{} {} by {}", row.integer(0), row.text(1), row.text(2));
          });
      const Lines rules = follower.lines(
          "SELECT d.path, u.username FROM registry_delegation d"
          " JOIN registry_users u ON u.id = d.user_id ORDER BY d.project, d.position",
          [](const store::Row& row) { return fmt::format("{} to {}", row.text(0), row.text(1)); });
      all.insert(all.end(), rules.begin(), rules.end());
      return all;
    };
    const Lines expected = {"1 one by ann", "b/* to ann", "a/* to ben"};
    CHECK(everything() == expected);
    follower.set_up(setup);
    CHECK(everything() == expected);
    Setup other;
    other.projects = {project("two")};
    follower.set_up(other);
    CHECK(everything() == Lines{"1 one by ann", "2 two by ", "b/* to ann", "a/* to ben"});
    setup.projects[0].maintainers = {"ben"};
    setup.projects[0].delegation.clear();
    setup.projects[0].project.link_name = "ONE";
    follower.set_up(setup);
    CHECK(everything() == Lines{"1 ONE by ben", "2 two by "});
  });
}

TEST_CASE("registry::set_up: fields that are not given stay, as a maintainer changed them") {
  on_each_engine([](TestStore& store) {
    Setup setup;
    setup.users = {{"ann", "Ann", "Ample", "ann@example.org"}};
    setup.projects = {project("one")};
    setup.projects[0].project.web_url = "https://one.example.org/";
    setup.projects[0].maintainers = {"ann"};
    Follower follower(store, setup);
    auto& database = follower.database();
    const User ann = *user_by_name(database, "ann");
    ProjectChange change;
    change.web_url = "https://two.example.org/";
    change.scm_url = "https://git.example.org/one.git";
    change.show_dependencies = true;
    REQUIRE(change_project(database, ann, 1, change).has_value());
    follower.set_up(setup);
    auto seen = *registry::project(database, 1);
    CHECK(seen.web_url == "https://one.example.org/");  // what is given wins
    CHECK(seen.scm_url == "https://git.example.org/one.git");
    CHECK(seen.show_dependencies);
    setup.projects[0].project = {
        .link_name = "one", .list_id = "one.example.com", .subject_match = {}};
    setup.projects[0].project.show_dependencies = false;
    follower.set_up(setup);
    seen = *registry::project(database, 1);
    CHECK(seen.list_id == "one.example.com");
    CHECK(seen.list_email == "one@example.com");
    CHECK_FALSE(seen.show_dependencies);
    Setup other;
    other.projects.emplace_back().project.link_name = "two";
    follower.set_up(other);
    CHECK(registry::project(database, 2)->name == "two");
    other.projects[0].project.name = "The second";
    follower.set_up(other);
    CHECK(registry::project(database, 2)->name == "The second");
  });
}

TEST_CASE("registry::set_up: what is not given of a user stays") {
  on_each_engine([](TestStore& store) {
    Follower follower(store, {{{"bo", "Bo", {}, "Bo@Example.org"}}, {project("test")}, {}, {}});
    follower.feed_and_follow(
        {{.msgid = "1@x", .subject = "[PATCH] x", .from = "B <bo@example.org>"}});
    follower.set_up({{{"BO", {}, "Bear", {}}}, {}, {}, {}});
    const auto seen = *user_by_name(follower.database(), "bo");
    CHECK(seen.username == "BO");
    CHECK(seen.first_name == "Bo");
    CHECK(seen.last_name == "Bear");
    CHECK(seen.email == "Bo@Example.org");
    const auto person = registry::person(follower.database(), 1);
    REQUIRE(person.has_value());
    CHECK(person->user.has_value());
    follower.set_up({{{"bo", {}, {}, ""}}, {}, {}, {}});
    CHECK(user_by_name(follower.database(), "bo")->email.empty());
    CHECK_FALSE(registry::person(follower.database(), 1)->user.has_value());
  });
}

TEST_CASE("registry::set_up: states are renamed and added, with ids of their own") {
  on_each_engine([](TestStore& store) {
    Follower follower(store, {});
    const Lines fixture = states(follower);
    REQUIRE(fixture.size() == 10);
    CHECK(fixture[0] == "1 New new !");
    Setup setup;
    setup.states = {{"Queued", "queued", 13, {}},
                    {"Needs ACK", "needs_ack", 15, true},
                    {"Awaiting Merge", "awaiting-merge", 8, {}},
                    {"In Review", "under-review", {}, {}},
                    {"Parked", "parked", {}, {}}};
    follower.set_up(setup);
    const Lines now = states(follower);
    follower.set_up(setup);
    CHECK(states(follower) == now);
    REQUIRE(now.size() == 13);
    CHECK(now[1] == "2 In Review under-review !");
    CHECK(now[7] == "8 Awaiting Merge awaiting-merge");
    CHECK(Lines(now.begin() + 10, now.end()) ==
          Lines{"13 Queued queued", "15 Needs ACK needs_ack !", "16 Parked parked"});
  });
}

TEST_CASE("registry::set_up: what cannot be is refused, and nothing of it done") {
  on_each_engine([](TestStore& store) {
    Follower follower(store, {});
    const auto refused = [&](const Setup& setup) {
      const auto done = set_up(follower.database(), setup);
      REQUIRE(!done);
      CHECK(follower.database().value<int>("SELECT COUNT(*) FROM registry_projects") == 0);
      CHECK(states(follower).size() == 10);
      return done.error().message;
    };
    Setup setup;
    setup.projects = {project("one")};
    setup.projects[0].maintainers = {"nobody"};
    CHECK(refused(setup) == "the project 'one' names the user 'nobody', whom nobody has set up");
    setup.projects[0].maintainers = {};
    setup.projects[0].project.subject_match = "(";
    CHECK(refused(setup).find(
              "the subject match of the project 'one' is not a regular expression") == 0);
    Setup clash;
    clash.projects = {project("one")};
    clash.states = {{"New", "new", 13, {}}};
    CHECK(refused(clash) == "the state 'new' has the id 1 already, and not 13");
  });
}

TEST_CASE("registry::set_up: a person is the user with the same address, also a new one") {
  on_each_engine([](TestStore& store) {
    Follower follower(store);
    const auto people = [&] {
      return follower.lines(
          "SELECT p.email, COALESCE(u.username, '-') FROM registry_people p"
          " LEFT JOIN registry_users u ON u.id = p.user_id ORDER BY p.id",
          [](const store::Row& row) { return fmt::format("{} {}", row.text(0), row.text(1)); });
    };
    follower.feed_and_follow({{.msgid = "1@x", .subject = "[PATCH] one"}});
    CHECK(people() == Lines{"alice@example.org -"});
    Setup setup;
    setup.users = {{"ann", "", "", "Alice@Example.ORG"}, {"bob", "", "", "bob@example.org"}};
    follower.set_up(setup);
    follower.feed_and_follow({reply("r@x", "1@x", "words\n")});
    CHECK(people() == Lines{"alice@example.org ann", "bob@example.org bob"});
    setup.users[0].email = "new@example.org";
    follower.set_up(setup);
    CHECK(people() == Lines{"alice@example.org -", "bob@example.org bob"});
  });
}

TEST_CASE("registry::set_up: an address is one user's") {
  on_each_engine([](TestStore& store) {
    Follower follower(store,
                      {{{"ann", "", "", "ann@example.org"}, {"ben", "", "", "ben@example.org"}},
                       {project("test")},
                       {},
                       {}});
    follower.feed_and_follow(
        {{.msgid = "1@x", .subject = "[PATCH] x", .from = "A <ann@example.org>"}});
    const auto email = [&](const char* user) {
      return user_by_name(follower.database(), user)->email;
    };
    const auto refused = [&](const Setup& setup) {
      const auto done = set_up(follower.database(), setup);
      REQUIRE(!done);
      CHECK(registry::person(follower.database(), 1)->user->username == "ann");
      CHECK(email("ben") == "ben@example.org");
      return done.error().message;
    };
    Setup third{{{"carl", "", "", "Ann@Example.org"}}, {}, {}, {}};
    CHECK(refused(third).find(
              "the users 'carl' and 'ann' have the same address 'Ann@Example.org'") == 0);
    CHECK_FALSE(user_by_name(follower.database(), "carl").has_value());
    refused({{{"ben", {}, {}, "ann@example.org"}}, {}, {}, {}});
    refused({{{"dora", "", "", "d@example.org"}, {"emma", "", "", "D@example.org"}}, {}, {}, {}});
    // None is as many users' as one likes, and two may change addresses.
    follower.set_up({{{"carl", "", "", ""}, {"dora", "", "", ""}}, {}, {}, {}});
    follower.set_up(
        {{{"ann", {}, {}, "ben@example.org"}, {"ben", {}, {}, "ann@example.org"}}, {}, {}, {}});
    CHECK(email("ann") == "ben@example.org");
    CHECK(registry::person(follower.database(), 1)->user->username == "ben");
  });
}

TEST_CASE("registry::Adopter::user: an address that somebody has stays his") {
  on_each_engine([](TestStore& store) {
    Follower follower(store, {{{"ann", "", "", "ann@example.org"}}, {project("test")}, {}, {}});
    follower.feed_and_follow(
        {{.msgid = "1@x", .subject = "[PATCH] x", .from = "A <ann@example.org>"}});
    store::Transaction transaction(follower.database());
    AdoptedCounts counts;
    Adopter adopter(follower.database(), counts);
    User second;
    second.id = 9;
    second.username = "second";
    second.email = "ANN@example.org";
    CHECK(adopter.user(second) == 9);
    transaction.commit();
    CHECK(user_by_name(follower.database(), "second")->email.empty());
    CHECK(registry::person(follower.database(), 1)->user->username == "ann");
  });
}

TEST_CASE("registry::set_up: other trailers may count") {
  on_each_engine([](TestStore& store) {
    Setup setup{
        {},
        {project("test")},
        {},
        {{"Reviewed-by", Tag::reviewed}, {"R-T-by", Tag::reviewed}, {"R-T-by", Tag::tested}}};
    Follower follower(store, setup);
    follower.set_up(setup);
    follower.feed_and_follow({{.msgid = "1@x", .subject = "[PATCH] one"},
                              reply("r@x", "1@x", "Acked-by: no\nr-t-by: Bob\nReviewed-by: C\n")});
    CHECK(follower.patches() == Lines{"p1 in 1: 1@x 0/2/1"});
  });
}

TEST_CASE("registry::slug_of: as Django slugifies") {
  CHECK(slug_of("Under Review") == "under-review");
  CHECK(slug_of("  Needs_ACK (now) ") == "needs_ack-now");
  CHECK(slug_of("RFC") == "rfc");
}
