#include "mail/date.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace patchmill;

namespace {

std::string iso(const std::string& value) {
  const auto date = mail::parse_date(value);
  return date ? to_iso(*date) : "none";
}

// Minutes east of UTC of a date with this zone.
int offset(const std::string& zone) {
  const auto date = mail::parse_zoned_date("Tue, 14 Nov 2023 22:13:20 " + zone);
  REQUIRE(date.has_value());
  CHECK(date->time == Timestamp(std::chrono::seconds(1'700'000'000) -
                                std::chrono::minutes(date->offset_minutes)));
  return date->offset_minutes;
}

}  // namespace

TEST_CASE("mail::parse_date: every obsolete form") {
  CHECK(iso("Tue, 14 Nov 2023 22:13:20 +0100") == "2023-11-14T21:13:20");
  CHECK(iso("14 Nov 23 22:13 EST") == "2023-11-15T03:13:00");
  CHECK(iso("14 Nov 98 22:13:20 GMT") == "1998-11-14T22:13:20");
  CHECK(iso("14 Nov 103 22:13:20 GMT") == "2003-11-14T22:13:20");
  CHECK(iso("Tue, 14 Nov 2023 22:13:20 (nothing) -0800 (PST (nested))") == "2023-11-15T06:13:20");
  CHECK(iso("Tue Nov 14 22:13:20 2023") == "2023-11-14T22:13:20");
  CHECK(iso("Tue Nov 14 22:13:20 CET 2023") == "2023-11-14T21:13:20");
  CHECK(iso("Tuesday, 14-Nov-23 22:13:20 GMT") == "2023-11-14T22:13:20");
  CHECK(iso("2023-11-14 22:13:20 +0530") == "2023-11-14T16:43:20");
  CHECK(iso("2023-11-14T22:13:20Z") == "2023-11-14T22:13:20");
  CHECK(iso("Tue, 14 Nov 2023 22:13:20 GMT+0200") == "2023-11-14T20:13:20");
  CHECK(iso("Tue, 14 Nov 2023 22:13:20 UNKNOWN") == "2023-11-14T22:13:20");
  CHECK(iso("2023-11-14T22:13:20-08:00") == "2023-11-15T06:13:20");
}

// That git am takes the same ones is in git_am_test.cpp.
TEST_CASE("mail::parse_zoned_date: the zone is kept") {
  CHECK(offset("+0100") == 60);
  CHECK(offset("-0330 (NST)") == -210);
  CHECK(offset("+05:45") == 345);
  CHECK(offset("+05") == 300);
  CHECK(offset("-0000") == 0);
  CHECK(offset("+2359") == 1439);
  CHECK(offset("EST") == -300);
  CHECK(offset("mesz") == 120);
  CHECK(offset("GMT+0200") == 120);
  CHECK(offset("UTC-02:00") == -120);
  CHECK(offset("EST +0100") == 60);
  CHECK(offset("+0100 EST") == 60);
  for (const char* odd : {"", "+2400", "+2500", "-9999", "+0160", "+5", "+530", "+00530", "+2:00",
                          "+", "+-100", "A", "Eastern", "UTC+2", "(nothing)"}) {
    CAPTURE(odd);
    CHECK(offset(odd) == 0);
  }
  CHECK_FALSE(mail::parse_zoned_date("soon +0100").has_value());
}

TEST_CASE("mail::parse_date: no date, or out of range") {
  for (const char* value :
       {"", "garbage", "Thu, 31 Feb 2022 10:00:00 +0000", "14 Nov 2023 25:00:00 +0000",
        "14 Nov 1969 22:13:20 +0000", "14 Nov 9999 22:13:20 +0000",
        "14 Nov 207777777777777777777714 17:50:46 0", "0 Nov 2023 10:00:00", "14 2023 10:00",
        "Nov 2023", "14 Nov 2023"}) {
    CAPTURE(value);
    CHECK(iso(value) == "none");
  }
}
