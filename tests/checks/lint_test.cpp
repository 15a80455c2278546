#include "checks/fixture.hpp"
#include "support/environment.hpp"

#include <set>

using namespace patchmill::checks;
using namespace patchmill::checks::testing;

namespace {

bool have(std::string_view program) {
  if (patchmill::find_program(program)) {
    return true;
  }
  MESSAGE("skipped: " << program << " is not installed");
  return false;
}

// Plays a tool that is not there, answering as the tool documents.
class Answering final : public patchmill::ProcessRunner {
 public:
  explicit Answering(patchmill::Completed completed) : m_completed(std::move(completed)) {}
  patchmill::Result<patchmill::Completed> run(const patchmill::Command& command) override {
    commands.push_back(command);
    return m_completed;
  }
  std::vector<patchmill::Command> commands;

 private:
  patchmill::Completed m_completed;
};

}  // namespace

TEST_CASE("checks::make_shellcheck: only what the patch introduces") {
  if (!have("shellcheck")) {
    return;
  }
  TestRepo repo;
  repo.commit({{"old.sh", "#!/bin/bash\necho $1\n"}, {"clean.sh", "#!/bin/sh\necho x\n"}});
  TestSeries series;
  // Lines move, the old trouble stays.
  repo.patch(series, {{"old.sh", "#!/bin/bash\n# comment\n\necho $1\n"}});
  auto outcome = run_check("shellcheck", series, {}, &repo.repository(), 0);
  CHECK(outcome.verdict == Verdict::pass);
  // New trouble of little weight in a file that never was clean.
  repo.patch(series, {{"old.sh", "#!/bin/bash\n# comment\n\necho $1\nls $2\n"}});
  outcome = run_check("shellcheck", series, {}, &repo.repository(), 1);
  CHECK(outcome.verdict == Verdict::pass);
  CHECK(outcome.findings.size() == 1);
  // The same in a clean file, and in a new one, fails.
  repo.patch(series, {{"clean.sh", "#!/bin/sh\necho $1\n"}});
  outcome = run_check("shellcheck", series, {}, &repo.repository(), 2);
  CHECK(outcome.verdict == Verdict::fail);
  CHECK(outcome.findings.at(0).rule == "SC2086");
  CHECK(outcome.findings.at(0).line == 2);
  CHECK(outcome.findings.at(0).file == "clean.sh");
  repo.patch(series, {{"new.sh", "#!/bin/sh\necho $1\n"}});
  CHECK(run_check("shellcheck", series, {}, &repo.repository(), 3).verdict == Verdict::fail);
  // A warning in an unclean file warns, an error fails.
  repo.patch(series, {{"old.sh", "#!/bin/bash\necho $1\nx=1\n"}});
  CHECK(run_check("shellcheck", series, {}, &repo.repository(), 4).verdict == Verdict::warning);
  repo.patch(series, {{"old.sh", "#!/bin/bash\necho $1\nx=1\nif [ \"$1\" ]; then echo\n"}});
  CHECK(run_check("shellcheck", series, {}, &repo.repository(), 5).verdict == Verdict::fail);
}

TEST_CASE("checks::make_shellcheck: what is sourced is not followed and not complained about") {
  if (!have("shellcheck")) {
    return;
  }
  TestRepo repo;
  TestSeries series;
  repo.patch(series, {{"a.sh",
                       "#!/bin/bash\n# shellcheck source=/dev/zero\n. ./lib.sh\n"
                       "echo \"$from_lib\"\n"}});
  CHECK(run_check("shellcheck", series, {}, &repo.repository()).verdict == Verdict::pass);
}

TEST_CASE("checks::make_shellcheck: the base's .shellcheckrc counts, the patch's does not") {
  if (!have("shellcheck")) {
    return;
  }
  TestRepo repo;
  repo.commit({{"a/.shellcheckrc", "disable=SC2086\nexternal-sources=true\n"}});
  TestSeries series;
  repo.patch(series, {{"a/x.sh", "#!/bin/sh\necho $1\n"}});
  CHECK(run_check("shellcheck", series, {}, &repo.repository()).verdict == Verdict::pass);
  TestSeries other;
  repo.patch(other, {{"b/x.sh", "#!/bin/sh\necho $1\n"}, {"b/.shellcheckrc", "disable=SC2086\n"}});
  CHECK(run_check("shellcheck", other, {}, &repo.repository()).verdict == Verdict::fail);
  CHECK(run_check("shellcheck", other, {{"exclude", "SC2086"}}, &repo.repository()).verdict ==
        Verdict::pass);
}

