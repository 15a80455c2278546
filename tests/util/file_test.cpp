#include "util/file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

namespace patchmill {
namespace {

namespace fs = std::filesystem;

std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST_CASE("read_file: whole content, bounded, with a reason when it fails") {
  const TempDir folder;
  const auto path = folder.path() / "file";
  const std::string content = std::string("a\0b", 3) + std::string(200'000, 'x');
  REQUIRE(write_file_atomic(path, content));
  CHECK(*read_file(path) == content);
  CHECK(read_file(path, content.size()).has_value());
  CHECK(read_file(path, content.size() - 1).error().kind == ErrorKind::limit);
  const auto missing = read_file(folder.path() / "missing");
  CHECK(missing.error().kind == ErrorKind::not_found);
  CHECK(missing.error().message.find("missing") != std::string::npos);
  CHECK_FALSE(read_file(folder.path()).has_value());
}

TEST_CASE("read_file: files that do not tell their size") {
  CHECK_FALSE(read_file("/proc/self/status")->empty());
  // A value of sysctl comes whole with the first read or not at all; this one is 301 or more.
  CHECK(read_file("/proc/sys/kernel/pid_max")->size() > 3);
  CHECK(read_file("/dev/zero", 1000).error().kind == ErrorKind::limit);
}

TEST_CASE("write_file_atomic: readers see the old or the new content, nothing is left beside") {
  const TempDir folder;
  const auto path = folder.path() / "file";
  const std::string a(100'000, 'a');
  const std::string b(50'000, 'b');
  REQUIRE(write_file_atomic(path, a));
  std::thread writer([&] {
    for (int i = 0; i < 40; ++i) {
      if (!write_file_atomic(path, i % 2 == 0 ? b : a)) {
        return;
      }
    }
  });
  bool whole = true;
  for (int i = 0; i < 200; ++i) {
    const auto seen = read_file(path);
    whole = whole && seen && (*seen == a || *seen == b);
  }
  writer.join();
  CHECK(whole);
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("write_file_atomic: a failure leaves the old content and no rubbish") {
  const TempDir folder;
  const auto path = folder.path() / "taken";
  fs::create_directories(path / "sub");  // a folder cannot be renamed over
  CHECK_FALSE(write_file_atomic(path, "x").has_value());
  CHECK(files_in(folder.path()) == 1);
  CHECK_FALSE(write_file_atomic(folder.path() / "no" / "such", "x").has_value());
}

TEST_CASE("write_file_atomic: a symlink is replaced, not written through") {
  const TempDir folder;
  const auto target = folder.path() / "target";
  REQUIRE(write_file_atomic(target, "old"));
  fs::create_symlink(target, folder.path() / "link");
  REQUIRE(write_file_atomic(folder.path() / "link", "new"));
  CHECK(*read_file(target) == "old");
  CHECK(*read_file(folder.path() / "link") == "new");
}

TEST_CASE("TempDir: goes with everything in it, but not what links point to") {
  const TempDir outside;
  REQUIRE(write_file_atomic(outside.path() / "kept", "x"));
  fs::path path;
  {
    const TempDir folder("some-name");
    path = folder.path();
    CHECK(path.filename().string().starts_with("some-name-"));
    fs::create_directories(path / "a" / "b");
    REQUIRE(write_file_atomic(path / "a" / "b" / "c", "x"));
    fs::create_symlink(outside.path(), path / "link");
    fs::permissions(path / "a" / "b", fs::perms::none);
    fs::permissions(path / "a", fs::perms::owner_read);
  }
  CHECK_FALSE(fs::exists(path));
  CHECK(fs::exists(outside.path() / "kept"));
}

TEST_CASE("TempDir: the parent may be chosen, and must exist") {
  const TempDir parent;
  CHECK(TempDir("x", parent.path()).path().parent_path() == parent.path());
  CHECK_THROWS(TempDir("x", parent.path() / "missing"));
}

TEST_CASE("MappedFile: shows the file, also an empty one, and moves") {
  const TempDir folder;
  REQUIRE(write_file_atomic(folder.path() / "file", "content"));
  REQUIRE(write_file_atomic(folder.path() / "empty", ""));
  auto file = MappedFile::open(folder.path() / "file");
  REQUIRE(file);
  MappedFile other = std::move(*file);
  CHECK(other.view() == "content");
  CHECK(file->view().empty());
  CHECK(MappedFile::open(folder.path() / "empty")->view().empty());
  CHECK(MappedFile::open(folder.path() / "none").error().kind == ErrorKind::not_found);
  CHECK(MappedFile::open(folder.path()).error().kind == ErrorKind::invalid);
}

TEST_CASE("LockFile: to ask whether it is held hinders nobody who wants it") {
  const TempDir folder;
  const auto path = folder.path() / "lock";
  CHECK_FALSE(LockFile::is_held(path));
  CHECK_FALSE(std::filesystem::exists(path));
  {
    const auto held = LockFile::acquire(path, false);
    REQUIRE(held);
    CHECK(LockFile::is_held(path));
  }
  CHECK_FALSE(LockFile::is_held(path));
  const std::jthread asking([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      LockFile::is_held(path);
    }
  });
  for (int i = 0; i < 2000; ++i) {
    REQUIRE(LockFile::acquire(path, false));
  }
}

TEST_CASE("LockFile: one holder at a time") {
  const TempDir folder;
  const auto path = folder.path() / "lock";
  {
    const auto first = LockFile::acquire(path, false);
    REQUIRE(first);
    const auto second = LockFile::acquire(path, false);
    REQUIRE_FALSE(second);
    CHECK(second.error().kind == ErrorKind::conflict);
  }
  CHECK(LockFile::acquire(path, false).has_value());
  auto held = LockFile::acquire(path, true);
  REQUIRE(held);
  bool got = false;
  std::thread waiter([&] { got = LockFile::acquire(path, true).has_value(); });
  {
    const LockFile released = std::move(*held);
  }
  waiter.join();
  CHECK(got);
}

}  // namespace
}  // namespace patchmill
