#include "api/patchwork/json_text.hpp"

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

namespace patchmill::api::patchwork {
namespace {

template <class T>
std::string string_of(const T& text) {
  std::string out = "x";
  append_string(out, text);
  return out.substr(1);
}

std::string date_of(std::int64_t micros) {
  std::string out;
  append_date(out, from_micros(micros));
  return out;
}

TEST_CASE("append_string: escapes what JSON needs, and no more") {
  CHECK(string_of("") == "\"\"");
  CHECK(string_of("plain Größe 語") == "\"plain Größe 語\"");
  CHECK(string_of("a\"b\\c\nd\te\rf/g") == "\"a\\\"b\\\\c\\nd\\te\\rf/g\"");
  CHECK(string_of(std::string_view("\0\x1b\x7f", 3)) == "\"\\u0000\\u001b\\u007f\"");
}

TEST_CASE("append_string: whatever comes, it is JSON in UTF-8") {
  std::string all;
  for (int i = 0; i < 256; ++i) {
    all += static_cast<char>(i);
  }
  for (const std::string& text : {all, std::string("\xff\xfe"), std::string("\xc3"),
                                  std::string("\xed\xa0\x80 surrogate"), std::string("\xf4\x90")}) {
    const auto value = boost::json::parse(string_of(text));
    CHECK(value.is_string());
    CHECK_FALSE(value.as_string().empty());
  }
}

TEST_CASE("append_string_or_null") {
  std::string out;
  append_string_or_null(out, std::nullopt);
  append_string_or_null(out, std::string("a"));
  CHECK(out == "null\"a\"");
}

TEST_CASE("append_date: UTC without a zone, a fraction only where there is one") {
  CHECK(date_of(1'700'049'600'000'000) == "\"2023-11-15T12:00:00\"");
  CHECK(date_of(1'700'049'600'000'250) == "\"2023-11-15T12:00:00.000250\"");
  CHECK(date_of(1'700'049'599'999'999) == "\"2023-11-15T11:59:59.999999\"");
  CHECK(date_of(0) == "\"1970-01-01T00:00:00\"");
  CHECK(date_of(-1) == "\"1969-12-31T23:59:59.999999\"");
  CHECK(date_of(std::numeric_limits<std::int64_t>::max()) == "null");
  CHECK(date_of(std::numeric_limits<std::int64_t>::min() + 86'400'000'000) == "null");
}

TEST_CASE("append_number") {
  std::string out;
  append_number(out, std::numeric_limits<std::int64_t>::min());
  append_number(out, 0);
  CHECK(out == "-92233720368547758080");
}

TEST_CASE("append_path_segment: one segment, whatever is in it") {
  const auto coded = [](std::string_view text) {
    std::string out;
    append_path_segment(out, text);
    return out;
  };
  CHECK(coded("v1-1@x.org") == "v1-1@x.org");
  CHECK(coded("a/b?c#d%2F e\"<>") == "a%2Fb%3Fc%23d%252F%20e%22%3C%3E");
  CHECK(coded("ä") == "%C3%A4");
}

TEST_CASE("append_msgid_segment: none that clients fold away") {
  const auto coded = [](std::string_view msgid) {
    std::string out;
    append_msgid_segment(out, msgid);
    return out;
  };
  CHECK(coded("a/b@x.org") == "a%2Fb@x.org");
  CHECK(coded(".") == "%3C.%3E");
  CHECK(coded("..") == "%3C..%3E");
  CHECK(coded("...") == "...");
}

}  // namespace
}  // namespace patchmill::api::patchwork
