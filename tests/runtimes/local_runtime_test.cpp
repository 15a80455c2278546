#include "runtimes/cgroup.hpp"
#include "runtimes/process_tree.hpp"
#include "runtimes/sandbox_command.hpp"
#include "runtimes/sandbox_fixture.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>

#include <cstdlib>

using namespace patchmill;
using findings::Verdict;
using test::Sandbox;

TEST_CASE("runtimes::LocalRuntime::run: exit statuses") {
  if (!test::sandbox_works()) {
    return;
  }
  struct Case {
    const char* script;
    Verdict verdict;
    const char* summary;
  };
  const Case cases[] = {
      {"exit 0", Verdict::pass, "passed"},
      {"exit 250", Verdict::warning, "warning"},
      {"exit 77", Verdict::skip, "skipped"},
      {"exit 111", Verdict::incomplete, "no result yet (exit status 111)"},
      {"exit 1", Verdict::fail, "exit status 1"},
      {"exit 3", Verdict::fail, "exit status 3"},
      {"no-such-tool", Verdict::incomplete,
       "a program it needs is not installed (exit status 127)"},
      {"/etc/passwd", Verdict::incomplete,
       "a program it needs cannot be executed (exit status 126)"},
      {"kill -SEGV $$", Verdict::fail, "crashed with signal 11"},
      {"kill -KILL $$", Verdict::incomplete, "killed by signal 9, by itself or from outside"},
  };
  for (const Case& c : cases) {
    CAPTURE(std::string(c.script));
    Sandbox sandbox;
    const auto outcome = sandbox.run(c.script);
    INFO(outcome.log);
    CHECK(outcome.verdict == c.verdict);
    CHECK(outcome.summary == c.summary);
  }
  Sandbox sandbox;
  sandbox.job.command = {"no-such-program"};
  const auto outcome = sandbox.run("");
  INFO(outcome.log);
  CHECK(outcome.verdict == Verdict::incomplete);
  CHECK(outcome.cause == pipeline::IncompleteCause::missing_tool);
}

TEST_CASE("runtimes::LocalRuntime::run: what a job sees") {
  if (!test::sandbox_works()) {
    return;
  }
  ::setenv("PATCHMILL_TEST_SECRET", "hunter2", 1);
  Sandbox sandbox;
  sandbox.job.env["GREETING"] = "hello 'world' \"x\"";
  sandbox.job.env["RESULTS_DIR"] = "/elsewhere";
  sandbox.request.env["BRANCH_BASE"] = "abc123";
  sandbox.request.warm = sandbox.warm();
  const auto outcome = sandbox.run(
      "pwd; cat file.txt; echo \"$GREETING\"; echo $BRANCH_BASE $RESULTS_DIR $WARM_DIR $DESC_FD\n"
      "test -w $RESULTS_DIR && test -w $WARM_DIR && test -w /tmp && echo writable\n"
      "cat /proc/[0-9]*/environ 2>/dev/null | grep -c hunter2\n"
      "ls /proc/self/fd | tr '\\n' ' '; echo\n"
      "ls / | tr '\\n' ' '; echo\n"
      "ls /home /root /var 2>&1 | grep -v 'No such file' | wc -l\n"
      "tty; cat; id -un; hostname");
  ::unsetenv("PATCHMILL_TEST_SECRET");
  INFO(outcome.log);
  CHECK(outcome.verdict == Verdict::pass);
  const auto lines = split_lines(outcome.log);
  REQUIRE(lines.size() == 12);
  CHECK(lines[0] == "/src");
  CHECK(lines[1] == "content");
  CHECK(lines[2] == "hello 'world' \"x\"");
  CHECK(lines[3] == "abc123 /scratch/results /warm 3");
  CHECK(lines[4] == "writable");
  CHECK(lines[5] == "0");
  CHECK(lines[6] == "0 1 2 3 4 ");  // 4 is ls's own
  CHECK(lines[7].find("home") == std::string_view::npos);
  CHECK(lines[8] == "0");
  CHECK(lines[9] == "not a tty");
  CHECK(lines[10] == "patchmill");
  CHECK(lines[11] == "patchmill");
}

