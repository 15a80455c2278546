#include "checks/fixture.hpp"

using namespace patchmill::checks;
using namespace patchmill::checks::testing;
using namespace std::string_literals;

namespace {

// Bytes that neither git nor zlib can make small.
std::string noise(std::size_t size) {
  std::string data;
  std::uint32_t state = 1;
  while (data.size() < size) {
    state = state * 1664525 + 1013904223;
    data.push_back(static_cast<char>(state >> 24));
  }
  return data;
}

}  // namespace

TEST_CASE("checks::make_large_binary: text, small pictures, removed files") {
  TestRepo repo;
  repo.commit({{"tool.o",
                "\x7f"
                "ELF\0\0"s +
                    noise(100)}});
  TestSeries series;
  repo.patch(series, {{"a.c", "int x;\n"}});
  repo.patch(series, {{"logo.png", "\x89PNG\r\n\0"s + noise(1000)}});
  repo.patch(series, {{"tool.o", ""}});
  for (std::size_t i = 0; i < 3; ++i) {
    CAPTURE(i);
    CHECK(run_check("large-binary", series, {}, &repo.repository(), i).verdict == Verdict::pass);
    CHECK(run_check("large-binary", series, {}, nullptr, i).verdict == Verdict::pass);
  }
}

TEST_CASE("checks::make_large_binary: programs and archives by name and by content") {
  TestRepo repo;
  TestSeries series;
  repo.patch(series, {{"bin/tool",
                       "\x7f"
                       "ELF\x02\x01\0\0"s +
                           noise(100)}});
  repo.patch(series, {{"x.ko", "\0\1\2"s + noise(100)}});
  repo.patch(series, {{"notes.dat", "PK\x03\x04\0"s + noise(100)}});
  CHECK(run_check("large-binary", series, {}, &repo.repository(), 0).verdict == Verdict::fail);
  CHECK(run_check("large-binary", series, {}, &repo.repository(), 1).verdict == Verdict::fail);
  CHECK(run_check("large-binary", series, {}, &repo.repository(), 2).summary.find("zip") !=
        std::string::npos);
  // Without a tree the name is all there is.
  CHECK(run_check("large-binary", series, {}, nullptr, 1).verdict == Verdict::fail);
  CHECK(run_check("large-binary", series, {{"allow", "bin/* *.ko"}}, nullptr, 1).verdict ==
        Verdict::pass);
}

TEST_CASE("checks::make_large_binary: size from the object or from the patch") {
  TestRepo repo;
  TestSeries series;
  repo.patch(series, {{"big.dat", "\0"s + noise(600'000)}});
  const auto placed = run_check("large-binary", series, {}, &repo.repository());
  CHECK(placed.verdict == Verdict::fail);
  CHECK(rules(placed) == "size");
  CHECK(rules(run_check("large-binary", series)) == "size");
  CHECK(run_check("large-binary", series, {{"max-size", "700000"}}).verdict == Verdict::pass);
  CHECK(run_check("large-binary", series, {{"max-size", "0"}}).verdict == Verdict::pass);
}