TEST_CASE("checks::make_shellcheck: a .shellcheckrc as shellcheck reads it") {
  if (!have("shellcheck")) {
    return;
  }
  const std::string script = "cd /tmp\necho $1 \"$undefined\"\n[[ $1 ]]\n";  // no shebang
  const auto rules_with = [&](const std::string& rc, const std::string& name = ".shellcheckrc") {
    TestRepo repo;
    repo.commit({{name, rc}});
    TestSeries series;
    repo.patch(series, {{"a/x.sh", script}});
    const auto outcome = run_check("shellcheck", series, {}, &repo.repository());
    CHECK(outcome.verdict != Verdict::incomplete);
    return rules(outcome);
  };
  const std::string all = rules_with("# nothing\n");
  CHECK(all.find("SC2148") != std::string::npos);
  CHECK(rules_with("shell=bash  # every script here\n") == "SC2164 SC2086 SC2154");
  CHECK(rules_with("shell=bash disable=SC2154 # env\ndisable=2086\n") == "SC2164");
  CHECK(rules_with("shell=bash\ndisable=SC2150-SC2170,SC2000-SC2100\n").empty());
  CHECK(rules_with("disable=all\n", "shellcheckrc").empty());
  CHECK(rules_with("shell=bash disable=all enable=check-unassigned-uppercase\n").empty());
  // What cannot be read is not laid on the script, and nothing that opens files gets through.
  CHECK(rules_with("nonsense\nexternal-sources=true\nsource-path=/\nshell=bash\n") ==
        "SC2164 SC2086 SC2154");
}

TEST_CASE("checks::make_shellcheck: nasty names, links, renames and bytes") {
  if (!have("shellcheck")) {
    return;
  }
  TestRepo repo;
  repo.commit({{"old.sh", "#!/bin/bash\necho $1\n"}});
  TestSeries series;
  repo.patch(series, {{"--version.sh", "#!/bin/sh\necho $1\n"}, {"a b;$(id).sh", "#!/bin/sh\n"}});
  auto outcome = run_check("shellcheck", series, {}, &repo.repository(), 0);
  CHECK(outcome.verdict == Verdict::fail);
  CHECK(outcome.findings.at(0).file == "--version.sh");
  repo.git({"mv", "old.sh", "moved.sh"});
  repo.patch(series, {});
  CHECK(run_check("shellcheck", series, {}, &repo.repository(), 1).verdict == Verdict::pass);
  std::filesystem::create_symlink("/etc/passwd", repo.path() / "link.sh");
  repo.patch(series, {});
  CHECK(run_check("shellcheck", series, {}, &repo.repository(), 2).verdict == Verdict::pass);
  repo.patch(series, {{"bytes.sh", "#!/bin/sh\necho \xff\xfe\n"}});
  outcome = run_check("shellcheck", series, {}, &repo.repository(), 3);
  CHECK(outcome.verdict == Verdict::pass);
  CHECK(rules(outcome) == "unread");
}

TEST_CASE("checks::LintCheck: nothing to do, no tree, trouble of the tool") {
  TestRepo repo;
  TestSeries none;
  repo.patch(none, {{"a.c", "int x;\n"}});
  CHECK(run_check("shellcheck", none, {}, &repo.repository()).verdict == Verdict::skip);
  CHECK(run_check("yamllint", none, {}, &repo.repository()).verdict == Verdict::skip);
  CHECK(run_check("ruff", none, {}, &repo.repository()).verdict == Verdict::skip);
  TestSeries unplaced;
  unplaced.add("x: y", "Why.\n", new_file("a.sh", {"echo $1"}));
  CHECK(run_check("shellcheck", unplaced).verdict == Verdict::skip);

  if (!have("shellcheck")) {
    return;
  }
  TestSeries series;
  repo.patch(series, {{"a.sh", "#!/bin/sh\necho $1\n"}});
  patchmill::Completed trouble;
  trouble.timed_out = true;
  Answering late(trouble);
  CHECK(run_check("shellcheck", series, {}, &repo.repository(), 0, &late).verdict ==
        Verdict::incomplete);
  trouble = {};
  trouble.signal = 9;
  Answering killed(trouble);
  CHECK(run_check("shellcheck", series, {}, &repo.repository(), 0, &killed).verdict ==
        Verdict::incomplete);
  trouble = {};
  trouble.status = 0;
  trouble.out = "no JSON";
  Answering chatty(trouble);
  CHECK(run_check("shellcheck", series, {}, &repo.repository(), 0, &chatty).verdict ==
        Verdict::incomplete);
  REQUIRE(chatty.commands.size() == 1);
  CHECK_FALSE(chatty.commands[0].inherit_env);
  // A home folder with files of the patch in it would be code that Python runs.
  CHECK_FALSE(chatty.commands[0].env.at("HOME").starts_with(chatty.commands[0].cwd));
  CHECK(chatty.commands[0].argv.back() == "./a.sh");
}