TEST_CASE("runtimes::LocalRuntime::run: a job opens its own streams by name") {
  if (!test::sandbox_works()) {
    return;
  }
  Sandbox sandbox;
  const auto outcome = sandbox.run(
      "set -e; echo out >/dev/stdout; echo err >/dev/stderr; cat /dev/stdin\n"
      "echo described >/dev/fd/$DESC_FD");
  INFO(outcome.log);
  CHECK(outcome.verdict == Verdict::pass);
  CHECK(outcome.log == "out\nerr\n");
  CHECK(outcome.summary == "described");
}

TEST_CASE("runtimes::LocalRuntime::run: no privileges, no namespaces, no network") {
  if (!test::sandbox_works()) {
    return;
  }
  Sandbox sandbox;
  const auto outcome = sandbox.run(
      "grep -E '^(CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status\n"
      "id -u\n"
      "unshare -Ur true 2>/dev/null && echo BAD userns\n"
      "mount -t tmpfs x /tmp 2>/dev/null && echo BAD mount\n"
      "setpriv --reuid 0 true 2>/dev/null && echo BAD root\n"
      "ls /sys/class/net 2>/dev/null; sed 1,2d /proc/net/dev | cut -d: -f1 | tr -d ' '\n"
      "perl -MSocket -e 'socket(S,PF_INET,SOCK_STREAM,0) or die; "
      "print connect(S,pack_sockaddr_in(53,inet_aton(\"192.0.2.1\"))) ? \"BAD net\" : \"no net\", "
      "\"\\n\"; print socket(V,40,SOCK_STREAM,0) ? \"BAD vsock\" : \"no vsock\", \"\\n\"; "
      "print socket(U,PF_UNIX,SOCK_STREAM,0) ? \"unix\" : \"BAD unix\", \"\\n\"'\n");
  INFO(outcome.log);
  CHECK(outcome.log.find("BAD") == std::string::npos);
  for (const char* line :
       {"CapInh:\t0000000000000000", "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000",
        "CapBnd:\t0000000000000000", "CapAmb:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2",
        "\nlo\n", "no net\n", "no vsock\n", "unix\n"}) {
    CAPTURE(std::string(line));
    CHECK(outcome.log.find(line) != std::string::npos);
  }
  CHECK(outcome.log.find("\n0\n") == std::string::npos);  // never user 0
}

TEST_CASE("runtimes::LocalRuntime::run: writes outside are refused, the host is untouched") {
  if (!test::sandbox_works()) {
    return;
  }
  Sandbox sandbox;
  const std::string mark = "/tmp/patchmill-escape-" + std::to_string(::getpid());
  const auto outcome = sandbox.run(
      "for f in /src/file.txt /src/new /usr/new /etc/passwd /new /bin/new "
      "/proc/sys/kernel/hostname "
      "/scratch/../new /dev/new; do\n"
      "  if echo x 2>/dev/null >$f; then echo BAD $f; fi\n"
      "done\n"
      "rm -f /src/file.txt 2>/dev/null; chmod 777 /src 2>/dev/null\n"
      "echo inside >" +
      mark + "; cat " + mark +
      "; ls /tmp\n"
      "ln -s / /scratch/up; ls /scratch/up/home 2>/dev/null; true");
  INFO(outcome.log);
  CHECK(outcome.verdict == Verdict::pass);
  INFO(outcome.log);
  CHECK(outcome.log.find("BAD") == std::string::npos);
  CHECK(outcome.log.find("inside\n") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(mark));
  CHECK(*read_file(sandbox.source() / "file.txt") == "content\n");
  CHECK_FALSE(std::filesystem::exists(sandbox.source() / "new"));
}

