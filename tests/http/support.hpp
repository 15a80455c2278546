#pragma once
// A server on a free port and a client that says exactly what a test wants it to say.

#include "http/server.hpp"
#include "support/sanitized.hpp"
#include "util/fd.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

namespace patchmill::http::test {

using namespace std::chrono_literals;

struct TestServer {
  explicit TestServer(std::shared_ptr<Router> router,
                      std::function<void(ServerConfig&)> adjust = {})
      : io(2) {
    ServerConfig config;
    config.listen = {{"127.0.0.1:0"}};
    config.access_log = false;
    if (adjust) {
      adjust(config);
    }
    auto started = Server::start(io.context(), std::move(config), std::move(router));
    REQUIRE_MESSAGE(started.has_value(), (started ? "" : started.error().message));
    server = std::move(*started);
  }
  [[nodiscard]] std::uint16_t port() const { return server->port(0); }
  [[nodiscard]] std::string url() const { return server->addresses().at(0); }

  IoThreads io;
  std::unique_ptr<Server> server;
};

struct Answer {
  int status = 0;  // 0: none came
  Headers headers;
  std::string body;
  [[nodiscard]] std::string header(std::string_view name) const {
    return std::string(headers.get(name).value_or(""));
  }
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0)
      : m_fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) {
      ::setsockopt(m_fd.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    m_connected =
        ::connect(m_fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  // False when the server does not want it any more.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(m_fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) {
        return false;
      }
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  // Appends to the buffer; false at the end or when nothing came in time.
  bool receive(std::chrono::milliseconds limit = 5s) {
    pollfd wait{m_fd.get(), POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(limit.count())) != 1) {
      m_timed_out = true;
      return false;
    }
    char piece[65536];
    const ssize_t n = ::recv(m_fd.get(), piece, sizeof(piece), 0);
    if (n <= 0) {
      return false;
    }
    buffer.append(piece, static_cast<std::size_t>(n));
    return true;
  }
  // Everything until the server closes.
  std::string read_all(std::chrono::milliseconds limit = 5s) {
    while (receive(limit)) {
    }
    return std::exchange(buffer, {});
  }
  // Whether the server closed the connection within the time, whatever it sent before.
  bool closed_within(std::chrono::milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    m_timed_out = false;
    while (true) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          until - std::chrono::steady_clock::now());
      if (left <= 0ms) {
        return false;
      }
      if (!receive(left)) {
        return !m_timed_out;
      }
    }
  }
  Answer read_answer(bool head_only = false, std::chrono::milliseconds limit = 5s) {
    Answer answer;
    std::size_t end = std::string::npos;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
      if (!receive(limit)) {
        return answer;
      }
    }
    std::string head = buffer.substr(0, end + 2);
    buffer.erase(0, end + 4);
    answer.status = std::stoi(head.substr(9, 3));
    std::size_t at = head.find("\r\n") + 2;
    while (at < head.size()) {
      const auto line_end = head.find("\r\n", at);
      const auto colon = head.find(": ", at);
      answer.headers.add(head.substr(at, colon - at), head.substr(colon + 2, line_end - colon - 2));
      at = line_end + 2;
    }
    if (head_only || answer.status == 204 || answer.status == 304 || answer.status == 100) {
      return answer;
    }
    if (answer.header("Transfer-Encoding") == "chunked") {
      while (true) {
        const auto size_end = need("\r\n", limit);
        if (size_end == std::string::npos) {
          answer.status = 0;
          return answer;
        }
        const std::size_t size = std::stoul(buffer.substr(0, size_end), nullptr, 16);
        buffer.erase(0, size_end + 2);
        while (buffer.size() < size + 2) {
          if (!receive(limit)) {
            answer.status = 0;
            return answer;
          }
        }
        answer.body += buffer.substr(0, size);
        buffer.erase(0, size + 2);
        if (size == 0) {
          return answer;
        }
      }
    }
    const std::size_t length = std::stoul("0" + answer.header("Content-Length"));
    while (buffer.size() < length) {
      if (!receive(limit)) {
        answer.status = 0;
        return answer;
      }
    }
    answer.body = buffer.substr(0, length);
    buffer.erase(0, length);
    return answer;
  }
  Answer ask(std::string_view request) {
    send(request);
    return read_answer(request.starts_with("HEAD "));
  }
  // Waits until `text` is in the buffer; what was received up to and with it, "" if it never came.
  std::string read_until(std::string_view text, std::chrono::milliseconds limit = 5s) {
    const auto at = need(text, limit);
    if (at == std::string::npos) {
      return {};
    }
    std::string found = buffer.substr(0, at + text.size());
    buffer.erase(0, at + text.size());
    return found;
  }
  [[nodiscard]] bool connected() const { return m_connected; }
  [[nodiscard]] int fd() const { return m_fd.get(); }
  void close() { m_fd.reset(); }
  std::string buffer;

 private:
  std::size_t need(std::string_view text, std::chrono::milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    std::size_t at = 0;
    while ((at = buffer.find(text)) == std::string::npos) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          until - std::chrono::steady_clock::now());
      if (left <= 0ms || !receive(left)) {
        return std::string::npos;
      }
    }
    return at;
  }
  Fd m_fd;
  bool m_connected = false;
  bool m_timed_out = false;
};

inline std::string get(std::string_view path, std::string_view more = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n" + std::string(more) + "\r\n";
}

// Whether it becomes true within the time.
inline bool eventually(const std::function<bool()>& condition,
                       std::chrono::milliseconds limit = 5s) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) {
      return false;
    }
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

// Sanitizers keep freed memory, so that measuring it says nothing about the program.
inline constexpr bool k_memory_tells = !k_sanitized;

// Resident memory of this process in bytes.
inline std::size_t resident() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0;
  std::size_t pages = 0;
  file >> total >> pages;
  return pages * 4096;
}

}  // namespace patchmill::http::test
