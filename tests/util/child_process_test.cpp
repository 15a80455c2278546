#include "util/file.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>
#include <signal.h>

#include <thread>

namespace patchmill {
namespace {

std::unique_ptr<ChildProcess> start(std::vector<std::string> argv,
                                    std::chrono::milliseconds timeout = std::chrono::minutes(1)) {
  Command command;
  command.argv = std::move(argv);
  command.timeout = timeout;
  auto child = ChildProcess::start(command);
  REQUIRE(child.has_value());
  return std::move(*child);
}

TEST_CASE("ChildProcess: a conversation of lines and bytes") {
  const auto child = start({"cat"});
  for (int i = 0; i < 50; ++i) {
    REQUIRE(child->write("line " + std::to_string(i) + "\n\nabc"));
    CHECK(*child->read_line() == "line " + std::to_string(i));
    CHECK(child->read_line()->empty());
    CHECK(*child->read_exact(3) == "abc");
  }
  CHECK(child->read_exact(0)->empty());
}

TEST_CASE("ChildProcess::write: more than both pipes hold does not block for ever") {
  const auto child = start({"cat"});
  const std::string big(4u << 20, 'x');
  REQUIRE(child->write(big));
  CHECK(*child->read_exact(big.size()) == big);
}

TEST_CASE("ChildProcess: the end of the child is an error, not a signal") {
  const auto child = start({"true"});
  CHECK(child->read_line().error().kind == ErrorKind::infrastructure);
  CHECK_FALSE(child->write(std::string(1u << 20, 'x')).has_value());
  CHECK_FALSE(child->read_exact(1).has_value());
  const auto closed = start({"cat"});
  closed->close_input();
  CHECK_FALSE(closed->write("x").has_value());
  CHECK_FALSE(closed->read_line().has_value());
}

TEST_CASE("ChildProcess::read_line: an endless line is refused") {
  const auto child = start({"head", "-c", "3000000", "/dev/zero"});
  CHECK_FALSE(child->read_line().has_value());
}

TEST_CASE("ChildProcess: silence beyond the timeout is an error") {
  const auto child = start({"sleep", "600"}, std::chrono::milliseconds(100));
  CHECK(child->read_line().error().message.find("no answer") != std::string::npos);
  CHECK(child->write(std::string(1u << 20, 'x')).error().message.find("no input") !=
        std::string::npos);
}

TEST_CASE("ChildProcess: destruction kills the whole group") {
  pid_t inner = 0;
  {
    const auto child = start({"/bin/sh", "-c", "sleep 600 & echo $!; wait"});
    inner = static_cast<pid_t>(parse_uint(*child->read_line()).value());
  }
  bool gone = false;
  for (int i = 0; i < 500 && !gone; ++i) {
    const auto stat = read_file("/proc/" + std::to_string(inner) + "/stat");
    gone = !stat || stat->find(") Z ") != std::string::npos;
    std::this_thread::sleep_for(std::chrono::milliseconds(gone ? 0 : 10));
  }
  CHECK(gone);
}

TEST_CASE("ChildProcess::start: a missing program is an error") {
  Command command;
  command.argv = {"patchmill-no-such-program"};
  CHECK_FALSE(ChildProcess::start(command).has_value());
}

}  // namespace
}  // namespace patchmill