TEST_CASE("runtimes::LocalRuntime::run: the description becomes the summary, made harmless") {
  if (!test::sandbox_works()) {
    return;
  }
  {
    Sandbox sandbox;
    const auto outcome =
        sandbox.run("printf '\\n 3 warnings, 1 new \\nmore\\n' >&$DESC_FD; exit 250");
    INFO(outcome.log);
    CHECK(outcome.verdict == Verdict::warning);
    CHECK(outcome.summary == "3 warnings, 1 new");
  }
  {
    Sandbox sandbox;
    const auto outcome = sandbox.run("printf 'a\\033[31m\\000\\377b' >&$DESC_FD");
    CHECK(outcome.summary.find('\x1b') == std::string::npos);
    CHECK(is_valid_utf8(outcome.summary));
    CHECK(outcome.summary.starts_with("a\\x1b[31m"));
  }
  {
    // More than a pipe holds: must neither block nor be kept.
    Sandbox sandbox;
    const auto outcome = sandbox.run("head -c 5000000 /dev/zero | tr '\\0' x >&$DESC_FD; exit 1");
    INFO(outcome.log);
    CHECK(outcome.verdict == Verdict::fail);
    CHECK(outcome.summary.size() <= 1024);
    CHECK(outcome.summary.starts_with("xxxx"));
  }
  {
    // An unfinished run is not described by what it hoped for.
    Sandbox sandbox;
    const auto outcome = sandbox.run("echo all good >&$DESC_FD; kill -KILL $$");
    INFO(outcome.log);
    CHECK(outcome.verdict == Verdict::incomplete);
    CHECK(outcome.summary == "killed by signal 9, by itself or from outside");
  }
}

TEST_CASE("runtimes::LocalRuntime::run: the deadline takes everybody along") {
  if (!test::sandbox_works()) {
    return;
  }
  Sandbox sandbox;
  sandbox.job.limits.timeout = std::chrono::seconds(1);
  const std::string mark = "3" + std::to_string(100000 + ::getpid());
  const auto outcome =
      sandbox.run("trap '' TERM HUP INT\nsetsid sh -c 'trap \"\" TERM HUP; sleep " + mark +
                  "; sleep " + mark + "' &\n(sleep " + mark + " &)\nnohup sleep " + mark +
                  " >/dev/null 2>&1 &\necho started\n"
                  "sleep " +
                  mark);
  INFO(outcome.log);
  CHECK(outcome.verdict == Verdict::incomplete);
  CHECK(outcome.killed_at_deadline);
  CHECK(outcome.cause == pipeline::IncompleteCause::deadline);
  CHECK(outcome.summary == "killed after its time limit of 1 s");
  CHECK(outcome.log == "started\n");
  Command look;
  look.argv = {"pgrep", "-f", "sleep " + mark};
  const auto found = SystemProcessRunner().run(look);
  REQUIRE(found);
  CHECK(found->out.empty());
}

TEST_CASE("runtimes::LocalRuntime::run: a run that is cancelled ends at once, with all of it") {
  if (!test::sandbox_works()) {
    return;
  }
  for (const bool before : {true, false}) {
    Sandbox sandbox;
    std::stop_source stop;
    sandbox.request.stop = stop.get_token();
    if (before) {
      stop.request_stop();
    }
    const auto begun = std::chrono::steady_clock::now();
    sandbox.on_log = [&](std::string_view) { stop.request_stop(); };
    const auto outcome = sandbox.run("echo begun; setsid sleep 60 & sleep 60");
    CHECK(outcome.verdict == Verdict::incomplete);
    CHECK(outcome.cancelled);
    CHECK(outcome.summary == "cancelled");
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(30));
  }
}

