#include "store/snapshot.hpp"

#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

using namespace patchmill;

TEST_CASE("store::write_snapshot: a password is in no argument") {
  struct Spy final : ProcessRunner {
    Result<Completed> run(const Command& command) override {
      seen = command;
      return fail(ErrorKind::infrastructure, "not run");
    }
    Command seen;
  } spy;
  if (test::postgresql_url().empty()) {
    return;
  }
  const TempDir folder;
  const std::string url = test::postgresql_url();
  const auto at = url.find('@');
  const std::string with = url.substr(0, at) + ":p%40ss%2Fword" + url.substr(at);
  REQUIRE_FALSE(store::write_snapshot(with, folder.path() / "dump", spy));
  for (const auto& word : spy.seen.argv) {
    CHECK(word.find("p%40ss") == std::string::npos);
    CHECK(word.find("p@ss") == std::string::npos);
  }
  CHECK(spy.seen.env.at("PGPASSWORD") == "p@ss/word");
}
