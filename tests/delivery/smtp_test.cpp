#include "delivery/smtp.hpp"

#include "delivery/fault_server.hpp"
#include "support/promptly.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <stop_token>
#include <thread>

namespace patchmill::delivery {
namespace {

using std::chrono::milliseconds;
using test::Behaviour;
using test::FaultServer;

SmtpConfig config_for(const FaultServer& server) {
  SmtpConfig config;
  config.host = "127.0.0.1";
  config.port = server.port();
  config.tls = Tls::never;
  config.helo = "ci.example.org";
  config.connect_timeout = milliseconds(2000);
  config.patience = {milliseconds(300), milliseconds(300), milliseconds(300)};
  return config;
}

std::vector<RecipientOutcome> send(Transport& transport, std::vector<std::string> recipients,
                                   std::string_view mail = "Subject: x\n\n.hidden dot\nbody\n") {
  return transport.deliver({"ci@example.org", std::move(recipients), mail, "name"},
                           [](const auto&) { return true; });
}

std::string states(const std::vector<RecipientOutcome>& outcomes) {
  std::string text;
  for (const auto& one : outcomes) {
    text += (text.empty() ? "" : " ") + std::string(to_string(one.outcome));
  }
  return text;
}

TEST_CASE("delivery::make_smtp_transport: one connection for several mails") {
  FaultServer server;
  auto transport = make_smtp_transport(config_for(server));
  CHECK(states(send(*transport, {"a@x.org", "b@x.org"})) == "accepted accepted");
  CHECK(states(send(*transport, {"c@x.org"})) == "accepted");
  transport->rest();
  REQUIRE(server.taken().size() == 2);
  CHECK(server.connections() == 1);
  CHECK(server.taken()[0].recipients == std::vector<std::string>{"a@x.org", "b@x.org"});
  CHECK(server.taken()[0].data == "Subject: x\r\n\r\n..hidden dot\r\nbody\r\n");
  CHECK(server.commands().front() == "EHLO ci.example.org");
  CHECK(server.commands()[1].starts_with("MAIL FROM:<ci@example.org> SIZE="));
  CHECK(server.commands().back() == "QUIT");
}

TEST_CASE("delivery::make_smtp_transport: a kept connection that has gone is made anew") {
  Behaviour once;
  once.cut_after = "dot";
  FaultServer server({once, {}});
  auto transport = make_smtp_transport(config_for(server));
  CHECK(states(send(*transport, {"a@x.org"})) == "accepted");
  CHECK(states(send(*transport, {"b@x.org"})) == "accepted");
  CHECK(server.connections() == 2);
  CHECK(server.taken().size() == 2);
}

TEST_CASE("delivery::make_smtp_transport: cuts and silence at every step") {
  for (const char* stage_name : {"connect", "EHLO", "MAIL", "RCPT", "DATA", "body", "dot"}) {
    for (const bool silent : {false, true}) {
      const std::string stage = stage_name;
      CAPTURE(stage);
      CAPTURE(silent);
      Behaviour behaviour;
      (silent ? behaviour.silent_at : behaviour.cut_before) = stage;
      FaultServer server({behaviour});
      SmtpConfig config = config_for(server);
      config.connect_timeout = milliseconds(400);
      auto transport = make_smtp_transport(config);
      // Large enough not to fit into the sockets' buffers when nobody reads.
      const std::string mail = "Subject: x\n\n" + std::string(70, 'x') + "\nbody\n";
      const auto outcomes = send(*transport, {"a@x.org"}, mail);
      // Until the dot nobody has it; from then on nobody can know.
      const bool after = stage == "body" || stage == "dot";
      CHECK(states(outcomes) == (after ? "in-doubt" : "deferred"));
      CHECK(server.taken().size() == (stage == "dot" ? 1 : 0));
    }
  }
}

TEST_CASE("delivery::make_smtp_transport: answers by recipient") {
  Behaviour behaviour;
  behaviour.replies = {{"RCPT b@x.org", "550 5.1.1 no such user"},
                       {"RCPT c@x.org", "450 4.2.0 greylisted"}};
  FaultServer server({behaviour});
  auto transport = make_smtp_transport(config_for(server));
  const auto outcomes = send(*transport, {"a@x.org", "b@x.org", "c@x.org"});
  CHECK(states(outcomes) == "accepted rejected deferred");
  CHECK(outcomes[1].reply == "550 5.1.1 no such user");
  REQUIRE(server.taken().size() == 1);
  CHECK(server.taken()[0].recipients == std::vector<std::string>{"a@x.org"});
}

TEST_CASE("delivery::make_smtp_transport: garbage, endless greetings, nobody there") {
  for (const std::string& garbage :
       {std::string("\x00\x01\x02 binary", 10), std::string("HTTP/1.1 400 Bad Request"),
        std::string(100000, 'x')}) {
    Behaviour behaviour;
    behaviour.replies = {{"connect", garbage}, {"EHLO", garbage}};
    FaultServer server({behaviour});
    SmtpConfig config = config_for(server);
    config.connect_timeout = milliseconds(500);
    auto transport = make_smtp_transport(config);
    const auto outcomes = send(*transport, {"a@x.org"});
    CHECK(states(outcomes) == "deferred");
    CHECK(outcomes[0].reply.find("127.0.0.1") != std::string::npos);
  }
  std::uint16_t free_port = 0;
  {
    FaultServer server;
    free_port = server.port();
  }
  SmtpConfig config;
  config.host = "127.0.0.1";
  config.port = free_port;
  config.tls = Tls::never;
  CHECK(states(send(*make_smtp_transport(config), {"a@x.org"})) == "deferred");
}

TEST_CASE("delivery::make_smtp_transport: no TLS where it is required is no delivery") {
  FaultServer server;
  SmtpConfig config = config_for(server);
  config.tls = Tls::required;
  CHECK(states(send(*make_smtp_transport(config), {"a@x.org"})) == "deferred");
  CHECK(server.taken().empty());
  config.tls = Tls::opportunistic;
  CHECK(states(send(*make_smtp_transport(config), {"a@x.org"})) == "accepted");
}

TEST_CASE(
    "delivery::make_smtp_transport: a proxy that does not answer defers, it is not bypassed") {
  FaultServer server;
  FaultServer not_a_proxy;
  SmtpConfig config = config_for(server);
  config.connect_timeout = milliseconds(500);
  for (const char* scheme : {"socks5h", "http"}) {
    config.proxy = std::string(scheme) + "://127.0.0.1:" + std::to_string(not_a_proxy.port());
    CHECK(states(send(*make_smtp_transport(config), {"a@x.org"})) == "deferred");
  }
  CHECK(server.connections() == 0);
}

// Says yes to a CONNECT (HTTP) or a SOCKS5 request and passes bytes on to a port of 127.0.0.1.
class Proxy {
 public:
  explicit Proxy(std::uint16_t target) : m_target(target) {
    m_listener = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = at(0);
    socklen_t size = sizeof(address);
    auto* plain = reinterpret_cast<sockaddr*>(&address);  // NOLINT
    ::bind(m_listener.get(), plain, size);
    ::listen(m_listener.get(), 1);
    ::getsockname(m_listener.get(), plain, &size);
    port = ntohs(address.sin_port);
    m_thread = std::thread([this] { serve(); });
  }
  ~Proxy() { m_thread.join(); }
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;
  std::uint16_t port = 0;
  std::string asked;  // read it after the connection has ended