TEST_CASE("runtimes::LocalRuntime::run: what is left behind at a normal end is killed too") {
  if (!test::sandbox_works()) {
    return;
  }
  Sandbox sandbox;
  const std::string mark = "4" + std::to_string(100000 + ::getpid());
  const auto outcome = sandbox.run("setsid sleep " + mark + " & (sleep " + mark + " &) ; exit 0");
  INFO(outcome.log);
  CHECK(outcome.verdict == Verdict::pass);
  Command look;
  look.argv = {"pgrep", "-f", "sleep " + mark};
  const auto found = SystemProcessRunner().run(look);
  REQUIRE(found);
  CHECK(found->out.empty());
}

TEST_CASE("runtimes::LocalRuntime::run: a fork bomb is bounded") {
  if (!test::sandbox_works()) {
    return;
  }
  Sandbox sandbox;
  sandbox.job.limits.timeout = std::chrono::seconds(2);
  sandbox.job.limits.processes = 40;
  const auto outcome = sandbox.run(
      "n=0; while [ $n -lt 200 ]; do sleep 100 & n=$((n+1)); done; bomb() { bomb | bomb & }; bomb; "
      "sleep 100");
  INFO(outcome.log);
  CHECK(outcome.verdict != Verdict::pass);
  CHECK(outcome.log.find("fork") != std::string::npos);
}

TEST_CASE("runtimes::LocalRuntime::run: too few processes are never the patch's fault") {
  if (!test::sandbox_works()) {
    return;
  }
  const auto places = runtimes::find_cgroups();
  if (places.pids_version == runtimes::CgroupPlaces::Version::none) {
    MESSAGE("skipped: no control group here counts processes");
    return;
  }
  Sandbox sandbox;
  sandbox.job.limits.processes = 40;
  SUBCASE("reached") {
    const auto outcome =
        sandbox.run("n=0; while [ $n -lt 100 ]; do sleep 100 & n=$((n+1)); done; exit 1");
    INFO(outcome.log);
    CHECK(outcome.verdict == Verdict::incomplete);
    CHECK(outcome.cause == pipeline::IncompleteCause::limits);
    CHECK(outcome.summary == "out of processes: its limit is 40");
  }
  SUBCASE("not reached") {
    const auto outcome =
        sandbox.run("n=0; while [ $n -lt 38 ]; do sleep 100 & n=$((n+1)); done; echo all; exit 1");
    INFO(outcome.log);
    CHECK(outcome.log == "all\n");
    CHECK(outcome.verdict == Verdict::fail);
  }
}

TEST_CASE("runtimes::LocalRuntime::run: a memory bomb is out of memory, never the patch's fault") {
  if (!test::sandbox_works()) {
    return;
  }
  Sandbox sandbox;
  sandbox.job.limits.memory_bytes = 64u << 20;
  const auto outcome =
      sandbox.run("perl -e 'my @a; for (1..100000) { push @a, \"x\" x 1048576 } sleep 100'");
  INFO(outcome.log);
  CHECK(outcome.verdict == Verdict::incomplete);
  CHECK(outcome.out_of_memory);
  CHECK(outcome.cause == pipeline::IncompleteCause::memory);
  CHECK(outcome.summary.starts_with("out of memory"));
}

