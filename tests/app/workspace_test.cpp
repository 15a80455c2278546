#include "app/workspace.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace patchmill;

namespace {

app::Config config_in(const std::filesystem::path& data) {
  app::Config config;
  config.data = data;
  config.store_url = (data / "store.sqlite").string();
  return config;
}

}  // namespace

TEST_CASE("app::Workspace: a new data folder is for its owner alone") {
  const TempDir folder;
  const auto data = folder.path() / "deep/er/data";
  REQUIRE(app::Workspace::open(config_in(data)).has_value());
  struct stat info{};
  REQUIRE(::stat(data.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
  CHECK(app::Workspace::open(config_in(data)).has_value());
}

TEST_CASE("app::Workspace: a data folder that anybody may write into is refused") {
  const TempDir folder;
  const auto data = folder.path() / "data";
  REQUIRE(::mkdir(data.c_str(), 0700) == 0);
  REQUIRE(::chmod(data.c_str(), 01777) == 0);
  const auto opened = app::Workspace::open(config_in(data));
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().kind == ErrorKind::invalid);
  CHECK(opened.error().message.find("anybody may write into") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(data / "store.sqlite"));
  // A group is the administrator's decision.
  REQUIRE(::chmod(data.c_str(), 0770) == 0);
  CHECK(app::Workspace::open(config_in(data)).has_value());
}

TEST_CASE("app::Workspace: a data folder of somebody else is refused") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: only root can give a folder away");
    return;
  }
  const TempDir folder;
  const auto data = folder.path() / "data";
  REQUIRE(::mkdir(data.c_str(), 0700) == 0);
  REQUIRE(::chown(data.c_str(), 12345, 12345) == 0);
  const auto opened = app::Workspace::open(config_in(data));
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().message.find("belongs to user 12345") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(data / "store.sqlite"));
}

TEST_CASE("app::Workspace: a data folder that is a file is refused") {
  const TempDir folder;
  REQUIRE(write_file_atomic(folder.path() / "data", "x"));
  const auto opened = app::Workspace::open(config_in(folder.path() / "data"));
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().message.find("cannot make the data folder") != std::string::npos);
}
