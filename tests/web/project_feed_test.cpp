#include "web/project_feed.hpp"

#include "http/support.hpp"
#include "support/contains.hpp"
#include "support/store_fixture.hpp"
#include "web/patch_list_page.hpp"
#include "web/patch_sample.hpp"
#include "web/site.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

using namespace patchmill;
using namespace patchmill::web;
using patchmill::test::contains;
using patchmill::test::on_each_engine;
using patchmill::test::TestStore;
using web::test::Sample;

TEST_CASE("web::project_feed: the series of one project, the last first, with states") {
  on_each_engine([](TestStore& store) {
    Sample sample(store.database(), store.blobs(), store.clock(), store.folder() / "live");
    sample.fill();
    const auto data = web::test::add_projects(store.database(), store.blobs(), store.clock());
    registry::ListIndex index;
    const AtomFeed feed = project_feed(store.database(), index, data.netdev);
    CHECK(feed.title == "netdev of examples: series");
    CHECK(feed.self == "/project/netdev/feed.atom");
    CHECK(feed.page == "/project/netdev/list/");
    REQUIRE_FALSE(feed.entries.empty());
    const auto address =
        fmt::format("/project/netdev/list/?series={}", data.first.series.value().id);
    const auto entry = std::find_if(feed.entries.begin(), feed.entries.end(),
                                    [&](const AtomEntry& one) { return one.address == address; });
    REQUIRE(entry != feed.entries.end());
    CHECK(contains(entry->title, "count frames"));
    CHECK(contains(entry->title, "(v2)"));
    CHECK(entry->author == "Ann Example");
    CHECK(contains(entry->summary, "1 Under Review"));
    CHECK(entry->published == data.first.series.value().date);
    const AtomFeed evil = project_feed(store.database(), index, data.evil);
    CHECK(evil.entries.size() == 1);
    const std::string text = atom_text({}, evil, store.clock().now());
    CHECK_FALSE(contains(text, "<script"));
    CHECK_FALSE(contains(text, "\xE2\x80\xAE"));
  });
}

TEST_CASE("web::project_feed: no more than the 50 that came last, whatever their dates say") {
  TestStore store(store::Engine::sqlite);
  Sample sample(store.database(), store.blobs(), store.clock(), store.folder() / "live");
  for (int i = 0; i < 52; ++i) {
    web::test::SampleSeries series;
    series.id = fmt::format("one-{}", i);
    series.title = fmt::format("title {} of its own", i);
    series.patches = 1;
    series.day = 28 - i % 28;
    sample.add(series);
  }
  sample.fill();
  const auto data = web::test::add_projects(store.database(), store.blobs(), store.clock());
  registry::ListIndex index;
  const AtomFeed feed = project_feed(store.database(), index, data.netdev);
  CHECK(feed.entries.size() == 50);
  CHECK(std::none_of(feed.entries.begin(), feed.entries.end(), [](const AtomEntry& entry) {
    return contains(entry.title, "title 0 of its own");
  }));
}

TEST_CASE("web::Site: the feed of a project, for whom the list is") {
  TestStore store(store::Engine::sqlite);
  Sample sample(store.database(), store.blobs(), store.clock(), store.folder() / "live");
  sample.fill();
  web::test::add_projects(store.database(), store.blobs(), store.clock());
  registry::ListIndex index;
  for (const bool is_private : {false, true}) {
    web::SiteConfig config;
    config.connect = [&] { return store.connect(); };
    config.blobs = store.folder() / "blobs";
    config.live = store.folder() / "live";
    config.clock = &store.clock();
    config.public_url = "https://ci.example.org/pm";
    config.patches = &index;
    if (is_private) {
      config.guards.emplace_back(
          [](http::Request&) { return std::optional(http::Response::error(401, "no")); });
    }
    web::Site site(std::move(config));
    auto router = std::make_shared<http::Router>();
    site.add_routes(*router);
    http::test::TestServer server(router);
    const auto ask = [&](const std::string& path, const std::string& more = "") {
      http::test::RawClient client(server.port());
      return client.ask(http::test::get(path, more));
    };
    const auto feed = ask("/project/netdev/feed.atom");
    if (is_private) {
      CHECK(feed.status == 401);
      CHECK_FALSE(contains(feed.body, "count frames"));
      continue;
    }
    CHECK(feed.status == 200);
    CHECK(feed.header("Content-Type") == "application/atom+xml; charset=utf-8");
    CHECK(contains(feed.body, "<id>https://ci.example.org/pm/project/netdev/feed.atom</id>"));
    CHECK(contains(feed.body, "href=\"https://ci.example.org/pm/project/netdev/list/?series="));
    CHECK(ask("/project/netdev/feed.atom",
              fmt::format("If-None-Match: {}\r\n", std::string(feed.header("ETag"))))
              .status == 304);
    CHECK(ask("/project/none/feed.atom").status == 404);
    CHECK(contains(ask("/about/", "Accept: text/html\r\n").body, "/pm/project/LINK/feed.atom"));
    CHECK(contains(ask("/project/netdev/list/", "Accept: text/html\r\n").body,
                   "<link rel=\"alternate\" type=\"application/atom+xml\" "
                   "href=\"/pm/project/netdev/feed.atom\""));
    CHECK_FALSE(contains(ask("/user/ann/todo/", "Accept: text/html\r\n").body, "atom+xml"));
  }
}
