#pragma once
// Where a server listens, as it is written in the configuration.

#include "util/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace patchmill::http {

struct ListenAddress {
  enum class Kind { tcp, unix_socket, descriptor };
  Kind kind = Kind::tcp;
  std::string host;        // a name, or an address without brackets; empty: every address
  std::uint16_t port = 0;  // 0: any that is free
  std::string path;        // of the Unix socket
  int descriptor = -1;

  // "HOST:PORT", "[IPv6]:PORT", "*:PORT", "unix:PATH" or "fd:N". Looks at the form alone: whether
  // there is such a name or descriptor shows when it is used. Error invalid names the text and what
  // to write.
  static Result<ListenAddress> parse(std::string_view text);
  // Whether nobody can listen on both: they are the same, or one takes every address of the other's
  // port. What a name stands for is not known here.
  [[nodiscard]] bool overlaps(const ListenAddress& other) const;
};

}  // namespace patchmill::http
