#include "web/site.hpp"

#include "http/support.hpp"
#include "support/store_fixture.hpp"
#include "web/sample.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

using namespace patchmill;
using http::test::get;
using http::test::RawClient;
using patchmill::test::TestStore;
using web::test::Sample;

namespace {

struct Running {
  Running()
      : store(store::Engine::sqlite),
        sample(store.database(), store.blobs(), store.clock(), store.folder() / "live"),
        ids(sample.fill()) {
    web::SiteConfig config;
    config.connect = [this]() -> std::unique_ptr<store::Database> {
      if (down) {
        throw store::DatabaseError("the server is gone: secret-host");
      }
      return store.connect();
    };
    config.blobs = store.folder() / "blobs";
    config.live = store.folder() / "live";
    config.clock = &store.clock();
    config.hub = &hub;
    config.connections = 2;
    site = std::make_unique<web::Site>(std::move(config));
    auto router = std::make_shared<http::Router>();
    site->add_routes(*router);
    server = std::make_unique<http::test::TestServer>(
        router, [&](http::ServerConfig& c) { c.error_page = site->error_page(); });
  }
  ~Running() {
    site->close();
    hub.close();
  }
  http::test::Answer ask(const std::string& path, std::string_view accept = "text/html",
                         const std::string& more = "") {
    RawClient client(server->port());
    return client.ask(get(path, fmt::format("Accept: {}\r\n{}", accept, more)));
  }

  TestStore store;
  std::atomic<bool> down = false;
  Sample sample;
  Sample::Filled ids;
  http::EventHub hub;
  std::unique_ptr<web::Site> site;
  std::unique_ptr<http::test::TestServer> server;
};

}  // namespace

TEST_CASE("web::Site: every page has a twin for programs") {
  Running running;
  const auto& f = running.ids;
  for (const std::string& path :
       {std::string("/"), fmt::format("/series/{}/", f.v1),
        fmt::format("/series/{}/patches/1/", f.v1),
        fmt::format("/series/{}/range-diff/{}/", f.v2, f.v1),
        fmt::format("/nodes/{}/", f.failed_node), fmt::format("/nodes/{}/log", f.failed_node),
        fmt::format("/nodes/{}/log", f.running_node), std::string("/queue/"),
        std::string("/health/"), std::string("/stats/"), std::string("/about/")}) {
    CAPTURE(path);
    const auto page = running.ask(path);
    CHECK(page.status == 200);
    CHECK(page.header("Content-Type") == "text/html; charset=utf-8");
    CHECK(page.header("Content-Security-Policy").find("default-src 'self'") != std::string::npos);
    CHECK(page.header("Vary").find("Accept") != std::string::npos);
    const auto twin = running.ask(path, "application/json");
    CHECK(twin.status == 200);
    CHECK(twin.header("Content-Type") == "application/json");
    boost::system::error_code error;
    CHECK(boost::json::parse(twin.body, error).is_object());
    CHECK(running.ask(path + "?format=json").header("Content-Type") == "application/json");
    CHECK(running.ask(path + "?format=xml").status == 400);
    CHECK(running.ask(path, "application/json", "X: y\r\n").body == twin.body);
  }
}

TEST_CASE("web::Site: unchanged pages are not sent again") {
  Running running;
  const std::string path = fmt::format("/series/{}/", running.ids.v1);
  for (const auto* coding : {"identity", "gzip"}) {
    CAPTURE(coding);
    const std::string accept = fmt::format("Accept-Encoding: {}\r\n", coding);
    const auto first = running.ask(path, "text/html", accept);
    CHECK(first.status == 200);
    const std::string etag = first.header("ETag");
    REQUIRE(etag.starts_with("W/"));
    const auto again = running.ask(path, "text/html", accept + "If-None-Match: " + etag + "\r\n");
    CHECK(again.status == 304);
    CHECK(again.header("ETag") == etag);
    // The twin is something else.
    CHECK(
        running.ask(path, "application/json", accept + "If-None-Match: " + etag + "\r\n").status ==
        200);
    running.sample.judge(running.ids.v1, findings::Verdict::pass, coding, 7);
    CHECK(running.ask(path, "text/html", accept + "If-None-Match: " + etag + "\r\n").status == 200);
  }
}

TEST_CASE("web::Site: logs as bytes, with ranges, in a sandbox") {
  Running running;
  const std::string path = fmt::format("/nodes/{}/log", running.ids.hostile_node);
  const auto raw = running.ask(path, "*/*");
  CHECK(raw.status == 200);
  CHECK(raw.body == Sample::hostile_log());
  CHECK(raw.header("Content-Type") == "text/plain; charset=utf-8");
  CHECK(raw.header("Content-Security-Policy").starts_with("sandbox"));
  CHECK(raw.header("X-Content-Type-Options") == "nosniff");
  const auto part = running.ask(path + "?format=raw", "text/html", "Range: bytes=-6\r\n");
  CHECK(part.status == 206);
  CHECK(part.body == "he end");
  CHECK(running.ask(fmt::format("/nodes/{}/log", running.ids.running_node), "*/*").body ==
        "make: Entering directory '/src'\n  CC      kernel/bpf/verifier.o\n");
  CHECK(running.ask("/nodes/1/log").status == 404);
  CHECK(running.ask(path + "?line=abc").status == 400);
}

