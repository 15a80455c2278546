#include "service/open_files.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>

using namespace patchmill::service;

TEST_CASE("service::make_room_for_connections: up to the hard limit, half of it for others") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  REQUIRE(before.rlim_max >= 600);
  rlimit low = before;
  low.rlim_cur = 400;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
  CHECK(make_room_for_connections(100) == 100);
  rlimit now{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &now) == 0);
  CHECK(now.rlim_cur == 400);
  CHECK(make_room_for_connections(300) == 300);
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &now) == 0);
  CHECK(now.rlim_cur == 600);
  CHECK(make_room_for_connections(1'000'000'000) ==
        std::min<rlim_t>(1'000'000'000, before.rlim_max / 2));
  CHECK(::setrlimit(RLIMIT_NOFILE, &before) == 0);
}
