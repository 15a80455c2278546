#include "git/repository.hpp"
#include "pipeline/nipa.hpp"
#include "runtimes/sandbox_fixture.hpp"
#include "runtimes/source_folder.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using findings::Verdict;
namespace fs = std::filesystem;

namespace {

void write_script(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  REQUIRE(write_file_atomic(path, text));
  ::chmod(path.c_str(), 0755);
}

std::string shell(const fs::path& cwd, const std::string& script) {
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
  shell(root.path(), "git init -q -b main repo");
  const fs::path repo = root.path() / "repo";
  const std::string base =
      shell(repo, "echo 'int f(void);' >a.c; git add -A; git commit -qm base; git rev-parse HEAD");
  const std::string tip =
      shell(repo, "echo 'inline int g(void);' >>a.c; git commit -qam 'add g'; git rev-parse HEAD");
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
      "touch a.c 2>/dev/null && exit 8\n"
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
  request.git_dir = folder->git_dir();
  request.git_objects = folder->git_objects();
  request.scratch = *folder->new_scratch();
  request.env = {{pipeline::nipa_branch_base, base}, {pipeline::nipa_first_in_series, "1"}};
  const auto outcome = runtimes::make_local_runtime()->run(request, {});
  REQUIRE(outcome);
  INFO(outcome->log);
  CHECK(outcome->verdict == Verdict::warning);
  CHECK(outcome->summary == "Was 0 now: 1 (first: 1, base: " + base + ")");
  CHECK(outcome->log == "2\nint f(void);\nsource_inline\n");
  runtimes::SourceFolder::remove_scratch(request.scratch);
  CHECK(fs::exists(folder->source() / "a.c"));
}
