#pragma once
// Connections to mail servers: libcurl's for addresses, proxies and TLS, ours for what is said.

#include "intake/byte_stream.hpp"
#include "intake/waiter.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace patchmill::intake {

enum class Security {
  tls,       // from the first byte
  starttls,  // IMAP only: the server must offer it, or there is no connection
  plain,
};

struct Endpoint {
  std::string host;
  unsigned port = 0;
  Security security = Security::tls;
  std::string ca_file;  // certificates to trust instead of the system's
  std::string proxy;    // as curl has it ("socks5h://host:1080"); empty: none
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(30);
  std::chrono::milliseconds io_timeout = std::chrono::seconds(60);  // without a single byte
  bool operator==(const Endpoint&) const = default;
};

// "imaps://host:993" and the like, for people.
std::string to_string(const Endpoint& endpoint, std::string_view protocol);

// Every wait ends at once when the waiter is stopped. The waiter outlives the connection.
class Connection {
 public:
  // With starttls the server's greeting is read already. Errors: infrastructure, naming host and
  // port and what to do.
  static Result<std::unique_ptr<ByteStream>> open(const Endpoint& endpoint, Waiter& waiter);
};

}  // namespace patchmill::intake
