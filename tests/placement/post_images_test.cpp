#include "placement/post_images.hpp"

#include "placement/good_commits.hpp"
#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using placement::PreImage;

TEST_CASE("placement::find_providers: the newest series that makes most of the blobs") {
  test::on_each_engine([](test::TestStore& store) {
    auto& database = store.database();
    const Timestamp t = store.clock().now();
    const auto later = t + std::chrono::hours(1);
    placement::record_post_images(
        database, 1, t,
        std::vector<placement::PostImage>{{"a", "1111111", 0}, {"b", "2222222", 1}});
    placement::record_post_images(database, 2, later,
                                  std::vector<placement::PostImage>{{"a", "1111111", 0}});
    const std::vector<PreImage> wanted{
        {"a", PreImage::Kind::blob, "1111111aaa", 0},
        {"b", PreImage::Kind::blob, "2222222", 0},
        {"c", PreImage::Kind::present, "", 0},
    };
    auto found = placement::find_providers(database, wanted, later);
    REQUIRE(found.size() == 2);
    CHECK(found[0].series == 1);
    CHECK(found[0].last_patch == 1);
    CHECK(found[0].provides == std::vector<std::size_t>{0, 1});
    CHECK(found[1].series == 2);
    // What was posted later cannot have been built upon.
    found = placement::find_providers(database, wanted, t);
    CHECK(found.size() == 1);

    SUBCASE("what a series makes is replaced when it changes") {
      placement::record_post_images(database, 1, t,
                                    std::vector<placement::PostImage>{{"a", "3333333", 0}});
      found = placement::find_providers(database, wanted, later);
      REQUIRE(found.size() == 1);
      CHECK(found[0].series == 2);
    }
  });
}

TEST_CASE("placement::record_good_commit: twice is once") {
  test::on_each_engine([](test::TestStore& store) {
    placement::record_good_commit(store.database(), store.clock().now(), "main", "abc");
    placement::record_good_commit(store.database(), store.clock().now(), "main", "abc");
    CHECK(store.database().value<int>("SELECT COUNT(*) FROM placement_good") == 1);
  });
}