TEST_CASE("web::Site: artifacts are saved and never run") {
  Running running;
  const auto answer =
      running.ask(fmt::format("/nodes/{}/artifacts/page.html", running.ids.hostile_node));
  CHECK(answer.status == 200);
  CHECK(answer.header("Content-Type") == "application/octet-stream");
  CHECK(answer.header("Content-Disposition").starts_with("attachment; filename=\"page.html\""));
  CHECK(answer.header("Content-Security-Policy").starts_with("sandbox"));
  const auto odd = running.ask(
      fmt::format("/nodes/{}/artifacts/%3Cimg%20src=x%20onerror=window.pwned=15%3E.html",
                  running.ids.hostile_node));
  CHECK(odd.status == 200);
  const auto wrong =
      running.ask(fmt::format("/nodes/{}/artifacts/page.htm", running.ids.hostile_node), "*/*");
  CHECK(wrong.status == 404);
  CHECK(wrong.body.find("did you mean 'page.html'?") != std::string::npos);
  const auto script = running.ask(fmt::format("/nodes/{}/reproducer", running.ids.failed_node));
  CHECK(script.body == "#!/bin/sh\nmake -j2\n");
  CHECK(running.ask("/nodes/1/reproducer").status == 404);
}

TEST_CASE("web::Site: Message-IDs redirect, also odd ones") {
  Running running;
  CHECK(running.ask("/r/frames-v2-1@example.org/").header("Location") ==
        fmt::format("/series/{}/patches/1/", running.ids.v2));
  CHECK(running.ask("/r/%3Cframes-v2-1@example.org%3E/").status == 302);
  CHECK(running.ask("/r/frames-v2-1@example.org/raw", "*/*")
            .body.find("Subject: [PATCH net-next v2 1/3]") != std::string::npos);
  const auto none = running.ask("/r/%3Cscript%3E%2F..%2F%0d%0aX:/");
  CHECK(none.status == 400);
  const auto unknown = running.ask("/r/%3Cscript%3Ealert(1)/");
  CHECK(unknown.status == 404);
  CHECK(unknown.body.find("<script>alert") == std::string::npos);
}

TEST_CASE("web::Site: a store that is gone is said, not shown") {
  Running running;
  running.down = true;
  const auto page = running.ask("/series/1/");
  CHECK(page.status == 503);
  CHECK(page.header("Retry-After") == "10");
  CHECK(page.body.find("the store does not answer") != std::string::npos);
  CHECK(page.body.find("secret-host") == std::string::npos);
  CHECK(running.ask("/about/").status == 200);
  running.down = false;
  CHECK(running.ask("/series/1/").status == 200);
}

TEST_CASE("web::publish: streams get what they asked for") {
  Running running;
  RawClient one(running.server->port());
  one.send(get("/events/?series=7"));
  RawClient all(running.server->port());
  all.send(get("/events/?topic=queue"));
  CHECK(one.read_until("\r\n\r\n").starts_with("HTTP/1.1 200"));
  CHECK(all.read_until("\r\n\r\n").find("text/event-stream") != std::string::npos);
  REQUIRE(http::test::eventually([&] { return running.hub.subscribers() == 2; }));
  std::int64_t id = 100;
  const auto tell = [&](const std::string& kind, std::optional<std::int64_t> series,
                        std::optional<std::int64_t> node) {
    store::Event event;
    event.id = ++id;
    event.kind = kind;
    event.series = series;
    event.node = node;
    web::publish(running.hub, event);
  };
  tell("series-verdict", 70, {});
  tell("node-done", 71, 3);
  tell("series-verdict", 7, {});
  CHECK(one.read_until("\n\n").find(
            "id: 103\nevent: series-verdict\ndata: {\"series\":7,\"node\":null}") !=
        std::string::npos);
  CHECK(all.read_until("\n\n").find("data: {\"series\":71,\"node\":3}") != std::string::npos);
  CHECK(running.ask("/events/?series=x").status == 400);
  CHECK(running.ask("/events/?topic=x").status == 400);
}

TEST_CASE("web::Site: guards stand before every route") {
  TestStore store(store::Engine::sqlite);
  web::SiteConfig config;
  config.connect = [&] { return store.connect(); };
  config.clock = &store.clock();
  config.blobs = store.folder() / "blobs";
  config.live = store.folder() / "live";
  config.guards = {
      [](http::Request&) { return std::optional(http::Response::error(401, "who are you?")); }};
  web::Site site(std::move(config));
  auto router = std::make_shared<http::Router>();
  site.add_routes(*router);
  const http::test::TestServer server(router);
  for (const auto* path : {"/", "/series/1/", "/nodes/1/log", "/nodes/1/artifacts/x", "/r/x/",
                           "/events/", "/queue/", "/health/", "/stats/", "/about/", "/feed.atom"}) {
    CAPTURE(path);
    RawClient client(server.port());
    CHECK(client.ask(get(path)).status == 401);
  }
}

TEST_CASE("web::Site: styles and scripts are kept for ever by their content") {
  Running running;
  const std::string page = running.ask("/about/").body;
  const auto at = page.find("/static/style.css?v=");
  REQUIRE(at != std::string::npos);
  const auto style = running.ask(page.substr(at, page.find('"', at) - at), "text/css",
                                 "Accept-Encoding: gzip\r\n");
  CHECK(style.status == 200);
  CHECK(style.header("Cache-Control").find("immutable") != std::string::npos);
  CHECK(style.header("Content-Encoding") == "gzip");
  CHECK(running.ask("/static/../store.db").status == 400);
  CHECK(running.ask("/robots.txt").status == 200);
}
