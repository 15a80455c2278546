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

std::vector<std::optional<std::size_t>> heirs_of(const std::vector<Revision>& chain) {
  std::vector<std::optional<std::size_t>> result;
  for (const Succession& one : successions(chain, [](std::size_t, std::size_t) { return false; })) {
    CHECK_FALSE(one.stranger);
    result.push_back(one.heir);
  }
  return result;
}

using Heirs = std::vector<std::optional<std::size_t>>;

}  // namespace

TEST_CASE("tracker::successions: the nearest later one that has patches and is newer or complete") {
  CHECK(heirs_of({}).empty());
  const std::vector<Revision> chain{revision(1, 1, 2), revision(2, 1, 1), revision(3, 1, 2),
                                    revision(4, 2, 0), revision(5, 2, 1), revision(6, 2, 1)};
  CHECK(heirs_of(chain) == Heirs{2, 2, std::nullopt, std::nullopt, std::nullopt, std::nullopt});
}

TEST_CASE("tracker::successions: a whole series stays until a whole one takes its place") {
  CHECK(heirs_of({revision(1, 1, 2), revision(2, 2, 1)}) == Heirs{std::nullopt, std::nullopt});
  CHECK(heirs_of({revision(1, 1, 2), revision(2, 2, 1), revision(3, 3, 2)}) ==
        Heirs{2, 2, std::nullopt});
  CHECK(heirs_of({revision(1, 1, 1), revision(2, 2, 1)}) == Heirs{1, std::nullopt});
}

TEST_CASE("tracker::successions: what is for another tree takes over only from what it continues") {
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

TEST_CASE("tracker::successions: a stranger takes nothing over, who shares a patch does") {
  std::vector<Revision> chain{revision(1, 1, 2), revision(2, 2, 2), revision(3, 3, 2)};
  chain[1].fact.author = "mallory@example.org";
  const auto with = [&](std::size_t friends) {
    return successions(chain, [=](std::size_t a, std::size_t b) {
      CHECK(a != b);
      return std::min(a, b) == friends;
    });
  };
  const Succession last{};
  CHECK(with(9) == std::vector<Succession>{{2, std::nullopt}, {std::nullopt, 2}, last});
  CHECK(with(0) == std::vector<Succession>{{1, std::nullopt}, {std::nullopt, 2}, last});
  CHECK(with(1) == std::vector<Succession>{{2, std::nullopt}, {2, std::nullopt}, last});
  chain.pop_back();
  CHECK(with(9) == std::vector<Succession>{{std::nullopt, 1}, last});
}

TEST_CASE("tracker::successions: one patch takes over from several only if something says so") {
  std::vector<Revision> chain{revision(1, 1, 3, 3), revision(2, 2, 1, 1)};
  const Heirs taken{1, std::nullopt}, kept{std::nullopt, std::nullopt};
  CHECK(heirs_of(chain) == kept);
  chain[1].change_id = "20260101-x";
  CHECK(heirs_of(chain) == kept);
  chain[0].change_id = "20260101-x";
  CHECK(heirs_of(chain) == taken);
  chain[0].change_id.clear();
  chain[1].names_previous = true;
  CHECK(heirs_of(chain) == taken);
  chain[1].names_previous = false;
  chain[1].fact.has_cover = true;
  CHECK(heirs_of(chain) == taken);
  chain[1].fact.has_cover = false;
  chain[0] = revision(1, 1, 1, 3);  // a slip in its counter, maybe
  CHECK(heirs_of(chain) == taken);
  chain[0].fact.has_cover = true;
  CHECK(heirs_of(chain) == kept);
}

TEST_CASE("tracker::successions: linear in the length of the chain") {
  std::vector<Revision> chain;
  for (int i = 0; i < 200'000; ++i) {
    chain.push_back(revision(i + 1, 1, 1));
  }
  const auto heirs = heirs_of(chain);  // in the square of it this would not end
  CHECK(std::count(heirs.begin(), heirs.end(), std::nullopt) == 200'000);
}
