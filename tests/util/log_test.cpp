#include "util/log.hpp"

#include "util/fd.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

namespace patchmill {
namespace {

// What `body` writes to standard error.
template <class Body>
std::string stderr_of(const Body& body) {
  const TempDir folder;
  const auto path = folder.path() / "err";
  const Fd file(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  const Fd before(::dup(2));
  ::dup2(file.get(), 2);
  body();
  ::dup2(before.get(), 2);
  return read_file(path).value_or("");
}

TEST_CASE("log::write: level, text, and no escapes reach the terminal") {
  const auto text = stderr_of([] { log::warning("mail {} said \x1b[2J\n{}", 7, "second"); });
  CHECK(text.find("warning: mail 7 said \\x1b[2J\\x0asecond\n") != std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("log::set_level: what is below is not written") {
  CHECK_FALSE(log::enabled(log::Level::debug));
  CHECK(stderr_of([] { log::debug("quiet"); }).empty());
  log::set_level(log::Level::debug);
  CHECK_FALSE(stderr_of([] { log::debug("loud"); }).empty());
  log::set_level(log::Level::error);
  CHECK(stderr_of([] { log::warning("quiet"); }).empty());
  log::set_level(log::Level::info);
}

}  // namespace
}  // namespace patchmill
