#include "checks/fixture.hpp"

using namespace patchmill::checks;
using namespace patchmill::checks::testing;

namespace {

CheckOutcome titled(const std::string& title, const Settings& settings = {}) {
  TestSeries series;
  series.add(title, "Why.\n", change("drivers/net/foo.c", {" a", "+b", " c"}));
  return run_check("subject-form", series, settings);
}

}  // namespace

TEST_CASE("checks::make_subject_form: good subjects") {
  for (const char* title :
       {"net: phy: keep the clock running", "mm/slub: fix a leak in kmem_cache_destroy()",
        "perf tools: Add a column", "x86, sched: Tune it", "ARM: dts: foo: Add bar",
        "Revert \"net: phy: keep the clock running\"", "Merge branch 'x'",
        "staging: foo: wait for more..."}) {
    CAPTURE(title);
    CHECK(titled(title).verdict == Verdict::pass);
  }
}

TEST_CASE("checks::make_subject_form: each fault") {
  const auto rule = [](const std::string& title) {
    const auto outcome = titled(title);
    CHECK(outcome.verdict != Verdict::pass);
    return rules(outcome);
  };
  CHECK(rule("") == "empty");
  CHECK(rule("keep the clock running") == "prefix");
  CHECK(rule("net:keep the clock running") == "prefix");
  CHECK(rule("we found that in some rare case: it breaks") == "prefix");
  CHECK(rule("net: keep the clock running.") == "full-stop");
  CHECK(rule("net: foo.c") == "only-file-name");
  CHECK(rule("net: drivers/net/foo.c") == "only-file-name");
  CHECK(rule("net: foo: update") == "says-nothing");
  CHECK(rule("[net-next] net: keep it") == "bracket");
  CHECK(rule("*** SUBJECT HERE ***").find("placeholder") != std::string::npos);
  CHECK(rule("net: " + std::string(80, 'x')) == "length");
  CHECK(titled("[v2] net: keep it").verdict == Verdict::fail);
}

TEST_CASE("checks::make_subject_form: length counts characters and can be set") {
  std::string umlauts = "net: ";
  for (int i = 0; i < 70; ++i) {
    umlauts += "\u00e4";
  }
  CHECK(titled(umlauts).verdict == Verdict::pass);
  CHECK(titled(umlauts, {{"max-length", "50"}}).verdict == Verdict::warning);
  CHECK(titled("Do a thing", {{"prefix", "false"}}).verdict == Verdict::pass);
}

TEST_CASE("checks::make_subject_form: hostile subjects are shown harmlessly") {
  const auto outcome = titled("\x1b[31mred\x07 " + std::string(100000, 'A') + ".");
  CHECK(outcome.verdict == Verdict::warning);
  CHECK(outcome.summary.size() < 400);
  CHECK(outcome.summary.find('\x1b') == std::string::npos);
  CHECK(titled("[").verdict == Verdict::fail);
  CHECK(titled(":").verdict == Verdict::warning);
  CHECK(titled(std::string(5000, ':')).verdict == Verdict::warning);
}
