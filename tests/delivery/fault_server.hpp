#pragma once
// An SMTP server that misbehaves as it is told, on a port of 127.0.0.1 of its own.
//
// It remembers every mail it took responsibility for: from the final dot on, also when it then
// dies before saying so. That is what "never twice" is measured by.

#include "util/fd.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace patchmill::test {

struct TakenMail {
  std::string sender;
  std::vector<std::string> recipients;
  std::string data;  // as on the wire, dots still doubled
};

// What one connection does. Stages: "connect", "EHLO", "MAIL", "RCPT", "DATA", "body" (after the
// first piece of it), "dot".
struct Behaviour {
  std::map<std::string, std::string> replies;  // instead of the good one; key also "RCPT a@b"
  std::string cut_before;                      // hangs up instead of answering this stage
  std::string cut_after;                       // hangs up right after answering it
  std::string silent_at;                       // says nothing more from this stage on
  std::vector<std::string> extensions = {"SIZE 100000", "8BITMIME"};
};

class FaultServer {
 public:
  explicit FaultServer(std::vector<Behaviour> behaviours = {{}}) : m_behaviours(behaviours) {
    m_listener = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* plain = reinterpret_cast<sockaddr*>(&address);  // NOLINT
    ::bind(m_listener.get(), plain, size);
    ::listen(m_listener.get(), 16);
    ::getsockname(m_listener.get(), plain, &size);
    m_port = ntohs(address.sin_port);
    m_thread = std::thread([this] { serve(); });
  }
  ~FaultServer() {
    m_stop = true;
    m_thread.join();
  }
  FaultServer(const FaultServer&) = delete;
  FaultServer& operator=(const FaultServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return m_port; }
  // The last one stays for all further connections.
  void behave(std::vector<Behaviour> behaviours) {
    const std::lock_guard lock(m_mutex);
    m_behaviours = std::move(behaviours);
    m_connections = 0;
  }
  [[nodiscard]] std::vector<TakenMail> taken() {
    const std::lock_guard lock(m_mutex);
    return m_taken;
  }
  [[nodiscard]] std::vector<std::string> commands() {
    const std::lock_guard lock(m_mutex);
    return m_commands;
  }
  [[nodiscard]] int connections() {
    const std::lock_guard lock(m_mutex);
    return m_connections;
  }
  // Called in the server's thread when a stage is reached, before it is answered.
  void on_stage(std::function<void(const std::string&)> f) {
    const std::lock_guard lock(m_mutex);
    m_on_stage = std::move(f);
  }

 private:
  struct Hangup {};

