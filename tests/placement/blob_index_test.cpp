#include "placement/blob_index.hpp"

#include "placement/git_history.hpp"
#include "placement/index_builder.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using placement::BlobIndex;
using placement::Interval;
using test::day;

namespace {

struct Fixture {
  TempDir folder{"patchmill-index-test"};
  test::GitHistory history{folder.path() / "repo.git"};
  std::filesystem::path index_dir = folder.path() / "index";

  placement::BuildOutcome update(std::size_t events_per_segment = 4'000'000) {
    const auto outcome = placement::update_index(index_dir, history.dir(), history.tip(),
                                                 {.events_per_segment = events_per_segment});
    REQUIRE_MESSAGE(outcome.has_value(), outcome.error().message);
    return *outcome;
  }
  BlobIndex open() {
    auto index = BlobIndex::open(index_dir);
    REQUIRE_MESSAGE(index.has_value(), index.error().message);
    return std::move(*index);
  }
};

// What the index must say, from git itself.
void check_against_git(const BlobIndex& index, const test::GitHistory& history) {
  const std::string list = history.git({"rev-list", "--first-parent", "--reverse", "main"});
  std::vector<std::string> commits;
  for (std::size_t start = 0; start < list.size(); start += 41) {
    commits.push_back(list.substr(start, 40));
  }
  REQUIRE(index.size() == commits.size());
  for (placement::Ordinal i = 0; i < index.size(); ++i) {
    CHECK(index.commit(i) == commits[i]);
    CHECK(index.find(commits[i]) == i);
    for (const std::string path : {"a", "dir/b", "c"}) {
      const std::string entry = history.git({"ls-tree", commits[i], "--", path});
      const bool exists = !entry.empty();
      auto holds = [i](const std::vector<Interval>& intervals) {
        return std::any_of(intervals.begin(), intervals.end(), [i](const Interval& interval) {
          return interval.from <= i && i < interval.until;
        });
      };
      CHECK(holds(index.with_presence(path, exists)));
      CHECK_FALSE(holds(index.with_presence(path, !exists)));
      if (exists) {
        CHECK(holds(index.with_blob(path, entry.substr(12, 40))));
        CHECK(holds(index.with_blob(path, entry.substr(12, 9))));
      }
    }
  }
}

}  // namespace

TEST_CASE("placement::BlobIndex: knows every path at every commit, also when built in steps") {
  Fixture f;
  std::string side;
  for (int i = 0; i < 30; ++i) {
    std::map<std::string, std::optional<std::string>> files;
    if (i % 2 == 0) {
      files["a"] = fmt::format("a{}\n", i % 6);  // blobs come back
    }
    if (i % 5 == 1) {
      files["dir/b"] = i % 10 == 1 ? std::optional(fmt::format("b{}\n", i)) : std::nullopt;
    }
    if (i == 20) {
      side = f.history.commit(i, {{"c", "side\n"}}, "side", "side", "", f.history.tip());
    }
    if (i == 22) {
      f.history.commit(i, {{"c", "side\n"}}, "merge", "main", side);
    } else {
      f.history.commit(i, files);
    }
    if (i % 7 == 3) {
      f.update();
    }
  }
  CHECK(f.update().added > 0);
  CHECK(f.update().added == 0);
  check_against_git(f.open(), f.history);

  SUBCASE("and when written in many segments") {
    std::filesystem::remove_all(f.index_dir);
    CHECK(f.update(3).added == 30);
    const auto manifest = placement::read_manifest(f.index_dir);
    REQUIRE(manifest.has_value());
    CHECK(manifest->size() > 3);
    check_against_git(f.open(), f.history);
  }
}

TEST_CASE("placement::BlobIndex::with_blob: an abbreviation that fits two blobs names both") {
  Fixture f;
  f.history.commit(0, {{"a", "one\n"}});
  f.history.commit(1, {{"a", "two\n"}});
  f.history.commit(2, {{"a", "three\n"}});
  f.update();
  const auto index = f.open();
  // The empty prefix is the most ambiguous one there is.
  CHECK(index.with_blob("a", "") == std::vector<Interval>{{0, 3}});
  CHECK(index.with_blob("a", f.history.blob("main~1", "a").substr(0, 7)) ==
        std::vector<Interval>{{1, 2}});
  CHECK(index.with_blob("none", "").empty());
}

TEST_CASE("placement::BlobIndex::at: dates never fall along the line") {
  Fixture f;
  f.history.commit(10, {{"a", "1"}});
  f.history.commit(5, {{"a", "2"}});  // a clock that went wrong
  f.history.commit(20, {{"a", "3"}});
  f.update();
  const auto index = f.open();
  CHECK_FALSE(index.at(day(9)).has_value());
  CHECK(index.at(day(10)) == 1);
  CHECK(index.at(day(19)) == 1);
  CHECK(index.at(day(20)) == 2);
  CHECK(index.at(day(1000)) == 2);
}

TEST_CASE("placement::update_index: a rewritten history is cut back to the fork") {
  Fixture f;
  for (int i = 0; i < 10; ++i) {
    f.history.commit(i, {{"a", fmt::format("{}\n", i)}, {"dir/b", fmt::format("b{}\n", i / 3)}});
  }
  f.update(4);
  const std::string fork = f.history.git({"rev-parse", "main~4"});
  f.history.git({"update-ref", "refs/heads/main", fork});
  f.history.commit(11, {{"a", "other\n"}, {"c", "new\n"}});
  const auto outcome = f.update();
  CHECK(outcome.dropped == 4);
  CHECK(outcome.added == 1);
  check_against_git(f.open(), f.history);

  SUBCASE("to an ancestor") {
    f.history.git({"update-ref", "refs/heads/main", f.history.git({"rev-parse", "main~3"})});
    CHECK(f.update().dropped == 3);
    check_against_git(f.open(), f.history);
  }
  SUBCASE("to a history with nothing in common") {
    f.history.git({"update-ref", "-d", "refs/heads/main"});
    f.history.commit(12, {{"a", "unrelated\n"}});
    CHECK(f.update().dropped == 7);
    check_against_git(f.open(), f.history);
  }
}

TEST_CASE("placement::update_index: a damaged index is built anew") {
  Fixture f;
  for (int i = 0; i < 5; ++i) {
    f.history.commit(i, {{"a", fmt::format("{}\n", i)}});
  }
  f.update();
  auto manifest = placement::read_manifest(f.index_dir);
  REQUIRE(manifest.has_value());
  const auto segment = f.index_dir / manifest->front().file;
  SUBCASE("a segment cut short") {
    std::filesystem::resize_file(segment, std::filesystem::file_size(segment) - 20);
  }
  SUBCASE("a segment gone") {
    std::filesystem::remove(segment);
  }
  SUBCASE("a manifest of something else") {
    REQUIRE(write_file_atomic(f.index_dir / "manifest", "hello\n").has_value());
  }
  CHECK_FALSE(BlobIndex::open(f.index_dir).has_value());
  CHECK(f.update().rebuilt);
  check_against_git(f.open(), f.history);
}

TEST_CASE("placement::update_index: a segment left by a crash is swept away") {
  Fixture f;
  f.history.commit(0, {{"a", "1\n"}});
  f.update();
  REQUIRE(write_file_atomic(f.index_dir / "segment-9-10-0", "half").has_value());
  f.update();
  CHECK_FALSE(std::filesystem::exists(f.index_dir / "segment-9-10-0"));
  check_against_git(f.open(), f.history);
}
