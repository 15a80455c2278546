#pragma once
// A server in memory that writes down what it is asked, and fails on the way when told to.

#include "http/server.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace patchmill::test {

// Who derives from it calls start() when it is made, and stop() first of all when it ends.
class FaultyServer {
 public:
  struct Fault {
    std::string path;  // of requests that contain this
    int times = 1;
    int status = 0;  // 0: the answer is the right one
    std::string body = "<html><body><h1>Server Error (500)</h1></body></html>";
    std::string type = "text/html";
    bool after = false;  // what was asked for is done before this is said
    std::string method = "GET";
    std::chrono::milliseconds slow{0};
  };

  virtual ~FaultyServer() = default;
  [[nodiscard]] std::string url() const { return fmt::format("http://127.0.0.1:{}/", m_port); }
  void stop() { m_server.reset(); }
  void start_again() { start(m_port); }
  void add_fault(Fault fault) {
    const std::lock_guard lock(m_mutex);
    m_faults.push_back(std::move(fault));
  }
  void clear_faults() {
    const std::lock_guard lock(m_mutex);
    m_faults.clear();
  }
  // "GET series/1/", without the prefix; since the last call.
  std::vector<std::string> take_requests() {
    const std::lock_guard lock(m_mutex);
    return std::exchange(m_requests, {});
  }

 protected:
  explicit FaultyServer(std::string prefix) : m_prefix(std::move(prefix)), m_io(2) {}
  // Called with the mutex held.
  virtual http::Response right_answer(http::Request& request) = 0;

  void start(unsigned port) {
    auto router = std::make_shared<http::Router>();
    for (const auto* method : {"GET", "POST", "PATCH"}) {
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
  static http::Response html(int status) {
    return http::Response::html("<!doctype html><h1>Not Found</h1>", status);
  }
  static http::Response detail(int status, const std::string& text) {
    return http::Response::json(boost::json::object{{"detail", text}}, status);
  }

  std::mutex m_mutex;

 private:
  http::Response answer(http::Request& request) {
    std::optional<Fault> fault;
    {
      const std::lock_guard lock(m_mutex);
      const bool below = request.target.starts_with(m_prefix);
      m_requests.push_back(request.method + " " +
                           (below ? request.target.substr(m_prefix.size()) : request.target));
      for (auto& one : m_faults) {
        if (one.times > 0 && one.method == request.method &&
            request.target.find(one.path) != std::string::npos) {
          --one.times;
          fault = one;
          break;
        }
      }
    }
    if (fault) {
      std::this_thread::sleep_for(fault->slow);
    }
    const bool fails = fault && fault->status != 0;
    http::Response right;
    if (!fails || fault->after) {
      const std::lock_guard lock(m_mutex);
      right = right_answer(request);
    }
    if (!fails) {
      return right;
    }
    auto response = http::Response::text(fault->body, fault->status);
    response.headers.set("Content-Type", fault->type);
    return response;
  }

  const std::string m_prefix;
  std::vector<Fault> m_faults;
  std::vector<std::string> m_requests;
  std::uint16_t m_port = 0;
  http::IoThreads m_io;
  std::unique_ptr<http::Server> m_server;
};

}  // namespace patchmill::test
