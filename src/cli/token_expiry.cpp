#include "cli/token_expiry.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace patchmill::cli {

Result<std::optional<Timestamp>> read_token_expiry(std::string_view word, Timestamp now) {
  if (word == "never") {
    return std::nullopt;
  }
  const auto seconds = parse_duration_seconds(word);
  constexpr std::uint64_t k_most = 100ull * 365 * 86400;
  if (!seconds || parse_uint(word) || *seconds == 0 || *seconds > k_most) {
    return fail(ErrorKind::invalid,
                fmt::format("--expires takes a time from now like 90d or 12h, or never; found '{}'",
                            ellipsize(escape_terminal(word), 80)));
  }
  return now + std::chrono::seconds(*seconds);
}

}  // namespace patchmill::cli
