#include "checks/checkpatch_output.hpp"
#include "checks/kernel_scripts.hpp"
#include "checks/run_checks.hpp"

using namespace patchmill::checks;
using namespace patchmill::checks::testing;

namespace {

// Complains about every added line with "bad" in it, as checkpatch.pl --terse does.
constexpr const char* k_checkpatch = R"perl(#!/usr/bin/perl
# --no-summary --showfile --show-types --color 'ignore=s' --strict
my $strict = grep { $_ eq '--strict' } @ARGV;
my $ignore = join(',', grep { /^--ignore=/ } @ARGV);
die "no tree here\n" if !grep { $_ eq '--no-tree' } @ARGV;
open(my $in, '<', $ARGV[-1]) or die "cannot open\n";
my ($file, $line, $found) = ('', 0, 0);
while (<$in>) {
  $file = $1 if m{^\+\+\+ b/(.*)};
  $line = $1 - 1 if m{^@@ -\S+ \+(\d+)};
  next if m{^-};
  $line++ if m{^[ +]};
  if (m{^\+.*bad error})   { print "$file:$line: ERROR:BAD: a bad error\n"; $found = 1; }
  if (m{^\+.*bad warning}) { print "$file:$line: WARNING:WORSE: a bad warning\n" if $ignore !~ /WORSE/; $found = 1; }
  if (m{^\+.*bad check})   { print "$file:$line: CHECK:MINOR: a bad check\n"; $found = 1; }
  die "broken down\n" if m{^\+die};
  sleep 30 if m{^\+hang};
}
exit $found;
)perl";

const std::string k_bad_patch = "int a; // bad error\nint b; // bad warning\n";

bool can_run_perl() {
  if (patchmill::find_program("perl")) {
    return true;
  }
  MESSAGE("skipped: perl is not installed");
  return false;
}

}  // namespace

TEST_CASE("checks::parse_checkpatch: places, levels and types") {
  const auto lines = parse_checkpatch(
      "kernel/sys.c:11: ERROR:TRAILING_WHITESPACE: trailing whitespace\n"
      ":9: WARNING:TYPO_SPELLING: 'teh' may be misspelled - perhaps 'the'?\n"
      "kernel/sys.c:15: ERROR:MISSING_SIGN_OFF: Missing Signed-off-by: line(s)\n"
      "a: b.c:7: CHECK:SPACING: no: space\n"
      "some noise\n"
      "x.c:3: WARNING: an edition without types: really\n"
      "x.c:99999999999999999999: WARNING:BIG: line\n",
      true);
  REQUIRE(lines.size() == 6);
  CHECK(lines[0].file == "kernel/sys.c");
  CHECK(lines[0].line == 11);
  CHECK(lines[0].level == CheckpatchLevel::error);
  CHECK(lines[0].type == "TRAILING_WHITESPACE");
  CHECK(lines[0].message == "trailing whitespace");
  CHECK(lines[1].file.empty());
  CHECK(lines[1].line == 0);
  CHECK(lines[2].file.empty());
  CHECK(lines[3].file == "a: b.c");
  CHECK(lines[3].level == CheckpatchLevel::check);
  CHECK(lines[4].type.empty());
  CHECK(lines[4].message == "an edition without types: really");
  CHECK(lines[5].line == 0);
  const auto mail_lines = parse_checkpatch("/tmp/x/patch.mail:17: ERROR: trailing\n", false);
  REQUIRE(mail_lines.size() == 1);
  CHECK(mail_lines[0].file.empty());
}

TEST_CASE("checks::make_checkpatch: errors fail, warnings warn, checks are notes") {
  if (!can_run_perl()) {
    return;
  }
  TestRepo repo;
  repo.commit({{"scripts/checkpatch.pl", k_checkpatch}, {"a.c", "int z;\n"}});
  TestSeries series;
  repo.patch(series, {{"a.c", "int z;\nint y;\n"}});
  repo.patch(series, {{"b.c", k_bad_patch}});
  repo.patch(series, {{"c.c", "int b; // bad warning\n"}});
  repo.patch(series, {{"d.c", "int b; // bad check\n"}});
  const auto check = [&](std::size_t i, const Settings& settings = {}) {
    return run_check("checkpatch", series, settings, &repo.repository(), i);
  };
  CHECK(check(0).verdict == Verdict::pass);
  const auto bad = check(1);
  CHECK(bad.verdict == Verdict::fail);
  CHECK(bad.summary == "1 error, 1 warning, 0 checks");
  REQUIRE(bad.findings.size() == 2);
  CHECK(bad.findings[0].file == "b.c");
  CHECK(bad.findings[0].line == 1);
  CHECK(bad.findings[0].rule == "BAD");
  CHECK(bad.findings[1].line == 2);
  CHECK(check(2).verdict == Verdict::warning);
  CHECK(check(3).verdict == Verdict::pass);
  CHECK(check(3).findings.size() == 1);
  CHECK(check(3, {{"strict", "true"}}).verdict == Verdict::warning);
}

TEST_CASE("checks::make_checkpatch: the script comes from the base, whatever the patch does") {
  if (!can_run_perl()) {
    return;
  }
  TestRepo repo;
  repo.commit({{"scripts/checkpatch.pl", k_checkpatch}});
  TestSeries series;
  const std::string marker = (repo.path() / "ran").string();
  repo.patch(series, {{"scripts/checkpatch.pl", "system('touch " + marker + "'); exit 0;\n"},
                      {".checkpatch.conf", "--help\n"},
                      {"b.c", k_bad_patch}});
  CHECK(run_check("checkpatch", series, {}, &repo.repository()).verdict == Verdict::fail);
  patchmill::SystemProcessRunner runner;
  const std::vector<EnabledCheck> enabled = {{find_check("checkpatch"), {}}};
  CHECK(run_checks(series.view, enabled, &repo.repository(), runner).at(0).outcome.verdict ==
        Verdict::fail);
  CHECK_FALSE(std::filesystem::exists(marker));
}