TEST_CASE("checks::make_yamllint: errors fail, warnings warn, by what is new") {
  if (!have("yamllint")) {
    return;
  }
  TestRepo repo;
  repo.commit({{"old.yaml", "a: 1\n"}});
  TestSeries series;
  repo.patch(series, {{"old.yaml", "a: 1\nb: 2\n"}});  // had a warning: no document start
  CHECK(run_check("yamllint", series, {}, &repo.repository(), 0).verdict == Verdict::pass);
  repo.patch(series, {{"new.yaml", "a: 1\n"}});
  auto outcome = run_check("yamllint", series, {}, &repo.repository(), 1);
  CHECK(outcome.verdict == Verdict::warning);
  CHECK(outcome.findings.at(0).rule == "document-start");
  repo.patch(series, {{"old.yaml", "a: 1\nb:   2\n"}});
  outcome = run_check("yamllint", series, {}, &repo.repository(), 2);
  CHECK(outcome.verdict == Verdict::fail);
  CHECK(outcome.findings.at(0).line == 2);
  repo.patch(series, {{"broken.yml", "---\na: [\n"}});
  CHECK(run_check("yamllint", series, {}, &repo.repository(), 3).verdict == Verdict::fail);
  repo.patch(series, {{"bomb.yaml", "---\na: &a [x]\nb: [*a, *a]\n"}});
  CHECK(run_check("yamllint", series, {}, &repo.repository(), 4).verdict == Verdict::pass);
}

TEST_CASE("checks::make_yamllint: the nearest configuration of the base governs") {
  if (!have("yamllint")) {
    return;
  }
  TestRepo repo;
  repo.commit({{".yamllint", "extends: default\nrules: {document-start: disable}\n"},
               {"sub/.yamllint", "rules: {}\n"}});
  TestSeries series;
  repo.patch(series, {{"x.yaml", "a: 1\n"}, {"sub/y.yaml", "a:   1\n"}});
  CHECK(run_check("yamllint", series, {}, &repo.repository(), 0).verdict == Verdict::pass);
  // A patch that loosens the rules is judged by the rules before it.
  repo.patch(series, {{".yamllint", "rules: {}\n"}, {"z.yaml", "a:   1\n"}});
  CHECK(run_check("yamllint", series, {}, &repo.repository(), 1).verdict == Verdict::fail);
  TestSeries broken;
  repo.commit({{".yamllint", "rules: nonsense\n"}});
  repo.patch(broken, {{"w.yaml", "a: 1\n"}});
  CHECK(run_check("yamllint", broken, {}, &repo.repository()).verdict == Verdict::incomplete);
}

TEST_CASE("checks::make_yamllint: ignored files are passed over as `yamllint .` does") {
  if (!have("yamllint")) {
    return;
  }
  const std::string bad = "---\na:   1\n";
  TestRepo repo;
  repo.commit({{".yamllint", "extends: default\nignore: |\n  gen/\n  /top.yaml\n"},
               {"gen/g.yaml", "---\na: 1\n"}});
  TestSeries series;
  repo.patch(series, {{"gen/g.yaml", bad}, {"top.yaml", bad}});
  CHECK(run_check("yamllint", series, {}, &repo.repository(), 0).verdict == Verdict::pass);
  repo.patch(series, {{"sub/top.yaml", bad}});
  CHECK(run_check("yamllint", series, {}, &repo.repository(), 1).verdict == Verdict::fail);

  repo.commit({{".yamllint",
                "extends: default\nyaml-files: ['*.yaml']\n"
                "rules:\n  colons:\n    ignore: [one.yaml]\n"}});
  TestSeries others;
  repo.patch(others, {{"one.yaml", bad}, {"x.yml", bad}});
  CHECK(run_check("yamllint", others, {}, &repo.repository()).verdict == Verdict::pass);
}

