#include "service/webhook_poster.hpp"

#include "http/server.hpp"
#include "registry/support.hpp"
#include "service/webhook_loop.hpp"
#include "util/file.hpp"
#include "util/hmac.hpp"
#include "util/log.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <deque>
#include <mutex>
#include <thread>

namespace patchmill::service {
namespace {

using namespace std::chrono_literals;
using registry::Category;
using registry::test::Rows;
using registry::test::TestStore;

// Takes what is posted, or does not.
class Receiver {
 public:
  struct Seen {
    std::string target, event, delivery, signature, type, body;
  };

  Receiver() : m_io(2) { start(0); }
  ~Receiver() { stop(); }

  [[nodiscard]] std::string url(const std::string& path = "/hook?key=not-to-be-shown") const {
    return fmt::format("http://127.0.0.1:{}{}", m_port, path);
  }
  void stop() { m_server.reset(); }
  void start_again() { start(m_port); }
  void answer_next(std::vector<int> statuses) {
    const std::lock_guard lock(m_mutex);
    m_statuses.assign(statuses.begin(), statuses.end());
  }
  void set_slow(std::chrono::milliseconds slow) {
    const std::lock_guard lock(m_mutex);
    m_slow = slow;
  }
  std::vector<Seen> take() {
    const std::lock_guard lock(m_mutex);
    return std::exchange(m_seen, {});
  }

 private:
  void start(unsigned port) {
    auto router = std::make_shared<http::Router>();
    for (const auto* method : {"GET", "POST"}) {
      http::Route route;
      route.method = method;
      route.pattern = "/{path...}";
      route.handler = [this](http::Request& request) { return answer(request); };
      router->add(std::move(route));
    }
    http::ServerConfig config;
    config.listen = {{fmt::format("127.0.0.1:{}", port)}};
    config.access_log = false;
    auto started = http::Server::start(m_io.context(), std::move(config), std::move(router));
    REQUIRE_MESSAGE(started.has_value(), (started ? "" : started.error().message));
    m_server = std::move(*started);
    m_port = m_server->port(0);
  }
  http::Response answer(http::Request& request) {
    int status = 204;
    std::chrono::milliseconds slow{0};
    {
      const std::lock_guard lock(m_mutex);
      m_seen.push_back({request.target, std::string(request.header("X-Patchmill-Event")),
                        std::string(request.header("X-Patchmill-Delivery")),
                        std::string(request.header("X-Patchmill-Signature-256")),
                        std::string(request.header("Content-Type")), request.body});
      if (!m_statuses.empty()) {
        status = m_statuses.front();
        m_statuses.pop_front();
      }
      slow = m_slow;
    }
    std::this_thread::sleep_for(slow);
    if (status >= 300 && status < 400) {
      return http::Response::redirect("/elsewhere", status);
    }
    return http::Response::text(status == 204 ? "" : "an answer\n", status == 204 ? 200 : status);
  }

  std::mutex m_mutex;
  std::deque<int> m_statuses;
  std::chrono::milliseconds m_slow{0};
  std::vector<Seen> m_seen;
  std::uint16_t m_port = 0;
  http::IoThreads m_io;
  std::unique_ptr<http::Server> m_server;
};

// A project with a patch, and an address that is told of it.
struct HookDesk {
  explicit HookDesk(TestStore& test_store) : store(test_store), rows(store.database()) {
    log::set_level(log::Level::error);
    config.store_url = store.url();
    config.data = store.folder();
    rows.person("ann@example.org", "Ann");
    rows.project("net");
    rows.project("other");
    rows.patch({.msgid = "one@example.org", .name = "net: count <frames>"});
    rows.patch({.project = 2});
    secret_file = store.folder() / "secret";
    REQUIRE(write_file_atomic(secret_file, "a very secret key\n"));
    hook = {"net",
            receiver.url(),
            {Category::patch_created, Category::patch_state_changed},
            {.file = secret_file.string(), .env = {}},
            true};
  }
  ~HookDesk() { log::set_level(log::Level::info); }

  registry::Id happens(Category category, registry::Id project = 1) {
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(store.clock().now() -
                                                                          registry::test::at(0));
    return rows.event({.category = category,
                       .project = project,
                       .date = static_cast<int>(minutes.count()),
                       .patch = project,
                       .previous = 1,
                       .current = 2});
  }
  // As a process that has just started: nothing is remembered but what the store has.
  void pass(const std::function<void(std::string_view)>& on_step = {}) {
    WebhookPoster poster(config, {hook}, options, store.clock(), state);
    poster.on_step = on_step;
    poster.pass({});
  }
  std::vector<registry::Id> told() {
    std::vector<registry::Id> ids;
    for (const auto& seen : receiver.take()) {
      ids.push_back(boost::json::parse(seen.body).at("id").to_number<registry::Id>());
    }
    return ids;
  }
  using Ids = std::vector<registry::Id>;

