#include "app/config.hpp"
#include "app/try_fixture.hpp"

using namespace patchmill;
using app::test::Checkout;
using app::test::Environment;
namespace fs = std::filesystem;

namespace {

// The current folder for as long as it lives.
class Standing {
 public:
  explicit Standing(const fs::path& folder) : m_before(fs::current_path()) {
    fs::current_path(folder);
  }
  ~Standing() { fs::current_path(m_before); }
  Standing(const Standing&) = delete;
  Standing& operator=(const Standing&) = delete;

 private:
  fs::path m_before;
};

}  // namespace

TEST_CASE("app::find_config: a tracked patchmill.yaml is used only when it is named") {
  Checkout checkout;
  checkout.write("patchmill.yaml", "jobs: []\n");
  const Standing here(checkout.top());
  CHECK(app::find_config().file == "patchmill.yaml");
  CHECK_FALSE(app::find_config().tracked_one_here);

  checkout.git({"add", "patchmill.yaml"});  // what is only staged would be committed next
  CHECK(app::find_config().tracked_one_here);
  checkout.git({"commit", "-q", "-m", "patchmill: our jobs"});
  CHECK(app::find_config().file.empty());
  CHECK(app::find_config().tracked_one_here);
  {
    const Environment named(Environment::Wanted{{"PATCHMILL_CONFIG", "patchmill.yaml"}});
    CHECK(app::find_config().file == "patchmill.yaml");
    CHECK_FALSE(app::find_config().tracked_one_here);
  }
  // The user's own comes next.
  TempDir home;
  fs::create_directories(home.path() / "patchmill");
  REQUIRE(write_file_atomic(home.path() / "patchmill/patchmill.yaml", "jobs: []\n"));
  const Environment own(Environment::Wanted{{"XDG_CONFIG_HOME", home.path().string()}});
  CHECK(app::find_config().file == home.path() / "patchmill/patchmill.yaml");
  CHECK(app::find_config().tracked_one_here);
}

TEST_CASE("app::find_config: a tracked file in a folder below the top, too") {
  Checkout checkout;
  fs::create_directories(checkout.top() / "sub");
  checkout.write("sub/patchmill.yaml", "jobs: []\n");
  checkout.git({"add", "sub"});
  const Standing here(checkout.top() / "sub");
  CHECK(app::find_config().tracked_one_here);
}

TEST_CASE("app::find_config: a repository among the tracked files cannot vouch for the file") {
  Checkout checkout;
  const fs::path sub = checkout.top() / "sub";
  checkout.git({"init", "-q", "--bare", sub.string()});
  // As a patch could make it: an index of its own, which knows nothing of the file.
  checkout.git({"--git-dir", sub.string(), "config", "core.bare", "false"});
  checkout.git({"--git-dir", sub.string(), "config", "core.worktree", sub.string()});
  checkout.write("sub/patchmill.yaml", "jobs: []\n");
  checkout.git({"add", "-f", "."});
  const Standing here(sub);
  CHECK(app::find_config().file.empty());
  CHECK(app::find_config().tracked_one_here);
}

TEST_CASE("app::find_config: where git cannot tell, a file in a checkout is not used") {
  Checkout checkout;
  checkout.write("patchmill.yaml", "jobs: []\n");
  checkout.write(".git/config", "[core\n");
  const Standing here(checkout.top());
  CHECK(app::find_config().file.empty());
}

TEST_CASE("app::find_config: outside of a checkout the file in the folder is used") {
  const TempDir folder;
  REQUIRE(write_file_atomic(folder.path() / "patchmill.yaml", "jobs: []\n"));
  const Environment none(Environment::Wanted{{"PATCHMILL_CONFIG", std::nullopt}});
  const Standing here(folder.path());
  CHECK(app::find_config().file == "patchmill.yaml");
}
