#include "http/client.hpp"

#include "http/answer_memory.hpp"
#include "http/link_header.hpp"
#include "http/url.hpp"
#include "support.hpp"

#include <atomic>
#include <future>

namespace patchmill::http {
namespace {

using namespace test;

ClientConfig quick_config() {
  ClientConfig config;
  config.first_backoff = 10ms;
  config.host.requests_per_second = 0;
  return config;
}

ClientRequest to(const std::string& url) {
  ClientRequest request;
  request.url = url;
  return request;
}

TEST_CASE("Client::fetch: status, headers, body, a body sent, gzip undone") {
  auto router = std::make_shared<Router>();
  router->get("/hello", [](Request& r) {
    auto response = Response::text("hello " + std::string(r.header("User-Agent")));
    response.headers.add("X-One", "1");
    return response;
  });
  router->get("/long", [](Request&) { return Response::text(std::string(100'000, 'a')); });
  for (const auto* method : {"POST", "PUT", "PATCH", "DELETE"}) {
    router->add({method,
                 "/echo",
                 [](Request& r) {
                   return Response::text(r.method + " " + r.body + " " +
                                         std::string(r.header("Content-Type")));
                 },
                 {}});
  }
  TestServer t(router);
  Client client(quick_config());
  const auto hello = client.fetch(to(t.url() + "/hello"));
  REQUIRE_MESSAGE(hello.has_value(), hello.error().message);
  CHECK(hello->status == 200);
  CHECK(hello->body == "hello patchmill/" PATCHMILL_VERSION);
  CHECK(hello->headers.get("x-one") == "1");
  const auto packed = client.fetch(to(t.url() + "/long"));
  CHECK(std::string(packed->headers.get("Content-Encoding").value_or("")) == "gzip");
  CHECK(packed->body == std::string(100'000, 'a'));
  CHECK(client.fetch(to(t.url() + "/none"))->status == 404);
  for (const std::string method : {"POST", "PUT", "PATCH", "DELETE"}) {
    ClientRequest request = to(t.url() + "/echo");
    request.method = method;
    request.body = "data";
    request.headers.add("Content-Type", "a/b");
    CHECK(client.fetch(request)->body == method + " data a/b");
  }
  ClientRequest empty = to(t.url() + "/echo");
  empty.method = "POST";
  CHECK(client.fetch(empty)->body == "POST  ");
  ClientRequest head = to(t.url() + "/long");
  head.method = "HEAD";
  CHECK(client.fetch(head)->status == 200);
}

TEST_CASE("Client::fetch: addresses that are none, and servers that are not there") {
  Client client(quick_config());
  for (const auto* bad : {"", "hello", "file:///etc/passwd", "ftp://h/x", "gopher://h", "http://",
                          "http://user:pass@h/", "http://h/a b", "http://h/\r\nX: y"}) {
    CAPTURE(bad);
    const auto result = client.fetch(to(bad));
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().kind == ErrorKind::invalid);
    CHECK(result.error().message.find("user:pass") == std::string::npos);
  }
  ClientRequest refused = to("http://127.0.0.1:1/x");
  refused.attempts = 1;
  const auto result = client.fetch(refused);
  CHECK(result.error().kind == ErrorKind::infrastructure);
  CHECK(result.error().message.find("GET http://127.0.0.1:1: ") == 0);
}

TEST_CASE("Client::fetch: redirects are bounded, stay http, and take no credentials elsewhere") {
  std::atomic<int> with_secret = 0;
  auto target = std::make_shared<Router>();
  target->get("/end", [&](Request& r) {
    with_secret += r.headers.has("Authorization") || r.headers.has("Private-Token") ? 1 : 0;
    return Response::text("end " + r.method);
  });
  TestServer other(target);
  std::string to_other = other.url() + "/end";
  target->post("/post", [](Request& r) { return Response::text("post " + r.body); });
  auto router = std::make_shared<Router>();
  router->get("/loop", [](Request&) { return Response::redirect("/loop"); });
  router->get("/file", [](Request&) { return Response::redirect("file:///etc/passwd"); });
  router->get("/same", [](Request&) { return Response::redirect("end", 302); });
  router->get("/end",
              [&](Request& r) { return Response::text(std::string(r.header("Authorization"))); });
  router->get("/away", [&](Request&) { return Response::redirect(to_other, 307); });
  router->post("/see", [](Request&) { return Response::redirect("/end"); });
  router->post("/keep", [&](Request&) { return Response::redirect(to_other, 307); });
  TestServer t(router);
  Client client(quick_config());
  const auto get_with = [&](const std::string& path) {
    ClientRequest request = to(t.url() + path);
    request.headers.add("Authorization", "Bearer s3cret");
    request.headers.add("Private-Token", "s3cret");
    return client.fetch(request);
  };
  CHECK(get_with("/same")->body == "Bearer s3cret");
  CHECK(get_with("/same")->url == t.url() + "/end");
  CHECK(get_with("/away")->body == "end GET");
  CHECK(with_secret == 0);
  CHECK(get_with("/loop").error().kind == ErrorKind::limit);
  CHECK(get_with("/file").error().kind == ErrorKind::invalid);
  ClientRequest post = to(t.url() + "/see");
  post.method = "POST";
  post.body = "x";
  post.headers.add("Authorization", "kept");
  CHECK(client.fetch(post)->body == "kept");
  post.url = t.url() + "/keep";
  CHECK(client.fetch(post).error().message.find("redirected with its body") != std::string::npos);
  ClientRequest none = to(t.url() + "/same");
  none.max_redirects = 0;
  CHECK(client.fetch(none)->status == 302);
}

TEST_CASE("Client::fetch: unchanged answers come from memory, per reader") {
  std::atomic<int> full = 0;
  auto router = std::make_shared<Router>();
  router->get("/data", [&](Request& r) {
    full += r.headers.has("If-None-Match") ? 0 : 1;
    return Response::text("the data");
  });
  TestServer t(router);
  Client client(quick_config());
  CHECK_FALSE(client.fetch(to(t.url() + "/data"))->from_memory);
  const auto again = client.fetch(to(t.url() + "/data"));
  CHECK(again->from_memory);
  CHECK(again->status == 200);
  CHECK(again->body == "the data");
  CHECK(again->headers.get("Content-Type") == "text/plain; charset=utf-8");
  ClientRequest other = to(t.url() + "/data");
  other.headers.add("Authorization", "Bearer other");
  CHECK_FALSE(client.fetch(other)->from_memory);
  CHECK(full == 2);
}

TEST_CASE("AnswerMemory: bounded") {
  AnswerMemory memory(10'000);
  Headers headers;
  headers.add("ETag", "\"x\"");
  for (int i = 0; i < 100; ++i) {
    memory.keep(AnswerMemory::key(std::to_string(i), {}), headers, std::string(1000, 'b'));
    CHECK(memory.bytes() <= 10'000);
  }
  CHECK(memory.find(AnswerMemory::key("99", {})) != nullptr);
  CHECK(memory.find(AnswerMemory::key("1", {})) == nullptr);
  memory.keep("big", headers, std::string(5000, 'b'));
  CHECK(memory.find("big") == nullptr);
  memory.keep("plain", {}, "x");
  CHECK(memory.find("plain") == nullptr);
  headers.add("Cache-Control", "private, no-store");
  memory.keep("secret", headers, "x");
  CHECK(memory.find("secret") == nullptr);
}

TEST_CASE("Client::fetch: repeats what may be repeated, as the server wishes") {
  std::atomic<int> asked = 0;
  auto router = std::make_shared<Router>();
  const auto flaky = [&](Request&) {
    return ++asked < 3 ? Response::error(503, "soon") : Response::text("now");
  };
  router->get("/flaky", flaky);
  router->post("/flaky", flaky);
  router->get("/wait", [&](Request&) {
    if (++asked > 1) {
      return Response::text("waited");
    }
    Response r = Response::error(429, "slow down");
    r.headers.add("Retry-After", "1");
    return r;
  });
  router->get("/never", [&](Request&) {
    ++asked;
    Response r = Response::error(503, "tomorrow");
    r.headers.add("Retry-After", "86400");
    return r;
  });
  TestServer t(router);
  Client client(quick_config());
  const auto answer = client.fetch(to(t.url() + "/flaky"));
  CHECK(answer->body == "now");
  CHECK(answer->attempts == 3);
  asked = 0;
  ClientRequest post = to(t.url() + "/flaky");
  post.method = "POST";
  CHECK(client.fetch(post)->status == 503);
  CHECK(asked == 1);
  asked = 0;
  const auto start = std::chrono::steady_clock::now();
  CHECK(client.fetch(to(t.url() + "/wait"))->body == "waited");
  CHECK(std::chrono::steady_clock::now() - start >= 1s);
  asked = 0;
  CHECK(client.fetch(to(t.url() + "/never"))->status == 503);
  CHECK(asked == 1);
}

TEST_CASE("Client::fetch: bounds on size and time, and stopping") {
  auto router = std::make_shared<Router>();
  router->get("/big", [](Request&) { return Response::text(std::string(1u << 20, 'x')); });
  router->get("/endless", [](Request&) {
    return Response::produce("text/plain", [](std::span<char> out) -> Result<std::size_t> {
      std::fill(out.begin(), out.end(), 'x');
      return out.size();
    });
  });
  router->get("/slow", [](Request& r) {
    for (int i = 0; i < 300 && !r.stop.stop_requested(); ++i) {
      std::this_thread::sleep_for(10ms);
    }
    return Response::text("slow");
  });
  TestServer t(router, [](ServerConfig& config) { config.worker_threads = 8; });
  Client client(quick_config());
  ClientRequest small = to(t.url() + "/big");  // a few hundred bytes when packed
  small.max_body = 100'000;
  CHECK(client.fetch(small).error().kind == ErrorKind::limit);
  ClientRequest endless = to(t.url() + "/endless");
  endless.max_body = 1u << 20;
  CHECK(client.fetch(endless).error().kind == ErrorKind::limit);
  ClientRequest slow = to(t.url() + "/slow");
  slow.timeout = 100ms;
  slow.attempts = 1;
  CHECK(client.fetch(slow).error().kind == ErrorKind::infrastructure);
  slow.timeout = 60s;
  slow.deadline = 200ms;
  CHECK_FALSE(client.fetch(slow).has_value());
  slow.deadline = 60s;
  std::stop_source stop;
  slow.stop = stop.get_token();
  std::jthread stopper([&] {
    std::this_thread::sleep_for(100ms);
    stop.request_stop();
  });
  CHECK(client.fetch(slow).error().message.ends_with(": stopped"));
  std::promise<Result<ClientResponse>> last;
  {
    Client closing(quick_config());
    closing.fetch(to(t.url() + "/slow"),
                  [&](Result<ClientResponse> r) { last.set_value(std::move(r)); });
    std::this_thread::sleep_for(50ms);
  }
  CHECK(last.get_future().get().error().message.ends_with("the client was closed"));
}

TEST_CASE("Client::fetch: many at once, with callbacks, and a body into a sink") {
  auto router = std::make_shared<Router>();
  router->get("/n/{n}", [](Request& r) { return Response::text(r.param("n")); });
  TestServer t(router);
  Client client(quick_config());
  std::atomic<int> good = 0;
  std::promise<void> done;
  for (int i = 0; i < 500; ++i) {
    client.fetch(to(t.url() + "/n/" + std::to_string(i)), [&, i](Result<ClientResponse> r) {
      if (r && r->body == std::to_string(i) && ++good == 500) {
        done.set_value();
      }
    });
  }
  CHECK(done.get_future().wait_for(20s) == std::future_status::ready);
  std::string taken;
  ClientRequest sunk = to(t.url() + "/n/abc");
  sunk.sink = [&](std::string_view piece) -> Result<void> {
    taken += piece;
    return {};
  };
  CHECK(client.fetch(sunk)->body.empty());
  CHECK(taken == "abc");
  sunk.sink = [](std::string_view) -> Result<void> { return fail(ErrorKind::limit, "full"); };
  CHECK(client.fetch(sunk).error().message == "full");
}

TEST_CASE("Client::fetch: a host that keeps failing is left alone, then tried again") {
  std::atomic<bool> broken = true;
  std::atomic<int> asked = 0;
  auto router = std::make_shared<Router>();
  router->get("/x", [&](Request&) {
    ++asked;
    return broken ? Response::error(500, "broken") : Response::text("fine");
  });
  TestServer t(router);
  ClientConfig config = quick_config();
  config.host.failures_to_open = 3;
  config.host.cooldown = 200ms;
  Client client(config);
  for (int i = 0; i < 3; ++i) {
    CHECK(client.fetch(to(t.url() + "/x"))->status == 500);
  }
  const auto left_alone = client.fetch(to(t.url() + "/x"));
  REQUIRE_FALSE(left_alone.has_value());
  CHECK(left_alone.error().message.find("failed several times") != std::string::npos);
  CHECK(left_alone.error().message.find("status 500") != std::string::npos);
  CHECK(asked == 3);
  broken = false;
  std::this_thread::sleep_for(250ms);
  CHECK(client.fetch(to(t.url() + "/x"))->body == "fine");
  CHECK(client.fetch(to(t.url() + "/x"))->body == "fine");
}

TEST_CASE("Client::fetch: public_only keeps out of our own network") {
  TestServer t(std::make_shared<Router>());
  ClientConfig config = quick_config();
  config.public_only = true;
  Client client(config);
  const auto result = client.fetch(to(t.url() + "/"));
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().kind == ErrorKind::invalid);
  CHECK(t.server->stats().accepted == 0);
}

TEST_CASE("HostGuard: budget, pauses, breaker") {
  HostRule rule{2, 2, 2, 1000ms, 3000ms};
  HostGuard guard(rule);
  HostGuard::Time now{};
  CHECK(guard.admit("a", now).when == now);
  CHECK(guard.admit("a", now).when == now);
  CHECK(guard.admit("a", now).when == now + 500ms);
  CHECK(guard.admit("b", now).when == now);
  now += 1h;
  guard.pause_until("a", now + 5s);
  CHECK(guard.admit("a", now).when == now + 5s);
  now += 10s;
  guard.failed("a", now, "refused");
  CHECK_FALSE(guard.admit("a", now).open);
  guard.failed("a", now, "status 502");
  CHECK(guard.admit("a", now).open);
  CHECK(guard.admit("a", now).why == "status 502");
  CHECK(guard.admit("a", now).when == now + 1s);
  now += 1s;
  CHECK_FALSE(guard.admit("a", now).open);  // the trial
  CHECK(guard.admit("a", now).open);        // and only one
  guard.failed("a", now, "status 502");
  CHECK(guard.admit("a", now).when == now + 2s);
  now += 2s;
  CHECK_FALSE(guard.admit("a", now).open);
  guard.succeeded("a");
  CHECK_FALSE(guard.admit("a", now).open);
}

TEST_CASE("parse_links") {
  Headers headers;
  headers.add("Link",
              "</p?page=2>; rel=\"next\", <https://h/a,b>; title=\"x, <y>; rel=no\"; rel=last");
  headers.add("Link", "<c>; rel=\"Prev first\", <d>; rel=next, <e>, <unclosed");
  const auto links = parse_links(headers);
  CHECK(links.size() == 4);
  CHECK(links.at("next") == "/p?page=2");
  CHECK(links.at("last") == "https://h/a,b");
  CHECK(links.at("prev") == "c");
  CHECK(links.at("first") == "c");
}

TEST_CASE("parse_url, resolve_url") {
  const auto url = parse_url("HTTP://Host.Example/a/b?c#d");
  REQUIRE(url.has_value());
  CHECK(url->origin == "http://host.example:80");
  CHECK(url->text.find('#') == std::string::npos);
  CHECK(resolve_url(*url, "x")->text.ends_with("/a/x"));
  CHECK(resolve_url(*url, "//other/y")->origin == "http://other:80");
  CHECK(resolve_url(*url, "https://h:444")->origin == "https://h:444");
  CHECK_FALSE(resolve_url(*url, "javascript:alert(1)").has_value());
}

}  // namespace
}  // namespace patchmill::http
