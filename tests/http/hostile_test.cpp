// The server against clients that mean harm, over real sockets.

#include "support.hpp"
#include "util/file.hpp"

namespace patchmill::http {
namespace {

using namespace test;

std::shared_ptr<Router> router() {
  auto r = std::make_shared<Router>();
  r->get("/hello", [](Request&) { return Response::text("hello"); });
  r->get("/big", [](Request&) { return Response::text(std::string(64u << 20, 'x')); });
  r->post("/echo", [](Request& request) { return Response::text(request.body); });
  r->get("/p/{name}/", [](Request& request) { return Response::text(request.param("name")); });
  return r;
}

void quick(ServerConfig& config) {
  config.timeouts.head = 600ms;
  config.timeouts.idle = 700ms;
  config.timeouts.body_idle = 600ms;
  config.timeouts.write = 600ms;
}

TEST_CASE("Server: five hundred slow heads do not delay anybody, and are cut") {
  TestServer t(router(), [](ServerConfig& config) {
    quick(config);
    config.timeouts.head = 2000ms;
    config.timeouts.idle = 10s;  // of the good one, while the slow ones send
    config.max_connections_per_address = 1000;
  });
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 500; ++i) {
    slow.push_back(std::make_unique<RawClient>(t.port()));
    REQUIRE(slow.back()->send("GET /hello HTTP/1.1\r\nHost: t\r\nX-A: "));
  }
  REQUIRE(eventually([&] { return t.server->stats().connections == 500; }));
  RawClient good(t.port());
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 50; ++i) {
    for (auto& s : slow) {
      s->send("b");
    }
    REQUIRE(good.ask(get("/hello")).body == "hello");
  }
  CHECK(std::chrono::steady_clock::now() - start < 10s);
  CHECK(eventually([&] { return t.server->stats().timed_out >= 500; }, 10s));
  const Answer told = slow[0]->read_answer();
  CHECK(told.status == 408);
  CHECK(slow[0]->closed_within(5s));
}

TEST_CASE("Server: a silent connection, a slow body and an idle one are cut") {
  TestServer t(router(), quick);
  RawClient silent(t.port());
  RawClient body(t.port());
  body.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nab");
  RawClient idle(t.port());
  CHECK(idle.ask(get("/hello")).status == 200);
  CHECK(silent.closed_within(3s));
  CHECK(body.read_answer().status == 408);
  CHECK(body.closed_within(3s));
  CHECK(idle.closed_within(3s));
  CHECK(eventually([&] { return t.server->stats().connections == 0; }));
}

TEST_CASE("Server: a body that drips is cut by its mean rate") {
  TestServer t(router(), [](ServerConfig& config) {
    config.timeouts.body_idle = 5s;
    config.timeouts.least_bytes_per_second = 1u << 30;  // after the grace of 10 s
  });
  RawClient client(t.port());
  client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\n");
  const auto start = std::chrono::steady_clock::now();
  bool cut = false;
  while (!cut && std::chrono::steady_clock::now() - start < 14s) {
    client.send("x");
    cut = client.receive(200ms);
  }
  CHECK(cut);
  CHECK(client.read_answer().status == 408);
}

TEST_CASE("Server: a client that does not read is cut, and costs what it asked for only") {
  TestServer t(router(), quick);
  RawClient client(t.port(), 4096);
  client.send(get("/big"));
  CHECK(eventually([&] { return t.server->stats().timed_out == 1; }));
  CHECK(eventually([&] { return t.server->stats().connections == 0; }));
}

TEST_CASE("Server: a huge head and a million header lines are 431, and little is kept of them") {
  TestServer t(router());
  const std::size_t before = resident();
  RawClient huge(t.port());
  huge.send("GET /hello HTTP/1.1\r\nHost: t\r\n");
  std::thread sender([&] {
    const std::string piece = "X-Long: " + std::string(60000, 'x');
    for (int i = 0; i < 1000; ++i) {
      if (!huge.send(piece)) {
        break;
      }
    }
  });
  CHECK(huge.read_answer().status == 431);
  huge.closed_within(5s);
  sender.join();

  RawClient lines(t.port());
  std::thread liner([&] {
    std::string piece;
    for (int i = 0; i < 1000; ++i) {
      piece += "A: b\r\n";
    }
    lines.send("GET /hello HTTP/1.1\r\nHost: t\r\n");
    for (int i = 0; i < 1000 && lines.send(piece); ++i) {
    }
  });
  CHECK(lines.read_answer().status == 431);
  lines.closed_within(5s);
  liner.join();
  RawClient line(t.port());
  line.send("GET /" + std::string(20000, 'a'));
  CHECK(line.read_answer().status == 414);
  CHECK((!k_memory_tells || resident() < before + (16u << 20)));
  CHECK(RawClient(t.port()).ask(get("/hello")).body == "hello");
}

