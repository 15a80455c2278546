#pragma once
// Passwords and tokens: by file or environment, never as such in a configuration.

#include "util/result.hpp"

#include <string>

namespace patchmill::intake {

struct Secret {
  std::string file;  // its content, without the line end
  std::string env;   // or the value of this environment variable
  bool operator==(const Secret&) const = default;
  [[nodiscard]] bool empty() const { return file.empty() && env.empty(); }
};

// Read anew each time it is needed, so that it can be changed while the service runs. Errors:
// invalid, naming the file or variable, never the value.
Result<std::string> read_secret(const Secret& secret);

}  // namespace patchmill::intake
