#include "util/subprocess.hpp"

#include "util/file.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

namespace patchmill {
namespace {

using std::chrono::milliseconds;

Command shell(std::string script) {
  Command command;
  command.argv = {"/bin/sh", "-c", std::move(script)};
  command.timeout = std::chrono::seconds(60);
  return command;
}

Completed run(const Command& command) {
  auto result = SystemProcessRunner().run(command);
  REQUIRE_MESSAGE(result.has_value(), (result ? "" : result.error().message));
  return *result;
}

// True once the process is gone (or a zombie); waits for it a while.
bool is_gone(pid_t pid) {
  for (int i = 0; i < 500; ++i) {
    const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
    if (!stat || stat->find(") Z ") != std::string::npos) {
      return true;
    }
    std::this_thread::sleep_for(milliseconds(10));
  }
  return false;
}

TEST_CASE("SystemProcessRunner::run: output, errors and exit status") {
  const auto done = run(shell("echo out; echo err >&2; exit 7"));
  CHECK(done.out == "out\n");
  CHECK(done.err == "err\n");
  CHECK(done.status == 7);
  CHECK(done.signal == 0);
  CHECK_FALSE(done.ok());
  CHECK_FALSE(done.timed_out);
  CHECK_FALSE(done.truncated);
}

TEST_CASE("SystemProcessRunner::run: a signal is no exit status") {
  const auto done = run(shell("kill -SEGV $$"));
  CHECK(done.status == -1);
  CHECK(done.signal == SIGSEGV);
}

TEST_CASE("SystemProcessRunner::run: input larger than any pipe goes through") {
  auto command = shell("cat");
  command.input.assign(3u << 20, 'x');
  CHECK(run(command).out == command.input);
}

TEST_CASE("SystemProcessRunner::run: a child that does not read its input harms nobody") {
  auto command = shell("exit 3");
  command.input.assign(8u << 20, 'x');
  CHECK(run(command).status == 3);
  CHECK(run(shell("cat")).out.empty());  // no input: closed at once
}

TEST_CASE("SystemProcessRunner::run: the child has default signals, no inherited mask") {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  const auto old = ::signal(SIGPIPE, SIG_IGN);
  const auto done = run(shell("sed -n 's/^SigBlk:.//p; s/^SigIgn:.//p' /proc/self/status"));
  ::signal(SIGPIPE, old);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  const auto lines = split_lines(done.out);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "0000000000000000");
  // glibc keeps its two internal signals (32 and 33) ignored in spawned children.
  CHECK((std::stoull(std::string(lines[1]), nullptr, 16) & ~0x180000000ull) == 0);
}

TEST_CASE("SystemProcessRunner::run: at the deadline the whole group is killed") {
  auto command = shell("sleep 600 & echo $!; (trap '' TERM HUP; sleep 600) & echo $!; wait");
  command.timeout = milliseconds(300);
  const auto done = run(command);
  CHECK(done.timed_out);
  CHECK(done.signal == SIGKILL);
  const auto pids = split_lines(done.out);
  REQUIRE(pids.size() == 2);
  for (const auto pid : pids) {
    CHECK(is_gone(static_cast<pid_t>(parse_uint(pid).value())));
  }
}

TEST_CASE("SystemProcessRunner::run: what a command leaves behind ends with it") {
  const auto loud = run(shell("sleep 600 & echo $!"));
  CHECK(loud.status == 0);
  CHECK_FALSE(loud.timed_out);
  CHECK(is_gone(static_cast<pid_t>(parse_uint(trim(loud.out)).value())));
  const auto quiet = run(shell("sleep 600 >/dev/null 2>&1 </dev/null & echo $!"));
  CHECK(is_gone(static_cast<pid_t>(parse_uint(trim(quiet.out)).value())));
}

TEST_CASE("SystemProcessRunner::run: one that left the group cannot keep us waiting") {
  const auto done = run(shell("setsid sleep 20 & echo $!; exit 0"));
  CHECK(done.status == 0);
  ::kill(static_cast<pid_t>(parse_uint(trim(done.out)).value()), SIGKILL);
}

TEST_CASE("SystemProcessRunner::run: output beyond the bound is read and thrown away") {
  auto command = shell("head -c 1000000 /dev/zero; head -c 50 /dev/zero >&2");
  command.max_output = 1000;
  const auto done = run(command);
  CHECK(done.out.size() == 1000);
  CHECK(done.err.size() == 50);
  CHECK(done.truncated);
  CHECK(done.status == 0);
}

TEST_CASE("SystemProcessRunner::run: endless output ends at the deadline") {
  auto command = shell("yes");
  command.timeout = milliseconds(200);
  command.max_output = 10;
  const auto done = run(command);
  CHECK(done.timed_out);
  CHECK(done.out.size() == 10);
}

TEST_CASE("SystemProcessRunner::run: on_output gets the pieces, stderr merged in order") {
  auto command = shell("echo a; echo b >&2; echo c");
  command.merge_stderr = true;
  std::string seen;
  command.on_output = [&](std::string_view piece) { seen += piece; };
  const auto done = run(command);
  CHECK(seen == "a\nb\nc\n");
  CHECK(done.out.empty());
  CHECK(done.err.empty());
}

TEST_CASE("SystemProcessRunner::run: an exception out of on_output kills the child") {
  auto command = shell("echo $$; exec sleep 600");
  std::string pid;
  command.on_output = [&](std::string_view piece) {
    pid = trim(piece);
    throw std::runtime_error("stop");
  };
  CHECK_THROWS_AS(SystemProcessRunner().run(command), std::runtime_error);
  CHECK(is_gone(static_cast<pid_t>(parse_uint(pid).value())));
}

TEST_CASE("SystemProcessRunner::run: environment and folder") {
  const TempDir folder;
  auto command = shell("pwd; echo \"$PM_TEST\"; echo \"${HOME-unset}\"");
  command.cwd = std::filesystem::canonical(folder.path()).string();
  command.env = {{"PM_TEST", "a b"}};
  command.inherit_env = false;
  CHECK(run(command).out == command.cwd + "\na b\nunset\n");
  command.inherit_env = true;
  command.env["HOME"] = "/changed";
  CHECK(run(command).out == command.cwd + "\na b\n/changed\n");
}

TEST_CASE("SystemProcessRunner::run: programs come from PATH of the given environment") {
  const TempDir folder;
  const auto program = folder.path() / "pm-tool";
  REQUIRE(write_file_atomic(program, "#!/bin/sh\necho mine\n"));
  Command command;
  command.argv = {"pm-tool"};
  CHECK_FALSE(SystemProcessRunner().run(command).has_value());
  command.env["PATH"] = "/nonexistent:" + folder.path().string();
  CHECK_FALSE(SystemProcessRunner().run(command).has_value());  // not executable yet
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  CHECK(run(command).out == "mine\n");
}

TEST_CASE("SystemProcessRunner::run: what cannot start is an error that says why") {
  Command command;
  command.argv = {"/nonexistent/program"};
  const auto missing = SystemProcessRunner().run(command);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == ErrorKind::infrastructure);
  CHECK(missing.error().message.find("/nonexistent/program") != std::string::npos);
  command = shell("true");
  command.cwd = "/nonexistent/folder";
  CHECK(SystemProcessRunner().run(command).error().message.find("/nonexistent/folder") !=
        std::string::npos);
  CHECK_FALSE(SystemProcessRunner().run(Command{}).has_value());
  command = shell(std::string("echo a\0b", 8));
  CHECK_FALSE(SystemProcessRunner().run(command).has_value());
  command = shell("true");
  command.env["A=B"] = "x";
  CHECK_FALSE(SystemProcessRunner().run(command).has_value());
  command = shell("true");
  command.pass_fds[1] = 0;
  CHECK_FALSE(SystemProcessRunner().run(command).has_value());
}

