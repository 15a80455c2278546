#include "cli/parse_date.hpp"

#include "util/text.hpp"

#include <chrono>

namespace patchmill::cli {

std::optional<Timestamp> parse_date(std::string_view text) {
  const auto number = [&](std::size_t at, std::size_t length) -> std::optional<int> {
    if (at + length > text.size()) {
      return std::nullopt;
    }
    const auto value = parse_uint(text.substr(at, length));
    return value ? std::optional<int>(static_cast<int>(*value)) : std::nullopt;
  };
  if (text.ends_with('Z')) {
    text.remove_suffix(1);
  }
  if ((text.size() != 10 && text.size() != 19) || text[4] != '-' || text[7] != '-') {
    return std::nullopt;
  }
  const auto year = number(0, 4);
  const auto month = number(5, 2);
  const auto day = number(8, 2);
  if (!year || !month || !day) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) {
    return std::nullopt;
  }
  Timestamp time{std::chrono::sys_days(date)};
  if (text.size() == 19) {
    const auto hour = number(11, 2);
    const auto minute = number(14, 2);
    const auto second = number(17, 2);
    if (text[10] != 'T' || text[13] != ':' || text[16] != ':' || !hour || !minute || !second ||
        *hour > 23 || *minute > 59 || *second > 60) {
      return std::nullopt;
    }
    time +=
        std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second);
  }
  return time;
}

}  // namespace patchmill::cli
