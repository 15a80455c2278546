#include "web/bundle_page.hpp"

#include "registry/change.hpp"
#include "support/contains.hpp"
#include "support/store_fixture.hpp"
#include "web/patch_sample.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::web;
using patchmill::test::contains;
using patchmill::test::on_each_engine;
using patchmill::test::TestStore;

namespace {

// Ann has a public bundle with two patches, and a private one.
struct BundleWorld {
  explicit BundleWorld(TestStore& store)
      : sample(store.database(), store.blobs(), store.clock(), store.folder() / "live") {
    sample.fill();
    data = web::test::add_projects(store.database(), store.blobs(), store.clock());
    second = *registry::patch(store.database(), data.netdev.id, "frames-v2-2@example.org");
    add(store, "two words & more", true, {second.self.id, data.first.self.id});
    add(store, "mine", false, {data.first.self.id});
  }
  void add(TestStore& store, const std::string& name, bool is_public,
           std::vector<registry::Id> patches) {
    registry::BundleChange change;
    change.name = name;
    change.is_public = is_public;
    change.patches = std::move(patches);
    REQUIRE(registry::add_bundle(store.database(), data.ann, data.netdev.id, change).has_value());
  }

  web::test::Sample sample;
  web::test::PatchSample data;
  registry::Patch second;
};

}  // namespace

TEST_CASE("web::read_bundle: private ones are there for their owner only") {
  on_each_engine([](TestStore& store) {
    const BundleWorld world(store);
    auto& db = store.database();
    CHECK(read_bundle(db, "ann", "two words & more", std::nullopt).has_value());
    CHECK(read_bundle(db, "ann", "mine", world.data.ann.id).has_value());
    CHECK_FALSE(read_bundle(db, "ann", "mine", std::nullopt).has_value());
    CHECK_FALSE(read_bundle(db, "ann", "mine", world.data.ci.id).has_value());
    CHECK_FALSE(read_bundle(db, "ann", "none", world.data.ann.id).has_value());
    CHECK_FALSE(read_bundle(db, "nobody", "mine", world.data.ann.id).has_value());
    CHECK(read_bundles(db, world.data.netdev, std::nullopt).rows.size() == 1);
    CHECK(read_bundles(db, world.data.netdev, world.data.ci.id).rows.size() == 1);
    const auto own = read_bundles(db, world.data.netdev, world.data.ann.id);
    REQUIRE(own.rows.size() == 2);
    CHECK(own.rows[0].name == "mine");
    CHECK(own.total == 2);
    CHECK(read_bundles(db, world.data.evil, world.data.ann.id).rows.empty());
  });
}

TEST_CASE("web::bundle_page: patches in order, and the mbox") {
  TestStore store(store::Engine::sqlite);
  const BundleWorld world(store);
  const auto model = read_bundle(store.database(), "ann", "two words & more", std::nullopt);
  REQUIRE(model.has_value());
  const std::string html = bundle_page({}, *model).body.string();
  CHECK(contains(html, "two words &amp; more</h1>"));
  CHECK(contains(html, "href=\"/bundle/ann/two%20words%20%26%20more/mbox/\""));
  const auto later = html.find("frames-v2-1%40example.org");
  REQUIRE(later != std::string::npos);
  CHECK(html.find("frames-v2-2%40example.org") < later);
  CHECK(contains(html, "Under Review"));
  const auto json = bundle_json({}, *model);
  CHECK(json.at("public") == true);
  CHECK(json.at("owner") == "ann");
  CHECK(json.at("project") == "netdev");
  CHECK(json.at("patches").at(0).at("id") == world.second.self.id);
  const auto list = read_bundles(store.database(), world.data.netdev, world.data.ann.id);
  const std::string all = bundles_page({}, list).body.string();
  CHECK(contains(all, "href=\"/bundle/ann/mine/\""));
  CHECK(contains(all, "private"));
  CHECK(bundles_json({}, list).at("bundles").at(1).at("patches") == 2);
}
