#pragma once
// A service that tells an address of a test, process by process.

#include "http/server.hpp"
#include "registry/support.hpp"
#include "service/webhook_poster.hpp"
#include "util/file.hpp"
#include "util/log.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace patchmill::service::webhook_test {

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

// What is logged meanwhile.
class HookLog {
 public:
  explicit HookLog(std::filesystem::path file) : m_file(std::move(file)) {
    REQUIRE(log::set_file(m_file).has_value());
  }
  ~HookLog() { static_cast<void>(log::set_file({})); }
  HookLog(const HookLog&) = delete;
  HookLog& operator=(const HookLog&) = delete;
  [[nodiscard]] int count(std::string_view words) const {
    const std::string text = read_file(m_file).value_or("");
    int found = 0;
    for (auto at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) {
      ++found;
    }
    return found;
  }

 private:
  const std::filesystem::path m_file;
};

}  // namespace patchmill::service::webhook_test
