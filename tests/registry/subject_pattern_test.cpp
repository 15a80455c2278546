#include "registry/subject_pattern.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace patchmill;
using registry::SubjectPattern;

namespace {

bool found(const std::string& pattern, const std::string& subject) {
  const auto compiled = SubjectPattern::compile(pattern);
  REQUIRE_MESSAGE(compiled.has_value(), compiled.error().message);
  return compiled->found_in(subject);
}

}  // namespace

TEST_CASE("registry::SubjectPattern: searches in any case, with what Python's re has") {
  CHECK(found("iproute2", "[PATCH IPROUTE2-next] tc: a thing"));
  CHECK_FALSE(found("^iproute2", "[PATCH iproute2] a thing"));
  CHECK(found(R"(^\[(?!.*iproute2)[^]]*net)", "[PATCH net-next] a thing"));
  CHECK_FALSE(found(R"(^\[(?!.*iproute2)[^]]*net)", "[PATCH iproute2 net-next] a thing"));
  CHECK(found("Ü", "[PATCH] ünïcode"));
  CHECK_FALSE(found("x", ""));
}

TEST_CASE("registry::SubjectPattern: what is no regular expression is told with its place") {
  const auto compiled = SubjectPattern::compile("a(b");
  REQUIRE_FALSE(compiled.has_value());
  CHECK(compiled.error().kind == ErrorKind::invalid);
  CHECK(compiled.error().message.find("not a regular expression: ") == 0);
  CHECK(compiled.error().message.find("at character 4") != std::string::npos);
}

TEST_CASE("registry::SubjectPattern: hostile subjects end it early, and do not match") {
  // Exponential for who tries everything.
  CHECK_FALSE(found("^(a+)+$", std::string(1900, 'a') + "!"));
  CHECK(found("b", std::string(1999, 'a') + "b"));
  CHECK_FALSE(found("b", std::string(2000, 'a') + "b"));
  CHECK(found("a", "a\xff\xc3"));
}
