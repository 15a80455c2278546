#include "findings/finding.hpp"

#include "findings/normalise.hpp"

#include <doctest/doctest.h>

using namespace patchmill::findings;

namespace {
Finding warning(std::string file, int line, std::string message) {
  Finding finding;
  finding.tool = "cc";
  finding.rule = "-Wunused-variable";
  finding.file = std::move(file);
  finding.line = line;
  finding.message = std::move(message);
  return finding;
}
}  // namespace

TEST_CASE("findings::worst_of: the worst decides, skips do not count") {
  using enum Verdict;
  CHECK(worst_of({}) == incomplete);
  CHECK(worst_of(std::vector{skip, skip}) == skip);
  CHECK(worst_of(std::vector{skip, pass}) == pass);
  CHECK(worst_of(std::vector{pass, warning, skip}) == warning);
  CHECK(worst_of(std::vector{pass, incomplete, warning}) == incomplete);
  CHECK(worst_of(std::vector{incomplete, fail, pass}) == fail);
}

TEST_CASE("findings::verdict_from: reads what to_string writes, and nothing else") {
  for (const Verdict verdict :
       {Verdict::pass, Verdict::warning, Verdict::fail, Verdict::skip, Verdict::incomplete}) {
    CHECK(verdict_from(to_string(verdict)) == verdict);
  }
  CHECK_FALSE(verdict_from("PASS"));
  CHECK_FALSE(verdict_from(""));
}

TEST_CASE("findings::normalise_message: what changes from run to run is taken out") {
  CHECK(normalise_message("unused variable \u2018x2\u2019") == "unused variable 'x2'");
  CHECK(normalise_message("unused variable 'x2'") == "unused variable 'x2'");
  CHECK(normalise_message("unused  variable\t`x2'") == "unused variable 'x2'");
  CHECK(normalise_message("frame size of 2064 bytes exceeds 1024") ==
        "frame size of N bytes exceeds N");
  CHECK(normalise_message("at 0xffffffff81000000 and ffffffff8100abcd") == "at X and X");
  CHECK(normalise_message("in /tmp/ccAbC123.o: bad") == "in ccN.o: bad");
  CHECK(normalise_message("see /build/x/include/linux/a.h now") == "see a.h now");
  CHECK(normalise_message("a face was added") == "a face was added");
}

TEST_CASE("findings::Finding::fingerprint: no line, no build path, no clone suffix") {
  const Finding one = warning("kernel/sys.c", 10, "unused variable \u2018a\u2019");
  Finding two = warning("./kernel/sys.c", 99, "unused variable 'a'");
  CHECK(one.fingerprint() == two.fingerprint());
  two.severity = Severity::error;  // -Werror
  CHECK(one.fingerprint() == two.fingerprint());
  two.function = "f.isra.0";
  CHECK(one.fingerprint() != two.fingerprint());
  Finding three = one;
  three.function = "f";
  CHECK(two.fingerprint() == three.fingerprint());
  CHECK(warning("a", 0, "b").fingerprint() != warning("ab", 0, "").fingerprint());
}

TEST_CASE("findings::introduced: counts repeated findings, keeps the order") {
  const Finding a = warning("a.c", 1, "one"), b = warning("b.c", 1, "two");
  Finding moved = a;
  moved.line = 50;
  CHECK(introduced(std::vector{a, b}, std::vector{moved, b}).empty());
  const auto fresh = introduced(std::vector{a}, std::vector{b, a, moved});
  REQUIRE(fresh.size() == 2);
  CHECK(fresh[0].message == "two");
  CHECK(fresh[1].line == 50);
  // A new one is not hidden by another that was mended.
  CHECK(introduced(std::vector{a}, std::vector{b}).size() == 1);
}
