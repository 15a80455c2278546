#include "tracker/compression.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::tracker;

TEST_CASE("tracker::compress: gives back what it was given, where it pays") {
  CHECK_FALSE(compress(""));
  CHECK_FALSE(compress(std::string(100, 'a')));
  const std::string text(50'000, 'a');
  const auto packed = compress(text);
  REQUIRE(packed);
  CHECK(packed->size() < 1000);
  CHECK(decompress(*packed, text.size()) == text);
}

TEST_CASE("tracker::decompress: refuses damage and bombs") {
  const auto packed = compress(std::string(50'000, 'a'));
  REQUIRE(packed);
  CHECK(decompress(*packed, 49'999).error().kind == ErrorKind::limit);
  CHECK(decompress("no frame", 1000).error().kind == ErrorKind::invalid);
  CHECK(decompress("", 1000).error().kind == ErrorKind::invalid);
  CHECK(decompress(packed->substr(0, packed->size() - 2), 50'000).error().kind ==
        ErrorKind::invalid);
}
