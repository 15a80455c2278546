#include "service/tree_loop.hpp"

#include "util/file.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <thread>

using namespace patchmill;

TEST_CASE("service::TreeLoop: a folder of trees that cannot be entered is told, not fatal") {
  const TempDir folder("patchmill-tree-loop");
  app::Config config;
  config.data = folder.path();
  config.store_url = (folder.path() / "store.db").string();
  for (const char* name : {"first", "second"}) {
    placement::TreeSpec spec;
    spec.name = name;
    spec.url = (folder.path() / "nowhere").string();
    config.trees.push_back(spec);
  }
  std::filesystem::create_symlink("trees", folder.path() / "trees");
  const SystemClock clock;
  const service::TreeLoop loop(config, config.trees.back(), clock, [](const std::string&) {});
  while (loop.health().error.empty()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(loop.health().tip.empty());
}