TEST_CASE("checks::make_checkpatch: no script, a broken one, one that hangs, a configured one") {
  if (!can_run_perl()) {
    return;
  }
  TestRepo empty;
  TestSeries none;
  empty.patch(none, {{"b.c", k_bad_patch}});
  CHECK(run_check("checkpatch", none, {}, &empty.repository()).verdict == Verdict::skip);
  CHECK(run_check("checkpatch", none).verdict == Verdict::skip);
  const patchmill::TempDir folder("patchmill-script");
  std::ofstream(folder.path() / "mine.pl") << k_checkpatch;
  CHECK(run_check("checkpatch", none, {{"script", (folder.path() / "mine.pl").string()}}).verdict ==
        Verdict::fail);
  CHECK(run_check("checkpatch", none, {{"script", "/nonexistent/x.pl"}}).verdict ==
        Verdict::incomplete);

  TestRepo repo;
  repo.commit({{"scripts/checkpatch.pl", k_checkpatch}});
  TestSeries series;
  repo.patch(series, {{"b.c", "die\n"}});
  const auto broken = run_check("checkpatch", series, {}, &repo.repository(), 0);
  CHECK(broken.verdict == Verdict::incomplete);
  CHECK(broken.summary.find("broken down") != std::string::npos);
  repo.patch(series, {{"c.c", "hang\n"}});
  CHECK(run_check("checkpatch", series, {{"timeout", "1"}}, &repo.repository(), 1).verdict ==
        Verdict::incomplete);
  // The sandbox hook sees the command and may change it.
  series.view.patches[0].text.title = "x: y";
  Context context;
  patchmill::SystemProcessRunner runner;
  bool wrapped = false;
  context.series = &series.view;
  context.patch = series.view.patches.data();
  context.repository = &repo.repository();
  context.processes = &runner;
  context.wrap = [&](patchmill::Command command) {
    wrapped = command.argv.at(0) == "perl" && !command.inherit_env;
    command.argv = {"true"};
    return command;
  };
  CHECK(find_check("checkpatch")->run(context).verdict == Verdict::pass);
  CHECK(wrapped);
}

TEST_CASE("checks::make_checkpatch: a symbolic link is no script") {
  TestRepo repo;
  std::filesystem::create_directories(repo.path() / "scripts");
  std::filesystem::create_symlink("/etc/passwd", repo.path() / "scripts/checkpatch.pl");
  repo.commit({});
  TestSeries series;
  repo.patch(series, {{"b.c", k_bad_patch}});
  CHECK(run_check("checkpatch", series, {}, &repo.repository()).verdict == Verdict::skip);
}

TEST_CASE("checks::make_checkpatch: the real script of Linux") {
  auto files = kernel_scripts();
  if (!files) {
    return;
  }
  TestRepo repo;
  (*files)["kernel/sys.c"] = "// SPDX-License-Identifier: GPL-2.0\nint a;\nint b;\nint c;\n";
  repo.commit(*files);
  TestSeries series;
  repo.patch(series,
             {{"kernel/sys.c",
               "// SPDX-License-Identifier: GPL-2.0\nint a;\nint more;\nint b;\nint c;\n"}},
             "kernel: sys: count more",
             "The counter was not enough for the second kind of clock.\n\n"
             "Signed-off-by: Ann Author <ann@example.org>\n");
  const auto good = run_check("checkpatch", series, {}, &repo.repository(), 0);
  CHECK_MESSAGE(good.verdict == Verdict::pass, good.summary << " " << rules(good));
  repo.patch(series,
             {{"kernel/sys.c",
               "// SPDX-License-Identifier: GPL-2.0\nint a;\nint foo( int x ) { return "
               "x; } \nint b;\nint c;\n"}},
             "kernel: sys: teh thing",
             "Whcih is good.\n\nSigned-off-by: Ann Author <ann@example.org>\n");
  const auto bad = run_check("checkpatch", series, {}, &repo.repository(), 1);
  CHECK(bad.verdict == Verdict::fail);
  CHECK(rules(bad).find("TRAILING_WHITESPACE") != std::string::npos);
  CHECK(rules(bad).find("TYPO_SPELLING") != std::string::npos);
  const auto found = std::find_if(bad.findings.begin(), bad.findings.end(),
                                  [](const auto& f) { return f.rule == "TRAILING_WHITESPACE"; });
  REQUIRE(found != bad.findings.end());
  CHECK(found->file == "kernel/sys.c");
  CHECK(found->line == 3);
  // A configuration of the tree for whole files does not turn the mail into one.
  (*files)[".checkpatch.conf"] = "--file\n";
  repo.commit(*files);
  TestSeries with_conf;
  repo.patch(
      with_conf,
      {{"kernel/sys.c", "// SPDX-License-Identifier: GPL-2.0\nint a;\n\nint more;\nint b;\n"}},
      "kernel: sys: count more",
      "The counter was not enough for the second kind of clock.\n\n"
      "Signed-off-by: Ann Author <ann@example.org>\n");
  const auto conf = run_check("checkpatch", with_conf, {}, &repo.repository());
  CHECK_MESSAGE(conf.verdict == Verdict::pass, conf.summary << " " << rules(conf));
  const auto ignored =
      run_check("checkpatch", series, {{"ignore", "TRAILING_WHITESPACE,TYPO_SPELLING"}},
                &repo.repository(), 1);
  CHECK(rules(ignored).find("TRAILING_WHITESPACE") == std::string::npos);
}
