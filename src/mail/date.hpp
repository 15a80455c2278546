#pragma once
// Dates of mails in every form the field has seen.

#include "util/clock.hpp"

#include <optional>
#include <string_view>

namespace patchmill::mail {

// RFC 5322 section 3.3 and its obsolete forms: two-digit years, named or missing zones (UTC),
// comments, missing seconds or weekday, ctime and ISO 8601 order. Empty when it is no date, has
// an impossible field, or lies outside 1970 to 2100.
std::optional<Timestamp> parse_date(std::string_view value);

}  // namespace patchmill::mail
