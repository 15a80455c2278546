#include "checks/fixture.hpp"

using namespace patchmill::checks;
using namespace patchmill::checks::testing;

namespace {

CheckOutcome body(const std::string& text, const Settings& settings = {}) {
  TestSeries series;
  series.add("x: y", text);
  return run_check("commit-message", series, settings);
}

const std::string k_long(90, 'x');
const std::string k_prose =
    "word word word word word word word word word word word word word "
    "word word word word";

}  // namespace

TEST_CASE("checks::make_commit_message: prose, tags and everything that may be long") {
  CHECK(
      body("The clock stops.\n\nKeep it running.\n\nSigned-off-by: A <a@example.org>\n").verdict ==
      Verdict::pass);
  for (const std::string& line :
       {"  " + k_prose, "\t" + k_prose, "> " + k_prose, "[   12.345678] " + k_prose,
        "See https://example.org/" + k_long, k_long, "Fixes: 0123456789ab (\"" + k_prose + "\")",
        "Reported-by: Somebody " + k_prose, "$ make " + k_prose, "[1] " + k_prose,
        "| a | " + k_prose}) {
    CAPTURE(line);
    CHECK(body("Why.\n\n" + line + "\n").verdict == Verdict::pass);
  }
}

TEST_CASE("checks::make_commit_message: each fault") {
  CHECK(rules(body("")) == "empty");
  CHECK(body("").verdict == Verdict::warning);
  CHECK(rules(body("Signed-off-by: A <a@example.org>\nFixes: 0123456789ab (\"x\")\n")) == "empty");
  CHECK(rules(body(k_prose + "\n")) == "long-line");
  CHECK(body(k_prose + "\n").verdict == Verdict::warning);
  CHECK(rules(body("Note: " + k_prose + "\n")) == "long-line");
  const auto gerrit = body("Why.\n\nChange-Id: I0123456789abcdef0123456789abcdef01234567\n");
  CHECK(gerrit.verdict == Verdict::fail);
  CHECK(rules(gerrit) == "gerrit-change-id");
  CHECK(body("*** BLURB HERE ***\n").verdict == Verdict::fail);
  CHECK(body("EDITME: describe it\n").verdict == Verdict::fail);
  // b4's identifier is no leftover.
  CHECK(body("Why.\n\nchange-id: 20240101-topic-0123456789ab\n").verdict == Verdict::pass);
}

TEST_CASE("checks::make_commit_message: settings and bounds") {
  CHECK(body("", {{"require-body", "false"}}).verdict == Verdict::pass);
  CHECK(body(k_prose, {{"max-line", "0"}}).verdict == Verdict::pass);
  CHECK(body("twelve chars!", {{"max-line", "10"}}).verdict == Verdict::warning);
  std::string umlauts;
  for (int i = 0; i < 37; ++i) {
    umlauts += "\u00e4 ";
  }
  CHECK(body(umlauts).verdict == Verdict::pass);
  std::string many;
  for (int i = 0; i < 10000; ++i) {
    many += k_prose + "\n";
  }
  const auto outcome = body(many);
  CHECK(outcome.verdict == Verdict::warning);
  CHECK(outcome.findings.size() == 6);
}
