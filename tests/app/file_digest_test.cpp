#include "app/file_digest.hpp"

#include "util/file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

using namespace patchmill;
namespace fs = std::filesystem;

namespace {

// In place, so that only size, times and content can tell.
void write_in_place(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::trunc) << text;
}

}  // namespace

TEST_CASE("app::file_digest: another content is another digest, at once") {
  const TempDir folder;
  const auto file = folder.path() / "job.sh";
  const auto absent = app::file_digest(file);
  write_in_place(file, "one");
  const auto first = app::file_digest(file);
  CHECK(first != absent);
  CHECK(app::file_digest(file) == first);
  write_in_place(file, "two");
  CHECK(app::file_digest(file) != first);
  write_in_place(file, "one");
  CHECK(app::file_digest(file) == first);
  // Of a link what it leads to counts.
  fs::create_symlink(file, folder.path() / "link");
  CHECK(app::file_digest(folder.path() / "link") == first);
  fs::remove(file);
  CHECK(app::file_digest(file) == absent);
  CHECK(app::file_digest(folder.path() / "link") == absent);
  CHECK(app::file_digest(folder.path()) == absent);
}

TEST_CASE("app::file_digest: nothing that could block or be endless is read") {
  const TempDir folder;
  const auto pipe = folder.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(app::file_digest(pipe) == app::file_digest(folder.path() / "absent"));
  CHECK(app::file_digest("/dev/zero") == app::file_digest(folder.path() / "absent"));
  const auto large = folder.path() / "large";
  write_in_place(large, "x");
  fs::resize_file(large, std::uintmax_t{1} << 30);
  const auto before = app::file_digest(large);
  fs::resize_file(large, (std::uintmax_t{1} << 30) + 1);
  CHECK(app::file_digest(large) != before);
}

TEST_CASE("app::folder_digest: names and contents of what is in it, also deeper") {
  const TempDir folder;
  const auto top = folder.path() / "test";
  fs::create_directories(top / "lib");
  write_in_place(top / "test.sh", "one");
  write_in_place(top / "lib/more.sh", "two");
  const auto first = app::folder_digest(top);
  CHECK(app::folder_digest(top) == first);
  SUBCASE("content") {
    write_in_place(top / "lib/more.sh", "TWO");
    CHECK(app::folder_digest(top) != first);
  }
  SUBCASE("name") {
    fs::rename(top / "lib/more.sh", top / "lib/less.sh");
    CHECK(app::folder_digest(top) != first);
  }
  SUBCASE("one more") {
    write_in_place(top / "new", "");
    CHECK(app::folder_digest(top) != first);
  }
  SUBCASE("what tools leave does not count") {
    fs::create_directories(top / "__pycache__");
    fs::create_directories(top / ".git");
    write_in_place(top / "__pycache__/more.pyc", "x");
    write_in_place(top / ".git/HEAD", "x");
    CHECK(app::folder_digest(top) == first);
  }
  SUBCASE("gone") {
    fs::remove_all(top);
    CHECK(app::folder_digest(top) != first);
  }
}
