#include "http/event_stream.hpp"

#include "support.hpp"
#include "support/promptly.hpp"

namespace patchmill::http {
namespace {

using namespace test;

TEST_CASE("encode_event: every line of the data, nothing that forges a field") {
  CHECK(*encode_event({"7", "log", "a\nb"}) == "id: 7\nevent: log\ndata: a\ndata: b\n\n");
  CHECK(*encode_event({"", "", ""}) == "data: \n\n");
  CHECK(*encode_event({"1\nevent: x", "a\rdata: y", "l1\r\nid: 9\rl3"}) ==
        "id: 1event: x\nevent: adata: y\ndata: l1\ndata: id: 9\ndata: l3\n\n");
}

TEST_CASE("EventStream::push: closed at once when more piles up than it may hold") {
  const auto stream = EventStream::create(100);
  CHECK(stream->push({"", "", "fits"}));
  CHECK_FALSE(stream->push({"", "", std::string(100, 'x')}));
  CHECK(stream->overflowed());
  CHECK_FALSE(stream->push({"", "", "late"}));
  CHECK(stream->take().empty());
}

std::string texts(EventStream& stream) {
  std::string all;
  for (const Frame& frame : stream.take()) {
    all += *frame;
  }
  return all;
}

TEST_CASE("EventHub::subscribe: what was missed, or a reset") {
  EventHub hub({.history_events = 3, .history_bytes = 1u << 20, .queued_bytes = 1000});
  CHECK(texts(*hub.subscribe("5")) == "event: reset\ndata: \n\n");  // nothing known yet
  for (std::uint64_t i = 10; i < 16; ++i) {
    hub.publish(i, "e", std::to_string(i));
  }
  CHECK(texts(*hub.subscribe()).empty());
  CHECK(texts(*hub.subscribe("15")).empty());
  CHECK(texts(*hub.subscribe("13")) ==
        "id: 14\nevent: e\ndata: 14\n\nid: 15\nevent: e\ndata: 15\n\n");
  CHECK(texts(*hub.subscribe("12")).find("id: 13\n") == 0);
  CHECK(texts(*hub.subscribe("11")) == "id: 15\nevent: reset\ndata: \n\n");
  CHECK(texts(*hub.subscribe("99")) == "id: 15\nevent: reset\ndata: \n\n");
  CHECK(texts(*hub.subscribe("-1; DROP")) == "id: 15\nevent: reset\ndata: \n\n");
  const auto filtered = hub.subscribe("12", [](const Event& e) { return e.data != "14"; });
  CHECK(texts(*filtered).find("14") == std::string::npos);
  hub.publish(16, "e", "14");
  hub.publish(17, "e", "x");
  CHECK(texts(*filtered) == "id: 17\nevent: e\ndata: x\n\n");
}

TEST_CASE("EventHub: a history too long for a subscriber is a reset, closed ones are forgotten") {
  EventHub hub({.history_events = 100, .history_bytes = 4096, .queued_bytes = 300});
  for (std::uint64_t i = 1; i <= 20; ++i) {
    hub.publish(i, "e", std::string(50, 'x'));
  }
  CHECK(texts(*hub.subscribe("5")) == "id: 20\nevent: reset\ndata: \n\n");
  CHECK(texts(*hub.subscribe("18")).find("id: 19") == 0);
  CHECK(hub.subscribers() == 2);
  const auto one = hub.subscribe();
  one->close();
  CHECK(hub.subscribers() == 2);
  hub.close();
  CHECK(hub.subscribers() == 0);
}

struct Events {
  EventHub hub;
  std::shared_ptr<Router> router = std::make_shared<Router>();
  Events() {
    router->get("/events", [this](Request& r) {
      return Response::events(hub.subscribe(r.headers.get("Last-Event-ID")));
    });
    router->get("/hello", [](Request&) { return Response::text("hello"); });
  }
};

TEST_CASE("Server: events arrive, and a client that comes back misses none") {
  Events e;
  TestServer t(e.router);
  RawClient client(t.port());
  client.send(get("/events"));
  const Answer head = client.read_answer(true);
  CHECK(head.header("Content-Type") == "text/event-stream");
  CHECK(head.header("Cache-Control") == "no-cache");
  REQUIRE(eventually([&] { return e.hub.subscribers() == 1; }));
  e.hub.publish(1, "series", "one");
  CHECK(client.read_until("data: one\n\n").find("id: 1\nevent: series\n") != std::string::npos);
  client.close();
  CHECK(eventually([&] { return t.server->stats().connections == 0; }));
  e.hub.publish(2, "series", "two");
  e.hub.publish(3, "series", "three");
  RawClient back(t.port());
  back.send(get("/events", "Last-Event-ID: 1\r\n"));
  const std::string missed = back.read_until("data: three\n\n");
  CHECK(missed.find("data: two\n\n") != std::string::npos);
  CHECK(missed.find("data: one") == std::string::npos);
  CHECK(e.hub.subscribers() == 1);
}

TEST_CASE("Server: a quiet event stream gets heartbeats, HTTP/1.0 too") {
  Events e;
  TestServer t(e.router, [](ServerConfig& config) {
    config.timeouts.heartbeat = 300ms;
    config.timeouts.write = 500ms;
    config.timeouts.idle = 500ms;
  });
  RawClient client(t.port());
  client.send("GET /events HTTP/1.0\r\n\r\n");
  CHECK(client.read_answer(true).header("Connection") == "close");
  for (int i = 0; i < 4; ++i) {
    CHECK(client.read_until(":\n\n", 2s) == ":\n\n");
  }
  e.hub.close();
  CHECK(client.closed_within(2s));
}

TEST_CASE("Server: an event stream whose client does not read is dropped, the others go on") {
  Events e;
  TestServer t(e.router);
  RawClient lazy(t.port(), 4096);
  lazy.send(get("/events"));
  RawClient keen(t.port());
  keen.send(get("/events"));
  REQUIRE(eventually([&] { return e.hub.subscribers() == 2; }));
  const std::size_t before = resident();
  const std::string piece(16384, 'x');
  std::uint64_t sequence = 0;
  CHECK(eventually(
      [&] {
        for (int i = 0; i < 8; ++i) {
          e.hub.publish(++sequence, "big", piece);
          keen.read_until("\n\n");
          keen.buffer.clear();
        }
        return e.hub.subscribers() == 1;
      },
      20s));
  CHECK(eventually([&] { return t.server->stats().event_streams == 1; }));
  CHECK((!k_memory_tells || resident() < before + (48u << 20)));
}

TEST_CASE("Server::stop: event streams end within the second") {
  Events e;
  TestServer t(e.router);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(std::make_unique<RawClient>(t.port()));
    clients.back()->send(get("/events"));
  }
  REQUIRE(eventually([&] { return t.server->stats().event_streams == 50; }));
  const auto start = std::chrono::steady_clock::now();
  CHECK(t.server->stop());
  CHECK(std::chrono::steady_clock::now() - start < patchmill::test::k_promptly);
  CHECK(clients[0]->read_all().ends_with("0\r\n\r\n"));
}

}  // namespace
}  // namespace patchmill::http
