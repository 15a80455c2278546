#include "intake/wire_mail.hpp"

#include <cstring>

namespace patchmill::intake {

std::string with_unix_line_ends(std::string wire) {
  std::size_t to = 0;
  for (std::size_t from = 0; from < wire.size();) {
    const auto* cr =
        // NOLINTNEXTLINE(bugprone-not-null-terminated-result): part of a string, not a C string
        static_cast<const char*>(std::memchr(wire.data() + from, '\r', wire.size() - from));
    const auto end = cr != nullptr ? static_cast<std::size_t>(cr - wire.data()) : wire.size();
    std::memmove(wire.data() + to, wire.data() + from, end - from);
    to += end - from;
    from = end;
    if (from < wire.size()) {
      if (from + 1 == wire.size() || wire[from + 1] != '\n') {
        wire[to++] = '\r';
      }
      ++from;
    }
  }
  wire.resize(to);
  return wire;
}

}  // namespace patchmill::intake
