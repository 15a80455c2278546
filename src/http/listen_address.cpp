#include "http/listen_address.hpp"

#include "http/address.hpp"
#include "util/text.hpp"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>
#include <optional>

namespace patchmill::http {
namespace {

tl::unexpected<Error> no_listen_address(std::string_view text, std::string_view why) {
  return fail(ErrorKind::invalid, "'" + escape_terminal(ellipsize(text, 200)) +
                                      "' is no address to listen on: " + std::string(why) +
                                      "; write HOST:PORT, [IPv6]:PORT, unix:PATH or fd:N");
}

// RFC 6874's zone ("fe80::1%eth0") as getaddrinfo(3) takes it.
bool is_ipv6(std::string_view host) {
  const std::size_t zone = host.find('%');
  const auto address = Address::parse(host.substr(0, zone));
  return address && host.substr(0, zone).find(':') != std::string_view::npos &&
         (zone == std::string_view::npos || zone + 1 < host.size());
}

std::string_view problem_of_host(std::string_view host) {
  constexpr std::size_t k_longest_name = 253;  // RFC 1035
  if (host.find(':') != std::string_view::npos &&
      host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos) {
    return "an IPv6 address stands in brackets";
  }
  if (host.size() > k_longest_name || std::any_of(host.begin(), host.end(), [](char c) {
        return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '.' || c == '-' || c == '_');
      })) {
    return "no name of a host is like that";
  }
  in_addr ignored{};
  if (!host.empty() && host.find_first_not_of("0123456789.") == std::string_view::npos &&
      ::inet_aton(std::string(host).c_str(), &ignored) == 0) {
    return "no IPv4 address is like that";
  }
  return {};
}

// The host as it is compared: addresses in one spelling, names in small letters.
std::string plain_host(const ListenAddress& address) {
  if (address.host.empty()) {
    return "0.0.0.0";
  }
  const auto number = Address::parse(address.host);
  return number ? number->text() : to_lower(address.host);
}

// [::] takes IPv4 as well.
bool takes(const std::string& every, const std::string& host) {
  const auto number = Address::parse(host);
  return number && (every == "::" || (every == "0.0.0.0" && number->is_v4()));
}

}  // namespace

Result<ListenAddress> ListenAddress::parse(std::string_view text) {
  ListenAddress address;
  if (text.starts_with("unix:")) {
    address.kind = Kind::unix_socket;
    address.path = text.substr(5);
    constexpr std::size_t k_longest = sizeof(sockaddr_un::sun_path) - 1;
    if (address.path.empty() || address.path.size() > k_longest) {
      return no_listen_address(text,
                               "the path must have 1 to " + std::to_string(k_longest) + " bytes");
    }
    return address;
  }
  if (text.starts_with("fd:")) {
    address.kind = Kind::descriptor;
    const auto number = parse_uint(text.substr(3));
    if (!number || *number > 65535) {
      return no_listen_address(text, "a descriptor is a number up to 65535");
    }
    address.descriptor = static_cast<int>(*number);
    return address;
  }
  const std::size_t colon = text.rfind(':');
  const bool bracketed = text.starts_with('[');
  if (colon == std::string_view::npos || (bracketed && text.ends_with(']'))) {
    return no_listen_address(text, "it has no port");
  }
  const auto port = parse_uint(text.substr(colon + 1));
  if (!port || *port > 65535) {
    return no_listen_address(text, "a port is a number up to 65535");
  }
  address.port = static_cast<std::uint16_t>(*port);
  std::string_view host = text.substr(0, colon);
  if (bracketed) {
    if (!host.ends_with(']') || !is_ipv6(host.substr(1, host.size() - 2))) {
      return no_listen_address(text, "no IPv6 address stands in its brackets");
    }
    host = host.substr(1, host.size() - 2);
  } else if (host == "*") {
    host = {};
  } else if (const std::string_view problem = problem_of_host(host); !problem.empty()) {
    return no_listen_address(text, problem);
  }
  address.host = host;
  return address;
}

bool ListenAddress::overlaps(const ListenAddress& other) const {
  if (kind != other.kind) {
    return false;
  }
  switch (kind) {
    case Kind::unix_socket:
      return path == other.path;
    case Kind::descriptor:
      return descriptor == other.descriptor;
    case Kind::tcp:
      break;
  }
  const std::string a = plain_host(*this);
  const std::string b = plain_host(other);
  return port != 0 && port == other.port && (a == b || takes(a, b) || takes(b, a));
}

}  // namespace patchmill::http
