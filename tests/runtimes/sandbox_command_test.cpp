#include "runtimes/sandbox_command.hpp"

#include "util/subprocess.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

using namespace patchmill;
using namespace patchmill::runtimes;

namespace {

// What is started inside the sandbox, without the sandbox, where no file may have more than a
// million bytes and nobody may change that; what goes to desc_fd is on standard output.
Completed run_inside_part(const SandboxPlan& plan) {
  Command command;
  if (::geteuid() == 0) {
    command.argv = {"setpriv", "--bounding-set=-sys_resource", "--"};
  }
  command.argv.insert(command.argv.end(), {"prlimit", "--fsize=1000000:1000000", "--", "/bin/sh",
                                           "-c", "exec 3>&1 >&2; exec \"$@\"", "outside"});
  const auto argv = sandbox_argv(plan, "bwrap");
  const auto inside = std::find(argv.begin(), argv.end(), "--");
  REQUIRE(inside != argv.end());
  command.argv.insert(command.argv.end(), inside + 1, argv.end());
  const auto completed = SystemProcessRunner().run(command);
  REQUIRE(completed);
  return *completed;
}

}  // namespace

TEST_CASE("runtimes::sandbox_argv: a limit that cannot be set is no end of the job") {
  SandboxPlan plan;
  plan.command = {"/bin/sh", "-c", "echo words >&3; exit 1"};
  SUBCASE("set") {
    plan.file_bytes = 500'000;
    const auto done = run_inside_part(plan);
    CHECK(done.status == 1);
    CHECK(after_mark(done.out) == "words\n");
  }
  SUBCASE("none to set") {
    const auto done = run_inside_part(plan);
    CHECK(done.status == 1);
    CHECK(after_mark(done.out) == "words\n");
  }
  SUBCASE("refused") {
    plan.file_bytes = 2'000'000;
    const auto done = run_inside_part(plan);
    CHECK(done.status == 125);
    CHECK_FALSE(after_mark(done.out));
    CHECK(done.err.find("FSIZE") != std::string::npos);
  }
  SUBCASE("a command that is an option to some shells") {
    plan.command = {"-c", "exit 1"};
    const auto done = run_inside_part(plan);
    CHECK(done.status == 127);
    CHECK(after_mark(done.out) == "");
  }
}

TEST_CASE("runtimes::after_mark: what a job writes is its own, the mark is not") {
  CHECK_FALSE(after_mark(""));
  CHECK_FALSE(after_mark("words\n"));
  CHECK_FALSE(after_mark("patchmill: start"));
  CHECK(after_mark("patchmill: started\n") == "");
  CHECK(after_mark("patchmill: started\npatchmill: started\n") == "patchmill: started\n");
}

TEST_CASE("runtimes::within_hard_limit: never more than the kernel lets us set") {
  struct rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(within_hard_limit(RLIMIT_NOFILE, 0) == 0);
  CHECK(within_hard_limit(RLIMIT_NOFILE, 1) == 1);
  if (limit.rlim_max != RLIM_INFINITY) {
    CHECK(within_hard_limit(RLIMIT_NOFILE, limit.rlim_max) == limit.rlim_max);
    CHECK(within_hard_limit(RLIMIT_NOFILE, limit.rlim_max + 1) == limit.rlim_max);
  }
}
