#include "http/conditional.hpp"

#include "util/text.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace patchmill::http {
namespace {

constexpr std::array<const char*, 12> k_months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<const char*, 7> k_days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

void put_number(std::string& out, int value, int width) {
  std::string digits = std::to_string(value);
  if (digits.size() < static_cast<std::size_t>(width)) {
    digits.insert(0, static_cast<std::size_t>(width) - digits.size(), '0');
  }
  out += digits;
}

std::string_view strip_weak(std::string_view tag) {
  return tag.starts_with("W/") ? tag.substr(2) : tag;
}

// Whether a list of entity tags holds ours. Tags may contain commas, so quotes are followed.
bool has_tag(std::string_view list, std::string_view etag, bool strong) {
  list = trim(list);
  if (list == "*") {
    return !etag.empty();
  }
  while (!list.empty()) {
    const auto open = list.find('"');
    if (open == std::string_view::npos) {
      return false;
    }
    const auto close = list.find('"', open + 1);
    if (close == std::string_view::npos) {
      return false;
    }
    const bool weak = open >= 2 && list.substr(open - 2, 2) == "W/";
    const auto tag = list.substr(open, close - open + 1);
    if (!(strong && (weak || etag.starts_with("W/"))) && tag == strip_weak(etag)) {
      return true;
    }
    list.remove_prefix(close + 1);
  }
  return false;
}

}  // namespace

std::string format_http_date(std::time_t time) {
  // A file may claim any time; a date has four digits for its year (RFC 9110 section 5.6.7).
  constexpr std::time_t first = -62'135'596'800;  // 0001-01-01
  constexpr std::time_t last = 253'402'300'799;   // 9999-12-31 23:59:59
  time = std::clamp(time, first, last);
  std::tm parts{};
  static_cast<void>(::gmtime_r(&time, &parts));
  std::string text = k_days[static_cast<std::size_t>(parts.tm_wday)];
  text += ", ";
  put_number(text, parts.tm_mday, 2);
  text += ' ';
  text += k_months[static_cast<std::size_t>(parts.tm_mon)];
  text += ' ';
  put_number(text, parts.tm_year + 1900, 4);
  text += ' ';
  put_number(text, parts.tm_hour, 2);
  text += ':';
  put_number(text, parts.tm_min, 2);
  text += ':';
  put_number(text, parts.tm_sec, 2);
  text += " GMT";
  return text;
}

std::optional<std::time_t> parse_http_date(std::string_view text) {
  // Sun, 06 Nov 1994 08:49:37 GMT
  if (text.size() != 29 || text.substr(3, 2) != ", " || text[7] != ' ' || text[11] != ' ' ||
      text[16] != ' ' || text[19] != ':' || text[22] != ':' || text.substr(25) != " GMT") {
    return std::nullopt;
  }
  const auto day = parse_uint(text.substr(5, 2));
  const auto year = parse_uint(text.substr(12, 4));
  const auto hour = parse_uint(text.substr(17, 2));
  const auto minute = parse_uint(text.substr(20, 2));
  const auto second = parse_uint(text.substr(23, 2));
  const auto month = std::find(k_months.begin(), k_months.end(), text.substr(8, 3));
  if (!day || !year || !hour || !minute || !second || month == k_months.end() || *hour > 23 ||
      *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  const auto date = std::chrono::year(static_cast<int>(*year)) /
                    std::chrono::month(static_cast<unsigned>(month - k_months.begin()) + 1) /
                    std::chrono::day(static_cast<unsigned>(*day));
  if (!date.ok()) {
    return std::nullopt;
  }
  return static_cast<std::time_t>(std::chrono::sys_days(date).time_since_epoch().count()) * 86400 +
         static_cast<std::time_t>(*hour * 3600 + *minute * 60 + *second);
}

Precondition check_preconditions(const Headers& headers, const Validators& now, bool safe) {
  if (headers.has("If-Match")) {
    if (!has_tag(headers.joined("If-Match"), now.etag, true)) {
      return Precondition::failed;
    }
  } else if (const auto since = headers.get("If-Unmodified-Since")) {
    const auto date = parse_http_date(*since);
    if (date && now.last_modified && *now.last_modified > *date) {
      return Precondition::failed;
    }
  }
  if (headers.has("If-None-Match")) {
    if (has_tag(headers.joined("If-None-Match"), now.etag, false)) {
      return safe ? Precondition::not_modified : Precondition::failed;
    }
  } else if (const auto since = headers.get("If-Modified-Since"); since && safe) {
    const auto date = parse_http_date(*since);
    if (date && now.last_modified && *now.last_modified <= *date) {
      return Precondition::not_modified;
    }
  }
  return Precondition::proceed;
}

RangeAnswer choose_range(const Headers& headers, const Validators& now, std::uint64_t size) {
  RangeAnswer whole{RangeAnswer::Kind::whole, {0, size}};
  const auto header = headers.get("Range");
  if (!header || headers.count("Range") != 1 || !istarts_with(*header, "bytes=")) {
    return whole;
  }
  if (const auto condition = headers.get("If-Range")) {
    const bool same =
        condition->find('"') != std::string_view::npos
            ? !now.etag.empty() && !now.etag.starts_with("W/") && *condition == now.etag
            : now.last_modified && parse_http_date(*condition) == now.last_modified;
    if (!same) {
      return whole;
    }
  }
  const std::string_view spec = trim(header->substr(6));
  const auto dash = spec.find('-');
  if (dash == std::string_view::npos || spec.find(',') != std::string_view::npos) {
    return whole;
  }
  const std::string_view first_text = trim(spec.substr(0, dash));
  const std::string_view last_text = trim(spec.substr(dash + 1));
  const auto first = parse_uint(first_text);
  const auto last = parse_uint(last_text);
  if ((!first_text.empty() && !first) || (!last_text.empty() && !last) ||
      (first_text.empty() && last_text.empty()) || (first && last && *last < *first)) {
    return whole;
  }
  if (!first) {  // the last N bytes
    const std::uint64_t length = std::min(*last, size);
    if (length == 0) {
      return {RangeAnswer::Kind::unsatisfiable, {}};
    }
    return {RangeAnswer::Kind::part, {size - length, length}};
  }
  if (*first >= size) {
    return {RangeAnswer::Kind::unsatisfiable, {}};
  }
  const std::uint64_t end = last ? std::min(*last, size - 1) : size - 1;
  return {RangeAnswer::Kind::part, {*first, end - *first + 1}};
}

}  // namespace patchmill::http
