#include "app/job_planner.hpp"

#include "app/runner_bench.hpp"

using namespace patchmill;
using app::test::RunnerBench;
using findings::Verdict;

namespace {

// What tells the commits apart that a job is asked about.
constexpr const char* k_looking_jobs =
    "jobs:\n"
    "  - name: look\n"
    "    scope: patch\n"
    "    command:\n"
    "      - /bin/sh\n"
    "      - -c\n"
    "      - |-\n"
    "        git diff --quiet $BRANCH_BASE HEAD && exit 0\n"
    "        echo trees $(git rev-parse $BRANCH_BASE^{tree} HEAD^{tree}) $FIRST_IN_SERIES\n"
    "        exit 1\n";

std::string on_top_of(const std::string& id) {
  return "Depends-on: <" + id + ">\nSigned-off-by: A <a@example.org>\n";
}

// Of somebody who has a shell and git, and told git nothing.
Completed repeat_on_its_own(const std::string& script) {
  const TempDir folder;
  Command command;
  command.argv = {"/bin/sh"};
  command.input = script;
  command.cwd = folder.path().string();
  command.merge_stderr = true;
  command.inherit_env = false;
  // Else git would make up somebody where the machine has a full name.
  command.env = {{"PATH", "/usr/bin:/bin"},          {"HOME", folder.path().string()},
                 {"GIT_CONFIG_GLOBAL", "/dev/null"}, {"GIT_CONFIG_NOSYSTEM", "1"},
                 {"GIT_CONFIG_COUNT", "1"},          {"GIT_CONFIG_KEY_0", "user.useConfigOnly"},
                 {"GIT_CONFIG_VALUE_0", "true"}};
  auto completed = SystemProcessRunner().run(command);
  REQUIRE(completed);
  return *std::move(completed);
}

// The jobs of a series as nodes, by their patch.
std::map<int, pipeline::Node> jobs_of(RunnerBench& bench, const tracker::Series& series,
                                      const std::string& job = "look") {
  std::map<int, pipeline::Node> jobs;
  for (const auto& node : bench.workspace->nodes().of_series(series.number)) {
    if (node.name == job) {
      jobs[node.patch.value_or(0)] = node;
    }
  }
  return jobs;
}

// Runs the series, then each of its scripts, which must have been told the same trees and facts.
void check_repeated(RunnerBench& bench, const tracker::Series& series) {
  std::vector<std::map<std::string, std::string>> told;
  bench.runtime.look = [&](const runtimes::RunRequest& request) { told.push_back(request.env); };
  CHECK(bench.run(series).verdict.verdict == Verdict::pass);
  const auto jobs = jobs_of(bench, series);
  REQUIRE(jobs.size() == series.patches.size());
  REQUIRE(told.size() == jobs.size());
  const auto repository = bench.workspace->placer().repository("t");
  REQUIRE(repository.has_value());
  std::size_t next = 0;
  for (const auto& [patch, node] : jobs) {
    CAPTURE(patch);
    auto& facts = told[next++];
    const auto base = (*repository)->commit(facts["BRANCH_BASE"]);
    const auto head = (*repository)->commit(node.commit);
    REQUIRE(base.has_value());
    REQUIRE(head.has_value());
    const Completed repeated = repeat_on_its_own(node.reproducer);
    INFO(repeated.out);
    CHECK(repeated.status == 1);
    CHECK(repeated.out.find("trees " + base->tree + " " + head->tree + " " +
                            facts["FIRST_IN_SERIES"] + "\n") != std::string::npos);
  }
}

// `url`: of its tree, which is not fetched again; also one that configuration refuses.
void reopen(RunnerBench& bench, const std::string& jobs, const std::string& url = "") {
  bench.workspace.reset();
  auto config = app::parse_config(
      bench.folder.path() / "c.yaml",
      "data: data\ntrees:\n  - {name: t, url: tree, branch: main, lists: [l.example.org]}\n"
      "checks: {enable: [signed-off-by]}\n" +
          jobs);
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  config->trees[0].url = url.empty() ? config->trees[0].url : url;
  auto opened = app::Workspace::open(*config);
  REQUIRE_MESSAGE(opened.has_value(), opened.error().message);
  bench.workspace = std::move(*opened);
}

}  // namespace

TEST_CASE("app::plan_jobs: the script of a job repeats it, patch by patch") {
  RunnerBench bench(k_looking_jobs);
  bench.take("p1@x", "[PATCH 1/2] a: change two", "two", "2");
  const auto series = bench.take("p2@x", "[PATCH 2/2] a: change it more", "2", "22", "p1@x");
  REQUIRE(series.received_all());
  check_repeated(bench, series);
}

TEST_CASE("app::plan_jobs: the script applies what the series is on top of first") {
  RunnerBench bench(k_looking_jobs);
  bench.take("p1@x", "[PATCH] a: change two", "two", "2");
  const auto second =
      bench.take("p2@x", "[PATCH] a: change it more", "2", "22", "", on_top_of("p1@x"));
  const auto third =
      bench.take("p3@x", "[PATCH] a: change it most", "22", "222", "", on_top_of("p2@x"));
  check_repeated(bench, second);
  check_repeated(bench, third);
}

TEST_CASE("app::plan_jobs: the script publishes no password") {
  RunnerBench bench;
  reopen(bench, k_looking_jobs, "https://somebody:secret@example.org/t.git");
  const auto series = bench.take("p1@x", "[PATCH] a: change two", "two", "2");
  bench.run(series);
  const auto jobs = jobs_of(bench, series);
  REQUIRE(jobs.size() == 1);
  const std::string& script = jobs.begin()->second.reproducer;
  CHECK(script.find("git clone -- 'https://example.org/t.git'") != std::string::npos);
  CHECK(script.find("secret") == std::string::npos);
  CHECK(script.find("somebody") == std::string::npos);
  CHECK(script.find("put yours in") != std::string::npos);
}

TEST_CASE("app::plan_jobs: the script says which programs of this machine it runs") {
  RunnerBench bench;
  const auto program = bench.folder.path() / "jobs" / "look.sh";
  std::filesystem::create_directories(program.parent_path());
  REQUIRE(write_file_atomic(program, "#!/bin/sh\ncat a.txt\n"));
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  reopen(bench,
         "jobs:\n  - {name: ours, command: [./jobs/look.sh]}\n"
         "  - {name: plain, command: [/bin/sh, -c, 'cat a.txt']}\n");
  const auto series = bench.take("p1@x", "[PATCH] a: change two", "two", "2");
  bench.run(series);
  const auto ours = jobs_of(bench, series, "ours");
  REQUIRE(ours.size() == 1);
  const std::string& script = ours.begin()->second.reproducer;
  CHECK(script.find("#   " + program.string() + "\n") != std::string::npos);
  const Completed here = repeat_on_its_own(script);
  CHECK(here.status == 0);
  CHECK(here.out.find("one\n2\n") != std::string::npos);
  std::filesystem::remove(program);
  const Completed elsewhere = repeat_on_its_own(script);
  CHECK(elsewhere.status == 2);
  CHECK(elsewhere.out.starts_with("there is no " + program.string() + " here"));

  const auto plain = jobs_of(bench, series, "plain");
  REQUIRE(plain.size() == 1);
  CHECK(plain.begin()->second.reproducer.find("[ -e") == std::string::npos);
  CHECK(repeat_on_its_own(plain.begin()->second.reproducer).status == 0);
}
