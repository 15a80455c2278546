#include "checks/fixture.hpp"

#include <cstdlib>

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
  CHECK(chatty.commands[0].env.at("HOME") == chatty.commands[0].cwd);
  CHECK(chatty.commands[0].argv.back() == "0/a.sh");
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

TEST_CASE("checks::make_ruff: what the patch introduces fails") {
  if (!have("ruff")) {
    return;
  }
  TestRepo repo;
  repo.commit({{"old.py", "import os\n"}});
  TestSeries series;
  repo.patch(series, {{"old.py", "\n\nimport os\nx = 1\n"}});
  CHECK(run_check("ruff", series, {}, &repo.repository(), 0).verdict == Verdict::pass);
  repo.patch(series, {{"new.py", "import os\n"},
                      {"pyproject.toml", "[tool.ruff.lint]\nignore = [\"F401\"]\n"}});
  const auto outcome = run_check("ruff", series, {}, &repo.repository(), 1);
  CHECK(outcome.verdict == Verdict::fail);
  CHECK(outcome.findings.at(0).rule == "F401");
}

TEST_CASE("checks::make_ruff: reads ruff's JSON, before and after") {
  // Stands in for ruff, which Debian 12 does not have, in the format of its --output-format=json.
  const patchmill::TempDir folder("patchmill-ruff");
  const auto program = folder.path() / "ruff";
  std::ofstream(program) << R"sh(#!/bin/sh
printf '%s\n' "$*" >> "$(dirname "$0")/arguments"
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
  const char* old_path = std::getenv("PATH");
  const std::string saved = old_path == nullptr ? "/usr/bin:/bin" : old_path;
  REQUIRE(setenv("PATH", (folder.path().string() + ":" + saved).c_str(), 1) == 0);

  TestRepo repo;
  repo.commit({{"old.py", "import os\n"},
               {"pyproject.toml", "[project]\nname = \"x\"\n"},
               {"lib/ruff.toml", "line-length = 100\n"}});
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

  REQUIRE(setenv("PATH", saved.c_str(), 1) == 0);
  const auto arguments = patchmill::read_file(folder.path() / "arguments");
  REQUIRE(arguments.has_value());
  // No [tool.ruff] in pyproject.toml: defaults. The nearer ruff.toml governs lib/.
  CHECK(arguments->find("--isolated -- 0/old.py") != std::string::npos);
  CHECK(arguments->find("/ruff.toml -- 0/__init__.py 1/new.py") != std::string::npos);
}
