#include "findings/compiler.hpp"

#include <doctest/doctest.h>

using namespace patchmill::findings;

TEST_CASE("findings::read_compiler_log: gcc with function, includes and notes") {
  const auto found = read_compiler_log(
      "  CC      kernel/sys.o\n"
      "In file included from /src/include/linux/kernel.h:5,\n"
      "                 from /src/kernel/sys.c:9:\n"
      "/src/include/linux/a.h: In function \u2018helper\u2019:\n"
      "/src/include/linux/a.h:12:3: warning: \u2018x\u2019 is used uninitialized "
      "[-Wuninitialized]\n"
      "   12 |   return x;\n"
      "      |   ^~~~~~\n"
      "/src/include/linux/a.h:10:7: note: \u2018x\u2019 was declared here\n"
      "../kernel/sys.c:40:1: error: expected \u2018;\u2019 before \u2018}\u2019 token\n"
      "cc1: all warnings being treated as errors\n"
      "make[3]: *** [/src/scripts/Makefile.build:250: kernel/sys.o] Error 1\n",
      {.source_roots = {"/src"}});
  REQUIRE(found.size() == 2);
  CHECK(found[0].severity == Severity::warning);
  CHECK(found[0].file == "include/linux/a.h");
  CHECK(found[0].line == 12);
  CHECK(found[0].function == "helper");
  CHECK(found[0].rule == "-Wuninitialized");
  CHECK(found[0].tool == "cc");
  CHECK(found[0].detail.find("was declared here") != std::string::npos);
  CHECK(found[0].detail.find("In file included from") != std::string::npos);
  CHECK(found[1].severity == Severity::error);
  CHECK(found[1].file == "kernel/sys.c");
  CHECK(found[1].function.empty());
}

TEST_CASE("findings::read_compiler_log: -Werror and clang's flags name the same rule") {
  const auto gcc =
      read_compiler_log("a.c:1:2: error: unused variable 'x' [-Werror=unused-variable]\n");
  const auto clang = read_compiler_log(
      "a.c:9:2: error: unused variable 'x' [-Werror,-Wunused-variable]\n1 warning generated.\n");
  const auto plain =
      read_compiler_log("a.c:5:2: warning: unused variable 'x' [-Wunused-variable]\n");
  REQUIRE(gcc.size() == 1);
  REQUIRE(clang.size() == 1);
  REQUIRE(plain.size() == 1);
  CHECK(gcc[0].fingerprint() == plain[0].fingerprint());
  CHECK(clang[0].fingerprint() == plain[0].fingerprint());
  CHECK(gcc[0].severity == Severity::error);
}

TEST_CASE("findings::read_compiler_log: inlined functions are the outermost one's") {
  const auto found = read_compiler_log(
      "In function \u2018memcpy\u2019,\n"
      "    inlined from \u2018inner\u2019 at kernel/x.c:5:2,\n"
      "    inlined from \u2018outer\u2019 at kernel/x.c:9:2:\n"
      "./include/linux/fortify-string.h:57:33: warning: writing 8 bytes [-Wstringop-overflow=]\n"
      "b.c:1:1: warning: other\n");
  REQUIRE(found.size() == 2);
  CHECK(found[0].function == "outer");
  CHECK(found[0].file == "include/linux/fortify-string.h");
  CHECK(found[0].rule == "-Wstringop-overflow=");
  CHECK(found[1].function.empty());
}

