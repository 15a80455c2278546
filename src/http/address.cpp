#include "http/address.hpp"

#include "util/text.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace patchmill::http {
namespace {

constexpr std::array<std::uint8_t, 12> k_v4_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_trusted(const Address& address, std::span<const Network> trusted) {
  return address.local || std::any_of(trusted.begin(), trusted.end(), [&](const Network& network) {
           return network.contains(address);
         });
}

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
  if (text.empty() || text.size() >= INET6_ADDRSTRLEN) {
    return std::nullopt;
  }
  const std::string copy(text);
  Address address;
  if (::inet_pton(AF_INET, copy.c_str(), address.bytes.data() + k_v4_prefix.size()) == 1) {
    std::copy(k_v4_prefix.begin(), k_v4_prefix.end(), address.bytes.begin());
    return address;
  }
  if (::inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) {
    return address;
  }
  return std::nullopt;
}

Address Address::from_sockaddr(const sockaddr_storage& storage) {
  Address address;
  if (storage.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage, sizeof(v4));
    std::copy(k_v4_prefix.begin(), k_v4_prefix.end(), address.bytes.begin());
    std::memcpy(address.bytes.data() + k_v4_prefix.size(), &v4.sin_addr, 4);
  } else if (storage.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &storage, sizeof(v6));
    std::memcpy(address.bytes.data(), &v6.sin6_addr, 16);
  } else {
    address.local = true;
  }
  return address;
}

bool Address::is_v4() const {
  return std::equal(k_v4_prefix.begin(), k_v4_prefix.end(), bytes.begin());
}

std::string Address::text() const {
  if (local) {
    return "unix";
  }
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  const bool v4 = is_v4();
  ::inet_ntop(v4 ? AF_INET : AF_INET6, bytes.data() + (v4 ? k_v4_prefix.size() : 0), buffer.data(),
              buffer.size());
  return buffer.data();
}

Address Address::limit_key() const {
  Address key = *this;
  if (!local && !is_v4()) {
    std::fill(key.bytes.begin() + 8, key.bytes.end(), std::uint8_t{0});
  }
  return key;
}

Result<Network> Network::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto base = Address::parse(text.substr(0, slash));
  if (!base) {
    return fail(ErrorKind::invalid,
                "'" + std::string(text) + "' is no network; write one like 10.0.0.0/8 or ::1");
  }
  const unsigned width = base->is_v4() ? 32 : 128;
  unsigned bits = width;
  if (slash != std::string_view::npos) {
    const auto written = parse_uint(text.substr(slash + 1));
    if (!written || *written > width) {
      return fail(
          ErrorKind::invalid,
          "'" + std::string(text) + "': the prefix length must be 0 to " + std::to_string(width));
    }
    bits = static_cast<unsigned>(*written);
  }
  Network network;
  network.m_base = *base;
  network.m_bits = bits + (128 - width);
  return network;
}

bool Network::contains(const Address& address) const {
  if (address.local) {
    return false;
  }
  const std::size_t whole = m_bits / 8;
  if (!std::equal(m_base.bytes.begin(), m_base.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  address.bytes.begin())) {
    return false;
  }
  const unsigned rest = m_bits % 8;
  if (rest == 0) {
    return true;
  }
  const unsigned mask = (0xffu << (8 - rest)) & 0xffu;
  return (m_base.bytes[whole] & mask) == (address.bytes[whole] & mask);
}

Origin find_origin(const Address& peer, bool tls, std::string_view forwarded_for,
                   std::string_view forwarded_proto, std::span<const Network> trusted) {
  Origin origin{peer, tls, is_trusted(peer, trusted)};
  if (!origin.peer_is_proxy) {
    return origin;
  }
  if (iequals(trim(forwarded_proto), "https")) {
    origin.https = true;
  } else if (iequals(trim(forwarded_proto), "http")) {
    origin.https = false;
  }
  while (!forwarded_for.empty()) {
    const auto comma = forwarded_for.rfind(',');
    const auto entry =
        trim(comma == std::string_view::npos ? forwarded_for : forwarded_for.substr(comma + 1));
    const auto address = Address::parse(entry);
    if (!address) {
      break;  // what stands further left was written by nobody we trust
    }
    origin.address = *address;
    if (comma == std::string_view::npos || !is_trusted(*address, trusted)) {
      break;
    }
    forwarded_for = forwarded_for.substr(0, comma);
  }
  return origin;
}

}  // namespace patchmill::http