TEST_CASE("runtimes::LocalRuntime::run: a flood of output is cut and ended") {
  if (!test::sandbox_works()) {
    return;
  }
  Sandbox sandbox;
  sandbox.job.limits.output_bytes = 100'000;
  const auto outcome = sandbox.run("yes");
  INFO(outcome.log);
  CHECK(outcome.verdict == Verdict::incomplete);
  CHECK(outcome.output_cut);
  CHECK(outcome.log.size() == 100'000);
  CHECK(outcome.summary == "killed: more than 97 KiB of output");
}

TEST_CASE("runtimes::LocalRuntime::run: filling the disk is stopped, however it is done") {
  if (!test::sandbox_works()) {
    return;
  }
  SUBCASE("one file") {
    Sandbox sandbox;
    const auto outcome = sandbox.run("exec head -c 10G /dev/zero >$SCRATCH_DIR/big");
    INFO(outcome.log);
    CHECK(outcome.verdict == Verdict::incomplete);
    CHECK(outcome.disk_exceeded);
  }
  SUBCASE("many files") {
    Sandbox sandbox;
    const auto outcome = sandbox.run(
        "n=0; while :; do head -c 1M /dev/zero >$SCRATCH_DIR/f$n || exit 9; n=$((n+1)); done");
    INFO(outcome.log);
    CHECK(outcome.verdict == Verdict::incomplete);
    CHECK(outcome.disk_exceeded);
    CHECK(outcome.summary == "killed: more than 64 MiB of disk");
  }
  SUBCASE("files without a name") {
    Sandbox sandbox;
    const auto outcome = sandbox.run(
        "perl -e 'for my $i (1..2000) { open($f[$i], q(>), q(/scratch/x)) or die; unlink "
        "q(/scratch/x); "
        "syswrite($f[$i], q(x) x 1048576) or die; select(undef, undef, undef, 0.01); }'");
    CHECK(outcome.verdict == Verdict::incomplete);
    CHECK(outcome.disk_exceeded);
  }
  SUBCASE("folders too deep to be looked through") {
    Sandbox sandbox;
    sandbox.request.warm = sandbox.warm();
    const auto outcome = sandbox.run(
        "perl -e 'for my $top (q(/scratch), q(/warm)) { chdir $top; for (1..5000) { mkdir q(d), "
        "0000 | 0300; chdir q(d) or die; } open(F, q(>), q(x)); print F q(x) x 100000; }'");
    CHECK(outcome.verdict == Verdict::incomplete);
    CHECK(outcome.disk_exceeded);
    CHECK(outcome.summary.find("nest too deep") != std::string::npos);
    CHECK(outcome.problems.empty());
    // The next run starts from nothing.
    CHECK(std::filesystem::is_empty(sandbox.warm()));
    CHECK(sandbox.run("echo x >$WARM_DIR/y; ls $SCRATCH_DIR").log == "results\n");
  }
  SUBCASE("/tmp") {
    Sandbox sandbox;
    sandbox.job.limits.memory_bytes = 128u << 20;
    const auto outcome = sandbox.run("head -c 10G /dev/zero >/tmp/big; exit 5");
    CHECK((outcome.verdict == Verdict::fail || outcome.verdict == Verdict::incomplete));
  }
}

TEST_CASE("runtimes::LocalRuntime::run: the log comes as it is written, characters whole") {
  if (!test::sandbox_works()) {
    return;
  }
  Sandbox sandbox;
  std::vector<std::string> pieces;
  sandbox.on_log = [&](std::string_view piece) { pieces.emplace_back(piece); };
  const auto outcome = sandbox.run(
      "printf 'a\\303'; sleep 0.3; printf '\\244b'; echo err >&2; sleep 0.3; printf '\\000\\377'");
  CHECK(pieces.size() >= 3);
  for (const std::string& piece : pieces) {
    CHECK(is_valid_utf8(piece));
  }
  CHECK(join(pieces, "") == outcome.log);
  CHECK(outcome.log == "a\u00e4berr\n\ufffd\u00ff");
}

TEST_CASE("runtimes::LocalRuntime::run: artifacts are plain files only") {
  if (!test::sandbox_works()) {
    return;
  }
  Sandbox sandbox;
  sandbox.job.artifacts = {"*.txt", "sub/*"};
  const auto outcome = sandbox.run(
      "cd $RESULTS_DIR; echo 1 >a.txt; echo 2 >b.bin; mkdir sub; echo 3 >sub/c; ln -s /etc/shadow "
      "evil.txt; ln -s / sub/root; mkfifo pipe.txt; ln a.txt hard.txt; echo 4 >d.txt; rm hard.txt; "
      "ln d.txt e.txt; mkdir $RESULTS_DIR/locked; chmod 000 $RESULTS_DIR/locked; "
      "echo 5 >$(printf 'b\\377d.txt')");
  std::vector<std::string> names;
  for (const auto& file : outcome.artifacts) {
    names.push_back(file.lexically_relative(sandbox.scratch() / "results").string());
  }
  CHECK(names == std::vector<std::string>{"a.txt", "sub/c"});
  // evil, sub/root, pipe, d and e (one file, two names), and a name that is not UTF-8
  CHECK(outcome.problems.size() == 6);
}

TEST_CASE("runtimes::LocalRuntime::run: results from the log") {
  if (!test::sandbox_works()) {
    return;
  }
  {
    Sandbox sandbox;
    sandbox.job.results = "ktap";
    const auto outcome = sandbox.run("printf 'TAP version 13\\n1..2\\nok 1 a\\nnot ok 2 b\\n'");
    INFO(outcome.log);
    CHECK(outcome.verdict == Verdict::fail);
    CHECK(outcome.summary == "1 passed, 1 failed (b)");
    REQUIRE(outcome.findings.size() == 1);
    CHECK(outcome.findings[0].rule == "b");
  }
  {
    Sandbox sandbox;
    sandbox.job.results = "ktap";
    const auto outcome = sandbox.run(
        "printf 'TAP version 13\\n1..2\\nok 1 a\\nKernel panic - not syncing: boom\\n'");
    INFO(outcome.log);
    CHECK(outcome.verdict == Verdict::fail);
    CHECK(outcome.summary ==
          "the kernel crashed: Kernel panic - not syncing: boom; 1 passed, 1 without result");
  }
  {
    Sandbox sandbox;
    sandbox.job.results = "ktap";
    CHECK(sandbox.run("echo TAP version 13; echo 1..2; echo ok 1 a").verdict ==
          Verdict::incomplete);
  }
  {
    Sandbox sandbox;
    sandbox.job.results = "compiler";
    const auto outcome = sandbox.run(
        "echo \"/src/kernel/a.c:3:1: error: no\"; echo \"/src/b.c:1:1: warning: x\"; exit 2");
    INFO(outcome.log);
    CHECK(outcome.verdict == Verdict::fail);
    CHECK(outcome.summary == "1 error: kernel/a.c:3: no");
    CHECK(outcome.findings.size() == 2);
  }
}

TEST_CASE("runtimes::LocalRuntime::run: a missing program behind make is not the patch's fault") {
  if (!test::sandbox_works()) {
    return;
  }
  for (const char* results : {"compiler", ""}) {
    CAPTURE(std::string(results));
    Sandbox sandbox;
    sandbox.job.results = results;
    const auto outcome = sandbox.run(
        "echo 'make: nosuchcc: No such file or directory'\n"
        "echo 'make: *** [Makefile:2: all] Error 127'; exit 2");
    CHECK(outcome.verdict == Verdict::incomplete);
    CHECK(outcome.cause == pipeline::IncompleteCause::missing_tool);
    CHECK(outcome.summary == "not installed: nosuchcc");
    CHECK(sandbox.run("echo 'make: *** [Makefile:2: all] Error 1'; exit 2").verdict ==
          Verdict::fail);
  }
}

TEST_CASE("runtimes::LocalRuntime::run: a warm folder is kept and stays writable") {
  if (!test::sandbox_works()) {
    return;
  }
  Sandbox sandbox;
  sandbox.request.warm = sandbox.warm();
  CHECK(sandbox.run("mkdir -p $WARM_DIR/d && echo one >$WARM_DIR/d/x").verdict == Verdict::pass);
  const auto before = std::filesystem::last_write_time(sandbox.warm() / "d/x");
  std::filesystem::remove_all(sandbox.scratch());
  std::filesystem::create_directory(sandbox.scratch());
  CHECK(sandbox.run("cat $WARM_DIR/d/x; echo two >>$WARM_DIR/d/y").log == "one\n");
  CHECK(std::filesystem::last_write_time(sandbox.warm() / "d/x") == before);
}

TEST_CASE("runtimes::LocalRuntime::run: wrong requests are refused with words") {
  if (!test::sandbox_works()) {
    return;
  }
  {
    Sandbox sandbox;
    sandbox.job.command = {std::string("a\0--bind", 8)};
    CHECK(sandbox.try_run("").error().kind == ErrorKind::invalid);
  }
  {
    Sandbox sandbox;
    sandbox.job.env["X"] = std::string("a\0--bind", 8);
    CHECK(sandbox.try_run("true").error().kind == ErrorKind::invalid);
  }
  {
    Sandbox sandbox;
    sandbox.job.read_only = {"/"};
    CHECK(sandbox.try_run("true").error().kind == ErrorKind::invalid);
  }
  {
    Sandbox sandbox;
    sandbox.job.skip_reason = "disabled";
    const auto outcome = sandbox.run("exit 1");
    INFO(outcome.log);
    CHECK(outcome.verdict == Verdict::skip);
    CHECK(outcome.summary == "disabled");
  }
}

TEST_CASE("runtimes::LocalRuntime::run: limits beyond what this machine allows us never fail it") {
  if (!test::sandbox_works()) {
    return;
  }
  constexpr const char* k_inside = "PATCHMILL_TEST_HARD_LIMITS";
  if (std::getenv(k_inside) == nullptr) {
    // Hard limits cannot be taken back, so another process of this program gets them.
    const std::uint64_t processes = runtimes::within_hard_limit(RLIMIT_NPROC, 100'000);
    Command again;
    again.argv = {"prlimit",
                  "--nproc=" + std::to_string(processes) + ":" + std::to_string(processes),
                  "--fsize=64000000:64000000",
                  "--",
                  std::filesystem::read_symlink("/proc/self/exe").string(),
                  "--dt-test-case=runtimes::LocalRuntime::run: limits beyond what this machine*"};
    again.env[k_inside] = "1";
    again.merge_stderr = true;
    const auto completed = SystemProcessRunner().run(again);
    REQUIRE(completed);
    if (completed->status == 126) {
      MESSAGE("skipped: an ordinary user cannot read this test program");
      return;
    }
    INFO(completed->out);
    CHECK(completed->ok());
    CHECK(completed->out.find("1 passed") != std::string::npos);
    return;
  }
  Sandbox sandbox;
  sandbox.job.limits.processes = 5'000'000;
  sandbox.job.limits.disk_bytes = 8ull << 30;
  const auto outcome = sandbox.run("exit 0");
  INFO(outcome.log);
  CHECK(outcome.verdict == Verdict::pass);
  CHECK(sandbox.run("exit 1").summary == "exit status 1");
  // The least that is allowed is what counts.
  const auto big = sandbox.run("exec head -c 100M /dev/zero >$SCRATCH_DIR/big");
  CHECK(big.verdict == Verdict::incomplete);
  CHECK(big.cause == pipeline::IncompleteCause::limits);
}

TEST_CASE("runtimes::LocalRuntime::run: all of this as an ordinary user as well") {
  if (::geteuid() != 0 || !test::sandbox_works()) {
    return;
  }
  if (!runtimes::probe_sandbox().user_namespaces) {
    MESSAGE("skipped: ordinary users may not make user namespaces on this machine");
    return;
  }
  Command again;
  again.argv = {"setpriv",
                "--reuid",
                "65534",
                "--regid",
                "65534",
                "--clear-groups",
                "--",
                std::filesystem::read_symlink("/proc/self/exe").string(),
                "--dt-test-case=runtimes::LocalRuntime*,runtimes::reset_own_checkout*"};
  again.env["HOME"] = "/nonexistent";
  again.merge_stderr = true;
  const auto completed = SystemProcessRunner().run(again);
  REQUIRE(completed);
  if (completed->status == 126 || completed->status == 127) {
    MESSAGE("skipped: an ordinary user cannot read this test program");
    return;
  }
  INFO(completed->out);
  CHECK(completed->ok());
  CHECK(completed->out.find("skipped, no sandbox") == std::string::npos);
}