TEST_CASE("SystemProcessRunner::run: only the descriptors passed are open in the child") {
  const TempDir folder;
  const Fd leaking(::open("/dev/null", O_RDONLY));  // no O_CLOEXEC, as careless libraries do
  const Fd first(::open((folder.path() / "first").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  const Fd second(::open((folder.path() / "second").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  auto command = shell("echo one >&5; echo two >&9; ls /proc/$$/fd");
  // The numbers cross on purpose: each is the other's source.
  command.pass_fds = {{5, first.get()}, {9, second.get()}};
  const auto done = run(command);
  CHECK(done.out == "0\n1\n2\n5\n9\n");
  CHECK(*read_file(folder.path() / "first") == "one\n");
  CHECK(*read_file(folder.path() / "second") == "two\n");
}

TEST_CASE("SystemProcessRunner::run: passed descriptors may swap numbers") {
  const TempDir folder;
  const auto open_at = [&](const char* name, int number) {
    const Fd file(::open((folder.path() / name).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    return Fd(::fcntl(file.get(), F_DUPFD_CLOEXEC, number));
  };
  const Fd a = open_at("a", 40);
  const Fd b = open_at("b", a.get() + 1);
  auto command = shell("");
  command.pass_fds = {{a.get(), b.get()}, {b.get(), a.get()}};
  command.argv = {
      "/bin/bash", "-c",
      "echo to-b >&" + std::to_string(a.get()) + "; echo to-a >&" + std::to_string(b.get())};
  CHECK(run(command).ok());
  CHECK(*read_file(folder.path() / "a") == "to-a\n");
  CHECK(*read_file(folder.path() / "b") == "to-b\n");
}

TEST_CASE("SystemProcessRunner::run: many at once from several threads") {
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        const auto done = SystemProcessRunner().run(shell("echo " + std::to_string(t)));
        good += done && done->out == std::to_string(t) + "\n" ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK(good == 40);
}

TEST_CASE("find_program: what PATH offers") {
  CHECK(find_program("sh").has_value());
  CHECK(find_program("/bin/sh") == "/bin/sh");
  CHECK_FALSE(find_program("patchmill-no-such-program").has_value());
  CHECK_FALSE(find_program("/etc").has_value());
  CHECK_FALSE(find_program("").has_value());
}

}  // namespace
}  // namespace patchmill
