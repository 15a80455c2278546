#include "runtimes/tree_walk.hpp"

#include "util/file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

using namespace patchmill;

TEST_CASE("runtimes::give_to: the error is that of the first file, not of what was done after it") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: needs root");
    return;
  }
  constexpr unsigned nobody = 65534;
  const TempDir folder;
  REQUIRE(write_file_atomic(folder.path() / "file", "x"));
  for (const auto& path : {folder.path(), folder.path() / "file"}) {
    REQUIRE(::chown(path.c_str(), nobody, nobody) == 0);
  }
  // These are root's already, so nothing is tried but to open them, which fails otherwise.
  for (int i = 0; i < 20; ++i) {
    REQUIRE(::mkdir((folder.path() / ("closed" + std::to_string(i))).c_str(), 0) == 0);
  }
  REQUIRE(::seteuid(nobody) == 0);
  const auto error = runtimes::give_to(folder.path(), 0, 0);
  REQUIRE(::seteuid(0) == 0);
  CHECK(error.value() == EPERM);
  CHECK_FALSE(runtimes::give_to(folder.path(), 0, 0));
  CHECK(runtimes::give_to(folder.path() / "file", 0, 0).value() == ENOTDIR);
  CHECK(runtimes::give_to(folder.path() / "none", 0, 0).value() == ENOENT);
}
