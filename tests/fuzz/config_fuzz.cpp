// The configuration reader on hostile YAML: it may refuse, never crash, hang or exhaust memory.

#include "app/config.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer calls
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)patchmill::app::parse_config("/nonexistent/fuzz.yaml", text);
  return 0;
}
