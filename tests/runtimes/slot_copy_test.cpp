#include "runtimes/slot_copy.hpp"

#include "runtimes/source_folder.hpp"
#include "support/git.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <optional>
#include <thread>

using namespace patchmill;
using runtimes::copy_other_slot;
using runtimes::SourceFolder;

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

// A repository, and a slot of it that has built.
struct Slots {
  Slots() {
    fs::create_directories(root.path() / "repo/sub");
    head = patchmill::test::make_checkout(root.path() / "repo",
                                          {{"a.c", "int a;\n"}, {"sub/b.c", "int b;\n"}});
    repository = *git::Repository::open(root.path() / "repo/.git");
    first.emplace(*SourceFolder::acquire(root.path() / "source", "t"));
    REQUIRE(first->update(*repository, head));
    std::ofstream(*first->warm("um") / "a.o") << "object of a";
    second.emplace(*SourceFolder::acquire(root.path() / "source", "t"));
  }
  // Whether the second is a copy now.
  [[nodiscard]] std::optional<bool> copy(milliseconds patience = milliseconds(0)) {
    const auto start = second->copy_warm("um", patience, {});
    return start ? std::optional(start->copied) : std::nullopt;
  }
  [[nodiscard]] fs::path slot(int number) const {
    return root.path() / ("source/t." + std::to_string(number));
  }

  TempDir root;
  std::string head;
  std::unique_ptr<git::Repository> repository;
  std::optional<SourceFolder> first, second;
};

struct stat info_of(const fs::path& file) {
  struct stat info{};
  REQUIRE(::stat(file.c_str(), &info) == 0);
  return info;
}

}  // namespace

TEST_CASE("runtimes::copy_other_slot: source, times and build are those of the other") {
  Slots slots;
  REQUIRE(*slots.copy());
  CHECK(*read_file(slots.slot(1) / "warm-um/a.o") == "object of a");
  for (const char* file : {"src/a.c", "src/sub/b.c", "warm-um/a.o"}) {
    const auto was = info_of(slots.slot(0) / file);
    const auto is = info_of(slots.slot(1) / file);
    CHECK(is.st_mtim.tv_sec == was.st_mtim.tv_sec);
    CHECK(is.st_mtim.tv_nsec == was.st_mtim.tv_nsec);
    // Builds are written to, so they are nobody else's.
    CHECK((is.st_ino == was.st_ino) == (std::string(file) != "warm-um/a.o"));
  }
  // It knows what it holds, and nothing is written again.
  const auto outcome = slots.second->update(*slots.repository, slots.head);
  REQUIRE(outcome);
  CHECK_FALSE(outcome->filled);
  CHECK(outcome->written == 0);
  CHECK_FALSE(fs::exists(slots.slot(1) / "copying"));
}

TEST_CASE("runtimes::copy_other_slot: what changes in one slot does not in the other") {
  Slots slots;
  REQUIRE(*slots.copy());
  const fs::path checkout = slots.root.path() / "repo";
  REQUIRE(write_file_atomic(checkout / "a.c", "int changed;\n"));
  patchmill::test::git_ok(checkout, {"commit", "-q", "-a", "-m", "another"});
  const std::string next = patchmill::test::git_ok(checkout, {"rev-parse", "HEAD"});
  REQUIRE(slots.second->update(*slots.repository, next));
  CHECK(*read_file(slots.slot(1) / "src/a.c") == "int changed;\n");
  CHECK(*read_file(slots.slot(0) / "src/a.c") == "int a;\n");
  // Git looks at no file again, although the links changed their ctime.
  CHECK(slots.first->update(*slots.repository, slots.head)->written == 0);
}

TEST_CASE("runtimes::copy_other_slot: what was in the slot before does not meet the build") {
  Slots slots;
  // A source that jobs write to keeps its times, which are older than the objects that come.
  fs::create_directories(slots.slot(1) / "own/src");
  fs::create_directories(slots.slot(1) / "copying/src");
  std::ofstream(slots.slot(1) / "copying/src/a.c") << "of a process that died";
  REQUIRE(*slots.copy());
  CHECK_FALSE(fs::exists(slots.slot(1) / "own"));
  CHECK_FALSE(fs::exists(slots.slot(1) / "copying"));
  CHECK(*read_file(slots.slot(1) / "src/a.c") == "int a;\n");
}

TEST_CASE("runtimes::copy_other_slot: a slot in use is waited for, as long as asked") {
  Slots slots;
  std::optional<LockFile> busy(*slots.first->use());
  CHECK_FALSE(*slots.copy());
  CHECK_FALSE(*slots.copy(milliseconds(150)));
  std::jthread user([&] {
    std::this_thread::sleep_for(milliseconds(150));
    busy.reset();
  });
  CHECK(*slots.copy(std::chrono::minutes(1)));
}

TEST_CASE("runtimes::copy_other_slot: who is told to stop does not wait") {
  Slots slots;
  const auto busy = slots.first->use();
  std::stop_source stop;
  stop.request_stop();
  CHECK_FALSE(slots.second->copy_warm("um", std::chrono::hours(1), stop.get_token())->copied);
}

TEST_CASE("runtimes::copy_other_slot: of two that begin at once one builds, the other waits") {
  Slots slots;
  fs::remove_all(slots.slot(0) / "warm-um");
  auto start = slots.first->copy_warm("um", std::chrono::hours(1), {});
  REQUIRE(start);
  CHECK_FALSE(start->copied);
  REQUIRE(start->beginning);
  std::jthread first([&] {
    std::this_thread::sleep_for(milliseconds(50));
    const auto use = slots.first->use();
    const auto warm = slots.first->warm("um");
    start->beginning.reset();
    std::this_thread::sleep_for(milliseconds(50));
    std::ofstream(*warm / "a.o") << "just built";
  });
  CHECK(*slots.copy(std::chrono::minutes(1)));
  CHECK(*read_file(slots.slot(1) / "warm-um/a.o") == "just built");
}

TEST_CASE("runtimes::copy_other_slot: nothing is taken that cannot be relied on") {
  Slots slots;
  SUBCASE("a change cut short") {
    const auto state = *read_file(slots.slot(0) / "state");
    REQUIRE(write_file_atomic(slots.slot(0) / "state",
                              state.substr(0, state.size() - 1) + " " + slots.head + "\n"));
  }
  SUBCASE("no source") {
    fs::remove(slots.slot(0) / "state");
  }
  SUBCASE("no such build") {
    fs::remove_all(slots.slot(0) / "warm-um");
  }
  SUBCASE("builds of its own") {
    REQUIRE(slots.second->warm("other"));
  }
  SUBCASE("a lock that nobody can take") {
    fs::remove(slots.slot(0) / "busy");
    fs::create_directory(slots.slot(0) / "busy");
  }
  SUBCASE("another tree's slot") {
    fs::rename(slots.slot(0), slots.root.path() / "source/t.x.0");
  }
  CHECK_FALSE(*slots.copy(std::chrono::hours(1)));
  CHECK_FALSE(fs::exists(slots.slot(1) / "warm-um"));
}

TEST_CASE("runtimes::copy_other_slot: nobody is waited for who cannot be told of") {
  Slots slots;
  const auto busy = slots.first->use();
  fs::create_directory(slots.root.path() / "source/t.beginning");
  CHECK_FALSE(*slots.copy(std::chrono::hours(1)));
}
