#include "checks/fixture.hpp"
#include "checks/spdx_line.hpp"

using namespace patchmill::checks;
using namespace patchmill::checks::testing;

namespace {

const Settings k_always = {{"mode", "always"}};

CheckOutcome fresh(const std::string& path, const std::vector<std::string>& lines) {
  TestSeries series;
  series.add("x: y", "Why.\n", new_file(path, lines));
  return run_check("spdx", series, k_always);
}

}  // namespace

TEST_CASE("checks::make_spdx: the right line for each kind of file") {
  CHECK(fresh("a.c", {"// SPDX-License-Identifier: GPL-2.0", "int x;"}).verdict == Verdict::pass);
  CHECK(fresh("a.h", {"/* SPDX-License-Identifier: GPL-2.0-only */", "int x;"}).verdict ==
        Verdict::pass);
  CHECK(fresh("a.S", {"/* SPDX-License-Identifier: GPL-2.0 */"}).verdict == Verdict::pass);
  CHECK(fresh("Makefile", {"# SPDX-License-Identifier: GPL-2.0"}).verdict == Verdict::pass);
  CHECK(fresh("a.sh", {"#!/bin/sh", "# SPDX-License-Identifier: MIT"}).verdict == Verdict::pass);
  CHECK(fresh("tool", {"#!/bin/sh", "# SPDX-License-Identifier: MIT"}).verdict == Verdict::pass);
  CHECK(fresh("a.rst", {".. SPDX-License-Identifier: GPL-2.0"}).verdict == Verdict::pass);
  CHECK(fresh("a.dts", {"// SPDX-License-Identifier: (GPL-2.0 OR MIT)"}).verdict == Verdict::pass);
  for (const char* path : {"a.txt", "a.png", "README", "a.json", "LICENSES/preferred/X"}) {
    CHECK(fresh(path, {"anything"}).verdict == Verdict::pass);
  }
}

TEST_CASE("checks::make_spdx: each fault") {
  CHECK(fresh("a.c", {"int x;"}).verdict == Verdict::fail);
  CHECK(rules(fresh("a.c", {"int x;"})) == "missing");
  const auto style = fresh("a.c", {"/* SPDX-License-Identifier: GPL-2.0 */"});
  CHECK(style.verdict == Verdict::warning);
  CHECK(rules(style) == "comment");
  CHECK(rules(fresh("a.h", {"// SPDX-License-Identifier: GPL-2.0"})) == "comment");
  CHECK(rules(fresh("a.c", {"", "// SPDX-License-Identifier: GPL-2.0"})) == "line");
  CHECK(rules(fresh("a.sh", {"# SPDX-License-Identifier: GPL-2.0", "#!/bin/sh"})).empty());
  CHECK(rules(fresh("a.c", {"// SPDX-License-Identifier: GPL-2.0 MIT"})) == "expression");
  CHECK(rules(fresh("a.c", {"// SPDX-License-Identifier:"})) == "expression");
  CHECK(fresh("a.c", {"// SPDX-License-Identifier: " + std::string(100000, '(')}).verdict ==
        Verdict::fail);
}

TEST_CASE("checks::expression_problem: the grammar of expressions") {
  for (const char* good : {"MIT", "GPL-2.0+", "GPL-2.0 WITH Linux-syscall-note",
                           "(GPL-2.0 WITH Linux-syscall-note) OR MIT",
                           "GPL-1.0+ OR BSD-3-Clause AND OpenSSL", "((MIT))"}) {
    CAPTURE(good);
    CHECK(expression_problem(good).empty());
  }
  for (const char* bad : {"", "OR", "MIT OR", "AND MIT", "(MIT", "MIT)", "MIT Apache-2.0",
                          "MIT (GPL-2.0)", "GPL,MIT", "()"}) {
    CAPTURE(bad);
    CHECK_FALSE(expression_problem(bad).empty());
  }
  CHECK(expression_names("(GPL-2.0 WITH x-note) OR MIT") ==
        std::vector<std::string>{"GPL-2.0", "x-note", "MIT"});
}

TEST_CASE("checks::make_spdx: a symbolic link has no lines") {
  std::string link = new_file("a.c", {"../b.c"}) + "\\ No newline at end of file\n";
  const auto verdict = [](const std::string& diff) {
    TestSeries series;
    series.add("x: y", "Why.\n", diff);
    return run_check("spdx", series, k_always).verdict;
  };
  CHECK(verdict(link) == Verdict::fail);
  link.replace(link.find("100644"), 6, "120000");
  CHECK(verdict(link) == Verdict::pass);
  // A file that becomes one is two sections in git's diffs.
  CHECK(verdict("diff --git a/a.c b/a.c\ndeleted file mode 100644\nindex 1111111..0000000\n"
                "--- a/a.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-int x;\n" +
                link) == Verdict::pass);

  // Nor does one at the base say whether files there have license lines.
  TestRepo repo;
  repo.commit({{"src/old.c", "// SPDX-License-Identifier: MIT\nint a;\n"}});
  for (const char* name : {"a1.c", "a2.c", "a3.c"}) {
    std::filesystem::create_symlink("old.c", repo.path() / "src" / name);
  }
  repo.commit({});
  TestSeries beside;
  repo.patch(beside, {{"src/new.c", "int c;\n"}});
  CHECK(run_check("spdx", beside, {}, &repo.repository()).verdict == Verdict::fail);
}

TEST_CASE("checks::make_spdx: only where the tree uses SPDX") {
  TestRepo plain;
  plain.commit({{"src/old.c", "int a;\n"}, {"src/older.c", "int b;\n"}});
  TestSeries in_plain;
  plain.patch(in_plain, {{"src/new.c", "int c;\n"}});
  CHECK(run_check("spdx", in_plain, {}, &plain.repository()).verdict == Verdict::skip);
  CHECK(run_check("spdx", in_plain).verdict == Verdict::skip);
  CHECK(run_check("spdx", in_plain, k_always, &plain.repository()).verdict == Verdict::fail);

  TestRepo tagged;
  tagged.commit({{"src/old.c", "// SPDX-License-Identifier: MIT\nint a;\n"}, {"README", "x\n"}});
  TestSeries in_tagged;
  tagged.patch(in_tagged, {{"src/deep/down/new.c", "int c;\n"}});
  CHECK(run_check("spdx", in_tagged, {}, &tagged.repository()).verdict == Verdict::fail);
  TestSeries modified;
  tagged.patch(modified, {{"src/old.c", "int a;\n"}});
  CHECK(run_check("spdx", modified, {}, &tagged.repository()).verdict == Verdict::pass);
}

TEST_CASE("checks::make_spdx: names the LICENSES folder does not know") {
  TestRepo repo;
  repo.commit({{"LICENSES/preferred/GPL-2.0",
                "Valid-License-Identifier: GPL-2.0\nValid-License-Identifier: GPL-2.0-only\n"},
               {"LICENSES/exceptions/Linux-syscall-note",
                "SPDX-Exception-Identifier: Linux-syscall-note\n"}});
  TestSeries series;
  repo.patch(series, {{"a.c", "// SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note\n"},
                      {"b.c", "// SPDX-License-Identifier: Evil-1.0\n"}});
  const auto outcome = run_check("spdx", series, {}, &repo.repository());
  CHECK(outcome.verdict == Verdict::warning);
  CHECK(rules(outcome) == "unknown-license");
  CHECK(outcome.findings.at(0).file == "b.c");
}
