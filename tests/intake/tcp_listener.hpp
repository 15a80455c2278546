#pragma once
// Servers of a few lines, for tests of what happens on the way.

#include "intake/waiter.hpp"
#include "util/fd.hpp"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace patchmill::test {

// Calls `serve` for each connection, one after the other, on a thread of its own.
class TcpListener {
 public:
  class Peer {
   public:
    Peer(Fd fd, intake::Waiter& waiter) : m_fd(std::move(fd)), m_waiter(waiter) {}
    // Up to the end of the head of a request, or of the connection.
    std::string read_until(std::string_view end) {
      std::string text;
      while (text.find(end) == std::string::npos) {
        const auto more = read_some();
        if (more.empty()) {
          break;
        }
        text += more;
      }
      return text;
    }
    // What comes next; empty at the end.
    std::string read_some() {
      std::array<char, 4096> buffer{};
      const auto count =
          ready(POLLIN) ? ::recv(m_fd.get(), buffer.data(), buffer.size(), 0) : ssize_t{0};
      return std::string(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    }
    bool write(std::string_view text) {
      while (!text.empty() && ready(POLLOUT)) {
        const auto count = ::send(m_fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
        if (count <= 0) {
          return false;
        }
        text.remove_prefix(static_cast<std::size_t>(count));
      }
      return text.empty();
    }
    // False once the test is over.
    bool pause(std::chrono::milliseconds time) {
      return m_waiter.wait(time) != intake::Waiter::Woken::stopped;
    }

   private:
    bool ready(short events) {
      std::array<pollfd, 1> polled{{{m_fd.get(), events, 0}}};
      return m_waiter.wait(std::chrono::seconds(30), polled) == intake::Waiter::Woken::ready;
    }
    Fd m_fd;
    intake::Waiter& m_waiter;
  };

  explicit TcpListener(std::function<void(Peer&)> serve) : m_serve(std::move(serve)) {
    m_fd = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(m_fd.get(), generic, size) == 0);
    REQUIRE(::listen(m_fd.get(), 16) == 0);
    REQUIRE(::getsockname(m_fd.get(), generic, &size) == 0);
    m_port = ntohs(address.sin_port);
    m_thread = std::thread([this] {
      while (true) {
        std::array<pollfd, 1> polled{{{m_fd.get(), POLLIN, 0}}};
        if (m_waiter.wait(std::chrono::hours(1), polled) != intake::Waiter::Woken::ready) {
          return;
        }
        Peer peer(Fd(::accept4(m_fd.get(), nullptr, nullptr, SOCK_CLOEXEC)), m_waiter);
        m_serve(peer);
      }
    });
  }
  ~TcpListener() {
    m_waiter.stop();
    m_thread.join();
  }
  TcpListener(const TcpListener&) = delete;
  TcpListener& operator=(const TcpListener&) = delete;
  [[nodiscard]] unsigned port() const { return m_port; }

 private:
  std::function<void(Peer&)> m_serve;
  intake::Waiter m_waiter;
  Fd m_fd;
  unsigned m_port = 0;
  std::thread m_thread;
};

// An address that never answers, not even with a refusal: its queue of connections is full.
class BlackHole {
 public:
  BlackHole() : m_listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(m_listener.get(), generic, size) == 0);
    REQUIRE(::listen(m_listener.get(), 0) == 0);
    REQUIRE(::getsockname(m_listener.get(), generic, &size) == 0);
    m_port = ntohs(address.sin_port);
    for (int i = 0; i < 16; ++i) {
      Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      ::connect(fd.get(), generic, size);
      pollfd polled{fd.get(), POLLOUT, 0};
      const bool answered = ::poll(&polled, 1, 100) > 0;
      m_waiting.push_back(std::move(fd));
      if (!answered) {
        return;
      }
    }
    FAIL("the queue is never full");
  }
  [[nodiscard]] unsigned port() const { return m_port; }

 private:
  Fd m_listener;
  std::vector<Fd> m_waiting;
  unsigned m_port = 0;
};

}  // namespace patchmill::test
