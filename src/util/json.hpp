#pragma once
// Values of JSON made from what may be missing: null then.

#include "util/clock.hpp"
#include "util/text.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <string>

namespace patchmill {

// Null for an empty text; bytes that are no UTF-8 are mended.
inline boost::json::value or_null(const std::string& text) {
  return text.empty() ? boost::json::value(nullptr) : boost::json::value(mend_utf8(text));
}

// As to_iso writes it.
inline boost::json::value or_null(const std::optional<Timestamp>& time) {
  return time ? boost::json::value(to_iso(*time)) : boost::json::value(nullptr);
}

template <class Number>
boost::json::value or_null(const std::optional<Number>& number) {
  return number ? boost::json::value(*number) : boost::json::value(nullptr);
}

}  // namespace patchmill
