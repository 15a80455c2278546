#include "git/repository.hpp"
#include "pipeline/nipa.hpp"
#include "runtimes/sandbox_fixture.hpp"
#include "runtimes/source_folder.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>

#include <optional>

using namespace patchmill;
using findings::Verdict;
namespace fs = std::filesystem;

namespace {

void write_script(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  REQUIRE(write_file_atomic(path, text));
  ::chmod(path.c_str(), 0755);
}

std::string run_shell(const fs::path& cwd, const std::string& script) {
  Command command;
  command.argv = {"/bin/sh", "-ec", script};
  command.cwd = cwd.string();
  command.env = {{"HOME", "/nonexistent"},    {"GIT_CONFIG_GLOBAL", "/dev/null"},
                 {"GIT_AUTHOR_NAME", "A"},    {"GIT_AUTHOR_EMAIL", "a@example.org"},
                 {"GIT_COMMITTER_NAME", "C"}, {"GIT_COMMITTER_EMAIL", "c@example.org"}};
  const auto completed = SystemProcessRunner().run(command);
  REQUIRE(completed);
  INFO(completed->err);
  REQUIRE(completed->ok());
  return std::string(trim(completed->out));
}

}  // namespace

// A test in the manner of NIPA's own tests/patch/source_inline: looks at the patch with git and
// describes what it found.
TEST_CASE("runtimes::LocalRuntime::run: a NIPA test directory as it is, on a warm source folder") {
  if (!test::sandbox_works()) {
    return;
  }
  const TempDir root;
  run_shell(root.path(), "git init -q -b main repo");
  const fs::path repo = root.path() / "repo";
  const std::string base = run_shell(
      repo, "echo 'int f(void);' >a.c; git add -A; git commit -qm base; git rev-parse HEAD");
  const std::string tip = run_shell(
      repo, "echo 'inline int g(void);' >>a.c; git commit -qam 'add g'; git rev-parse HEAD");
  const fs::path test = root.path() / "tests/patch/source_inline";
  write_script(test / "info.json",
               "{\n  \"run\": [\"inline.sh\"],\n  \"pull-requests\": true\n}\n");
  write_script(
      test / "inline.sh",
      "#!/bin/bash\n"
      "# SPDX-License-Identifier: GPL-2.0\n"
      "n=$(git show -- '*.c' | grep -c '^+.*\\binline\\b')\n"
      "msg=\"Was 0 now: $n (first: $FIRST_IN_SERIES, base: $(git rev-parse $BRANCH_BASE))\"\n"
      "git log --oneline | wc -l\n"
      "head -n1 a.c; test -w $RESULTS_DIR || exit 9\n"
      "dirname $(readlink -f \"$0\") | xargs basename\n"
      "[ $n -eq 0 ] || { echo -e \"$msg\" >&$DESC_FD; exit 250; }\n");
  const auto jobs = pipeline::read_nipa_tests(root.path() / "tests/patch");
  REQUIRE(jobs);
  REQUIRE(jobs->size() == 1);

  auto repository = git::Repository::open(repo);
  REQUIRE(repository);
  auto folder = runtimes::SourceFolder::acquire(root.path() / "sources", "main");
  REQUIRE(folder);
  REQUIRE(folder->update(**repository, tip));
  runtimes::RunRequest request;
  request.job = &jobs->front();
  request.source = folder->source();
  request.own_source = *folder->own_source();
  request.git_dir = folder->git_dir();
  request.git_objects = folder->git_objects();
  const auto scratch = folder->new_scratch();
  REQUIRE(scratch);
  request.scratch = scratch->path();
  request.env = {{pipeline::nipa_branch_base, base}, {pipeline::nipa_first_in_series, "1"}};
  auto done = runtimes::make_local_runtime()->run(request, {});
  REQUIRE(done);
  const test::Ran outcome(*std::move(done));
  INFO(outcome.log);
  CHECK(outcome.verdict == Verdict::warning);
  CHECK(outcome.summary == "Was 0 now: 1 (first: 1, base: " + base + ")");
  CHECK(outcome.log == "2\nint f(void);\nsource_inline\n");
  CHECK(fs::exists(folder->source() / "a.c"));
}

namespace {

// A repository of two commits, and a job with a checkout of its own on the second.
class OwnSource {
 public:
  OwnSource() {
    run_shell(m_root.path(), "git init -q -b main repo");
    const fs::path repo = m_root.path() / "repo";
    base = run_shell(
        repo,
        "echo one >a.sh; mkdir -p d/e; echo deep >d/e/f; echo '*.o' >.gitignore; ln -s "
        "a.sh link; echo gone >gone; git add -A; git commit -qm base; git rev-parse HEAD");
    tip =
        run_shell(repo,
                  "echo two >>a.sh; rm gone; echo new >new; git add -A; git commit -qm 'add two'; "
                  "git rev-parse HEAD");
    auto opened = git::Repository::open(repo);
    REQUIRE(opened);
    repository = *std::move(opened);
    auto acquired = runtimes::SourceFolder::acquire(m_root.path() / "sources", "main");
    REQUIRE(acquired);
    folder.emplace(*std::move(acquired));
    job.name = "own";
    job.own_source = true;
    job.limits.timeout = std::chrono::seconds(60);
    job.limits.disk_bytes = 64u << 20;
  }