 private:
  static sockaddr_in at(std::uint16_t number) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(number);
    return address;
  }
  static std::string some(const Fd& fd) {
    char block[4096];
    const ssize_t n = ::recv(fd.get(), block, sizeof(block), 0);
    return n > 0 ? std::string(block, static_cast<std::size_t>(n)) : std::string();
  }
  static void give(const Fd& fd, std::string_view bytes) {
    (void)!::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  void serve() {
    const Fd client(::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    asked = some(client);
    if (asked.starts_with("CONNECT ")) {
      give(client, "HTTP/1.1 200 connected\r\n\r\n");
    } else {
      give(client, std::string_view("\x05\x00", 2));
      asked = some(client);
      give(client, std::string_view("\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00", 10));
    }
    const Fd server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = at(m_target);
    ::connect(server.get(), reinterpret_cast<const sockaddr*>(&address),
              sizeof(address));  // NOLINT
    while (true) {
      pollfd both[2] = {{client.get(), POLLIN, 0}, {server.get(), POLLIN, 0}};
      ::poll(both, 2, 10000);
      const bool from_client = both[0].revents != 0;
      const std::string bytes = some(from_client ? client : server);
      if (bytes.empty()) {
        return;
      }
      give(from_client ? server : client, bytes);
    }
  }

  std::uint16_t m_target;
  Fd m_listener;
  std::thread m_thread;
};

TEST_CASE("delivery::make_smtp_transport: through an HTTP and a SOCKS proxy, by name") {
  for (const char* scheme : {"http", "socks5h"}) {
    FaultServer server;
    Proxy proxy(server.port());
    SmtpConfig config = config_for(server);
    // Only the proxy knows this host.
    config.host = "mail.inside.invalid";
    config.port = 2525;
    config.proxy = std::string(scheme) + "://127.0.0.1:" + std::to_string(proxy.port);
    auto transport = make_smtp_transport(config);
    CHECK(states(send(*transport, {"a@x.org"})) == "accepted");
    transport->rest();
    CHECK(server.taken().size() == 1);
    CHECK(proxy.asked.find("mail.inside.invalid") != std::string::npos);
  }
}

TEST_CASE("delivery::check_smtp: faults of a configuration") {
  SmtpConfig config;
  CHECK(check_smtp(config).size() == 1);
  config.host = "mail.example.org";
  CHECK(check_smtp(config).empty());
  config.user = "ci";
  CHECK(check_smtp(config).front().find("no 'password'") != std::string::npos);
  config.password.env = "PASSWORD";
  CHECK(check_smtp(config).empty());
  config.tls = Tls::opportunistic;
  CHECK(check_smtp(config).front().find("without TLS") != std::string::npos);
  config.host = "localhost";
  CHECK(check_smtp(config).empty());
  config.host = "evil/?x";
  CHECK(check_smtp(config).size() == 2);
}

// --- against the real server of script/with-smtp ---

class RealServer {
 public:
  RealServer() {
    const char* folder = std::getenv("PATCHMILL_TEST_SMTP");
    if (folder == nullptr) {
      MESSAGE("skipped: PATCHMILL_TEST_SMTP is not set (see script/with-smtp)");
      return;
    }
    m_folder = folder;
    const auto ports = read_file(m_folder / "ports");
    REQUIRE(ports.has_value());
    for (const auto line : split_lines(*ports)) {
      const auto words = split(line, '=');
      m_ports[std::string(words[0])] = static_cast<std::uint16_t>(parse_uint(words[1]).value());
    }
  }
  [[nodiscard]] bool here() const { return !m_folder.empty(); }
  [[nodiscard]] SmtpConfig config(const std::string& kind, Tls tls) const {
    SmtpConfig config;
    config.host = "localhost";
    config.port = m_ports.at(kind);
    config.tls = tls;
    config.ca_file = (m_folder / "cert.pem").string();
    config.helo = "ci.example.org";
    config.connect_timeout = std::chrono::seconds(20);
    return config;
  }
  // Mails that hold this text.
  [[nodiscard]] std::vector<std::string> mails(const std::string& text) const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(m_folder / "maildir" / "new")) {
      const auto content = read_file(entry.path());
      if (content && content->find(text) != std::string::npos) {
        found.push_back(*content);
      }
    }
    return found;
  }

