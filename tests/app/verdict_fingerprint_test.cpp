#include "app/series_runner.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

using namespace patchmill;
namespace fs = std::filesystem;

namespace {

// A configuration in `etc`, and what it names.
struct FingerprintBench {
  FingerprintBench() {
    fs::create_directories(etc / "jobs");
    fs::create_directories(folder.path() / "elsewhere");
    config.file = etc / "patchmill.yaml";
  }
  void write(const fs::path& file, const std::string& text) const {
    REQUIRE(write_file_atomic(file, text));
  }
  pipeline::JobSpec& add_job(std::vector<std::string> command) {
    config.jobs.emplace_back();
    config.jobs.back().name = "job";
    config.jobs.back().command = std::move(command);
    return config.jobs.back();
  }
  // Whether writing this file makes another fingerprint, and the old content the old one.
  [[nodiscard]] bool follows(const fs::path& file) const {
    write(file, "one\n");
    const auto before = app::verdict_fingerprint(config);
    CHECK(app::verdict_fingerprint(config) == before);
    write(file, "two\n");
    const bool other = app::verdict_fingerprint(config) != before;
    write(file, "one\n");
    CHECK(app::verdict_fingerprint(config) == before);
    fs::remove(file);
    CHECK((app::verdict_fingerprint(config) != before) == other);
    return other;
  }

  TempDir folder;
  fs::path etc = folder.path() / "etc";
  app::Config config;
};

}  // namespace

TEST_CASE("app::verdict_fingerprint: the programs of jobs and what their commands name") {
  FingerprintBench bench;
  const auto program = bench.etc / "jobs/build.sh";
  SUBCASE("the program") {
    bench.add_job({program.string()});
    CHECK(bench.follows(program));
  }
  SUBCASE("other words, also relative to the configuration") {
    bench.add_job({"sh", program.string(), "-x", "jobs/list"});
    CHECK(bench.follows(program));
    CHECK(bench.follows(bench.etc / "jobs/list"));
    CHECK_FALSE(bench.follows(bench.etc / "sh"));
    CHECK_FALSE(bench.follows(bench.etc / "jobs/other"));
  }
  SUBCASE("elsewhere only in folders the job is given to read") {
    const auto file = bench.folder.path() / "elsewhere/run.py";
    auto& job = bench.add_job({"python3", file.string()});
    CHECK_FALSE(bench.follows(file));
    job.read_only = {file.parent_path().string()};
    CHECK(bench.follows(file));
  }
  SUBCASE("a test of NIPA, wherever it is") {
    const auto test = bench.folder.path() / "elsewhere";
    bench.add_job({(test / "test.sh").string()}).nipa_dir = test.string();
    CHECK(bench.follows(test / "test.sh"));
    CHECK(bench.follows(test / "helper"));
  }
}

TEST_CASE("app::verdict_fingerprint: the files of checks") {
  FingerprintBench bench;
  const auto table = bench.folder.path() / "elsewhere/table";
  bench.config.check_settings["deprecated-api"]["table"] = table.string();
  CHECK(bench.follows(table));
}
