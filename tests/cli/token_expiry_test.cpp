#include "cli/token_expiry.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace std::chrono_literals;

TEST_CASE("cli::read_token_expiry: a time from now with its unit, or never") {
  const Timestamp now{1'000'000s};
  CHECK(cli::read_token_expiry("90d", now).value() == now + 90 * 24h);
  CHECK(cli::read_token_expiry("12h", now).value() == now + 12h);
  CHECK(cli::read_token_expiry("1s", now).value() == now + 1s);
  CHECK(cli::read_token_expiry("never", now).value() == std::nullopt);
  for (const char* bad : {"", "90", "0", "0d", "d", "soon", "-1d", "36501d", "1.5d", "90 d"}) {
    CAPTURE(bad);
    const auto expiry = cli::read_token_expiry(bad, now);
    REQUIRE_FALSE(expiry.has_value());
    CHECK(expiry.error().kind == ErrorKind::invalid);
    CHECK(expiry.error().message.find("like 90d or 12h, or never") != std::string::npos);
  }
}
