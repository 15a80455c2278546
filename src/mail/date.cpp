#include "mail/date.hpp"

#include "util/ascii.hpp"
#include "util/text.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace patchmill::mail {

namespace {

// Without comments, at most 200 characters are looked at.
std::string without_comments(std::string_view value) {
  std::string out;
  int depth = 0;
  for (const char c : value.substr(0, 200)) {
    if (c == '(') {
      ++depth;
    } else if (c == ')') {
      depth = depth > 0 ? depth - 1 : 0;
    } else if (depth == 0) {
      out += c == ',' || c == '\t' || c == '\n' || c == '\r' ? ' ' : c;
    }
  }
  return out;
}

std::optional<int> number(std::string_view text, std::size_t max_digits) {
  if (text.empty() || text.size() > max_digits) {
    return std::nullopt;
  }
  int value = 0;
  for (const char c : text) {
    if (!is_digit(c)) {
      return std::nullopt;
    }
    value = value * 10 + (c - '0');
  }
  return value;
}

int month_of(std::string_view word) {
  static constexpr std::array<std::string_view, 12> names = {
      "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (word.size() >= 3 && istarts_with(word, names[i])) {
      return static_cast<int>(i) + 1;
    }
  }
  return 0;
}

bool is_weekday(std::string_view word) {
  static constexpr std::array<std::string_view, 7> names = {"mon", "tue", "wed", "thu",
                                                            "fri", "sat", "sun"};
  for (const std::string_view name : names) {
    if (istarts_with(word, name)) {
      return true;
    }
  }
  return false;
}

struct Fields {
  int year = -1, month = 0, day = 0;
  int hour = -1, minute = 0, second = 0;
  int offset = 0;  // minutes east of UTC
};

// "22:13:20", "22:13", "22.13.20"
bool read_time(std::string_view word, Fields& fields) {
  const char separator = word.find(':') != std::string_view::npos ? ':' : '.';
  const auto parts = split(word.substr(0, word.find_first_of("Z+-")), separator);
  if (parts.size() < 2 || parts.size() > 4) {
    return false;
  }
  const auto hour = number(parts[0], 2);
  const auto minute = number(parts[1], 2);
  // A fraction of a second is dropped.
  const auto second =
      parts.size() > 2 ? number(parts[2].substr(0, parts[2].find('.')), 2) : std::optional(0);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) {
    return false;
  }
  fields.hour = *hour;
  fields.minute = *minute;
  fields.second = *second;
  return true;
}

// Hours east of UTC as git names zones; besides RFC 5322 section 4.3 those of other mailers.
std::optional<int> hours_of_zone(std::string_view word) {
  struct Named {
    std::string_view name;
    int hours;
  };
  static constexpr std::array<Named, 44> names = {{
      {"idlw", -12}, {"nt", -11},  {"cat", -10}, {"hst", -10}, {"hdt", -9}, {"yst", -9},
      {"ydt", -8},   {"pst", -8},  {"pdt", -7},  {"mst", -7},  {"mdt", -6}, {"cst", -6},
      {"cdt", -5},   {"est", -5},  {"edt", -4},  {"ast", -3},  {"adt", -2}, {"wat", -1},
      {"ut", 0},     {"gmt", 0},   {"utc", 0},   {"z", 0},     {"wet", 0},  {"bst", 1},
      {"cet", 1},    {"met", 1},   {"mewt", 1},  {"mest", 2},  {"cest", 2}, {"mesz", 2},
      {"fwt", 1},    {"fst", 2},   {"eet", 2},   {"eest", 3},  {"wast", 7}, {"wadt", 8},
      {"cct", 8},    {"jst", 9},   {"east", 10}, {"eadt", 11}, {"gst", 10}, {"nzt", 12},
      {"nzst", 12},  {"nzdt", 13},
  }};
  for (const Named& named : names) {
    if (iequals(word, named.name)) {
      return named.hours;
    }
  }
  return std::nullopt;
}

// Minutes of "+hhmm", "+hh:mm" or "+hh".
std::optional<int> read_numeric_zone(std::string_view word) {
  const bool colon = word.size() == 6 && word[3] == ':';
  if (word.size() != 3 && word.size() != 5 && !colon) {
    return std::nullopt;
  }
  const auto hours = number(word.substr(1, 2), 2);
  const auto minutes = word.size() == 3 ? std::optional(0) : number(word.substr(colon ? 4 : 3), 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) {
    return std::nullopt;
  }
  const int offset = *hours * 60 + *minutes;
  return word[0] == '-' ? -offset : offset;
}

