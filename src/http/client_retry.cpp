#include "http/client_retry.hpp"

#include "http/conditional.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <string>

namespace patchmill::http {

bool is_idempotent(const ClientRequest& request) {
  static constexpr std::array methods = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"};
  return request.idempotent ||
         std::find(methods.begin(), methods.end(), request.method) != methods.end();
}

bool is_worth_repeating(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

std::optional<std::chrono::milliseconds> retry_after(const Headers& headers) {
  const auto value = headers.get("Retry-After");
  if (!value) {
    return std::nullopt;
  }
  if (const auto seconds = parse_uint(*value)) {
    return std::chrono::milliseconds(
        static_cast<std::int64_t>(std::min<std::uint64_t>(*seconds, 86400)) * 1000);
  }
  if (const auto date = parse_http_date(*value)) {
    return std::chrono::milliseconds(
        std::clamp<std::int64_t>(*date - std::time(nullptr), 0, 86400) * 1000);
  }
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> spent_quota(const Headers& headers) {
  for (const std::string prefix : {"X-RateLimit-", "RateLimit-"}) {
    const auto remaining = headers.get(prefix + "Remaining");
    const auto reset = headers.get(prefix + "Reset");
    if (remaining && reset && *remaining == "0") {
      if (const auto at = parse_uint(*reset); at && *at < (1ull << 40)) {
        const std::int64_t wait = static_cast<std::int64_t>(*at) - std::time(nullptr);
        return std::chrono::milliseconds(std::clamp<std::int64_t>(wait, 0, 3600) * 1000);
      }
    }
  }
  return std::nullopt;
}

}  // namespace patchmill::http
