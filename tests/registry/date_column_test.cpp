#include "registry/date_column.hpp"

#include <doctest/doctest.h>

#include <vector>

using patchmill::registry::DateColumn;

namespace {

constexpr std::int64_t k_second = 1'000'000;

std::vector<std::int64_t> all(const DateColumn& column) {
  std::vector<std::int64_t> dates;
  for (std::size_t row = 0; row < column.size(); ++row) {
    dates.push_back(column[row]);
  }
  return dates;
}

// Which rows are not before a date.
std::vector<bool> not_before(const DateColumn& column, std::int64_t date) {
  std::vector<bool> found;
  column.with_bound(0, date, [&](const auto* dates, std::int64_t bound) {
    for (std::size_t row = 0; row < column.size(); ++row) {
      found.push_back(std::int64_t{dates[row]} >= bound);
    }
  });
  return found;
}

}  // namespace

TEST_CASE("registry::DateColumn: whole seconds take half of the room") {
  DateColumn column;
  column.reserve(100);
  const std::size_t small = column.bytes();
  column.add(0);
  column.add(1'700'000'000 * k_second);
  column.set(0, 5 * k_second);
  const std::vector<std::int64_t> seconds = {5 * k_second, 1'700'000'000 * k_second};
  CHECK(all(column) == seconds);
  CHECK(column.bytes() == small);
  SUBCASE("one that is none makes them all larger") {
    column.add(5 * k_second + 1);
    CHECK(all(column) == std::vector<std::int64_t>{seconds[0], seconds[1], 5 * k_second + 1});
    CHECK(column.bytes() == 2 * small);
  }
  SUBCASE("so does one before 1970") {
    column.set(1, -k_second);
    CHECK(all(column) == std::vector<std::int64_t>{seconds[0], -k_second});
  }
  SUBCASE("and one that is too late") {
    column.add(5'000'000'000 * k_second);
    CHECK(column[2] == 5'000'000'000 * k_second);
    CHECK(column[0] == seconds[0]);
  }
}

TEST_CASE("registry::DateColumn: bounds between seconds") {
  DateColumn column;
  for (const int second : {0, 1, 2}) {
    column.add(second * k_second);
  }
  for (int round = 0; round < 2; ++round) {
    CHECK(not_before(column, k_second) == std::vector<bool>{false, true, true});
    CHECK(not_before(column, k_second + 1) == std::vector<bool>{false, false, true});
    CHECK(not_before(column, -1) == std::vector<bool>{true, true, true});
    CHECK(not_before(column, -k_second) == std::vector<bool>{true, true, true});
    CHECK(not_before(column, 3 * k_second) == std::vector<bool>{false, false, false});
    column.set(0, 1);  // now all are counted otherwise
  }
}
