#pragma once
// Mail to a server by SMTP: libcurl makes the connection (proxy, TLS, login), smtp_dialogue.hpp
// carries the mail.

#include "delivery/secret.hpp"
#include "delivery/smtp_dialogue.hpp"
#include "delivery/transport.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace patchmill::delivery {

enum class Tls {
  required,       // STARTTLS or nothing; the certificate is checked
  opportunistic,  // STARTTLS where offered; not checked, as it could be left away as well
  never,
  implicit,  // TLS from the first byte (port 465); the certificate is checked
};

struct SmtpConfig {
  std::string host;
  std::uint16_t port = 0;  // 0: 587, or 465 for implicit, or 25 for never and opportunistic
  Tls tls = Tls::required;
  std::string user;  // empty: no login
  Secret password;
  bool login_without_tls = false;  // send the password in the clear all the same
  std::string helo;                // empty: the name of this machine
  std::string proxy;               // "socks5h://host:1080", "http://host:3128"; empty: none
  std::string proxy_user;
  Secret proxy_password;
  std::string ca_file;  // PEM; empty: the system's authorities
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(60);  // with TLS and login
  Patience patience;
  // No delivery takes longer; reports::SenderConfig::lease must be longer than this.
  std::chrono::milliseconds total_timeout = std::chrono::minutes(30);
};

// Faults of a configuration, one sentence each; empty: none.
std::vector<std::string> check_smtp(const SmtpConfig& config);

// Keeps a connection between mails until rest(). One thread at a time. A stop ends whatever it
// waits for half a second later: a mail whose last word was said is in doubt then, any other is
// deferred.
std::unique_ptr<Transport> make_smtp_transport(SmtpConfig config, std::stop_token stop = {});

}  // namespace patchmill::delivery
