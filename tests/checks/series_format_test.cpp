#include "checks/fixture.hpp"

using namespace patchmill::checks;
using namespace patchmill::checks::testing;

namespace {

void fill(TestSeries& series, int count) {
  for (int i = 0; i < count; ++i) {
    series.add("x: y", "Why.\n");
  }
}

}  // namespace

TEST_CASE("checks::make_series_format: a cover letter is needed from three patches") {
  for (int count = 1; count <= 4; ++count) {
    TestSeries series;
    fill(series, count);
    CAPTURE(count);
    CHECK(run_check("series-format", series).verdict ==
          (count < 3 ? Verdict::pass : Verdict::warning));
    CHECK(run_check("series-format", series, {{"cover-from", "0"}}).verdict == Verdict::pass);
    series.cover("[PATCH 0/4] x", "These patches make it better.\n");
    CHECK(run_check("series-format", series).verdict == Verdict::pass);
  }
}

TEST_CASE("checks::make_series_format: pull requests are their own cover") {
  TestSeries series;
  fill(series, 16);
  series.view.pull_request = true;
  const auto outcome = run_check("series-format", series);
  CHECK(outcome.verdict == Verdict::warning);
  CHECK(rules(outcome) == "count");
}

TEST_CASE("checks::make_series_format: more than fifteen patches fail") {
  TestSeries series;
  fill(series, 15);
  series.cover("[PATCH 00/15] x", "Prose.\n");
  CHECK(run_check("series-format", series).verdict == Verdict::pass);
  fill(series, 1);
  CHECK(run_check("series-format", series).verdict == Verdict::fail);
  CHECK(run_check("series-format", series, {{"max-patches", "20"}}).verdict == Verdict::pass);
}

TEST_CASE("checks::make_series_format: a cover that was never written") {
  TestSeries series;
  fill(series, 3);
  auto& cover = series.cover("[PATCH 0/3] *** SUBJECT HERE ***", "*** BLURB HERE ***\n");
  CHECK(run_check("series-format", series).verdict == Verdict::fail);
  cover.subject = "[PATCH 0/3] x";
  cover.text = "";
  CHECK(rules(run_check("series-format", series)) == "blurb");
  cover.text = "\nAnn Author (3):\n  x: y\n\n a.c | 2 +-\n";
  CHECK(run_check("series-format", series).verdict == Verdict::warning);
}

TEST_CASE("checks::make_series_format: shortlog and diffstat are told from prose") {
  TestSeries series;
  fill(series, 3);
  auto& cover = series.cover("[PATCH 0/3] x", "");
  const auto says_nothing = [&](const std::string& text) {
    cover.text = text;
    return rules(run_check("series-format", series)) == "blurb";
  };
  const std::string shortlog =
      "Ann Author (2):\n  x: y\n  x: a long subject\n    wrapped\n\n"
      "Bob (1):\n  x: z (old):\n\n";
  const std::string diffstat =
      " a.c       | 3 +-\n d/{x => y} | 0\n b.bin | Bin 0 -> 5 bytes\n"
      " 3 files changed, 2 insertions(+), 1 deletion(-)\n"
      " create mode 100644 a.c\n\n\n";
  const std::string end = "base-commit: 0123456789012345678901234567890123456789\n-- \n2.39.5\n";
  CHECK(says_nothing(shortlog + diffstat + end));
  CHECK(says_nothing(diffstat));
  CHECK(says_nothing(end));
  CHECK_FALSE(
      says_nothing("This series makes the counter count further (the old one stopped at zero):\n"
                   "it is wider now.\n\n" +
                   shortlog + diffstat + end));
  CHECK_FALSE(says_nothing(shortlog + diffstat + "The old counter stopped at zero.\n" + end));
  CHECK_FALSE(says_nothing("The rule is a | b now.\n\n" + shortlog));
}

TEST_CASE("checks::make_series_format: gaps, doubles and numbers beyond the total") {
  TestSeries series;
  fill(series, 2);
  series.view.total = 3;
  series.view.patches[1].number = 3;
  auto outcome = run_check("series-format", series);
  CHECK(outcome.verdict == Verdict::warning);
  CHECK(outcome.summary.find("missing: 2") != std::string::npos);
  series.view.patches[1].number = 1;
  CHECK(run_check("series-format", series).summary.find("more than once") != std::string::npos);
  series.view.patches[1].number = 12;
  series.view.total = 1;
  CHECK(run_check("series-format", series).summary.find("beyond") != std::string::npos);
  series.view.total = 2147483647;
  CHECK(run_check("series-format", series).summary.size() < 400);
}

TEST_CASE("checks::make_series_format: the tree's tag, as a whole word") {
  TestSeries series;
  fill(series, 1);
  series.view.tree_tags = {"net"};
  CHECK(rules(run_check("series-format", series)) == "tree-tag");
  series.view.tags = {"net-next"};
  CHECK(rules(run_check("series-format", series)) == "tree-tag");
  series.view.tags = {"RFC", "NET"};
  CHECK(run_check("series-format", series).verdict == Verdict::pass);
  series.view.tags.clear();
  CHECK(run_check("series-format", series, {{"tree-tag", "false"}}).verdict == Verdict::pass);
}
