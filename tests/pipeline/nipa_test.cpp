#include "pipeline/nipa.hpp"

#include "util/file.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using namespace patchmill;
using namespace patchmill::pipeline;
namespace fs = std::filesystem;

namespace {
fs::path test_dir(const TempDir& root, const std::string& name, const std::string& info) {
  const fs::path dir = root.path() / name;
  fs::create_directories(dir);
  REQUIRE(write_file_atomic(dir / "info.json", info));
  return dir;
}
}  // namespace

TEST_CASE("pipeline::read_nipa_test: run as string, as list, absolute") {
  const TempDir root;
  const auto one = read_nipa_test(test_dir(root, "patch/one", R"({"run": "test.sh"})"));
  REQUIRE(one);
  CHECK(one->name == "one");
  CHECK(one->scope == Scope::patch);
  CHECK(one->command == std::vector<std::string>{one->nipa_dir + "/test.sh"});
  CHECK(one->read_only == std::vector<std::string>{one->nipa_dir});
  CHECK(one->own_source);
  const auto two = read_nipa_test(
      test_dir(root, "series/two", R"({"run": ["test.sh", "-x"], "pull-requests": true})"));
  REQUIRE(two);
  CHECK(two->scope == Scope::series);
  CHECK(two->command.size() == 2);
  const auto three = read_nipa_test(test_dir(root, "series/three", R"({"run": ["/bin/true"]})"));
  REQUIRE(three);
  CHECK(three->command.front() == "/bin/true");
}

TEST_CASE("pipeline::read_nipa_test: what cannot run is skipped with the reason") {
  const TempDir root;
  const auto python =
      read_nipa_test(test_dir(root, "patch/py", R"({"pymod": "test", "pyfunc": "check"})"));
  REQUIRE(python);
  CHECK(python->skip_reason.find("pymod") != std::string::npos);
  CHECK(python->command.empty());
  const auto off =
      read_nipa_test(test_dir(root, "patch/off", R"({"run": "x.sh", "disabled": true})"));
  REQUIRE(off);
  CHECK(off->skip_reason == "disabled in its info.json");
  const auto on =
      read_nipa_test(test_dir(root, "patch/on", R"({"run": "x.sh", "disabled": false})"));
  REQUIRE(on);
  CHECK(on->skip_reason.empty());
}

TEST_CASE("pipeline::read_nipa_test: bad files are refused by name") {
  const TempDir root;
  int n = 0;
  for (const std::string& info :
       {std::string("{"), std::string("[]"), std::string("{}"), std::string(R"({"run": []})"),
        std::string(R"({"run": [1]})"), std::string(R"({"run": ""})"),
        std::string(R"({"run": "a\u0000b"})"), std::string(5000, '['), std::string(100000, ' ')}) {
    const auto job = read_nipa_test(test_dir(root, "patch/bad" + std::to_string(n++), info));
    REQUIRE_FALSE(job);
    CHECK(job.error().message.find("bad") != std::string::npos);
  }
  CHECK(read_nipa_test(root.path() / "absent").error().kind == ErrorKind::not_found);
}

TEST_CASE("pipeline::read_nipa_tests: all of a folder, by name") {
  const TempDir root;
  test_dir(root, "patch/b", R"({"run": "test.sh"})");
  test_dir(root, "patch/a", R"({"run": "test.sh"})");
  fs::create_directories(root.path() / "patch/none");
  const auto jobs = read_nipa_tests(root.path() / "patch");
  REQUIRE(jobs);
  REQUIRE(jobs->size() == 2);
  CHECK((*jobs)[0].name == "a");
  CHECK_FALSE(read_nipa_tests(root.path() / "absent"));
}
