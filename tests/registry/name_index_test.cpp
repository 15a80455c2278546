#include "registry/name_index.hpp"

#include "util/text.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

using patchmill::to_lower;
using patchmill::registry::NameIndex;

namespace {

std::vector<std::size_t> found(const NameIndex& index, const std::vector<std::string>& words,
                               std::uint64_t among = ~std::uint64_t{0}) {
  std::vector<std::uint64_t> bits((index.size() + 63) / 64, among);
  index.keep(bits, words);
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < bits.size() * 64; ++row) {
    if ((bits[row / 64] >> (row % 64) & 1) != 0) {
      rows.push_back(row);
    }
  }
  return rows;
}

using Found = std::vector<std::size_t>;

}  // namespace

TEST_CASE("registry::NameIndex: finds what looking at every name finds, whatever is renamed") {
  std::mt19937 random(7);
  const auto pick = [&](std::size_t below) { return random() % below; };
  const auto word = [&](std::size_t longest) {
    std::string text;
    for (std::size_t length = 1 + pick(longest); text.size() < length;) {
      text += "abAB1[]/:_%\xc3\xb6"[pick(13)];
    }
    return text;
  };
  const auto name = [&] {
    std::string text;
    for (std::size_t words = pick(9); words > 0; --words) {
      text += word(pick(20) == 0 ? 90 : 5) + " ,\t"[pick(3)];
    }
    return text;
  };
  NameIndex index;
  std::vector<std::string> names;
  for (int round = 0; round < 40; ++round) {
    for (std::size_t i = pick(100); i > 0; --i) {
      names.push_back(name());
      REQUIRE(index.put(names.size() - 1, names.back()));
    }
    for (std::size_t i = names.empty() ? 0 : pick(60); i > 0; --i) {
      const std::size_t row = pick(names.size());
      names[row] = pick(4) == 0 ? names[row] : name();
      REQUIRE(index.put(row, names[row]));
    }
    CHECK(index.size() == names.size());
    for (int question = 0; question < 30; ++question) {
      std::vector<std::string> words;
      for (std::size_t i = pick(pick(4) == 0 ? 20 : 3); words.size() <= i;) {
        words.push_back(word(pick(10) == 0 ? 80 : 3));
      }
      const std::uint64_t among = pick(2) == 0 ? ~std::uint64_t{0} : random();
      Found wanted;
      for (std::size_t row = 0; row < names.size(); ++row) {
        const bool all = std::all_of(words.begin(), words.end(), [&](const std::string& part) {
          return to_lower(names[row]).find(to_lower(part)) != std::string::npos;
        });
        if (all && (among >> (row % 64) & 1) != 0) {
          wanted.push_back(row);
        }
      }
      REQUIRE(found(index, words, among) == wanted);
    }
  }
}

TEST_CASE("registry::NameIndex: words of one name, many or long ones, no part of two words") {
  NameIndex index;
  REQUIRE(index.put(0, "[v2,3/7] net: do not"));
  REQUIRE(index.put(1, ""));
  REQUIRE(index.put(2, "net:do"));
  CHECK(found(index, {"NET:", "do"}) == Found{0, 2});
  CHECK(found(index, {"net:do"}) == Found{2});
  CHECK(found(index, {"v23/7"}).empty());
  CHECK(found(index, {"n", "e", "t", ":", "d", "o", "2", "3", "7", "v", "/"}) == Found{0});
  const std::string lengthy(200, 'x');
  REQUIRE(index.put(3, "a" + lengthy + " b"));
  CHECK(found(index, {lengthy, "b"}) == Found{3});
  CHECK(found(index, {lengthy + "x", "b"}).empty());
}

TEST_CASE("registry::NameIndex: rows that were left out have no words") {
  NameIndex index;
  REQUIRE(index.put(200, "late"));
  CHECK(index.size() == 201);
  CHECK(found(index, {"late"}) == Found{200});
  REQUIRE(index.put(70, "late too"));
  CHECK(found(index, {"late"}) == Found{70, 200});
}

TEST_CASE("registry::NameIndex: names that change for ever do not grow it for ever") {
  NameIndex index;
  for (std::size_t row = 0; row < 1'000; ++row) {
    REQUIRE(index.put(row, "a name of some words"));
  }
  for (int i = 0; i < 100'000; ++i) {
    REQUIRE(index.put(static_cast<std::size_t>(i) % 900, i % 2 == 0 ? "a b c d" : "d e f g"));
  }
  CHECK(index.bytes() < 200'000);
}
