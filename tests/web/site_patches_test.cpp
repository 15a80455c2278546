// The routes of site_patches.cpp.
#include "http/support.hpp"
#include "support/store_fixture.hpp"
#include "web/patch_sample.hpp"
#include "web/site.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

using namespace patchmill;
using http::test::get;
using http::test::RawClient;
using patchmill::test::TestStore;

namespace {

struct RunningSite {
  explicit RunningSite(bool with_patches = true)
      : store(store::Engine::sqlite),
        sample(store.database(), store.blobs(), store.clock(), store.folder() / "live"),
        ids(sample.fill()),
        data(web::test::add_projects(store.database(), store.blobs(), store.clock())) {
    web::SiteConfig config;
    config.connect = [this] { return store.connect(); };
    config.blobs = store.folder() / "blobs";
    config.live = store.folder() / "live";
    config.clock = &store.clock();
    config.public_url = "https://ci.example.org/pm";
    config.patches = with_patches ? &index : nullptr;
    config.hooks.range_diff = [](std::int64_t, std::int64_t) {
      return Result<web::RangeDiff>({"", true});
    };
    site = std::make_unique<web::Site>(std::move(config));
    auto router = std::make_shared<http::Router>();
    site->add_routes(*router);
    server = std::make_unique<http::test::TestServer>(router);
  }
  http::test::Answer ask(const std::string& path, std::string_view accept = "text/html") {
    RawClient client(server->port());
    return client.ask(get(path, fmt::format("Accept: {}\r\n", accept)));
  }

  TestStore store;
  web::test::Sample sample;
  web::test::Sample::Filled ids;
  web::test::PatchSample data;
  registry::ListIndex index;
  std::unique_ptr<web::Site> site;
  std::unique_ptr<http::test::TestServer> server;
};

}  // namespace

TEST_CASE("web::Site: pages of patches have twins for programs") {
  RunningSite running;
  for (const std::string& path :
       {std::string("/project/"), std::string("/project/netdev/list/"),
        std::string("/project/NETDEV/list/?series=&submitter=&state=&q=&delegate=&archive="),
        fmt::format("/project/netdev/list/?series={}", running.data.first.series->id),
        std::string("/project/netdev/patch/frames-v2-1@example.org/"),
        std::string("/project/netdev/cover/frames-v2-0%40example.org/"), std::string("/user/todo/"),
        std::string("/user/ann/todo/")}) {
    CAPTURE(path);
    const auto page = running.ask(path);
    CHECK(page.status == 200);
    CHECK(page.header("Content-Type") == "text/html; charset=utf-8");
    const auto twin = running.ask(path, "application/json");
    CHECK(twin.header("Content-Type") == "application/json");
    boost::system::error_code error;
    CHECK(boost::json::parse(twin.body, error).is_object());
    // As another one has it in its address.
    CHECK(page.body.find("href=\"/pm/project/\"") != std::string::npos);
  }
}

TEST_CASE("web::Site: old addresses of patches lead to where they belong") {
  RunningSite running;
  const auto to = [&](const std::string& path) {
    const auto answer = running.ask(path);
    CHECK(answer.status == 302);
    return answer.header("Location");
  };
  CHECK(to("/project/netdev/") == "/pm/project/netdev/list/");
  CHECK(to("/project/netdev/patch/frames-v2-0@example.org/") ==
        "/pm/project/netdev/cover/frames-v2-0%40example.org/");
  CHECK(to("/project/netdev/cover/frames-v2-1@example.org/") ==
        "/pm/project/netdev/patch/frames-v2-1%40example.org/");
  for (const auto* path :
       {"/project/none/", "/project/none/list/", "/project/netdev/list/?series=99999",
        "/project/netdev/patch/none/", "/project/none/patch/frames-v2-1@example.org/",
        "/project/evil/patch/frames-v2-1@example.org/", "/user/none/todo/"}) {
    CAPTURE(path);
    CHECK(running.ask(path).status == 404);
  }
  // A series of another project is none of this one's.
  CHECK(running.ask(fmt::format("/project/evil/list/?series={}", running.data.first.series->id))
            .status == 404);
  CHECK(running.ask("/project/netdev/list/?order=name").status == 400);
  CHECK(running.ask("/project/netdev/list/?series=x").status == 400);
}

TEST_CASE("web::Site: pages of series and of patches lead to each other") {
  RunningSite running;
  const auto series = running.ask(fmt::format("/series/{}/", running.ids.v2));
  CHECK(series.body.find(fmt::format("/pm/project/netdev/list/?series={}",
                                     running.data.first.series->id)) != std::string::npos);
  const auto patch = running.ask(fmt::format("/series/{}/patches/1/", running.ids.v2));
  CHECK(patch.body.find("/pm/project/netdev/patch/frames-v2-1%40example.org/") !=
        std::string::npos);
  CHECK(patch.body.find(fmt::format("/pm/series/{}/range-diff/{}/", running.ids.v2,
                                    running.ids.v1)) != std::string::npos);
}

TEST_CASE("web::Site: what is shown of a patch changes with it at once") {
  RunningSite running;
  const std::string path = "/user/ann/todo/?format=json";
  const auto total = [&] {
    return boost::json::parse(running.ask(path).body).at("total").to_number<int>();
  };
  const int before = total();
  CHECK(before == 2);
  registry::PatchChange change;
  change.state = "accepted";
  REQUIRE(registry::change_patch(running.store.database(), running.store.clock(), running.data.ann,
                                 running.data.first.self.id, change)
              .has_value());
  CHECK(total() == before - 1);
}

TEST_CASE("web::Site: without projects there are no pages of patches") {
  RunningSite running(false);
  CHECK(running.ask("/project/").status == 404);
  CHECK(running.ask("/user/todo/").status == 404);
  const auto series = running.ask(fmt::format("/series/{}/", running.ids.v2));
  CHECK(series.status == 200);
  CHECK(series.body.find("/project/") == std::string::npos);
}
