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
        "staging: foo: wait for more...", "block: Do not merge bios of two queues",
        "net: draft 7 of the standard", "net: wipe the key", "fix!: net: x", "net: fixup! was lost",
        "DRAFTING: foo: x"}) {
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

TEST_CASE("checks::make_subject_form: commits that git rebase --autosquash was to move") {
  for (const char* title :
       {"fixup! f: six", "squash! f: six", "amend! f: six", "fixup! fixup! f: six", "fixup! f"}) {
    CAPTURE(title);
    const auto outcome = titled(title);
    CHECK(outcome.verdict == Verdict::fail);
    CHECK(rules(outcome).starts_with("autosquash"));
  }
  CHECK(rules(titled("fixup! f: six")) == "autosquash");
  CHECK(titled("fixup!").verdict == Verdict::fail);
}

TEST_CASE("checks::make_subject_form: subjects that say themselves that they are not done") {
  for (const char* title :
       {"WIP: x: y", "wip: x: y", "WIP x: y", "x: WIP: y", "x: WIP y", "(WIP) x: y", "Draft: x: y",
        "(draft) x: y", "DRAFT x: y", "DO NOT MERGE x: y", "x: DO NOT MERGE", "Do not merge: x: y",
        "DO NOT MERGE!: x: y", "DNM: x: y"}) {
    CAPTURE(title);
    const auto outcome = titled(title);
    CHECK(outcome.verdict == Verdict::warning);
    CHECK(rules(outcome).find("unfinished") != std::string::npos);
  }
  // What git am cuts off is still in the subject of the mail.
  for (const char* subject : {"[PATCH] [WIP] x: y", "[WIP PATCH v2 1/2] x: y", "[PATCH wip] x: y",
                              "[PATCH DO NOT MERGE] x: y", "[draft] x: y"}) {
    CAPTURE(subject);
    TestSeries series;
    series.add("x: y", "Why.\n", change("x.c", {" a", "+b", " c"}));
    series.message(0).subject = subject;
    const auto outcome = run_check("subject-form", series);
    CHECK(outcome.verdict == Verdict::warning);
    CHECK(rules(outcome) == "unfinished");
    series.message(0).subject = "[RFC PATCH v2] x: y";
    CHECK(run_check("subject-form", series).verdict == Verdict::pass);
  }
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
