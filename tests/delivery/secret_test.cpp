#include "delivery/secret.hpp"

#include "util/file.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

namespace patchmill::delivery {
namespace {

TEST_CASE("delivery::read_secret: first line of a file, or a variable; never shown") {
  const TempDir folder;
  const auto path = folder.path() / "password";
  const auto read = [&](const std::string& content) {
    REQUIRE(write_file_atomic(path, content).has_value());
    return read_secret({path.string(), ""});
  };
  CHECK(read("s3cret word\nsecond line\n").value() == "s3cret word");
  CHECK(read("crlf\r\n").value() == "crlf");
  CHECK(read("").error().kind == ErrorKind::invalid);
  const auto bad = read("has\ttab");
  CHECK(bad.error().kind == ErrorKind::invalid);
  CHECK(bad.error().message.find("tab") == std::string::npos);
  CHECK(read_secret({(folder.path() / "missing").string(), ""}).error().message.find("missing") !=
        std::string::npos);
  ::setenv("PATCHMILL_SECRET_TEST", "from env", 1);
  CHECK(read_secret({"", "PATCHMILL_SECRET_TEST"}).value() == "from env");
  CHECK(read_secret({"", "PATCHMILL_SECRET_NOT_SET"}).error().kind == ErrorKind::not_found);
}

}  // namespace
}  // namespace patchmill::delivery