 private:
  std::filesystem::path m_folder;
  std::map<std::string, std::uint16_t> m_ports;
};

std::string unique_subject() {
  static int count = 0;
  return "smtp-test-" + std::to_string(::getpid()) + "-" + std::to_string(++count) + ";";
}

TEST_CASE("delivery::make_smtp_transport: a real server with STARTTLS, TLS, and without") {
  const RealServer server;
  if (!server.here()) {
    return;
  }
  struct Case {
    const char* kind;
    Tls tls;
    bool encrypted;
  };
  for (const Case& one :
       {Case{"starttls", Tls::required, true}, Case{"starttls", Tls::opportunistic, true},
        Case{"starttls", Tls::never, false}, Case{"implicit", Tls::implicit, true}}) {
    const std::string subject = unique_subject();
    auto transport = make_smtp_transport(server.config(one.kind, one.tls));
    const std::string mail = "Subject: " + subject + "\n\n.dot\n..dots\n.\nFrom x\nend\n";
    const auto outcomes = send(
        *transport,
        {"ann@example.org", "reject@example.org", "defer@example.org", "bob@example.org"}, mail);
    transport->rest();
    CHECK(states(outcomes) == "accepted rejected deferred accepted");
    const auto mails = server.mails(subject);
    REQUIRE(mails.size() == 1);
    CHECK(mails[0].find("X-RcptTo: ann@example.org, bob@example.org") != std::string::npos);
    CHECK(mails[0].find("X-MailFrom: ci@example.org") != std::string::npos);
    CHECK((mails[0].find("X-Tls: yes") != std::string::npos) == one.encrypted);
    CHECK(mails[0].find("\n.dot") != std::string::npos);
    CHECK(mails[0].find("\n..dots") != std::string::npos);
  }
}

TEST_CASE("delivery::make_smtp_transport: a real server that wants a login") {
  const RealServer server;
  if (!server.here()) {
    return;
  }
  SmtpConfig config = server.config("login", Tls::required);
  const std::string subject = unique_subject();
  const std::string mail = "Subject: " + subject + "\n\nx\n";
  CHECK(states(send(*make_smtp_transport(config), {"ann@example.org"}, mail)) != "accepted");
  config.user = "tester";
  config.password.env = "PATCHMILL_TEST_SMTP_PASSWORD";
  CHECK(states(send(*make_smtp_transport(config), {"ann@example.org"}, mail)) == "accepted");
  CHECK(server.mails(subject).size() == 1);

  const TempDir folder;
  REQUIRE(write_file_atomic(folder.path() / "password", "wrong-secret-word\n").has_value());
  config.password = {(folder.path() / "password").string(), ""};
  const auto refused = send(*make_smtp_transport(config), {"ann@example.org"}, mail);
  // Our own set-up is wrong; the mail waits until it is mended.
  CHECK(states(refused) == "deferred");
  CHECK(refused[0].reply.find("wrong-secret-word") == std::string::npos);
  config.password = {(folder.path() / "missing").string(), ""};
  CHECK(states(send(*make_smtp_transport(config), {"ann@example.org"}, mail)) == "deferred");
}

TEST_CASE("delivery::make_smtp_transport: a certificate nobody vouches for is refused") {
  const RealServer server;
  if (!server.here()) {
    return;
  }
  SmtpConfig config = server.config("starttls", Tls::required);
  config.ca_file.clear();
  CHECK(states(send(*make_smtp_transport(config), {"ann@example.org"})) == "deferred");
  config = server.config("implicit", Tls::implicit);
  config.ca_file.clear();
  CHECK(states(send(*make_smtp_transport(config), {"ann@example.org"})) == "deferred");
}

TEST_CASE("delivery::make_smtp_transport: a stop ends whatever it waits for, and says the truth") {
  for (const char* stage_name : {"connect", "EHLO", "MAIL", "RCPT", "DATA", "body", "dot"}) {
    const std::string stage = stage_name;
    CAPTURE(stage);
    Behaviour behaviour;
    behaviour.silent_at = stage;
    FaultServer server({behaviour});
    SmtpConfig config = config_for(server);
    config.connect_timeout = std::chrono::seconds(60);
    config.patience = {std::chrono::minutes(5), std::chrono::minutes(5), std::chrono::minutes(5)};
    std::stop_source stop;
    auto transport = make_smtp_transport(config, stop.get_token());
    std::jthread stopper([&] {
      std::this_thread::sleep_for(milliseconds(200));
      stop.request_stop();
    });
    const auto started = std::chrono::steady_clock::now();
    const auto outcomes = send(*transport, {"a@x.org"});
    transport.reset();
    const auto took = std::chrono::steady_clock::now() - started;
    CHECK(took < patchmill::test::k_promptly);
    // A short mail is written with its dot before the server has looked at its first line.
    const bool handed_over = stage == "body" || stage == "dot";
    CHECK(states(outcomes) == (handed_over ? "in-doubt" : "deferred"));
    CHECK(server.taken().size() == (stage == "dot" ? 1 : 0));
  }
}

TEST_CASE("delivery::make_smtp_transport: an answer that is on its way still counts after a stop") {
  FaultServer server;
  std::stop_source stop;
  server.on_stage([&](const std::string& stage) {
    if (stage == "RCPT") {
      stop.request_stop();
      std::this_thread::sleep_for(milliseconds(50));
    }
  });
  auto transport = make_smtp_transport(config_for(server), stop.get_token());
  CHECK(states(send(*transport, {"a@x.org"})) == "accepted");
  // No further one is begun.
  CHECK(states(send(*transport, {"b@x.org"})) == "deferred");
  CHECK(server.taken().size() == 1);
}

}  // namespace
}  // namespace patchmill::delivery
