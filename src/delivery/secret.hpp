#pragma once
// Passwords: named in the configuration, read when they are used, never shown.

#include "util/result.hpp"

#include <string>

namespace patchmill::delivery {

struct Secret {
  std::string file;  // its first line
  std::string env;   // name of an environment variable

  [[nodiscard]] bool given() const { return !file.empty() || !env.empty(); }
};

// Error invalid or not_found, naming the place but never the content. A secret that holds control
// characters is refused: it would end up in a protocol line.
Result<std::string> read_secret(const Secret& secret);

}  // namespace patchmill::delivery
