#include "patchwork/instance.hpp"

#include "patchwork/answer.hpp"
#include "patchwork/listing.hpp"
#include "support/fake_patchwork.hpp"
#include "util/cancel.hpp"
#include "util/fd.hpp"

#include <doctest/doctest.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace patchmill::patchwork {
namespace {

using namespace std::chrono_literals;
using test::FakePatchwork;

InstanceConfig quick(const std::string& url) {
  InstanceConfig config;
  config.url = url;
  config.token = [] { return std::string(40, '1'); };
  config.client.first_backoff = 5ms;
  config.client.host.requests_per_second = 0;
  config.client.host.failures_to_open = 0;
  config.timeout = 5s;
  config.deadline = 20s;
  return config;
}

TEST_CASE("front_page_of: what people copy from the browser") {
  for (const auto* url :
       {"https://pw.example.org", "https://pw.example.org/", "https://pw.example.org/api",
        "https://pw.example.org/api/", "https://pw.example.org/api/1.2/",
        "https://pw.example.org/project/net/list/?state=1",
        "https://pw.example.org/project/net/patch/a@b/"}) {
    CHECK(front_page_of(url).value() == "https://pw.example.org/");
  }
  CHECK(front_page_of("http://example.org/patchwork/api/1.4").value() ==
        "http://example.org/patchwork/");
  CHECK(front_page_of("http://example.org/project/pw/").value() ==
        "http://example.org/project/pw/");
  CHECK(front_page_of("http://example.org/project/pw/project/net/list/").value() ==
        "http://example.org/project/pw/");
  CHECK(!front_page_of("pw.example.org"));
  CHECK(!front_page_of("https://user:secret@pw.example.org/"));
}

TEST_CASE("Instance::get: with the token only where that was asked for") {
  FakePatchwork server;
  auto config = quick(server.url());
  config.token = [&server] { return server.token; };
  {
    Instance instance(config);
    REQUIRE(instance.discover());
    CHECK(!instance.read("users/"));
  }
  config.token_for_reading = true;
  Instance instance(config);
  REQUIRE(instance.discover());
  CHECK(instance.read("users/"));
}

TEST_CASE("Instance::discover: a private one is shown the token, where there is one") {
  FakePatchwork server;
  server.is_private = true;
  auto config = quick(server.url());
  config.token = [&server] { return server.token; };
  Instance instance(config);
  REQUIRE(instance.discover());
  CHECK(instance.read("projects/1/"));
  config.token = [] { return std::string("wrong"); };
  CHECK(Instance(config).discover().error().kind == ErrorKind::invalid);
  config.token = nullptr;
  const auto stranger = Instance(config).discover();
  REQUIRE(!stranger);
  CHECK(stranger.error().message.find("credentials were not provided") != std::string::npos);
}

TEST_CASE("Instance::discover: the highest version both speak") {
  FakePatchwork server;
  SUBCASE("the newest") {
    Instance instance(quick(server.url()));
    REQUIRE(instance.discover());
    CHECK(instance.version() == "1.4");
    CHECK(server.take_requests() == std::vector<std::string>{"GET ", "GET "});
    REQUIRE(instance.discover());
    CHECK(server.take_requests().empty());
  }
  SUBCASE("an old one") {
    server.versions = {"1.0", "1.1"};
    Instance instance(quick(server.url()));
    REQUIRE(instance.discover());
    CHECK(instance.version() == "1.1");
    CHECK(server.take_requests().size() == 5);
  }
  SUBCASE("none") {
    server.versions = {};
    Instance instance(quick(server.url()));
    const auto found = instance.discover();
    REQUIRE(!found);
    CHECK(found.error().kind == ErrorKind::invalid);
    CHECK(found.error().message.find("has no REST API of Patchwork") != std::string::npos);
  }
  SUBCASE("a page for robots") {
    server.add_fault({.path = "/api/", .times = 9, .status = 200});
    Instance instance(quick(server.url()));
    const auto found = instance.discover();
    REQUIRE(!found);
    CHECK(found.error().kind == ErrorKind::infrastructure);
    CHECK(found.error().message.find("a page instead of JSON") != std::string::npos);
  }
  SUBCASE("the freedesktop edition") {
    server.versions = {"1.0"};
    server.add_fault({.path = "/api/1.0/",
                      .times = 9,
                      .status = 200,
                      .body = "{\"revision\": 2}",
                      .type = "application/json"});
    Instance instance(quick(server.url()));
    REQUIRE(instance.discover());
    CHECK(instance.edition() == Edition::freedesktop);
    instance.forget();
    server.clear_faults();
    REQUIRE(instance.discover());
    CHECK(instance.edition() == Edition::getpatchwork);
  }
}

TEST_CASE("Instance::get: 502 and 504 are tried again, Django's 500 is not, and says so") {
  FakePatchwork server;
  server.receive(1, 1, 1, "Message-ID: <a@b>\nSubject: s\n\nText.\n");
  Instance instance(quick(server.url()));
  REQUIRE(instance.discover());
  server.take_requests();
  server.add_fault({.path = "patches/101/", .times = 1, .status = 502});
  server.add_fault({.path = "patches/101/", .times = 1, .status = 504});
  CHECK(instance.read("patches/101/").has_value());
  CHECK(server.take_requests().size() == 3);
  server.add_fault({.path = "patches/101/", .times = 1, .status = 500});
  int status = 0;
  const auto broken = instance.get("patches/101/").wait(&status);
  CHECK(status == 500);
  REQUIRE(!broken);
  CHECK(broken.error().kind == ErrorKind::infrastructure);
  CHECK(broken.error().message.find("/api/1.4/patches/101/") != std::string::npos);
  CHECK(server.take_requests().size() == 1);
  CHECK(instance.read("patches/999/").error().kind == ErrorKind::not_found);
  CHECK(instance.read("patches/101").has_value());  // 301 to the form with a slash
  server.stop();
  CHECK(instance.read("patches/101/").error().kind == ErrorKind::infrastructure);
}

TEST_CASE("Instance::project: by link name, number and name") {
  FakePatchwork server;
  Instance instance(quick(server.url()));
  REQUIRE(instance.discover());
  CHECK(instance.project("local")->id == 1);
  CHECK(instance.project("1")->link_name == "local");
  CHECK(instance.project("the local list")->list_id == "local.example.org");
  const auto none = instance.project("netdev");
  REQUIRE(!none);
  CHECK(none.error().kind == ErrorKind::not_found);
  CHECK(none.error().message.find("it has local") != std::string::npos);
  CHECK(!instance.project("../users"));
}

TEST_CASE("Instance::get: pages on another server are not asked, plain http behind TLS is mended") {
  FakePatchwork server;
  Instance instance(quick(server.url()));
  REQUIRE(instance.discover());
  CHECK(instance.read("http://elsewhere.example.org/api/").error().kind == ErrorKind::invalid);
  CHECK(instance.read("https://127.0.0.1:1/api/1.4/").has_value());
  CHECK(instance.read(server.url() + "api/projects/1/").has_value());
}

TEST_CASE("Pending::wait: given up when the work is called off") {
  FakePatchwork server;
  Instance instance(quick(server.url()));
  REQUIRE(instance.discover());
  server.add_fault({.path = "projects", .times = 1, .slow = 3000ms});
  const Fd stop(::eventfd(1, EFD_CLOEXEC));
  const CancelScope scope(stop.get());
  const auto start = std::chrono::steady_clock::now();
  CHECK(!instance.read("projects/1/"));
  CHECK(std::chrono::steady_clock::now() - start < 2900ms);
}

TEST_CASE("Instance::post: the token is sent, a redirect is no success, nothing is repeated") {
  FakePatchwork server;
  server.receive(1, 1, 1, "Message-ID: <a@b>\nSubject: s\n\nText.\n");
  Instance instance(quick(server.url()));
  REQUIRE(instance.discover());
  const boost::json::object check{{"state", "pending"}, {"context", "c"}, {"target_url", ""}};
  int status = 0;
  CHECK(instance.post("patches/101/checks/", check)
            .wait(&status)
            .error()
            .message.find("\"Invalid token.\"") != std::string::npos);
  CHECK(status == 403);
  server.token = std::string(40, '1');
  CHECK(instance.post("patches/101/checks/", check).wait().has_value());
  server.take_requests();
  server.add_fault({.path = "checks", .times = 1, .status = 502, .method = "POST"});
  CHECK(instance.post("patches/101/checks/", check).wait().error().kind ==
        ErrorKind::infrastructure);
  CHECK(server.take_requests().size() == 1);
  CHECK(instance.post("patches/101/checks", check).wait(&status).error().kind ==
        ErrorKind::infrastructure);
  CHECK(status == 301);
}

TEST_CASE("Instance::check_token") {
  FakePatchwork server;
  Instance instance(quick(server.url()));
  CHECK(instance.check_token().error().kind == ErrorKind::invalid);
  server.token = std::string(40, '1');
  CHECK(instance.check_token().has_value());
}

TEST_CASE("Listing::events: pages are followed, the date is sent as given") {
  FakePatchwork server;
  for (int i = 1; i <= 120; ++i) {
    server.receive(i, 1, 1, fmt::format("Message-ID: <{}@b>\nSubject: s\n\nText.\n", i));
  }
  Instance instance(quick(server.url()));
  REQUIRE(instance.discover());
  Listing listing(instance, instance.project("local").value());
  server.take_requests();
  Position position;
  position.date = "2026-01-05T10:00:01.000001";
  auto news = listing.events(position);
  REQUIRE(news.has_value());
  CHECK(news->events.size() == 250);
  CHECK(news->more);
  CHECK(server.take_requests().size() == 1);
  for (std::int64_t id = 1; id <= 100; ++id) {
    position.events.push_back(id);  // all of one moment
  }
  news = listing.events(position);
  REQUIRE(news.has_value());
  CHECK(news->events.size() == 260);
  CHECK(!news->more);
  const auto requests = server.take_requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].find("since=2026-01-05T10%3A00%3A01.000001") != std::string::npos);
  CHECK(requests[1].find("page=2") != std::string::npos);
  server.has_events = false;
  CHECK(listing.events(position).error().kind == ErrorKind::not_found);
}

}  // namespace
}  // namespace patchmill::patchwork
