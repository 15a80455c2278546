#include "registry/name_searches.hpp"

#include <doctest/doctest.h>

#include <string>

using patchmill::registry::NameSearches;

namespace {

std::shared_ptr<const NameSearches::Rows> rows(std::uint64_t bits) {
  return std::make_shared<const NameSearches::Rows>(1, bits);
}

}  // namespace

TEST_CASE("registry::NameSearches: what was found, until a name changes") {
  NameSearches searches;
  CHECK_FALSE(searches.find(1, {"net", "fix"}));
  searches.keep(1, {"net", "fix"}, rows(5));
  const auto found = searches.find(1, {"net", "fix"});
  REQUIRE(found);
  CHECK(found->at(0) == 5);
  CHECK_FALSE(searches.find(1, {"net"}));
  CHECK_FALSE(searches.find(2, {"net", "fix"}));
  CHECK(found->at(0) == 5);  // who has it keeps it
  // Somebody was slow: names have changed since he began.
  searches.keep(1, {"net"}, rows(7));
  CHECK_FALSE(searches.find(2, {"net"}));
  CHECK(searches.bytes() == 0);
}

TEST_CASE("registry::NameSearches: only the last ones are kept") {
  NameSearches searches;
  searches.keep(1, {"first"}, rows(1));
  for (int i = 0; i < 100; ++i) {
    searches.keep(1, {std::to_string(i)}, rows(2));
    CHECK(searches.find(1, {"first"}));
  }
  CHECK(searches.find(1, {"99"}));
  CHECK_FALSE(searches.find(1, {"50"}));
  CHECK(searches.bytes() == 16 * 8);
}
