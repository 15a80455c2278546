#include "runtimes/slot.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace patchmill::runtimes;

TEST_CASE("runtimes::folder_name: no two names meet, none leaves its folder") {
  CHECK(folder_name("main") == "main");
  CHECK(folder_name("a/b") != folder_name("a_b"));
  CHECK(folder_name("..").find('/') == std::string::npos);
  CHECK(folder_name("..")[0] != '.');
  CHECK_FALSE(folder_name("").empty());
  CHECK(folder_name(std::string(500, 'x')).size() < 200);
}

TEST_CASE("runtimes::Slot: a build folder is known by its name") {
  const Slot slot{"/data/source/linux.0"};
  CHECK(Slot::is_warm(slot.warm("../um")));
  CHECK(slot.warm("../um").parent_path() == slot.home);
  CHECK_FALSE(Slot::is_warm(slot.own()));
  CHECK_FALSE(Slot::is_warm(slot.checkout().source()));
}