TEST_CASE("Server: malformed requests get one answer, and what follows them is not run") {
  TestServer t(router());
  const std::string second = "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n";
  struct Case {
    std::string text;
    int status;
  };
  const std::vector<Case> cases = {
      {"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nTransfer-Encoding: "
       "chunked\r\n\r\n0\r\n\r\n",
       400},
      {"POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
       400},
      {"POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
      {"POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: identity\r\n\r\n", 501},
      {"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
      {"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 18446744073709551615\r\n\r\n", 413},
      {"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 18446744073709551616\r\n\r\n", 400},
      {"GET /hello HTTP/1.1\r\nHost: t\r\nA: b\r\n c\r\n\r\n", 400},
      {"GET /hello HTTP/1.1\nHost: t\n\n", 400},
      {"GET /hello HTTP/1.1\r\nHost : t\r\n\r\n", 400},
      {"GET /hello HTTP/1.1\r\n\r\n", 400},
      {"GET /hello HTTP/3.0\r\nHost: t\r\n\r\n", 505},
      {std::string("GET /he\0llo HTTP/1.1\r\nHost: t\r\n\r\n", 33), 400},
      {"garbage\r\n\r\n", 400},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    RawClient client(t.port());
    client.send(c.text + second);
    const Answer answer = client.read_answer();
    CHECK(answer.status == c.status);
    CHECK(answer.header("Connection") == "close");
    CHECK(answer.body.find("{\"detail\":\"") == 0);
    CHECK(client.read_all() == "");
  }
  CHECK(t.server->stats().malformed == 13);
}

TEST_CASE("Server: targets that lead astray are 400, and no redirect leaves the host") {
  TestServer t(router());
  RawClient client(t.port());
  const auto status = [&](const std::string& target) { return client.ask(get(target)).status; };
  CHECK(status("/p/%00/") == 400);
  CHECK(status("/p/..%2f..%2fetc/") == 200);  // one segment with slashes in it: only a name
  CHECK(status("/p/%2e%2e/") == 400);
  CHECK(status("/p/../hello") == 400);
  CHECK(status("/p/./") == 400);
  CHECK(status("/p/%c0%ae/") == 400);
  CHECK(status("/p/%zz/") == 400);
  CHECK(status("/p/%1/") == 400);
  CHECK(status("/p/%0d%0aSet-Cookie:x/") == 400);
  CHECK(status("//hello") == 404);
  CHECK(status("/hello?a=%00") == 400);
  CHECK(status("ftp://t/hello") == 400);
  CHECK(status("hello") == 400);
  CHECK(status("*") == 400);
  CHECK(status("/hello#x") == 400);
  CHECK(client.ask(get("http://other.example/hello")).body == "hello");
  CHECK(client.ask(get("/p/\\evil.example")).header("Location") == "/p/%5Cevil.example/");
  CHECK(client.ask("CONNECT t:443 HTTP/1.1\r\nHost: t\r\n\r\n").status == 400);
  CHECK(client.ask("TRACE /hello HTTP/1.1\r\nHost: t\r\n\r\n").status == 405);
}

TEST_CASE("Server: bodies in memory are bounded over all requests") {
  TestServer t(router(), [](ServerConfig& config) { config.max_buffered_bodies = 1u << 20; });
  std::vector<std::unique_ptr<RawClient>> clients;
  int refused = 0;
  const std::string most(900'000, 'x');
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<RawClient>(t.port()));
    clients.back()->send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\n");
    clients.back()->send(most);
    if (i == 0) {
      REQUIRE(eventually([&] { return t.server->stats().buffered >= most.size(); }, 20s));
    } else {
      refused += clients.back()->read_answer(false, 20s).status == 503 ? 1 : 0;
    }
  }
  CHECK(refused == 2);
  clients[0]->send(std::string(100'000, 'y'));
  CHECK(clients[0]->read_answer(false, 20s).body.size() == 1'000'000);
  CHECK(eventually([&] {
    return RawClient(t.port())
               .ask("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nok")
               .body == "ok";
  }));
}

TEST_CASE("Server: clients that vanish at any moment leave nothing behind") {
  TestServer t(router());
  const std::string request =
      "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\n0123456789" + get("/big");
  for (std::size_t cut = 0; cut <= request.size(); cut += 3) {
    RawClient client(t.port());
    client.send(request.substr(0, cut));
    linger hard{1, 0};  // a reset instead of an end
    ::setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  }
  CHECK(eventually([&] { return t.server->stats().connections == 0; }));
  CHECK(RawClient(t.port()).ask(get("/hello")).body == "hello");
}

}  // namespace
}  // namespace patchmill::http
