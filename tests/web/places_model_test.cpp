#include "web/places_model.hpp"

#include "support/store_fixture.hpp"
#include "web/patch_sample.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::web;
using patchmill::test::TestStore;

TEST_CASE("web::places_of_series: where a series and a patch are in projects") {
  TestStore store(store::Engine::sqlite);
  web::test::Sample sample(store.database(), store.blobs(), store.clock(), store.folder() / "live");
  const auto ids = sample.fill();
  CHECK(places_of_series(store.database(), ids.v2).empty());
  const auto data = web::test::add_projects(store.database(), store.blobs(), store.clock());
  const auto series = places_of_series(store.database(), ids.v2);
  REQUIRE(series.size() == 1);
  CHECK(series[0].project == "netdev");
  CHECK(series[0].series == data.first.series->id);
  const auto patch = places_of_patch(store.database(), data.first.message);
  REQUIRE(patch.size() == 1);
  CHECK(patch[0].msgid == "frames-v2-1@example.org");
  CHECK(places_of_patch(store.database(), -1).empty());
}

TEST_CASE("web::other_series_with_id: what a number means to Patchwork's clients") {
  TestStore store(store::Engine::sqlite);
  web::test::Sample sample(store.database(), store.blobs(), store.clock(), store.folder() / "live");
  const auto ids = sample.fill();
  web::test::add_projects(store.database(), store.blobs(), store.clock());
  CHECK(places_of_series(store.database(), ids.v2).at(0).series == ids.v2);
  CHECK_FALSE(other_series_with_id(store.database(), ids.v2).has_value());
  store.database().exec("UPDATE registry_series SET id = 777 WHERE number = ?", ids.v2);
  CHECK(other_series_with_id(store.database(), 777) == ids.v2);
  CHECK_FALSE(other_series_with_id(store.database(), ids.v2).has_value());
  store.database().exec("UPDATE registry_series SET gone = 1 WHERE id = 777");
  CHECK_FALSE(other_series_with_id(store.database(), 777).has_value());
}