TEST_CASE("checks::make_yamllint: files that the configuration names are the base's") {
  if (!have("yamllint")) {
    return;
  }
  const std::string bad = "---\na:   1\n";
  TestRepo repo;
  repo.commit({{".gitignore", "gen/\n"},
               {".yamllint", "extends: ./ci/base-yamllint.yaml\nignore-from-file: .gitignore\n"},
               {"ci/base-yamllint.yaml", "rules: {colons: enable}\n"},
               {"sub/.yamllint.yaml", "---\nextends: ../ci/base-yamllint.yaml\n"}});
  TestSeries series;
  repo.patch(series, {{"gen/g.yaml", bad}});
  CHECK(run_check("yamllint", series, {}, &repo.repository(), 0).verdict == Verdict::pass);
  repo.patch(series, {{"x.yaml", bad}, {"ci/base-yamllint.yaml", "rules: {}\n"}});
  auto outcome = run_check("yamllint", series, {}, &repo.repository(), 1);
  CHECK(outcome.verdict == Verdict::fail);
  REQUIRE(outcome.findings.size() == 1);
  CHECK(outcome.findings[0].file == "x.yaml");
  // What the patch makes of the configuration is looked at all the same.
  repo.patch(series, {{"ci/base-yamllint.yaml", "rules:   {}\n"}});
  outcome = run_check("yamllint", series, {}, &repo.repository(), 2);
  REQUIRE(outcome.findings.size() == 1);
  CHECK(outcome.findings[0].file == "ci/base-yamllint.yaml");
  repo.patch(series, {{"sub/x.yaml", bad}});
  outcome = run_check("yamllint", series, {}, &repo.repository(), 3);
  REQUIRE(outcome.findings.size() == 1);
  CHECK(outcome.findings[0].file == "sub/x.yaml");

  // A file in the way of a folder of the patch.
  repo.git({"rm", "-rq", "ci"});
  repo.patch(series, {{"ci/base-yamllint.yaml/y.yaml", bad}});
  outcome = run_check("yamllint", series, {}, &repo.repository(), 4);
  REQUIRE(outcome.findings.size() == 1);
  CHECK(outcome.findings[0].file == "ci/base-yamllint.yaml/y.yaml");

  TestSeries lost;
  repo.commit({{"sub/.yamllint.yaml", "extends: ./nowhere.yaml\n"}});
  repo.patch(lost, {{"sub/w.yaml", bad}});
  outcome = run_check("yamllint", lost, {}, &repo.repository());
  CHECK(outcome.verdict == Verdict::incomplete);
  CHECK(outcome.summary.find("sub/.yamllint.yaml") != std::string::npos);
  CHECK(outcome.summary.find("nowhere.yaml") != std::string::npos);
}

TEST_CASE("checks::make_yamllint: names that could confuse the tool or its answer") {
  if (!have("yamllint")) {
    return;
  }
  const std::string bad = "---\na:   1\n";
  TestRepo repo;
  repo.commit({{".yamllint", "extends: default\n"}});
  TestSeries series;
  std::set<std::string> names = {"-d x.yaml",
                                 "dir:1:2: [error] b.yaml",
                                 "dir_1_2_ [error] b.yaml",
                                 "a=/etc/b.yaml",
                                 "\xff.yaml",
                                 std::string(240, 'x') + ".yaml",
                                 ".local/lib/a.yaml",
                                 "\xc3\xbc.yaml",
                                 "0.patched/a.yaml"};
  std::map<std::string, std::string> files;
  for (const std::string& name : names) {
    files[name] = bad;
  }
  repo.patch(series, files);
  const auto outcome = run_check("yamllint", series, {}, &repo.repository());
  std::set<std::string> found;
  for (const auto& finding : outcome.findings) {
    CHECK(finding.line == 2);
    found.insert(finding.file);
  }
  // Findings are in UTF-8.
  names.erase("\xff.yaml");
  names.insert("\xc3\xbf.yaml");
  CHECK(found == names);
}

