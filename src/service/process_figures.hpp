#pragma once
// What the kernel says about this process.

#include <cstdint>

namespace patchmill::service {

struct ProcessFigures {
  std::uint64_t resident_bytes = 0, open_fds = 0, max_fds = 0;
  double cpu_seconds = 0;
};
ProcessFigures process_figures();  // zero where it cannot be told

}  // namespace patchmill::service
