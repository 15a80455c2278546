#include "http/server.hpp"

#include "support.hpp"
#include "support/promptly.hpp"
#include "util/file.hpp"

#include <sys/resource.h>
#include <sys/un.h>

#include <atomic>
#include <future>

namespace patchmill::http {
namespace {

using namespace test;

std::shared_ptr<Router> small_router() {
  auto router = std::make_shared<Router>();
  router->get("/hello", [](Request&) { return Response::text("hello"); });
  router->get("/series/{id:uint}/", [](Request& r) { return Response::text(r.param("id")); });
  router->post("/echo", [](Request& r) { return Response::text(r.body); });
  router->get("/throw", [](Request&) -> Response { throw std::runtime_error("secret inside"); });
  router->get("/who", [](Request& r) {
    return Response::text(r.remote.text() + (r.https ? " https" : " http"));
  });
  return router;
}

TEST_CASE("Server: an answer, and another one on the same connection") {
  TestServer t(small_router());
  RawClient client(t.port());
  const Answer first = client.ask(get("/hello"));
  CHECK(first.status == 200);
  CHECK(first.body == "hello");
  CHECK(first.header("Content-Length") == "5");
  CHECK(first.header("Content-Type") == "text/plain; charset=utf-8");
  CHECK(first.header("X-Content-Type-Options") == "nosniff");
  CHECK(first.header("Date").ends_with(" GMT"));
  CHECK(client.ask(get("/series/7/")).body == "7");
  CHECK(t.server->stats().requests == 2);
  CHECK(t.server->stats().accepted == 1);
}

TEST_CASE("Server: HEAD has the headers of GET and no body") {
  TestServer t(small_router());
  RawClient client(t.port());
  const Answer answer = client.ask("HEAD /hello HTTP/1.1\r\nHost: test\r\n\r\n");
  CHECK(answer.status == 200);
  CHECK(answer.header("Content-Length") == "5");
  CHECK(client.ask(get("/hello")).body == "hello");  // nothing stray in between
}

TEST_CASE("Server: 404, 405 with Allow, OPTIONS, the other slash") {
  TestServer t(small_router());
  RawClient client(t.port());
  const Answer missing = client.ask(get("/nothing"));
  CHECK(missing.status == 404);
  CHECK(missing.body == "{\"detail\":\"there is nothing at /nothing\"}\n");
  CHECK(missing.header("Content-Type") == "application/json");
  CHECK(client.ask(get("/series/x/")).status == 404);
  const Answer wrong = client.ask("DELETE /hello HTTP/1.1\r\nHost: test\r\n\r\n");
  CHECK(wrong.status == 405);
  CHECK(wrong.header("Allow") == "GET, HEAD, OPTIONS");
  const Answer options = client.ask("OPTIONS /echo HTTP/1.1\r\nHost: test\r\n\r\n");
  CHECK(options.status == 204);
  CHECK(options.header("Allow") == "OPTIONS, POST");
  CHECK(client.ask("OPTIONS * HTTP/1.1\r\nHost: test\r\n\r\n").status == 204);
  const Answer slash = client.ask(get("/series/7?a=b%20c"));
  CHECK(slash.status == 301);
  CHECK(slash.header("Location") == "/series/7/?a=b%20c");
}

TEST_CASE("Server: an error is a page for those who prefer one, with the text escaped") {
  TestServer t(small_router());
  RawClient client(t.port());
  const Answer page = client.ask(get("/<script>", "Accept: text/html,*/*;q=0.8\r\n"));
  CHECK(page.status == 404);
  CHECK(page.header("Content-Type") == "text/html; charset=utf-8");
  CHECK(page.body.find("/&lt;script&gt;") != std::string::npos);
  CHECK(page.body.find("<script>") == std::string::npos);
  CHECK(page.header("Content-Security-Policy").find("default-src 'self'") == 0);
}

TEST_CASE("Server: what a handler throws is 500 and stays in the log") {
  TestServer t(small_router());
  RawClient client(t.port());
  const Answer answer = client.ask(get("/throw"));
  CHECK(answer.status == 500);
  CHECK(answer.body.find("secret") == std::string::npos);
  CHECK(client.ask(get("/hello")).status == 200);
}

TEST_CASE("Server: bodies by length and in chunks") {
  TestServer t(small_router());
  RawClient client(t.port());
  CHECK(client.ask("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc").body == "abc");
  CHECK(client.ask("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n").status == 200);
  const Answer chunked = client.ask(
      "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;name=value\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n");
  CHECK(chunked.body == "abc0123456789");
  // One byte at a time, across every boundary there is.
  const std::string slow =
      "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
      "1\r\nx\r\n2\r\nyz\r\n0\r\n\r\n";
  for (const char c : slow) {
    client.send(std::string_view(&c, 1));
    std::this_thread::sleep_for(200us);
  }
  CHECK(client.read_answer().body == "xyz");
  const std::string big(1u << 20, 'b');
  CHECK(
      client.ask("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1048576\r\n\r\n" + big).body ==
      big);
}

TEST_CASE("Server: a body that is too long is refused, before it is sent where that is possible") {
  TestServer t(small_router());
  RawClient announced(t.port());
  const Answer refused =
      announced.ask("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1048577\r\n\r\n");
  CHECK(refused.status == 413);
  CHECK(refused.header("Connection") == "close");
  CHECK(announced.closed_within(3s));
  RawClient chunked(t.port());
  chunked.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "10000\r\n" + std::string(65536, 'c') + "\r\n";
  for (int i = 0; i < 20; ++i) {
    chunked.send(chunk);
  }
  CHECK(chunked.read_answer().status == 413);
}

TEST_CASE("Server: 100-continue is said when the body is wanted, and only then") {
  TestServer t(small_router());
  RawClient client(t.port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.read_answer().status == 100);
  CHECK(client.ask("ok").body == "ok");
  CHECK(
      client
          .ask(
              "POST /none HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
          .status == 404);
  RawClient other(t.port());
  CHECK(other.ask("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\nExpect: tea\r\n\r\nok")
            .status == 417);
}

TEST_CASE("Server: a thousand pipelined requests are answered in order") {
  TestServer t(small_router());
  RawClient client(t.port());
  std::string all;
  for (int i = 0; i < 1000; ++i) {
    all += get("/series/" + std::to_string(i) + "/");
  }
  std::thread sender([&] { client.send(all); });
  for (int i = 0; i < 1000; ++i) {
    const Answer answer = client.read_answer();
    REQUIRE(answer.status == 200);
    REQUIRE(answer.body == std::to_string(i));
  }
  sender.join();
}

TEST_CASE("Server: HTTP/1.0 closes unless asked to stay") {
  TestServer t(small_router());
  RawClient client(t.port());
  const Answer kept = client.ask("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(kept.header("Connection") == "keep-alive");
  const Answer last = client.ask("GET /hello HTTP/1.0\r\n\r\n");
  CHECK(last.header("Connection") == "close");
  CHECK(client.closed_within(3s));
  RawClient closing(t.port());
  CHECK(closing.ask(get("/hello", "Connection: close\r\n")).body == "hello");
  CHECK(closing.closed_within(3s));
}

TEST_CASE("Server: forwarded addresses count from trusted proxies only") {
  const std::string forged =
      "X-Forwarded-For: 203.0.113.9, 192.0.2.7\r\nX-Forwarded-Proto: https\r\n";
  {
    TestServer t(small_router());
    RawClient client(t.port());
    CHECK(client.ask(get("/who", forged)).body == "127.0.0.1 http");
  }
  TestServer t(small_router(), [](ServerConfig& config) {
    config.trusted_proxies = {*Network::parse("127.0.0.0/8"), *Network::parse("192.0.2.0/24")};
  });
  RawClient client(t.port());
  CHECK(client.ask(get("/who", forged)).body == "203.0.113.9 https");
  CHECK(client.ask(get("/who", "X-Forwarded-For: 1.1.1.1, 9.9.9.9\r\n")).body == "9.9.9.9 http");
  CHECK(client.ask(get("/who", "X-Forwarded-For: nonsense\r\n")).body == "127.0.0.1 http");
}

TEST_CASE("Server: a Unix socket, with its permissions, taken over from a dead server") {
  const TempDir folder;
  const std::string path = (folder.path() / "http.sock").string();
  {
    const Fd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    REQUIRE(::bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  }
  TestServer t(small_router(), [&](ServerConfig& config) { config.listen = {{"unix:" + path}}; });
  CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::others_all) ==
        std::filesystem::perms::none);
  CHECK(t.server->addresses()[0] == "unix:" + path);
  ServerConfig second;
  second.listen = {{"unix:" + path}};
  const auto taken = Server::start(t.io.context(), second, small_router());
  REQUIRE_FALSE(taken.has_value());
  CHECK(taken.error().message.find("another program listens there") != std::string::npos);
  t.server->stop();
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("Server::start: says which address cannot be had and why") {
  TestServer t(small_router());
  const auto try_address = [&](const std::string& address) {
    ServerConfig config;
    config.listen = {{address}};
    const auto result = Server::start(t.io.context(), config, small_router());
    REQUIRE_FALSE(result.has_value());
    return result.error().message;
  };
  const std::string same = "127.0.0.1:" + std::to_string(t.port());
  CHECK(try_address(same).find("cannot listen on " + same + ": Address already in use") == 0);
  CHECK(try_address("nonsense").find("write HOST:PORT") != std::string::npos);
  CHECK(try_address("127.0.0.1:70000").find("write HOST:PORT") != std::string::npos);
  CHECK(try_address("fd:999").find("no listening socket") != std::string::npos);
}

TEST_CASE("Server::start: one file too few is an error, not a server that spins") {
  IoThreads io(1);
  const Fd lowest(::dup(0));
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  // Just the listening socket can still be opened, in place of `lowest`.
  rlimit few = before;
  few.rlim_cur = static_cast<rlim_t>(lowest.get()) + 1;
  ::close(lowest.get());
  ServerConfig config;
  config.listen = {{"127.0.0.1:0"}};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  const auto result = Server::start(io.context(), config, small_router());
  ::setrlimit(RLIMIT_NOFILE, &before);
  ::dup2(0, lowest.get());
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().message.find("raise the limit of open files") != std::string::npos);
}

TEST_CASE("Server: several listeners at once") {
  TestServer t(small_router(),
               [](ServerConfig& config) { config.listen = {{"127.0.0.1:0"}, {"127.0.0.1:0"}}; });
  CHECK(t.server->port(0) != t.server->port(1));
  CHECK(RawClient(t.server->port(0)).ask(get("/hello")).body == "hello");
  CHECK(RawClient(t.server->port(1)).ask(get("/hello")).body == "hello");
}

TEST_CASE("Server: a socket that was passed on stays open for the next server") {
  const Fd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::listen(listening.get(), 16) == 0);
  const auto serve = [&] {
    TestServer t(small_router(), [&](ServerConfig& config) {
      config.listen = {{"fd:" + std::to_string(::dup(listening.get()))}};
    });
    RawClient client(t.port());
    CHECK(client.ask(get("/hello")).body == "hello");
    CHECK(t.server->stop());
    return t.port();
  };
  CHECK(serve() == serve());
}

TEST_CASE("Server: IPv6, and IPv4 through the same wildcard") {
  const Fd probe(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 loopback{};
  loopback.sin6_family = AF_INET6;
  loopback.sin6_addr = in6addr_loopback;
  if (::bind(probe.get(), reinterpret_cast<const sockaddr*>(&loopback), sizeof(loopback)) != 0) {
    MESSAGE("no IPv6 here");
    return;
  }
  TestServer t(small_router(), [](ServerConfig& config) { config.listen = {{"[::]:0"}}; });
  CHECK(t.url().starts_with("http://[::]:"));
  CHECK(RawClient(t.port()).ask(get("/who")).body == "127.0.0.1 http");
  loopback.sin6_port = htons(t.port());
  const Fd client(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::connect(client.get(), reinterpret_cast<const sockaddr*>(&loopback), sizeof(loopback)) ==
          0);
  const std::string request = get("/who", "Connection: close\r\n");
  REQUIRE(::send(client.get(), request.data(), request.size(), MSG_NOSIGNAL) > 0);
  char buffer[4096];
  const ssize_t n = ::recv(client.get(), buffer, sizeof(buffer), 0);
  REQUIRE(n > 0);
  CHECK(std::string(buffer, static_cast<std::size_t>(n)).ends_with("::1 http"));
}

TEST_CASE("Server: an error page that fails does not take the server with it") {
  TestServer t(small_router(), [](ServerConfig& config) {
    config.error_page = [](int, std::string_view) -> std::string {
      throw std::runtime_error("template");
    };
  });
  RawClient client(t.port());
  CHECK(client.ask(get("/throw", "Accept: text/html\r\n")).status == 500);
  CHECK(RawClient(t.port()).ask(get("/hello")).body == "hello");
}

TEST_CASE("Server: connections over the limit of an address or of all are turned away") {
  TestServer t(small_router(),
               [](ServerConfig& config) { config.max_connections_per_address = 3; });
  std::vector<std::unique_ptr<RawClient>> held;
  for (int i = 0; i < 3; ++i) {
    held.push_back(std::make_unique<RawClient>(t.port()));
    CHECK(held.back()->ask(get("/hello")).status == 200);
  }
  RawClient fourth(t.port());
  const Answer refused = fourth.read_answer();
  CHECK(refused.status == 503);
  CHECK(refused.header("Retry-After") == "5");
  CHECK(refused.body == "{\"detail\": \"too many connections\"}");
  CHECK(fourth.closed_within(3s));
  CHECK(t.server->stats().refused == 1);
  held.pop_back();
  CHECK(eventually([&] { return RawClient(t.port()).ask(get("/hello")).status == 200; }));
}

TEST_CASE("Server: too many requests from one address are 429 with Retry-After") {
  TestServer t(small_router(), [](ServerConfig& config) {
    config.address_rate = RateLimiter::Rule{0.001, 5, 1000};
  });
  RawClient client(t.port());
  for (int i = 0; i < 5; ++i) {
    CHECK(client.ask(get("/hello")).status == 200);
  }
  const Answer refused = client.ask(get("/hello"));
  CHECK(refused.status == 429);
  CHECK(std::stoi(refused.header("Retry-After")) > 100);
}

TEST_CASE("Server: more work than the workers can hold is 503, and the loop stays free") {
  std::promise<void> release;
  const auto released = release.get_future().share();
  auto router = small_router();
  router->get("/slow", [released](Request&) {
    released.wait();
    return Response::text("done");
  });
  Route quick{"GET", "/quick", [](Request&) { return Response::text("quick"); }, {}};
  quick.run = Run::loop;
  router->add(std::move(quick));
  TestServer t(router, [](ServerConfig& config) {
    config.worker_threads = 2;
    config.max_waiting = 4;
  });
  std::vector<std::unique_ptr<RawClient>> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.push_back(std::make_unique<RawClient>(t.port()));
    waiting.back()->send(get("/slow"));
  }
  REQUIRE(eventually([&] { return t.server->stats().waiting == 4; }));
  RawClient client(t.port());
  const Answer refused = client.ask(get("/hello"));
  CHECK(refused.status == 503);
  CHECK(refused.header("Retry-After") == "1");
  CHECK(client.ask(get("/quick")).body == "quick");
  release.set_value();
  for (auto& w : waiting) {
    CHECK(w->read_answer().body == "done");
  }
  CHECK(client.ask(get("/hello")).status == 200);
}

TEST_CASE("Server::set_router: new requests see the new routes") {
  TestServer t(small_router());
  RawClient client(t.port());
  CHECK(client.ask(get("/new")).status == 404);
  auto router = std::make_shared<Router>();
  router->get("/new", [](Request&) { return Response::text("new"); });
  t.server->set_router(router);
  CHECK(client.ask(get("/new")).body == "new");
  CHECK(client.ask(get("/hello")).status == 404);
}

TEST_CASE("Server::stop: idle connections at once, running requests get to finish") {
  std::atomic<bool> inside = false;
  auto router = small_router();
  router->get("/slow", [&](Request&) {
    inside = true;
    std::this_thread::sleep_for(300ms);
    return Response::text("finished");
  });
  TestServer t(router);
  RawClient idle(t.port());
  CHECK(idle.ask(get("/hello")).status == 200);
  RawClient busy(t.port());
  busy.send(get("/slow"));
  REQUIRE(eventually([&] { return inside.load(); }));
  const auto start = std::chrono::steady_clock::now();
  std::thread stopper([&] { CHECK(t.server->stop()); });
  const Answer answer = busy.read_answer();
  CHECK(answer.body == "finished");
  CHECK(answer.header("Connection") == "close");
  stopper.join();
  CHECK(std::chrono::steady_clock::now() - start < patchmill::test::k_promptly);
  CHECK(idle.closed_within(patchmill::test::k_promptly));
  // The listening socket may still complete a handshake, but nobody answers.
  CHECK(RawClient(t.port()).ask(get("/hello")).status == 0);
}

TEST_CASE("Server::stop: a handler that does not end delays nobody by more than a second") {
  std::promise<void> release;
  const auto released = release.get_future().share();
  std::atomic<bool> told = false;
  auto router = small_router();
  router->get("/hang", [&](Request& r) {
    std::stop_callback callback(r.stop, [&] { told = true; });
    released.wait();
    return Response::text("late");
  });
  TestServer t(router);
  RawClient hanging(t.port());
  hanging.send(get("/hang"));
  REQUIRE(eventually([&] { return t.server->stats().waiting == 1; }));
  RawClient half(t.port());
  half.send("GET /hello HT");
  const auto start = std::chrono::steady_clock::now();
  CHECK_FALSE(t.server->stop());
  CHECK(std::chrono::steady_clock::now() - start < patchmill::test::k_promptly);
  CHECK(told);
  CHECK(half.closed_within(1s));
  release.set_value();
}

TEST_CASE("Server: the record of a request says what happened") {
  std::mutex mutex;
  std::vector<std::string> lines;
  TestServer t(small_router(), [&](ServerConfig& config) {
    config.on_request = [&](const RequestRecord& record) {
      const std::lock_guard lock(mutex);
      lines.push_back(format_access(record));
    };
  });
  RawClient client(t.port());
  client.ask(get("/series/7/?q=1", "User-Agent: a \"quoted\" agent\r\n"));
  client.ask("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc");
  REQUIRE(eventually([&] {
    const std::lock_guard lock(mutex);
    return lines.size() == 2;
  }));
  CHECK(
      lines[0].find("http remote=127.0.0.1 method=GET target=\"/series/7/?q=1\" status=200 bytes=1 "
                    "ms=") == 0);
  CHECK(lines[0].find(" route=/series/{id:uint}/ id=") != std::string::npos);
  CHECK(lines[0].find(" agent=\"a \\\"quoted\\\" agent\"") != std::string::npos);
  CHECK(lines[1].find(" in=3") != std::string::npos);
}

}  // namespace
}  // namespace patchmill::http
