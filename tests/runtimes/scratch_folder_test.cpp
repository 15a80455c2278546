#include "runtimes/scratch_folder.hpp"

#include "util/file.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <utility>

using namespace patchmill::runtimes;
namespace fs = std::filesystem;

TEST_CASE("runtimes::ScratchFolder: gone with all that is in it") {
  patchmill::TempDir parent;
  fs::path path;
  {
    auto first = ScratchFolder::make_in(parent.path());
    REQUIRE(first);
    const ScratchFolder kept = *std::move(first);
    path = kept.path();
    CHECK(path.parent_path() == parent.path());
    CHECK(fs::is_empty(path));
    const auto second = ScratchFolder::make_in(parent.path());
    REQUIRE(second);
    CHECK(second->path() != path);
    fs::create_directories(path / "a/b");
    fs::permissions(path / "a", fs::perms::none);
  }
  CHECK_FALSE(fs::exists(path));
  CHECK(fs::is_empty(parent.path()));
}

TEST_CASE("runtimes::ScratchFolder: what a process left behind that died is removed") {
  patchmill::TempDir parent;
  const fs::path path = parent.path() / "copying";
  fs::create_directory(path);
  std::ofstream(path / "left") << "x";
  const auto made = ScratchFolder::make(path);
  REQUIRE(made);
  CHECK(fs::is_empty(path));
  CHECK_FALSE(ScratchFolder::make(parent.path() / "none" / "x"));
}
