#include "runtimes/cgroup.hpp"

#include "util/file.hpp"

#include <doctest/doctest.h>

#include <string>

namespace pm = patchmill;
namespace fs = std::filesystem;
using pm::runtimes::find_cgroups;
using Version = pm::runtimes::CgroupPlaces::Version;

namespace {

bool always(const fs::path& /*folder*/) {
  return true;
}
bool never(const fs::path& /*folder*/) {
  return false;
}

constexpr const char* k_v2 = "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nsdelegate 0 0\n";

}  // namespace

TEST_CASE(
    "runtimes::find_cgroups: in v2 the group we were given is the place, also from the leaf we "
    "stepped into") {
  for (const char* group : {"0::/system.slice/patchmill.service\n",
                            "0::/system.slice/patchmill.service/patchmill-supervisor\n"}) {
    CAPTURE(group);
    const auto places = find_cgroups(group, k_v2, always);
    CHECK(places.memory_version == Version::v2);
    CHECK(places.memory == "/sys/fs/cgroup/system.slice/patchmill.service");
    CHECK(places.pids == places.memory);
  }
  CHECK(find_cgroups("0::/\n", k_v2, always).memory == "/sys/fs/cgroup");
}

TEST_CASE(
    "runtimes::find_cgroups: v1 wins where it has the memory; places that are not ours are none") {
  const char* groups = "4:memory:/a\n8:pids:/b\n0::/\n";
  const std::string mounts = std::string("cgroup /c/memory cgroup rw,memory 0 0\n") +
                             "cgroup /c/pids cgroup rw,pids 0 0\n" + k_v2;
  const auto places = find_cgroups(groups, mounts, always);
  CHECK(places.memory_version == Version::v1);
  CHECK(places.memory == "/c/memory/a");
  CHECK(places.pids == "/c/pids/b");
  CHECK(find_cgroups(groups, mounts, never).memory_version == Version::none);
  CHECK(find_cgroups("0::/../elsewhere\n", k_v2, always).memory_version == Version::none);
}

TEST_CASE("runtimes::services_have_cgroups: where systemd runs and can delegate both controllers") {
  const pm::TempDir folder;
  const std::string mounts =
      "proc /proc proc rw 0 0\ncgroup2 " + folder.path().string() + " cgroup2 rw 0 0\n";
  const auto controllers = [&](const char* names) {
    REQUIRE(pm::write_file_atomic(folder.path() / "cgroup.controllers", names));
  };
  controllers("cpu memory pids\n");
  CHECK(pm::runtimes::services_have_cgroups(mounts, folder.path()));
  CHECK_FALSE(pm::runtimes::services_have_cgroups(mounts, folder.path() / "none"));
  CHECK_FALSE(pm::runtimes::services_have_cgroups("proc /proc proc rw 0 0\n", folder.path()));
  controllers("cpu memory\n");
  CHECK_FALSE(pm::runtimes::services_have_cgroups(mounts, folder.path()));
}
