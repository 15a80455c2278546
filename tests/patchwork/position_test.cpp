#include "patchwork/position.hpp"

#include <doctest/doctest.h>

namespace patchmill::patchwork {
namespace {

TEST_CASE("Position: what is done with, and there and back") {
  Position position;
  Event event;
  event.id = 7;
  event.date = "2026-03-29T01:59:59.5";
  position.done_with(event);
  event.id = 8;
  position.done_with(event);
  position.done_with(event);
  CHECK(position.events == std::vector<std::int64_t>{7, 8});
  CHECK(position.is_done(event));
  event.date = "2026-03-29T02:00:00";
  CHECK(!position.is_done(event));
  position.done_with(event);
  CHECK(position.date == "2026-03-29T02:00:00");
  CHECK(position.events == std::vector<std::int64_t>{8});
  position.patches_above = 12;
  position.missed = {{MailKind::cover, 3, ""}, {MailKind::patch, 4, ""}};
  CHECK(position_from(to_text(position)) == position);
  for (const auto* text : {"", "7", "[]", "{", "\"x\""}) {
    CHECK(!position_from(text));
  }
  CHECK(position_from(R"({"events": 7, "missed": [1, {}, {"id": "x"}]})") == Position{});
}

TEST_CASE("days_before: by the same clock") {
  CHECK(days_before("2026-03-01T10:20:30.123456", 7) == "2026-02-22T10:20:30");
  CHECK(days_before("2026-01-01T00:00:00", 0) == "2026-01-01T00:00:00");
  for (const auto* text : {"", "2026-01-01", "2026-13-01T00:00:00", "yesterday, late at night"}) {
    CHECK(!days_before(text, 7));
  }
}

}  // namespace
}  // namespace patchmill::patchwork
