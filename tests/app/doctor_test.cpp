#include "app/doctor.hpp"

#include "git/mirror.hpp"
#include "runtimes/runtime.hpp"
#include "support/environment.hpp"
#include "support/git.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

using namespace patchmill;
using app::Diagnosis;
using app::Health;

namespace fs = std::filesystem;

namespace {

Diagnosis find(const std::vector<Diagnosis>& all, std::string_view what) {
  const auto found = std::ranges::find(all, what, &Diagnosis::what);
  REQUIRE(found != all.end());
  CHECK((found->health == Health::good) == found->mend.empty());
  CHECK_FALSE(found->state.empty());
  return *found;
}

app::Config config_in(const fs::path& folder) {
  app::Config config;
  config.data = folder / "data";
  config.store_url = (config.data / "store.sqlite").string();
  return config;
}

}  // namespace

TEST_CASE("app::diagnose: a tool that runs, but not in the sandbox of checks") {
  if (!runtimes::probe_sandbox().bubblewrap) {
    MESSAGE("skipped: bubblewrap does not work on this machine");
    return;
  }
  const TempDir folder;
  SystemProcessRunner processes;
  // Only its own file is bound into the sandbox; what it reads beside it is not.
  const fs::path program = folder.path() / "ruff";
  REQUIRE(write_file_atomic(folder.path() / "part", "ruff 1.0\n"));
  const auto ruff = [&](const std::string& script) {
    REQUIRE(write_file_atomic(program, script));
    fs::permissions(program, fs::perms::owner_all);
    const test::Environment path = test::path_with(folder.path());
    return find(app::diagnose(config_in(folder.path()), processes), "ruff");
  };
  const Diagnosis half = ruff("#!/bin/sh\ncat " + (folder.path() / "part").string() + "\n");
  CHECK(half.health == Health::limited);
  CHECK(half.state.find("does not run in the sandbox of checks: cat:") != std::string::npos);
  CHECK(half.mend.ends_with("install ruff below /usr, or with pipx"));
  const Diagnosis whole = ruff("#!/bin/sh\necho ruff 2.0\n");
  CHECK(whole.health == Health::good);
  CHECK(whole.state == "ruff 2.0");
}

TEST_CASE("app::diagnose: a tree whose lender is gone, though its own url answers") {
  const TempDir folder;
  test::make_checkout(folder.path() / "upstream", {{"f", "text\n"}});
  app::Config config = config_in(folder.path());
  placement::TreeSpec tree;
  tree.name = "net";
  tree.url = (folder.path() / "upstream").string();
  config.trees = {tree};
  SystemProcessRunner processes;
  CHECK(find(app::diagnose(config, processes), "tree net").health == Health::good);

  const fs::path mirror = git::mirror_path(config.data / "trees", "net");
  fs::create_directories(mirror / "objects/info");
  REQUIRE(write_file_atomic(mirror / "objects/info/alternates",
                            (folder.path() / "gone/objects").string() + "\n"));
  const Diagnosis lost = find(app::diagnose(config, processes), "tree net");
  CHECK(lost.health == Health::broken);
  CHECK(lost.state == mirror.string() + " has lost objects");
  CHECK(lost.mend.find((folder.path() / "gone").string() + ", which is not there") !=
        std::string::npos);
}