  TestStore& store;
  Rows rows;
  Receiver receiver;
  app::Config config;
  app::WebhookConfig hook;
  std::filesystem::path secret_file;
  WebhookOptions options{.base = "https://mill.example.org", .timeout = 5s};
  WebhookState state;
};

TEST_CASE("WebhookPoster: what is wanted, from now on, in order, as the API has it, signed") {
  registry::test::on_each_engine([](TestStore& store) {
    HookDesk desk(store);
    desk.happens(Category::patch_created);
    desk.pass();  // begins at the end of the events
    CHECK(desk.receiver.take().empty());

    desk.happens(Category::patch_state_changed);
    desk.happens(Category::patch_completed);   // not wanted
    desk.happens(Category::patch_created, 2);  // of another project
    desk.happens(Category::patch_created);
    desk.pass();
    desk.pass();
    const auto seen = desk.receiver.take();
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].event == "patch-state-changed");
    CHECK(seen[1].event == "patch-created");
    CHECK(seen[0].delivery != seen[1].delivery);
    CHECK(seen[0].target == "/hook?key=not-to-be-shown");
    CHECK(seen[0].type == "application/json");
    CHECK(seen[0].signature == "sha256=" + hmac_sha256_hex("a very secret key", seen[0].body));
    const auto event = boost::json::parse(seen[0].body).as_object();
    CHECK(event.at("id") == 2);
    CHECK(event.at("category") == "patch-state-changed");
    CHECK(event.at("project").at("link_name") == "net");
    CHECK(event.at("payload").at("patch").at("msgid") == "<one@example.org>");
    CHECK(event.at("payload").at("patch").at("url") ==
          "https://mill.example.org/api/1.4/patches/1/");
    CHECK(event.at("payload").at("previous_state") == "new");
    CHECK(event.at("payload").at("current_state") == "under-review");
    CHECK(desk.state.sent == 2);
    CHECK(desk.state.waiting == 0);
    // What was told takes no room.
    CHECK(store.database().value<std::int64_t>("SELECT COUNT(*) FROM outbox") == 0);
  });
}

TEST_CASE(
    "WebhookPoster: without a secret nothing is signed; one that cannot be read sends nothing") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.pass();
  desk.happens(Category::patch_created);
  desk.hook.secret = {.file = (store.folder() / "none").string(), .env = {}};
  desk.pass();
  CHECK(desk.receiver.take().empty());
  CHECK(desk.state.trouble.find("none") != std::string::npos);
  desk.hook.secret = {};
  store.clock().advance(1min);
  desk.pass();
  const auto seen = desk.receiver.take();
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].signature.empty());
}

TEST_CASE("WebhookPoster: tried again as the same delivery, and nothing overtakes it") {
  registry::test::on_each_engine([](TestStore& store) {
    HookDesk desk(store);
    desk.pass();
    const auto first = desk.happens(Category::patch_created);
    const auto second = desk.happens(Category::patch_state_changed);
    desk.receiver.answer_next({500, 503, 429});
    desk.pass();
    desk.pass();  // too early
    auto seen = desk.receiver.take();
    REQUIRE(seen.size() == 1);
    const auto failed = seen[0];
    CHECK(desk.state.trouble == "it answers 500");
    CHECK(desk.state.waiting == 2);
    for (int i = 0; i < 2; ++i) {
      store.clock().advance(1min);
      desk.pass();
      seen = desk.receiver.take();
      REQUIRE(seen.size() == 1);
      CHECK(seen[0].delivery == failed.delivery);
      CHECK(seen[0].body == failed.body);
      CHECK(seen[0].signature == failed.signature);
    }
    store.clock().advance(1min);
    desk.pass();
    CHECK(desk.told() == HookDesk::Ids{first, second});
    CHECK(desk.state.trouble.empty());
    CHECK(desk.state.failures == 0);
    CHECK(desk.state.waiting == 0);
  });
}

TEST_CASE("WebhookPoster: nobody listens, and then somebody does") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.pass();
  const auto event = desk.happens(Category::patch_created);
  desk.receiver.stop();
  desk.pass();
  CHECK_FALSE(desk.state.trouble.empty());
  CHECK(desk.state.trouble.find("not-to-be-shown") == std::string::npos);
  desk.receiver.start_again();
  store.clock().advance(1min);
  desk.pass();
  CHECK(desk.told() == HookDesk::Ids{event});
}

TEST_CASE("WebhookPoster: one that takes too long is tried again") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.options.timeout = 100ms;
  desk.pass();
  desk.happens(Category::patch_created);
  desk.receiver.set_slow(400ms);
  desk.pass();
  CHECK_FALSE(desk.state.trouble.empty());
  CHECK(desk.state.sent == 0);
  desk.receiver.set_slow(0ms);
  desk.options.timeout = 5s;
  store.clock().advance(1min);
  desk.pass();
  CHECK(desk.state.sent == 1);
  const auto seen = desk.receiver.take();
  REQUIRE(seen.size() == 2);  // both arrived
  CHECK(seen[0].delivery == seen[1].delivery);
}

