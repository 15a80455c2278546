#include "tracker/taken.hpp"

#include "placement/placer_fixture.hpp"
#include "store/event_log.hpp"

using namespace patchmill;
using test::day;
using test::text;

namespace {

// A tree, and a clock of the days of its commits.
struct Looking {
  explicit Looking(test::TestStore& the_store)
      : store(the_store), history(the_store.folder() / "origin.git") {
    history.commit(0, {{"f", text(9, "old")}, {"g", text(9, "old")}, {"h", "h\n"}});
    auto spec = test::tree_of(history);
    spec.lists = {"list.example.org"};
    placing = std::make_unique<test::Placing>(store, std::vector{spec});
  }
  // As it is mailed: the change of `file` from `before` to `word`.
  std::int64_t post(int on_day, const std::string& id, const std::string& subject,
                    const std::string& file, const std::string& word) {
    const std::string base = history.tip();
    const auto made =
        history.commit(on_day, {{file, text(9, word)}}, "do a thing", "work" + id, "", base);
    store.clock().advance(day(on_day) - store.clock().now());
    return placing->post(on_day, id, subject, "Because.\n", history.diff(base, made));
  }
  std::size_t look(int on_day, bool anew = false) {
    store.clock().advance(day(on_day) - store.clock().now());
    placing->refresh();
    paths = anew ? placement::PathsOfMails() : paths;
    const auto found = placing->placer.look_for_taken("main", placing->queries, paths);
    REQUIRE_MESSAGE(found.has_value(), found.error().message);
    return *found;
  }
  std::set<int> taken(std::int64_t series) {
    return tracker::taken_patches(store.database(), *placing->queries.series(series));
  }

  test::TestStore& store;
  test::GitHistory history;
  std::unique_ptr<test::Placing> placing;
  placement::PathsOfMails paths;
};

}  // namespace

TEST_CASE("placement::look_for_taken: as it was posted, edited, and merged; once") {
  test::on_each_engine([](test::TestStore& store) {
    Looking looking(store);
    const auto same = looking.post(1, "same@x", "[PATCH] do a thing", "f", "mine");
    const auto edited = looking.post(1, "edited@x", "[PATCH] do another thing", "g", "mine");
    const auto merged = looking.post(1, "merged@x", "[PATCH] merge me", "h", "mine");
    CHECK(looking.look(2) == 0);
    const auto base = looking.history.tip();
    looking.history.commit(3, {{"f", text(9, "mine")}}, "other words");
    looking.history.commit(4, {{"g", text(9, "mended")}}, "do another thing");
    const auto side =
        looking.history.commit(4, {{"h", text(9, "mine")}}, "merge me", "side", "", base);
    CHECK(looking.look(5) == 2);
    CHECK(looking.taken(same) == std::set<int>{1});
    CHECK(looking.taken(edited) == std::set<int>{1});
    CHECK(looking.taken(merged).empty());
    looking.history.commit(6, {{"h", text(9, "mine")}}, "Merge side", "main", side);
    CHECK(looking.look(7) == 1);
    CHECK(looking.taken(merged) == std::set<int>{1});
    CHECK(looking.look(8) == 0);
    std::int64_t told = 0;
    for (const auto& event : store::events_after(store.database(), 0, 1000)) {
      told += event.kind == "patches-taken" ? 1 : 0;
    }
    CHECK(told == 3);
  });
}

TEST_CASE("placement::look_for_taken: what is posted after it was taken") {
  test::TestStore store(store::Engine::sqlite);
  Looking looking(store);
  const auto base = looking.history.tip();
  const auto made = looking.history.commit(1, {{"f", text(9, "mine")}}, "do a thing");
  looking.history.commit(1, {{"g", text(9, "first")}}, "do another thing");
  CHECK(looking.look(5) == 0);
  store.clock().advance(day(6) - store.clock().now());
  // The same diff; and one that only has the subject and the file of an earlier one.
  const auto same = looking.placing->post(6, "same@x", "[PATCH] do a thing", "Because.\n",
                                          looking.history.diff(base, made));
  const auto again = looking.post(6, "again@x", "[PATCH] do another thing", "g", "second");
  CHECK(looking.look(7) == 1);
  CHECK(looking.taken(same) == std::set<int>{1});
  CHECK(looking.taken(again).empty());
}

TEST_CASE("placement::look_for_taken: only what is open") {
  test::TestStore store(store::Engine::sqlite);
  Looking looking(store);
  const auto old = looking.post(1, "old@x", "[PATCH] do a thing", "f", "mine");
  const auto first = looking.post(70, "v1@x", "[PATCH] do another thing", "g", "mine");
  const auto second = looking.post(71, "v2@x", "[PATCH v2] do another thing", "g", "mine");
  REQUIRE(looking.placing->queries.series(first)->superseded);
  looking.history.commit(72, {{"f", text(9, "mine")}}, "do a thing");
  looking.history.commit(72, {{"g", text(9, "mine")}}, "do another thing");
  CHECK(looking.look(73) == 1);
  CHECK(looking.taken(old).empty());
  CHECK(looking.taken(first).empty());
  CHECK(looking.taken(second) == std::set<int>{1});
}

TEST_CASE("placement::look_for_taken: nothing is looked at twice, a branch made anew is") {
  test::TestStore store(store::Engine::sqlite);
  Looking looking(store);
  const auto series = looking.post(1, "same@x", "[PATCH] do a thing", "f", "mine");
  looking.history.commit(2, {{"h", "other\n"}}, "elsewhere");
  CHECK(looking.look(3) == 0);
  const auto root = looking.history.git({"rev-list", "--max-parents=0", "main"});
  looking.history.git({"update-ref", "refs/heads/main", root});
  looking.history.commit(4, {{"f", text(9, "mine")}}, "other words");
  CHECK(looking.look(5, true) == 1);
  CHECK(looking.taken(series) == std::set<int>{1});
}

TEST_CASE("placement::look_for_taken: a tree that the series is not for") {
  test::TestStore store(store::Engine::sqlite);
  Looking looking(store);
  auto spec = test::tree_of(looking.history);
  spec.lists = {"other.example.org"};
  looking.placing = std::make_unique<test::Placing>(store, std::vector{spec});
  looking.post(1, "same@x", "[PATCH] do a thing", "f", "mine");
  looking.history.commit(2, {{"f", text(9, "mine")}}, "do a thing");
  CHECK(looking.look(3) == 0);
}
