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
  CHECK(running.ask("/project/netdev/list/?order=name").status == 200);
  CHECK(running.ask("/project/netdev/list/?order=content").status == 400);
  CHECK(running.ask("/project/netdev/list/?series=x").status == 400);
}

TEST_CASE("web::Site: a patch whose Message-ID clients would fold away has its page") {
  RunningSite running;
  running.store.database().exec("UPDATE registry_patches SET msgid = '..' WHERE id = ?",
                                running.data.first.self.id);
  const std::string place = "/project/netdev/patch/%3C..%3E/";
  const auto page = running.ask(place);
  CHECK(page.status == 200);
  CHECK(page.body.find("href=\"/pm" + place + "mbox/\"") != std::string::npos);
  CHECK(page.body.find("href=\"/pm/r/%3C..%3E/raw\"") != std::string::npos);
  CHECK(page.body.find("/../") == std::string::npos);
  CHECK(running.ask("/project/netdev/cover/%3C..%3E/").header("Location") == "/pm" + place);
  CHECK(running.ask("/project/netdev/list/?state=*").body.find("/pm" + place) != std::string::npos);
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

TEST_CASE("web::Site: bundles, without those that are somebody's own") {
  RunningSite running;
  const auto add = [&](const std::string& name, bool is_public) {
    registry::BundleChange change;
    change.name = name;
    change.is_public = is_public;
    change.patches = std::vector{running.data.first.self.id};
    REQUIRE(registry::add_bundle(running.store.database(), running.data.ann, running.data.netdev.id,
                                 change)
                .has_value());
  };
  add("for all", true);
  add("my own", false);
  const auto list = running.ask("/project/netdev/bundles/");
  CHECK(list.status == 200);
  CHECK(list.body.find("/pm/bundle/ann/for%20all/mbox/") != std::string::npos);
  CHECK(list.body.find("my own") == std::string::npos);
  CHECK(boost::json::parse(running.ask("/project/netdev/bundles/", "application/json").body)
            .at("total") == 1);
  CHECK(running.ask("/bundle/ann/for%20all/").status == 200);
  const auto twin = running.ask("/bundle/ann/for%20all/", "application/json");
  CHECK(boost::json::parse(twin.body).at("mbox") ==
        "https://ci.example.org/pm/bundle/ann/for%20all/mbox/");
  const auto hidden = running.ask("/bundle/ann/my%20own/");
  const auto none = running.ask("/bundle/ann/no%20one/");
  CHECK(hidden.status == 404);
  CHECK(none.status == 404);
  CHECK(running.ask("/project/none/bundles/").status == 404);
}

TEST_CASE("web::Site: what somebody has to do in one project") {
  RunningSite running;
  const auto total = [&](const std::string& path) {
    return boost::json::parse(running.ask(path, "application/json").body)
        .at("total")
        .to_number<int>();
  };
  CHECK(total("/user/ann/todo/") == 2);
  CHECK(total("/user/ann/todo/?project=") == 2);
  CHECK(total("/user/ann/todo/?project=NETDEV") == 1);
  CHECK(total(fmt::format("/user/ann/todo/?project={}", running.data.evil.id)) == 1);
  const auto page = running.ask("/user/ann/todo/?project=netdev");
  CHECK(page.body.find("in netdev of examples") != std::string::npos);
  CHECK(page.body.find("name=\"project\" value=\"netdev\"") != std::string::npos);
  CHECK(page.body.find("todo/?project=netdev&amp;order=state") != std::string::npos);
  CHECK(running.ask("/user/todo/?project=netdev").body.find("/user/ann/todo/?project=netdev") !=
        std::string::npos);
  CHECK(boost::json::parse(running.ask("/user/todo/?project=evil", "application/json").body)
            .at("users")
            .at(0)
            .at("patches") == 1);
  const auto old = running.ask("/user/todo/NetDev/");
  CHECK(old.status == 302);
  CHECK(old.header("Location") == "/pm/user/todo/?project=netdev");
  for (const auto* none : {"/user/todo/zz/", "/user/todo/?project=zz", "/user/ann/todo/?project=zz",
                           "/user/none/todo/?project=netdev"}) {
    CAPTURE(none);
    CHECK(running.ask(none).status == 404);
  }
}

TEST_CASE("web::Site: a series leads to its own mbox, under whatever id Patchwork has it") {
  RunningSite running;
  const auto has = [](const http::test::Answer& answer, const std::string& text) {
    return answer.body.find(text) != std::string::npos;
  };
  const auto page = [&](std::int64_t number) {
    return running.ask(fmt::format("/series/{}/", number));
  };
  CHECK(has(page(running.ids.v2), fmt::format("/pm/series/{}/mbox/", running.ids.v2)));
  CHECK_FALSE(has(page(running.ids.v2), "where it is series"));
  CHECK_FALSE(has(page(running.ids.waiting), "is another one"));
  // As a Patchwork that was taken over may have it.
  running.store.database().exec("UPDATE registry_series SET id = ? WHERE number = ?",
                                running.ids.waiting, running.ids.v2);
  CHECK(has(page(running.ids.v2), fmt::format("/pm/series/{}/mbox/", running.ids.waiting)));
  CHECK(has(page(running.ids.v2), fmt::format("where it is series {}", running.ids.waiting)));
  const auto other = page(running.ids.waiting);
  CHECK(has(other, "is another one"));
  CHECK(has(other, fmt::format("<a href=\"/pm/series/{}/\">", running.ids.v2)));
  const auto twin =
      running.ask(fmt::format("/series/{}/", running.ids.v2), "application/json").body;
  CHECK(boost::json::parse(twin).at("projects").at(0).at("series") == running.ids.waiting);
  // And where no series of ours has this number.
  running.store.database().exec("UPDATE registry_series SET id = 70001 WHERE number = ?",
                                running.ids.v2);
  const auto moved = page(70001);
  CHECK(moved.status == 302);
  CHECK(moved.header("Location") == fmt::format("/pm/series/{}/", running.ids.v2));
  CHECK(page(70002).status == 404);
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
