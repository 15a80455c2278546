#include "placement/base_search.hpp"

#include "placement/git_history.hpp"
#include "placement/index_builder.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using placement::PreImage;

namespace {

git::PatchInput patch(std::string diff) {
  git::PatchInput input;
  input.diff = std::move(diff);
  return input;
}

struct SearchFixture {
  TempDir folder{"patchmill-search-test"};
  test::GitHistory history{folder.path() / "repo.git"};
  placement::BlobIndex index;

  void build() {
    REQUIRE(
        placement::update_index(folder.path() / "index", history.dir(), history.tip()).has_value());
    auto opened = placement::BlobIndex::open(folder.path() / "index");
    REQUIRE(opened.has_value());
    index = std::move(*opened);
  }
  std::optional<placement::BaseMatch> best(const std::vector<PreImage>& images,
                                           std::optional<placement::Ordinal> posted) const {
    return placement::BaseSearch(index, images).best(index.size(), posted);
  }
};

}  // namespace

TEST_CASE("placement::read_images: the first patch that touches a path speaks for it") {
  const auto images = placement::read_images(
      std::vector{patch("diff --git a/x b/x\nindex 1111111..2222222 100644\n--- a/x\n+++ b/x\n"
                        "@@ -1 +1 @@\n-a\n+b\n"
                        "diff --git a/n b/n\nnew file mode 100644\nindex 0000000..3333333\n"
                        "--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+n\n"),
                  patch("diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n"
                        "diff --git a/n b/n\nindex 3333333..4444444 100644\n--- a/n\n+++ b/n\n"
                        "@@ -1 +1 @@\n-n\n+m\n"),
                  patch("--- a/plain\n+++ b/plain\n@@ -1 +1 @@\n-a\n+b\n"),
                  patch("diff --git a/broken b/broken\n@@ -1,9 +1 @@\n")});
  REQUIRE(images.before.size() == 4);
  CHECK(images.before[0] == PreImage{"x", PreImage::Kind::blob, "1111111", 0});
  CHECK(images.before[1] == PreImage{"n", PreImage::Kind::absent, "", 0});
  CHECK(images.before[2] == PreImage{"y", PreImage::Kind::absent, "", 1});
  CHECK(images.before[3] == PreImage{"plain", PreImage::Kind::present, "", 2});
  REQUIRE(images.after.size() == 3);
  CHECK(images.after[2].blob == "4444444");
}

TEST_CASE("placement::same_blob: abbreviations of different length") {
  CHECK(placement::same_blob("1234567", "123456789"));
  CHECK_FALSE(placement::same_blob("1234567", "1234568"));
  CHECK_FALSE(placement::same_blob("1234", "1234"));
}

TEST_CASE("placement::BaseSearch::best: the commit in the middle whose files are those") {
  SearchFixture f;
  for (int i = 0; i < 20; ++i) {
    f.history.commit(i, {{i % 2 == 0 ? "a" : "b", fmt::format("{}\n", i / 2)}});
  }
  f.build();
  // a = 4 from commit 8 to 9, b = 3 from 7 to 8: only commit 8 has both.
  const std::vector<PreImage> both{
      {"a", PreImage::Kind::blob, f.history.blob("main~11", "a"), 0},
      {"b", PreImage::Kind::blob, f.history.blob("main~11", "b").substr(0, 10), 0}};
  const auto match = f.best(both, 19);
  REQUIRE(match.has_value());
  CHECK(match->chosen == 8);
  CHECK(match->full());

  SUBCASE("of a range the newest not newer than the posting") {
    const std::vector<PreImage> one{both[0]};
    CHECK(f.best(one, 19)->chosen == 9);
    CHECK(f.best(one, 8)->chosen == 8);
    CHECK(f.best(one, 2)->chosen == 8);  // posted before: the oldest there is
    CHECK(f.best(one, std::nullopt)->chosen == 8);
  }
  SUBCASE("without a commit that has all, the one that has most") {
    auto images = both;
    images.push_back({"b", PreImage::Kind::blob, "1234567890", 0});
    images.push_back({"gone", PreImage::Kind::absent, "", 0});
    const auto most = f.best(images, 19);
    CHECK(most->chosen == 8);
    CHECK(most->matched == 3);
    CHECK(most->unmatched == std::vector<std::size_t>{2});
    CHECK(most->blobs_total == 3);
  }
  SUBCASE("commits after the bound do not exist") {
    CHECK_FALSE(placement::BaseSearch(f.index, both).best(8, 7)->full());
    CHECK_FALSE(placement::BaseSearch(f.index, both).best(0, std::nullopt).has_value());
  }
  SUBCASE("nothing known, nothing said") {
    CHECK_FALSE(f.best({{"a", PreImage::Kind::blob, "1234567890", 0}}, 19).has_value());
    CHECK_FALSE(f.best({}, 19).has_value());
  }
}