TEST_CASE("WebhookPoster: a redirect is not followed") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.pass();
  desk.happens(Category::patch_created);
  desk.receiver.answer_next({307});
  desk.pass();
  const auto seen = desk.receiver.take();
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].target == "/hook?key=not-to-be-shown");
  CHECK(desk.state.trouble.find("redirect") != std::string::npos);
  CHECK(desk.state.waiting == 1);
}

TEST_CASE("WebhookPoster: an address of this machine has to be allowed") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.hook.private_address = false;
  desk.pass();
  desk.happens(Category::patch_created);
  desk.pass();
  CHECK(desk.receiver.take().empty());
  CHECK_FALSE(desk.state.trouble.empty());
  CHECK(desk.state.waiting == 1);
}

TEST_CASE("WebhookPoster: what was read and refused is given up, and the next one told") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.pass();
  const auto first = desk.happens(Category::patch_created);
  const auto second = desk.happens(Category::patch_created);
  desk.receiver.answer_next({422});
  desk.pass();
  CHECK(desk.told() == HookDesk::Ids{first, second});
  CHECK(desk.state.given_up == 1);
  store.clock().advance(24h);
  desk.pass();
  CHECK(desk.told().empty());
}

TEST_CASE("WebhookPoster: given up after three days") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.pass();
  desk.happens(Category::patch_created);
  desk.receiver.stop();
  for (int hour = 0; hour < 80; ++hour) {
    desk.pass();
    store.clock().advance(61min);
  }
  CHECK(desk.state.given_up == 1);
  CHECK(desk.state.waiting == 0);
  CHECK(store.database().value<std::int64_t>(
            "SELECT COUNT(*) FROM outbox WHERE state = 2 AND error <> ''") == 1);
  desk.receiver.start_again();
  const auto fresh = desk.happens(Category::patch_created);
  desk.pass();
  CHECK(desk.told() == HookDesk::Ids{fresh});
}

TEST_CASE("WebhookPoster: what happened long before anybody looked is told to nobody") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.pass();
  desk.happens(Category::patch_created);
  store.clock().advance(std::chrono::days(30));  // nothing ran
  const auto fresh = desk.happens(Category::patch_created);
  desk.pass();
  CHECK(desk.told() == HookDesk::Ids{fresh});
}

TEST_CASE("WebhookPoster: killed at any step, everything is told, in order") {
  for (const auto* at : {"claimed", "posted"}) {
    CAPTURE(at);
    TestStore store(store::Engine::sqlite);
    HookDesk desk(store);
    desk.pass();
    const auto first = desk.happens(Category::patch_created);
    const auto second = desk.happens(Category::patch_created);
    const auto child = ::fork();
    if (child == 0) {
      try {
        desk.pass([&](std::string_view step) {
          if (step == at) {
            ::kill(::getpid(), SIGKILL);
          }
        });
      } catch (...) {
      }
      ::_exit(1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    const auto before = desk.receiver.take();
    CHECK(before.size() == (at == std::string_view("posted") ? 1 : 0));
    desk.pass();  // the dead one's lease still holds: the second must not overtake the first
    CHECK(desk.receiver.take().empty());
    store.clock().advance(2min);
    desk.pass();
    const auto after = desk.receiver.take();
    REQUIRE(after.size() == 2);
    CHECK(boost::json::parse(after[0].body).at("id") == first);
    CHECK(boost::json::parse(after[1].body).at("id") == second);
    if (!before.empty()) {
      CHECK(before[0].delivery == after[0].delivery);
    }
    desk.pass();
    CHECK(desk.receiver.take().empty());
  }
}

TEST_CASE("WebhookPoster: a hook that is taken out is not told what waits") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.pass();
  desk.happens(Category::patch_created);
  desk.receiver.answer_next({500});
  desk.pass();
  desk.receiver.take();
  desk.hook.project = "other";
  store.clock().advance(1min);
  const auto event = desk.happens(Category::patch_created, 2);
  desk.pass();
  CHECK(desk.told() == HookDesk::Ids{event});
}

TEST_CASE("WebhookLoop: tells by itself, and shows nothing of the address but its origin") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.pass();
  const auto event = desk.happens(Category::patch_created);
  const SystemClock clock;  // the event is of its past: far too long ago but for this
  store.database().exec("UPDATE registry_events SET date = ?", to_micros(clock.now()));
  WebhookLoop loop(desk.config, {desk.hook}, "https://mill.example.org", clock);
  HookDesk::Ids told;
  for (int i = 0; i < 500 && told.empty(); ++i) {
    std::this_thread::sleep_for(10ms);
    told = desk.told();
  }
  CHECK(told == HookDesk::Ids{event});
  const auto health = loop.health();
  CHECK(health.name == "webhook " + health.place);
  CHECK(health.name.find("hook?") == std::string::npos);
}

}  // namespace
}  // namespace patchmill::service
