#pragma once
// Conditional requests and ranges (RFC 9110 sections 13 and 14).

#include "http/headers.hpp"

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::http {

// "Sun, 06 Nov 1994 08:49:37 GMT".
std::string format_http_date(std::time_t time);
// Only that form; the two obsolete ones count as absent.
std::optional<std::time_t> parse_http_date(std::string_view text);

// What the server has at this moment.
struct Validators {
  std::string etag;                          // with its quotes; empty: none
  std::optional<std::time_t> last_modified;  // seconds since 1970
};

enum class Precondition { proceed, not_modified, failed };  // 200, 304, 412
// If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since in the order of section 13.2.2.
// safe: the method is GET or HEAD.
Precondition check_preconditions(const Headers& headers, const Validators& now, bool safe);

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};
struct RangeAnswer {
  enum class Kind { whole, part, unsatisfiable } kind = Kind::whole;
  ByteRange range;
};
// A single range of bytes; several, other units, nonsense or a failed If-Range mean the whole.
RangeAnswer choose_range(const Headers& headers, const Validators& now, std::uint64_t size);

}  // namespace patchmill::http