TEST_CASE("checks::make_ruff: what the patch introduces fails") {
  if (!have("ruff")) {
    return;
  }
  TestRepo repo;
  // What ruff selects by default differs between its versions.
  repo.commit({{"old.py", "import os\n"}, {"ruff.toml", "lint.select = [\"F\"]\n"}});
  TestSeries series;
  repo.patch(series, {{"old.py", "\n\nimport os\nx = 1\n"}});
  CHECK(run_check("ruff", series, {}, &repo.repository(), 0).verdict == Verdict::pass);
  repo.patch(series, {{"new.py", "import os\n"}, {"ruff.toml", "lint.ignore = [\"F401\"]\n"}});
  const auto outcome = run_check("ruff", series, {}, &repo.repository(), 1);
  CHECK(outcome.verdict == Verdict::fail);
  CHECK(outcome.findings.at(0).rule == "F401");
}

TEST_CASE("checks::make_ruff: the tree's own configuration decides what counts") {
  if (!have("ruff")) {
    return;
  }
  TestRepo repo;
  repo.commit({{"base.toml", "[lint]\nselect = [\"F\"]\n"},
               {"ruff.toml",
                "extend = \"base.toml\"\nextend-exclude = [\"old\"]\n"
                "[lint.per-file-ignores]\n\"deep/*\" = [\"F401\"]\n"},
               {"old/a.py", "x = 1\n"},
               {"deep/b.py", "x = 1\n"}});
  TestSeries series;
  repo.patch(series, {{"old/a.py", "import os\n"}, {"deep/b.py", "import os\nimport re\n"}});
  auto outcome = run_check("ruff", series, {}, &repo.repository(), 0);
  CHECK(outcome.verdict == Verdict::pass);
  CHECK(outcome.findings.empty());
  repo.patch(series, {{"deep/b.py", "x = missing\n"}, {"c.py", "x = (\n"}});
  outcome = run_check("ruff", series, {}, &repo.repository(), 1);
  CHECK(outcome.verdict == Verdict::fail);
  REQUIRE(outcome.findings.size() == 2);
  CHECK(outcome.findings[0].file == "c.py");
  CHECK(outcome.findings[1].file == "deep/b.py");
  CHECK(outcome.findings[1].rule == "F821");
}

TEST_CASE("checks::make_ruff: reads ruff's JSON, before and after") {
  // Stands in for ruff, which Debian 12 does not have, to see what it is given.
  const patchmill::TempDir folder("patchmill-ruff");
  const auto program = folder.path() / "ruff";
  std::ofstream(program) << R"sh(#!/bin/sh
{ printf '%s\n' "$*"; find . -type f | sort; } >> "$(dirname "$0")/arguments"
while [ "$1" != -- ]; do shift; done; shift
sep='['
for f; do
  n=$(grep -n '^import os' "$f" | cut -d: -f1)
  [ -n "$n" ] || continue
  printf '%s{"code":"F401","message":"`os` imported but unused","filename":"%s/%s","location":{"row":%s,"column":8},"fix":null}' "$sep" "$PWD" "$f" "$n"
  sep=,
done
[ "$sep" = '[' ] && { echo '[]'; exit 0; }
echo ']'
exit 1
)sh";
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  const auto path = patchmill::test::path_with(folder.path());

  TestRepo repo;
  repo.commit({{"old.py", "import os\n"},
               {"pyproject.toml", "[project]\nname = \"x\"\n"},
               {"base.toml", "line-length = 100\n"},
               {"lib/ruff.toml", "extend = \"../base.toml\"\n"}});
  TestSeries series;
  repo.patch(series, {{"old.py", "\n\nimport os\nx = 1\n"}});
  CHECK(run_check("ruff", series, {}, &repo.repository(), 0).verdict == Verdict::pass);
  repo.patch(series, {{"lib/new.py", "x = 1\nimport os\n"}, {"lib/__init__.py", "x = 1\n"}});
  const auto outcome = run_check("ruff", series, {}, &repo.repository(), 1);
  CHECK(outcome.verdict == Verdict::fail);
  REQUIRE(outcome.findings.size() == 1);
  CHECK(outcome.findings[0].rule == "F401");
  CHECK(outcome.findings[0].file == "lib/new.py");
  CHECK(outcome.findings[0].line == 2);

  const auto arguments = patchmill::read_file(folder.path() / "arguments");
  REQUIRE(arguments.has_value());
  // No [tool.ruff] in pyproject.toml: defaults. The nearer ruff.toml governs lib/.
  CHECK(arguments->find("--isolated -- ./old.py") != std::string::npos);
  CHECK(arguments->find("--force-exclude -- ./lib/__init__.py ./lib/new.py\n"
                        "./.ruff.toml\n./base.toml\n./lib/__init__.py\n./lib/new.py\n"
                        "./lib/ruff.toml\n") != std::string::npos);
}
