#include "service/check_poster.hpp"

#include "patchwork/patch_map.hpp"
#include "patchwork/state_store.hpp"
#include "service/check_poster_bench.hpp"
#include "tracker/queries.hpp"
#include "tracker/taken.hpp"

#include <doctest/doctest.h>

namespace patchmill::service::poster_test {
namespace {

TEST_CASE("CheckPoster: one POST for each changed check, and nothing else") {
  reports::test::on_each_engine([](TestStore& store) {
    PosterDesk desk(store);
    desk.server.take_requests();
    desk.pass();
    CHECK(desk.posted(101) == k_both);
    CHECK(desk.posted(102) == k_both);
    CHECK(desk.server.take_requests().size() == 4 + 2);  // and what the instance is, once
    desk.pass();
    CHECK(desk.server.take_requests().empty());
    CHECK(desk.state.posted == 4);
    CHECK(desk.state.waiting == 0);
    desk.server.change([](FakePatchwork& s) {
      const auto& check = s.checks(101).at(0).as_object();
      CHECK(check.at("target_url").as_string().starts_with("https://ci.example.org/"));
      CHECK(check.at("description").as_string() == "broken");
    });
  });
}

TEST_CASE("CheckPoster: states, only where they are wanted") {
  reports::test::on_each_engine([](TestStore& store) {
    PosterDesk desk(store);
    desk.spec.checks = false;
    desk.server.take_requests();
    desk.pass();
    CHECK(desk.server.take_requests().empty());
    CHECK(desk.state_of(101) == "new");
    desk.spec.states = {"changes-requested", "superseded"};
    desk.look_again();
    CHECK(desk.state_of(101) == "changes-requested");
    CHECK(desk.state_of(102) == "changes-requested");
    CHECK(desk.posted(101).empty());
    desk.server.take_requests();
    desk.look_again();
    CHECK(desk.server.take_requests().empty());
    // From what we set ourselves.
    CHECK(patchwork::heard_of_state(store.database(), desk.server.url(), 101, "changes-requested"));
    add_second_revision(store);
    desk.pass();
    CHECK(desk.state_of(101) == "superseded");
    CHECK(desk.state_of(102) == "superseded");
  });
}

TEST_CASE("CheckPoster: a state that a person has set is left alone for good") {
  TestStore store(store::Engine::sqlite);
  PosterDesk desk(store);
  desk.spec.checks = false;
  desk.spec.states = {"under-review", "changes-requested", "superseded"};
  SUBCASE("nobody has told us yet") {
    desk.server.set_state(101, "rejected");
    desk.pass();
    CHECK(desk.state_of(101) == "rejected");
  }
  SUBCASE("an event told us") {
    desk.server.set_state(101, "under-review");
    CHECK_FALSE(
        patchwork::heard_of_state(store.database(), desk.server.url(), 101, "under-review"));
    patchwork::set_state(store.database(), desk.server.url(), 101, "under-review");
    desk.pass();
    CHECK(desk.state_of(101) == "under-review");
  }
  SUBCASE("after we set one") {
    desk.pass();
    CHECK(desk.state_of(101) == "changes-requested");
    CHECK(patchwork::heard_of_state(store.database(), desk.server.url(), 101, "changes-requested"));
    desk.server.set_state(101, "new");
    CHECK_FALSE(patchwork::heard_of_state(store.database(), desk.server.url(), 101, "new"));
    patchwork::set_state(store.database(), desk.server.url(), 101, "new");
    desk.look_again();
    CHECK(desk.state_of(101) == "new");
  }
  const auto before = desk.state_of(101);
  add_second_revision(store);
  for (int i = 0; i < 3; ++i) {
    store.clock().advance(1h);
    desk.look_again();
  }
  CHECK(desk.state_of(101) == before);
  CHECK(desk.state_of(102) == "superseded");  // that one nobody has touched
}

TEST_CASE("CheckPoster: a try again with the same result posts nothing") {
  TestStore store(store::Engine::sqlite);
  PosterDesk desk(store);
  desk.pass();
  CHECK(desk.state.posted == 4);
  patchwork::CheckStore checks(store.database(), store.clock());
  auto all = checks.of_series(desk.number);
  REQUIRE(all.size() == 4);
  desk.server.take_requests();
  for (int attempt = 2; attempt <= 3; ++attempt) {
    for (auto& wish : all) {
      wish.attempt = attempt;
      CHECK_FALSE(checks.want(wish));
    }
    CHECK(checks.of_series(desk.number)[0].attempt == attempt);
  }
  CHECK(checks.waiting(desk.server.url(), "local") == 0);
  // Another text or address is another check, and what is not posted yet does not count.
  all[0].attempt = 4;
  all[0].description = "broken again";
  CHECK(checks.want(all[0]));
  all[0].attempt = 5;
  CHECK(checks.want(all[0]));
}

TEST_CASE("CheckPoster: patches that a tree has taken are accepted, each by itself") {
  reports::test::on_each_engine([](TestStore& store) {
    PosterDesk desk(store);
    desk.spec.checks = false;
    desk.spec.states = {"accepted"};
    desk.pass();
    CHECK(desk.state_of(101) == "new");
    const auto series = tracker::Queries(store.database(), store.blobs()).series(desk.number);
    const tracker::TakenPatch taken{series->patches[1].message, "main", "0123456789"};
    tracker::note_taken(store.database(), store.clock().now(), desk.number, std::span(&taken, 1));
    desk.pass();
    CHECK(desk.state_of(101) == "new");
    CHECK(desk.state_of(102) == "accepted");
    // A newer revision does not take that back.
    desk.spec.states = {"accepted", "superseded"};
    CHECK(patchwork::heard_of_state(store.database(), desk.server.url(), 102, "accepted"));
    add_second_revision(store);
    desk.pass();
    CHECK(desk.state_of(101) == "superseded");
    CHECK(desk.state_of(102) == "accepted");
  });
}

TEST_CASE("CheckPoster: delegates by rules, where nobody has the patch, once") {
  reports::test::on_each_engine([](TestStore& store) {
    Delegating rules(store);
    rules.desk.server.delegate(102, "bob");
    rules.desk.pass();
    CHECK(rules.delegate_of(101) == "ann");
    CHECK(rules.delegate_of(102) == "bob");
    // Somebody takes it away.
    rules.desk.server.delegate(101, "");
    rules.desk.server.take_requests();
    for (int i = 0; i < 3; ++i) {
      store.clock().advance(1h);
      rules.desk.look_again();
    }
    CHECK(rules.delegate_of(101) == "nobody");
    CHECK(rules.desk.server.take_requests().empty());
  });
}

TEST_CASE("CheckPoster: a patch that is gone there keeps nobody waiting") {
  TestStore store(store::Engine::sqlite);
  PosterDesk desk(store);
  const patchwork::KnownPatch gone{desk.server.url(), 999, "local", "v1-1@example.org", 1};
  patchwork::remember_patches(store.database(), std::span(&gone, 1));
  desk.pass();
  CHECK(desk.posted(101) == k_both);
  CHECK(desk.posted(102) == k_both);
  CHECK(desk.state.waiting == 0);
  CHECK(desk.state.trouble.empty());
}

}  // namespace
}  // namespace patchmill::service::poster_test