  test::Ran run(const std::string& commit, const std::string& script) {
    REQUIRE(folder->update(*repository, commit));
    job.command = {"/bin/bash", "-c", script};
    runtimes::RunRequest request;
    request.job = &job;
    request.source = folder->source();
    request.own_source = *folder->own_source();
    request.git_dir = folder->git_dir();
    request.git_objects = folder->git_objects();
    const auto scratch = folder->new_scratch();
    REQUIRE(scratch);
    request.scratch = scratch->path();
    request.env = {{pipeline::nipa_branch_base, base}};
    auto outcome = runtimes::make_local_runtime()->run(request, {});
    if (!outcome) {
      FAIL("the run failed: ", outcome.error().message);
    }
    return test::Ran(*std::move(outcome));
  }
  [[nodiscard]] fs::path own() const { return *folder->own_source() / "src"; }

  TempDir m_root;
  std::string base, tip;
  std::unique_ptr<git::Repository> repository;
  std::optional<runtimes::SourceFolder> folder;
  pipeline::JobSpec job;
};

constexpr const char* k_state =
    "git status --porcelain --ignored; git rev-parse HEAD; ls -A | tr '\\n' ' '; cat a.sh d/e/f; "
    "readlink link; git config --get core.hooksPath; git worktree list | wc -l\n";

}  // namespace

TEST_CASE("runtimes::LocalRuntime::run: a job may go to the commit before and back") {
  if (!test::sandbox_works()) {
    return;
  }
  OwnSource own;
  // As NIPA's tests/patch/shellcheck does it.
  const auto outcome = own.run(own.tip,
                               "set -e; HEAD=$(git rev-parse HEAD)\n"
                               "echo ' ====== before ======' | tee -a /dev/stderr\n"
                               "git checkout -q HEAD~; old=$(wc -l <a.sh); cat gone\n"
                               "git checkout -q $HEAD; new=$(wc -l <a.sh); test ! -e gone\n"
                               "git worktree add -q ../scratch/other $BRANCH_BASE; cat "
                               "../scratch/other/gone\n"
                               "git diff-files; test -z \"$(git status --porcelain)\"\n"
                               "echo \"Errors before: $old this patch: $new\" >&$DESC_FD\n"
                               "[ $new -le $old ] || exit 250");
  INFO(outcome.log);
  CHECK(outcome.verdict == Verdict::warning);
  CHECK(outcome.summary == "Errors before: 1 this patch: 2");
  CHECK(*read_file(own.folder->source() / "a.sh") == "one\ntwo\n");
}

TEST_CASE("runtimes::reset_own_checkout: nothing of an earlier run is left") {
  if (!test::sandbox_works()) {
    return;
  }
  OwnSource own;
  const auto clean = own.run(own.tip, k_state);
  INFO(clean.log);
  CHECK(clean.log == own.tip + "\n.git .gitignore a.sh d link new one\ntwo\ndeep\na.sh\n1\n");
  const char* spoil[] = {
      // Same size, same time: only the change time tells.
      "touch -r a.sh ref; printf 'ONE\\nTWO\\n' >a.sh; touch -r ref a.sh; rm ref",
      "rm -rf a.sh d; mkdir a.sh; echo x >a.sh/x; echo file >d",
      "rm link; ln -s /etc link; mv d d2; ln -s d2 d; echo junk >junk.o; git init -q nested",
      "git config core.hooksPath /scratch; git config core.worktree /tmp; echo x >.git/index",
      "rm -rf .git; ln -s /scratch .git",
      "git checkout -q $BRANCH_BASE; echo '*' >.git/info/exclude; git update-index "
      "--assume-unchanged a.sh; echo three >a.sh; git worktree add -q /tmp/w",
      "chmod -x d/e; chmod 000 d .; true",
      "setfacl -d -m u::--- . d 2>/dev/null; chmod 600 a.sh; chmod +x d/e/f",
      "d=.; for i in $(seq 300); do mkdir d; cd d || break; done; cd /src; rm -rf d 2>/dev/null; "
      "perl -e 'for (1..300) { mkdir q(x); chdir q(x) }'",
  };
  for (const char* script : spoil) {
    CAPTURE(std::string(script));
    static_cast<void>(own.run(own.tip, script));
    const auto again = own.run(own.tip, k_state);
    CHECK(again.log == clean.log);
    const auto before = own.run(own.base, "git status --porcelain; ls -A | tr '\\n' ' '");
    CHECK(before.log == ".git .gitignore a.sh d gone link ");
  }
}

TEST_CASE("runtimes::reset_own_checkout: what did not change is not written again") {
  if (!test::sandbox_works()) {
    return;
  }
  OwnSource own;
  static_cast<void>(own.run(own.tip, "echo x >>a.sh"));
  const auto kept = fs::last_write_time(own.own() / "d/e/f");
  const auto outcome = own.run(own.base, "cat a.sh");
  CHECK(outcome.log == "one\n");
  CHECK(fs::last_write_time(own.own() / "d/e/f") == kept);
}

TEST_CASE("runtimes::LocalRuntime::run: what a job adds to its own source counts as disk") {
  if (!test::sandbox_works()) {
    return;
  }
  OwnSource own;
  const auto outcome = own.run(
      own.tip, "for i in $(seq 100); do head -c 1M /dev/urandom >f$i; done; sleep 2; sleep 100");
  CHECK(outcome.verdict == Verdict::incomplete);
  CHECK(outcome.disk_exceeded);
  CHECK(own.run(own.tip, "cat a.sh; ls f* 2>/dev/null").log == "one\ntwo\n");
}
