#include "findings/kernel_oops.hpp"

#include <doctest/doctest.h>

using namespace patchmill::findings;

TEST_CASE("findings::read_kernel_log: a NULL pointer with its panic is one event") {
  const char* log =
      "[    1.000000] BUG: kernel NULL pointer dereference, address: 0000000000000008\n"
      "[    1.000001] #PF: supervisor read access in kernel mode\n"
      "[    1.000002] Oops: 0000 [#1] PREEMPT SMP\n"
      "[    1.000003] CPU: 0 PID: 1 Comm: init Not tainted 6.1.0 #1\n"
      "[    1.000004] RIP: 0010:do_work.isra.0+0x12/0x30\n"
      "[    1.000005] Call Trace:\n"
      "[    1.000006]  <TASK>\n"
      "[    1.000007]  ? asm_exc_page_fault+0x22/0x30\n"
      "[    1.000008]  call_it+0x5/0x10\n"
      "[    1.000009]  ? guess+0x5/0x10\n"
      "[    1.000010]  kernel_init+0x16/0x120\n"
      "[    1.000011]  ret_from_fork+0x1f/0x30\n"
      "[    1.000012] ---[ end trace 0000000000000000 ]---\n"
      "[    1.000013] Kernel panic - not syncing: Fatal exception\n";
  const auto found = read_kernel_log(log);
  REQUIRE(found.size() == 1);
  CHECK(found[0].rule == "BUG");
  CHECK(found[0].severity == Severity::error);
  CHECK(found[0].function == "do_work");
  CHECK(found[0].message ==
        "BUG: kernel NULL pointer dereference [do_work < call_it < kernel_init < ret_from_fork]");
  CHECK(found[0].detail.find("Fatal exception") != std::string::npos);
  // The same crash elsewhere in memory and time is the same finding.
  std::string other = log;
  for (std::size_t at = 0; (at = other.find("+0x12/0x30", at)) != std::string::npos;) {
    other.replace(at, 10, "+0x99/0xaa");
  }
  other.replace(other.find("0000000000000008"), 16, "00000000deadbeef");
  CHECK(read_kernel_log(other)[0].fingerprint() == found[0].fingerprint());
}

TEST_CASE("findings::read_kernel_log: User Mode Linux") {
  const auto found = read_kernel_log(
      "Kernel panic - not syncing: Kernel mode fault at addr 0x0, ip 0x601a1b2c\n"
      "CPU: 0 PID: 1 Comm: swapper Not tainted 6.1.192 #2\n"
      "Stack:\n 00000000 60051234\nCall Trace:\n"
      " [<60022e17>] show_stack+0x141/0x150\n"
      " [<6036a3c1>] ? dump_stack_lvl+0x1/0x2\n"
      " [<601a1b2c>] boot_fault+0x10/0x20\n"
      " [<60001234>] do_one_initcall+0x5a/0x200\n");
  REQUIRE(found.size() == 1);
  CHECK(found[0].rule == "panic");
  CHECK(found[0].function == "boot_fault");
  CHECK(found[0].message ==
        "Kernel panic - not syncing: Kernel mode fault [boot_fault < do_one_initcall]");
}

TEST_CASE("findings::read_kernel_log: classes, places and severities") {
  struct Case {
    const char* log;
    const char* rule;
    const char* function;
    const char* file;
    int line;
    Severity severity;
  };
  const Case cases[] = {
      {"[   10.0] BUG: KASAN: slab-out-of-bounds in foo+0x1/0x2\n", "KASAN", "foo", "", 0,
       Severity::error},
      {"WARNING: CPU: 0 PID: 1 at kernel/x.c:12 bar+0x1/0x2\n", "WARNING", "bar", "kernel/x.c", 12,
       Severity::warning},
      {"WARNING: kernel/x.c:13 at bar+0x1/0x2, CPU#0: init/1\n", "WARNING", "bar", "kernel/x.c", 13,
       Severity::warning},
      {"kernel BUG at mm/slub.c:4321!\n", "BUG", "", "mm/slub.c", 4321, Severity::error},
      {"WARNING: possible circular locking dependency detected\n", "lockdep", "", "", 0,
       Severity::warning},
      {"rcu: INFO: rcu_preempt self-detected stall on CPU\n", "rcu-stall", "", "", 0,
       Severity::warning},
      {"INFO: task init:1 blocked for more than 120 seconds.\n", "hung-task", "", "", 0,
       Severity::warning},
      {"UBSAN: shift-out-of-bounds in lib/a.c:12:3\n", "UBSAN", "", "lib/a.c", 12,
       Severity::warning},
      {"watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [init:1]\n", "BUG", "", "", 0,
       Severity::error},
      {"Unable to handle kernel NULL pointer dereference at virtual address 0000000000000000\n"
       "pc : baz+0x1/0x2\n",
       "Oops", "baz", "", 0, Severity::error},
      {"general protection fault, probably for non-canonical address 0xdead: 0000 [#1]\n", "Oops",
       "", "", 0, Severity::error},
  };
  for (const Case& c : cases) {
    CAPTURE(c.log);
    const auto found = read_kernel_log(c.log);
    REQUIRE(found.size() == 1);
    CHECK(found[0].rule == c.rule);
    CHECK(found[0].function == c.function);
    CHECK(found[0].file == c.file);
    CHECK(found[0].line == c.line);
    CHECK(found[0].severity == c.severity);
  }
}

TEST_CASE("findings::read_kernel_log: quiet logs, build logs and floods") {
  CHECK(read_kernel_log("Linux version 6.1\nTAP version 13\nok 1 panic handling\n"
                        "WARNING: modpost: missing MODULE_LICENSE() in x.o\n"
                        "a.c:1:1: warning: x\n")
            .empty());
  std::string flood;
  for (int i = 0; i < 1000; ++i) {
    flood += "BUG: KASAN: use-after-free in f" + std::to_string(i) + "+0x1/0x2\n";
  }
  flood += std::string(1u << 20, '[') + "\n";
  CHECK(read_kernel_log(flood).size() == 100);
}
