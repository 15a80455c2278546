#include "tracker/superseding.hpp"

#include <doctest/doctest.h>

#include <chrono>

using namespace patchmill;
using namespace patchmill::tracker;

namespace {

Revision revision(std::int64_t series, int version, std::int64_t received, int total = 2) {
  Revision result;
  result.fact.series = series;
  result.fact.author = "alice@example.org";
  result.fact.version = {version, 0};
  result.fact.total = total;
  result.received = received;
  result.complete = received >= total;
  if (series > 1) {
    result.previous = series - 1;
  }
  return result;
}

using Heirs = std::vector<std::optional<std::size_t>>;

}  // namespace

TEST_CASE("tracker::heirs_of: the nearest later one that has patches and is newer or complete") {
  CHECK(heirs_of({}).empty());
  const std::vector<Revision> chain{revision(1, 1, 2), revision(2, 1, 1), revision(3, 1, 2),
                                    revision(4, 2, 0), revision(5, 2, 1), revision(6, 2, 1)};
  CHECK(heirs_of(chain) == Heirs{2, 2, 4, std::nullopt, std::nullopt, std::nullopt});
}

TEST_CASE("tracker::heirs_of: what is for another tree takes over only from what it continues") {
  std::vector<Revision> chain{revision(1, 1, 2), revision(2, 2, 2), revision(3, 2, 2)};
  chain[2].previous = 1;
  chain[0].fact.tags = chain[2].fact.tags = {"net"};
  chain[1].fact.tags = {"net-next"};
  CHECK(heirs_of(chain) == Heirs{1, std::nullopt, std::nullopt});
  chain[1].fact.tags = {"6.1.y"};
  chain[0].fact.tags = {"5.10.y"};
  chain[1].previous.reset();
  CHECK(heirs_of(chain) == Heirs{2, std::nullopt, std::nullopt});
}

TEST_CASE("tracker::heirs_of: linear in the length of the chain") {
  std::vector<Revision> chain;
  for (int i = 0; i < 200'000; ++i) {
    chain.push_back(revision(i + 1, 1, 1));
  }
  const auto start = std::chrono::steady_clock::now();
  const auto heirs = heirs_of(chain);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
  CHECK(std::count(heirs.begin(), heirs.end(), std::nullopt) == 200'000);
}
