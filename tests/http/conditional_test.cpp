#include "http/conditional.hpp"

#include <doctest/doctest.h>

#include <limits>

namespace patchmill::http {
namespace {

TEST_CASE("format_http_date: the form of RFC 9110, read back by parse_http_date") {
  CHECK(format_http_date(784'111'777) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == 784'111'777);
  CHECK(format_http_date(-1) == "Wed, 31 Dec 1969 23:59:59 GMT");
}

TEST_CASE("format_http_date: a time that no date can say becomes the nearest that can be said") {
  constexpr std::time_t most = std::numeric_limits<std::time_t>::max();
  constexpr std::time_t least = std::numeric_limits<std::time_t>::min();
  for (const std::time_t time : {most, std::time_t{253'402'300'800}}) {
    CHECK(format_http_date(time) == "Fri, 31 Dec 9999 23:59:59 GMT");
  }
  CHECK(format_http_date(least) == "Mon, 01 Jan 0001 00:00:00 GMT");
  CHECK(parse_http_date(format_http_date(least)) == -62'135'596'800);
}

}  // namespace
}  // namespace patchmill::http
