#pragma once
// Dates of mails in every form the field has seen.

#include "util/clock.hpp"

#include <optional>
#include <string_view>

namespace patchmill::mail {

// A moment, and how it was written down.
struct ZonedTime {
  Timestamp time;
  int offset_minutes = 0;  // east of UTC; less than a day
};

// RFC 5322 section 3.3 and its obsolete forms: two-digit years, named or missing zones, comments,
// missing seconds or weekday, ctime and ISO 8601 order. Empty when it is no date, has an
// impossible field, or lies outside 1970 to 2100.
// The zone is the one git am takes (date.c of git 2.39): "+hhmm", "+hh:mm" and "+hh" below 24 hours
// and 60 minutes, or a name that git knows; a number counts more than a name. Any other, and none,
// is UTC, where git takes that of its machine.
std::optional<ZonedTime> parse_zoned_date(std::string_view value);
// Only the moment.
std::optional<Timestamp> parse_date(std::string_view value);

}  // namespace patchmill::mail
