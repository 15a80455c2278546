#include "runtimes/tool_sandbox.hpp"

#include "util/file.hpp"

#include <doctest/doctest.h>

using namespace patchmill;

TEST_CASE(
    "runtimes::tool_sandbox: a tool reads what it is given, writes its folder, sees no more") {
  const auto wrap = runtimes::tool_sandbox();
  if (!wrap) {
    MESSAGE("skipped: bubblewrap does not work here");
    return;
  }
  const TempDir folder;
  const TempDir given;
  const TempDir hidden;
  REQUIRE(write_file_atomic(given.path() / "input", "text"));
  REQUIRE(write_file_atomic(hidden.path() / "secret", "secret"));
  SystemProcessRunner processes;
  const auto shell = [&](const std::string& script) {
    Command command;
    command.argv = {"/bin/sh", "-c", script, "sh", (given.path() / "input").string()};
    command.cwd = folder.path().string();
    command.inherit_env = false;
    command.env = {{"PATH", "/usr/bin:/bin"}};
    const auto done = processes.run(wrap(command));
    REQUIRE(done.has_value());
    return *done;
  };
  CHECK(shell("cat \"$1\"").out == "text");
  CHECK(shell("echo x >out && cat out").out == "x\n");
  CHECK(read_file(folder.path() / "out").value_or("") == "x\n");
  CHECK_FALSE(shell("echo x >\"$1\"").ok());
  CHECK_FALSE(shell("cat " + (hidden.path() / "secret").string()).ok());
  CHECK_FALSE(shell("cat /etc/shadow").ok());
  CHECK_FALSE(shell("ls /sys/class/net/eth0").ok());
  CHECK(shell("exit 3").status == 3);
}