TEST_CASE("findings::read_compiler_log: linker, assembler, modpost, objtool, kconfig, dtc, make") {
  struct Case {
    const char* log;
    const char* tool;
    const char* rule;
    const char* file;
    int line;
    const char* function;
    Severity severity;
  };
  const Case cases[] = {
      {"/usr/bin/ld: kernel/sys.o: in function `do_it':\n"
       "/src/kernel/sys.c:12: undefined reference to `missing'\n"
       "collect2: error: ld returned 1 exit status\n",
       "ld", "undefined-reference", "kernel/sys.c", 12, "do_it", Severity::error},
      {"/usr/bin/ld: sys.c:(.text+0x12): undefined reference to `missing'\n", "ld",
       "undefined-reference", "sys.c", 0, "", Severity::error},
      {"ld.lld: error: undefined symbol: missing\n", "ld", "undefined-reference", "", 0, "",
       Severity::error},
      {"/usr/bin/ld: warning: vmlinux has a LOAD segment with RWX permissions\n", "ld", "", "", 0,
       "", Severity::warning},
      {"arch/x86/a.S: Assembler messages:\narch/x86/a.S:7: Error: no such instruction: `foo'\n",
       "as", "", "arch/x86/a.S", 7, "", Severity::error},
      {"ERROR: modpost: \"foo\" [drivers/x.ko] undefined!\n", "modpost", "undefined", "", 0, "",
       Severity::error},
      {"WARNING: modpost: vmlinux.o: section mismatch in reference: setup+0x12 (section: .text) -> "
       "init_it (section: .init.text)\n",
       "modpost", "section-mismatch", "", 0, "setup", Severity::warning},
      {"vmlinux.o: warning: objtool: foo.isra.0+0x12: unreachable instruction\n", "objtool", "",
       "vmlinux.o", 0, "foo", Severity::warning},
      {".config:12:warning: symbol value 'x' invalid for FOO\n", "kconfig", "", ".config", 12, "",
       Severity::warning},
      {"arch/arm/a.dts:12.3-14.5: Warning (unit_address_vs_reg): /x@1: no reg\n", "dtc",
       "unit_address_vs_reg", "arch/arm/a.dts", 12, "", Severity::warning},
      {"make[1]: *** No rule to make target 'x.o', needed by 'y'.  Stop.\n", "make", "", "", 0, "",
       Severity::error},
      {"make: *** [Makefile:12: all] Error 2\n", "make", "", "", 0, "", Severity::error},
      {"Makefile:12: *** missing separator.  Stop.\n", "make", "", "Makefile", 12, "",
       Severity::error},
      {"/bin/sh: 1: bison: not found\n", "sh", "missing-tool", "", 0, "", Severity::error},
      {"error[E0425]: cannot find value `x` in this scope\n  --> rust/a.rs:12:5\n", "rustc",
       "E0425", "rust/a.rs", 12, "", Severity::error},
      {"kernel/a.c:3:10: fatal error: no.h: No such file or directory\n", "cc", "", "kernel/a.c", 3,
       "", Severity::error},
      {"kernel/sys.c:12: warning: Function parameter 'x' not described in 'y'\n", "cc", "",
       "kernel/sys.c", 12, "", Severity::warning},
  };
  for (const Case& c : cases) {
    CAPTURE(c.log);
    const auto found = read_compiler_log(c.log, {.source_roots = {"/src"}});
    REQUIRE(found.size() == 1);
    CHECK(found[0].tool == c.tool);
    CHECK(found[0].rule == c.rule);
    CHECK(found[0].file == c.file);
    CHECK(found[0].line == c.line);
    CHECK(found[0].function == c.function);
    CHECK(found[0].severity == c.severity);
  }
}

TEST_CASE("findings::read_compiler_log: ordinary output is not a finding") {
  CHECK(read_compiler_log("  CC      lib/error.o\n  AR      built-in.a\nchecking for error: no\n"
                          "make[1]: Entering directory '/warm'\n"
                          "   12 | a: warning: b\n"
                          "HOSTCC scripts/kconfig/conf\n")
            .empty());
}

TEST_CASE("findings::read_compiler_log: hostile logs are bounded") {
  std::string log(1u << 20, 'a');
  log += ": error: ";
  log += std::string(1u << 20, ':');
  log += std::string("\n\0\x1b[31ma.c:1:1: error: red\x1b[0m\n", 32);
  for (int i = 0; i < 20; ++i) {
    log += "b.c:" + std::to_string(i) + ":1: warning: w\n";
  }
  log += "\xff\xfe:1:1: error: \xff\n:::::: error:\nIn function \nIn function '\n: In function\n";
  const auto found = read_compiler_log(log, {.source_roots = {}, .max_findings = 10});
  CHECK(found.size() == 10);
  CHECK(found[0].message == "red");
}

TEST_CASE("findings::missing_tools: a program that is not installed, and nothing else") {
  const auto missing = [](const std::string& log) {
    return missing_tools(log, read_compiler_log(log, {.source_roots = {"/src"}}));
  };
  CHECK(missing("nosuchcc -c b.c\nmake: nosuchcc: No such file or directory\n"
                "make: *** [Makefile:2: all] Error 127\n") == "nosuchcc");
  CHECK(missing(
            "/bin/sh: 1: bison: not found\nmake[1]: flex: Command not found\n"
            "make[1]: *** [lib/Makefile:2: x] Error 127\nmake: *** [Makefile:9: lib] Error 2\n") ==
        "bison, flex");
  CHECK(missing("make: *** [Makefile:2: all] Error 127\n") == "");
  CHECK(missing("make: /usr/bin/gcc-99: No such file or directory\n"
                "make: *** [Makefile:2: all] Error 127\n") == "/usr/bin/gcc-99");
  // What the patch can be blamed for.
  CHECK_FALSE(
      missing("/bin/sh: 1: ./scripts/gen.sh: not found\n"
              "make: *** [Makefile:2: all] Error 127\n"));
  CHECK_FALSE(
      missing("make: scripts/gen.sh: No such file or directory\n"
              "make: *** [Makefile:2: all] Error 127\n"));
  CHECK_FALSE(
      missing("/bin/sh: 1: bison: not found\nmake: *** [Makefile:2: x] Error 127\n"
              "a.c:3:1: error: expected ';'\nmake: *** [Makefile:3: a.o] Error 1\n"));
  CHECK_FALSE(
      missing("/bin/sh: 1: bison: not found\nmake: *** [Makefile:2: x] Error 127\n"
              "make: *** [Makefile:3: check] Error 1\n"));
  CHECK_FALSE(missing("/bin/sh: 1: git: not found\nmake: *** [Makefile:3: check] Error 1\n"));
  CHECK_FALSE(
      missing("make: inc.mk: No such file or directory\n"
              "make: *** No rule to make target 'inc.mk'.  Stop.\n"));
  CHECK_FALSE(missing(""));
}
