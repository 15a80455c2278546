#pragma once
// Addresses of peers, and the networks they are in.

#include "util/result.hpp"

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace patchmill::http {

// An IPv4 or IPv6 address, or "a process of this machine" (a Unix socket).
struct Address {
  std::array<std::uint8_t, 16> bytes{};  // IPv4 as ::ffff:a.b.c.d
  bool local = false;                    // came over a Unix socket; bytes are all zero

  // Without port, brackets or zone.
  static std::optional<Address> parse(std::string_view text);
  static Address from_sockaddr(const sockaddr_storage& storage);
  [[nodiscard]] std::string text() const;  // "192.0.2.1", "2001:db8::1", "unix"
  [[nodiscard]] bool is_v4() const;
  // What limits count by: the address, or the /64 of IPv6, since one person has a whole one.
  [[nodiscard]] Address limit_key() const;
  friend bool operator==(const Address&, const Address&) = default;
  friend auto operator<=>(const Address&, const Address&) = default;
};

class Network {
 public:
  // "10.0.0.0/8", "2001:db8::/32", or one address. Error invalid says what is wrong.
  static Result<Network> parse(std::string_view text);
  [[nodiscard]] bool contains(const Address& address) const;

 private:
  Address m_base;
  unsigned m_bits = 128;
};

// Who asks, and how, behind the proxies that are trusted. `peer` is the other end of the
// connection; X-Forwarded-For is read from the right, past trusted addresses only; Unix sockets
// are trusted. The scheme of an untrusted peer is that of the connection.
struct Origin {
  Address address;
  bool https = false;
  bool peer_is_proxy = false;
};
Origin find_origin(const Address& peer, bool tls, std::string_view forwarded_for,
                   std::string_view forwarded_proto, std::span<const Network> trusted);

}  // namespace patchmill::http
