#include "runtimes/tool_sandbox.hpp"

#include "support/environment.hpp"
#include "util/file.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

using namespace patchmill;

TEST_CASE(
    "runtimes::tool_sandbox: a tool reads what it is given, writes its folder, sees no more") {
  if (!find_program("bwrap")) {
    MESSAGE("skipped: bubblewrap is not installed");
    return;
  }
  const auto wrap = runtimes::tool_sandbox();
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

namespace {

Result<Completed> run_tool(std::vector<std::string> argv, const std::filesystem::path& cwd) {
  Command command;
  command.argv = std::move(argv);
  command.cwd = cwd.string();
  command.inherit_env = false;
  command.env = {{"PATH", std::getenv("PATH")}};
  SystemProcessRunner processes;
  return processes.run(runtimes::tool_sandbox()(command));
}

void write_program(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  REQUIRE(write_file_atomic(path, text));
  ::chmod(path.c_str(), 0755);
}

}  // namespace

TEST_CASE("runtimes::tool_sandbox: memory, time and disk are limited") {
  const TempDir folder;
  const auto memory =
      run_tool({"perl", "-e", "my @a; for (1..4000) { push @a, 'x' x 1048576 } print 'all of it'"},
               folder.path());
  REQUIRE(memory);
  CHECK_FALSE(memory->ok());
  CHECK(memory->out.empty());
  const auto limits =
      run_tool({"sh", "-c", "ulimit -t; ulimit -v; ulimit -f; ulimit -c"}, folder.path());
  REQUIRE(limits);
  CHECK(limits->out == "60\n2097152\n524288\n0\n");
}

TEST_CASE("runtimes::tool_sandbox: a program in a folder of one's own runs") {
  const TempDir home;
  const TempDir folder;
  write_program(home.path() / "opt/real-tool", "#!/bin/sh\necho real\n");
  std::filesystem::create_directories(home.path() / "bin");
  std::filesystem::create_symlink(home.path() / "opt/real-tool", home.path() / "bin/own-tool");
  // As `python -m venv` lays it out; its Python is elsewhere again.
  const auto venv = home.path() / "venv";
  write_program(home.path() / "python/bin/python3", "#!/bin/sh\nexec /bin/sh \"$@\"\n");
  REQUIRE(write_file_atomic(home.path() / "python/library", "library\n"));
  write_program(venv / "bin/venv-tool", "#!/bin/sh\ncat " + (venv / "lib").string() + " " +
                                            (home.path() / "python/library").string() + "\n");
  REQUIRE(write_file_atomic(venv / "lib", "modules\n"));
  REQUIRE(write_file_atomic(venv / "pyvenv.cfg",
                            "home = " + (home.path() / "python/bin").string() + "\n"));
  std::filesystem::create_symlink(venv / "bin/venv-tool", home.path() / "bin/venv-tool");
  const test::Environment path = test::path_with(home.path() / "bin");
  const auto own = run_tool({"own-tool"}, folder.path());
  REQUIRE(own);
  CHECK(own->out == "real\n");
  const auto in_venv = run_tool({"venv-tool"}, folder.path());
  REQUIRE(in_venv);
  CHECK(in_venv->out == "modules\nlibrary\n");
  const auto none = run_tool({"no-such-tool-anywhere"}, folder.path());
  REQUIRE(none);
  CHECK(none->status == 127);
}
