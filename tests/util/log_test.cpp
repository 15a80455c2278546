#include "util/log.hpp"

#include "util/fd.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
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

TEST_CASE("log::format_line: one line in every format, whatever came from outside") {
  using namespace log;
  const std::string hostile = "a \"b\"\n\x1b[2J\xff=c\\";
  CHECK(format_line(Format::text, "T", Level::info, "hello", {{"series", "7"}}) ==
        "T info: hello series=7");
  CHECK(format_line(Format::logfmt, "T", Level::warning, "a b", {{"who", "x y"}, {"n", ""}}) ==
        "time=T level=warning msg=\"a b\" who=\"x y\" n=\"\"");
  for (const auto format : {Format::text, Format::logfmt, Format::json}) {
    const auto line = format_line(format, "T", Level::error, hostile, {{"f", hostile}});
    for (const char c : line) {
      CHECK(static_cast<unsigned char>(c) >= 0x20);
    }
    CHECK(is_valid_utf8(line));
  }
  const auto line = format_line(Format::json, "T", Level::error, hostile, {{"f", hostile}});
  const auto object = boost::json::parse(line).as_object();
  CHECK(object.size() == 4);
  CHECK(object.at("level").as_string() == "error");
  CHECK(object.at("msg").as_string() == "a \"b\"\\x0a\\x1b[2J\u00ff=c\\");
  CHECK(object.at("f") == object.at("msg"));
  // A quote in logfmt cannot end the value and begin another field.
  CHECK(format_line(Format::logfmt, "T", Level::info, "x\" level=error", {}) ==
        "time=T level=info msg=\"x\\\" level=error\"");
}

TEST_CASE("log::set_file, reopen: appended, and found again after it was moved away") {
  const TempDir folder;
  const auto file = folder.path() / "log";
  REQUIRE(log::set_file(file));
  log::warning("one");
  std::filesystem::rename(file, folder.path() / "log.1");
  log::warning("two");
  REQUIRE(log::reopen());
  log::warning("three");
  REQUIRE(log::set_file({}));
  const auto old = read_file(folder.path() / "log.1").value();
  CHECK(old.find("warning: one\n") != std::string::npos);
  CHECK(old.find("warning: two\n") != std::string::npos);
  CHECK(read_file(file).value().find("warning: three\n") != std::string::npos);
  const auto refused = log::set_file(folder.path() / "no" / "log");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("cannot open the log") != std::string::npos);
}

TEST_CASE("log::set_file: what cannot be written there goes to standard error") {
  if (::access("/dev/full", W_OK) != 0) {
    return;
  }
  REQUIRE(log::set_file("/dev/full"));
  CHECK(stderr_of([] { log::error("disk is full"); }).find("disk is full") != std::string::npos);
  REQUIRE(log::set_file({}));
}

}  // namespace
}  // namespace patchmill
