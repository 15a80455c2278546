// A series that fits an older commit, compared with the branch as it is now.
#include "placement/placer_fixture.hpp"

using namespace patchmill;
using placement::PlacementState;
using test::chosen;
using test::day;
using test::text;

namespace {

tracker::Series posted_at(int on_day) {
  tracker::Series series;
  series.date = day(on_day);
  series.list_ids = {"list.example.org"};
  return series;
}

// A patch made on a branch that went on after it was made.
struct Moved {
  explicit Moved(const std::filesystem::path& folder) : history(folder / "origin.git") {
    base = history.commit(0, {{"f", text(9, "old")}, {"g", "g\n"}});
    mine = history.commit(1, {{"f", text(9, "mine")}}, "do a thing", "work", "", base);
    patches = test::series_of({test::patch_of(history, base, mine)}, {{"f"}});
  }
  placement::Placement place(test::TestStore& store, const placement::PlaceOptions& options = {}) {
    test::Placing p(store, {test::tree_of(history)});
    p.refresh();
    auto series = posted_at(1);
    series.base_commit = base;
    return p.place(series, patches, options);
  }

  test::GitHistory history;
  std::string base, mine;
  placement::SeriesPatches patches;
};

}  // namespace

TEST_CASE("placement::Placer::place: a base that is not the tip, and what the tip says") {
  test::TestStore store(store::Engine::sqlite);
  Moved moved(store.folder());
  SUBCASE("nothing in the way") {
    moved.history.commit(2, {{"g", "other\n"}}, "elsewhere");
    const auto placed = moved.place(store);
    CHECK(placed.state == PlacementState::placed);
    CHECK(chosen(placed).commit == moved.base);
    CHECK_FALSE(placed.tip_conflict.has_value());
  }
  SUBCASE("taken meanwhile, by patch-id") {
    const auto taken = moved.history.commit(2, {{"f", text(9, "mine")}}, "other words");
    moved.history.commit(3, {{"f", text(9, "later")}}, "go on");
    const auto placed = moved.place(store);
    CHECK(placed.state == PlacementState::already_applied);
    CHECK(placed.upstream == std::vector<std::string>{taken});
  }
  SUBCASE("taken meanwhile, edited") {
    const auto taken = moved.history.commit(2, {{"f", text(9, "mended")}}, "do a thing");
    const auto placed = moved.place(store);
    CHECK(placed.state == PlacementState::already_applied);
    CHECK(placed.upstream == std::vector<std::string>{taken});
  }
  SUBCASE("taken and taken back: it is wanted again") {
    moved.history.commit(2, {{"f", text(9, "mine")}}, "do a thing");
    moved.history.commit(3, {{"f", text(9, "old")}}, "Revert \"do a thing\"");
    const auto placed = moved.place(store);
    CHECK(placed.state == PlacementState::placed);
    CHECK_FALSE(placed.tip_conflict.has_value());
  }
  SUBCASE("the same change by somebody else, in one commit with more") {
    moved.history.commit(2, {{"f", text(9, "mine")}, {"g", "more\n"}}, "two things");
    const auto placed = moved.place(store);
    CHECK(placed.state == PlacementState::already_applied);
    CHECK(placed.explanation.find("has all of its changes already") != std::string::npos);
  }
  SUBCASE("in conflict with a later commit, which is named") {
    const auto other = moved.history.commit(2, {{"f", text(9, "theirs")}}, "do it otherwise");
    const auto placed = moved.place(store);
    CHECK(placed.state == PlacementState::placed);
    CHECK(chosen(placed).commit == moved.base);
    REQUIRE(placed.tip_conflict.has_value());
    CHECK(placed.tip_conflict->file == "f");
    CHECK(placed.tip_conflict->hunk == 1);
    CHECK(placed.tip_conflict->upstream_commit == other);
    // Where the tip is among the candidates, it says so too.
    for (const auto& candidate : placed.candidates) {
      if (candidate.commit == other) {
        CHECK(candidate.tried);
        CHECK((candidate.outcome && !candidate.outcome->ok()));
      }
    }
    CHECK(placed.explanation.find("no longer applies to the newest commit") != std::string::npos);
    // Asked for one commit, only that one counts.
    placement::PlaceOptions options;
    options.only_commit = moved.base;
    CHECK_FALSE(moved.place(store, options).tip_conflict.has_value());
  }
}

TEST_CASE("placement::mention_missing_prefixes: diff.noprefix is named as the cause") {
  test::TestStore store(store::Engine::sqlite);
  Moved moved(store.folder());
  auto& diff = moved.patches.inputs[0].diff;
  diff = "diff --git dir/f dir/f\n--- dir/f\n+++ dir/f\n@@ -1,2 +1,2 @@\n line\n-old\n+mine\n";
  const auto placed = moved.place(store);
  CHECK(placed.state == PlacementState::conflict);
  CHECK(chosen(placed).outcome->conflict->reason.find("diff.noprefix") != std::string::npos);
}