// Of the words behind the time.
class ZoneReader {
 public:
  void read(std::string_view word) {
    if (word.size() > 3 && (word[3] == '+' || word[3] == '-') &&
        (istarts_with(word, "gmt") || istarts_with(word, "utc"))) {
      word.remove_prefix(3);
    }
    if (word[0] == '+' || word[0] == '-') {
      if (const auto minutes = read_numeric_zone(word)) {
        m_minutes = *minutes;
      }
    } else if (!m_minutes) {
      if (const auto hours = hours_of_zone(word)) {
        m_minutes = *hours * 60;
      }
    }
  }
  [[nodiscard]] int minutes() const { return m_minutes.value_or(0); }

 private:
  std::optional<int> m_minutes;
};

// "14-Nov-2023", "2023-11-14"
bool read_joined_date(std::string_view word, Fields& fields) {
  const auto parts = split(word, '-');
  if (parts.size() != 3) {
    return false;
  }
  const auto first = number(parts[0], 4);
  const auto third = number(parts[2], 4);
  const int month = month_of(parts[1]) > 0 ? month_of(parts[1]) : number(parts[1], 2).value_or(0);
  if (!first || !third || month == 0) {
    return false;
  }
  const bool iso = parts[0].size() == 4;
  fields.year = iso ? *first : *third;
  fields.day = iso ? *third : *first;
  fields.month = month;
  return true;
}

std::optional<ZonedTime> to_zoned_time(const Fields& fields) {
  int year = fields.year;
  // RFC 5322 section 4.3; three digits count from 1900.
  if (year < 50) {
    year += 2000;
  } else if (year < 1000) {
    year += 1900;
  }
  if (year < 1970 || year > 2100) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(fields.month)},
                                         std::chrono::day{static_cast<unsigned>(fields.day)}};
  if (!date.ok()) {
    return std::nullopt;
  }
  const Timestamp time = std::chrono::sys_days(date) + std::chrono::hours(fields.hour) +
                         std::chrono::minutes(fields.minute - fields.offset) +
                         std::chrono::seconds(fields.second);
  return to_micros(time) < 0 ? std::nullopt : std::optional(ZonedTime{time, fields.offset});
}

}  // namespace

std::optional<ZonedTime> parse_zoned_date(std::string_view value) {
  std::string text = without_comments(value);
  // ISO 8601 "2023-11-14T22:13:20"
  if (text.size() > 10 && text[10] == 'T' && is_digit(text[0])) {
    text[10] = ' ';
  }
  Fields fields;
  ZoneReader zone;
  for (std::string_view word : split(text, ' ')) {
    if (word.empty()) {
      continue;
    }
    if (fields.hour < 0 && word.find(':') != std::string_view::npos) {
      if (!read_time(word, fields)) {
        return std::nullopt;
      }
      // "22:13:20+0100"
      const std::size_t sign = word.find_first_of("+-");
      if (sign != std::string_view::npos) {
        zone.read(word.substr(sign));
      }
    } else if (fields.hour < 0 && fields.month > 0 && fields.year >= 0 &&
               word.find('.') != std::string_view::npos) {
      if (!read_time(word, fields)) {
        return std::nullopt;
      }
    } else if (fields.month == 0 && month_of(word) > 0 && !is_digit(word[0])) {
      fields.month = month_of(word);
    } else if (fields.month == 0 && is_digit(word[0]) && word.find('-') != std::string_view::npos) {
      if (!read_joined_date(word, fields)) {
        return std::nullopt;
      }
    } else if (is_digit(word[0]) && (fields.day == 0 || fields.year < 0)) {
      const auto plain = number(word, 4);
      if (!plain) {
        return std::nullopt;
      }
      if (fields.day == 0 && word.size() <= 2) {
        fields.day = *plain;
      } else if (fields.year < 0) {
        fields.year = *plain;
      }
    } else if (fields.hour >= 0) {
      zone.read(word);
    } else if (!is_weekday(word) && fields.day == 0 && fields.month == 0) {
      return std::nullopt;
    }
  }
  if (fields.year < 0 || fields.month < 1 || fields.month > 12 || fields.day < 1 ||
      fields.hour < 0) {
    return std::nullopt;
  }
  fields.offset = zone.minutes();
  return to_zoned_time(fields);
}

std::optional<Timestamp> parse_date(std::string_view value) {
  const auto date = parse_zoned_date(value);
  return date ? std::optional(date->time) : std::nullopt;
}

}  // namespace patchmill::mail