  void serve() {
    std::vector<std::thread> threads;
    while (!m_stop) {
      pollfd one{m_listener.get(), POLLIN, 0};
      if (::poll(&one, 1, 20) > 0) {
        Fd connection(::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        Behaviour behaviour;
        {
          const std::lock_guard lock(m_mutex);
          behaviour = m_behaviours[std::min(static_cast<std::size_t>(m_connections),
                                            m_behaviours.size() - 1)];
          ++m_connections;
        }
        threads.emplace_back([this, behaviour, fd = connection.release()] {
          Fd owned(fd);
          try {
            talk(owned, behaviour);
          } catch (const Hangup&) {
          }
        });
      }
    }
    for (auto& thread : threads) {
      thread.join();
    }
  }

  void send(const Fd& fd, std::string_view text) {
    if (::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) {
      throw Hangup();
    }
  }

  std::string receive(const Fd& fd, std::string& buffer) {
    while (true) {
      if (const auto end = buffer.find('\n'); end != std::string::npos) {
        std::string line = buffer.substr(0, end);
        buffer.erase(0, end + 1);
        if (!line.empty() && line.back() == '\r') {
          line.pop_back();
        }
        return line;
      }
      more(fd, buffer);
    }
  }

  void more(const Fd& fd, std::string& buffer) {
    while (!m_stop) {
      pollfd one{fd.get(), POLLIN, 0};
      if (::poll(&one, 1, 20) > 0) {
        char block[4096];
        const ssize_t n = ::recv(fd.get(), block, sizeof(block), 0);
        if (n <= 0) {
          throw Hangup();
        }
        buffer.append(block, static_cast<std::size_t>(n));
        return;
      }
    }
    throw Hangup();
  }

  void wait_for_the_end(const Fd& fd) {
    std::string ignored;
    while (true) {
      more(fd, ignored);
    }
  }

  // Answers a stage as told; `key` may be more specific than the stage.
  void answer(const Fd& fd, const Behaviour& behaviour, const std::string& stage,
              const std::string& key, const std::string& good) {
    std::function<void(const std::string&)> on_stage;
    {
      const std::lock_guard lock(m_mutex);
      on_stage = m_on_stage;
    }
    if (on_stage) {
      on_stage(stage);
    }
    if (behaviour.cut_before == stage) {
      throw Hangup();
    }
    if (behaviour.silent_at == stage) {
      wait_for_the_end(fd);
    }
    auto reply = behaviour.replies.find(key);
    reply = reply == behaviour.replies.end() ? behaviour.replies.find(stage) : reply;
    send(fd, reply != behaviour.replies.end() ? reply->second + "\r\n" : good + "\r\n");
    if (behaviour.cut_after == stage) {
      throw Hangup();
    }
  }

  static bool is_good(const Behaviour& behaviour, const std::string& stage,
                      const std::string& key) {
    auto reply = behaviour.replies.find(key);
    reply = reply == behaviour.replies.end() ? behaviour.replies.find(stage) : reply;
    return reply == behaviour.replies.end() || reply->second.starts_with('2');
  }

  void talk(const Fd& fd, const Behaviour& behaviour) {
    std::string buffer;
    TakenMail mail;
    answer(fd, behaviour, "connect", "connect", "220 test.example.org ESMTP");
    while (true) {
      const std::string line = receive(fd, buffer);
      {
        const std::lock_guard lock(m_mutex);
        m_commands.push_back(line);
      }
      const std::string verb = line.substr(0, 4);
      if (verb == "EHLO") {
        std::string hello = "250-test.example.org";
        for (const auto& extension : behaviour.extensions) {
          hello += "\r\n250-" + extension;
        }
        answer(fd, behaviour, "EHLO", "EHLO", hello + "\r\n250 HELP");
      } else if (verb == "MAIL") {
        mail = {line.substr(11, line.find('>') - 11), {}, ""};
        answer(fd, behaviour, "MAIL", "MAIL", "250 2.1.0 sender ok");
      } else if (verb == "RCPT") {
        const std::string person = line.substr(9, line.find('>') - 9);
        answer(fd, behaviour, "RCPT", "RCPT " + person, "250 2.1.5 recipient ok");
        if (is_good(behaviour, "RCPT", "RCPT " + person)) {
          mail.recipients.push_back(person);
        }
      } else if (verb == "DATA") {
        answer(fd, behaviour, "DATA", "DATA", "354 go ahead");
        if (!behaviour.replies.contains("DATA")) {
          take(fd, behaviour, buffer, mail);
        }
      } else if (verb == "RSET") {
        send(fd, "250 2.0.0 forgotten\r\n");
      } else if (verb == "QUIT") {
        send(fd, "221 2.0.0 bye\r\n");
        throw Hangup();
      } else {
        send(fd, "500 5.5.1 what?\r\n");
      }
    }
  }

  void take(const Fd& fd, const Behaviour& behaviour, std::string& buffer, TakenMail& mail) {
    std::function<void(const std::string&)> on_stage;
    {
      const std::lock_guard lock(m_mutex);
      on_stage = m_on_stage;
    }
    bool first = true;
    while (true) {
      const std::string line = receive(fd, buffer);
      if (first) {
        first = false;
        if (on_stage) {
          on_stage("body");
        }
        if (behaviour.cut_before == "body") {
          throw Hangup();
        }
        if (behaviour.silent_at == "body") {
          wait_for_the_end(fd);
        }
      }
      if (line == ".") {
        break;
      }
      mail.data += line + "\r\n";
    }
    if (is_good(behaviour, "dot", "dot")) {
      const std::lock_guard lock(m_mutex);
      m_taken.push_back(mail);
    }
    answer(fd, behaviour, "dot", "dot", "250 2.0.0 queued as 1");
  }

  Fd m_listener;
  std::uint16_t m_port = 0;
  std::atomic<bool> m_stop = false;
  std::mutex m_mutex;
  std::vector<Behaviour> m_behaviours;
  std::vector<TakenMail> m_taken;
  std::vector<std::string> m_commands;
  std::function<void(const std::string&)> m_on_stage;
  int m_connections = 0;
  std::thread m_thread;
};

}  // namespace patchmill::test
