#include "store/snapshot.hpp"

#include "store/migrations.hpp"
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

TEST_CASE("store::load_dump: over a newer schema, tables of later migrations do not stay") {
  if (test::postgresql_url().empty()) {
    return;
  }
  test::TestStore store(store::Engine::postgresql);
  auto& database = store.database();
  SystemProcessRunner processes;
  const auto dump = store.folder() / "dump";
  const auto is_there = [&](const std::string& table) {
    return database.value<bool>("SELECT to_regclass(?) IS NOT NULL", table);
  };
  database.execute_script("CREATE TABLE of_others (id BIGINT)");
  SUBCASE("which this program knows") {
    // As an older program left it.
    database.execute_script("DROP TABLE report_undecided");
    const auto removed =
        database.exec("DELETE FROM schema_migrations WHERE number = ?", store::newest_schema());
    REQUIRE(removed == 1);
    const int older = store::schema_of(database);
    REQUIRE(store::write_snapshot(store.url(), dump, processes));
    database.execute_script("CREATE TABLE report_undecided (series BIGINT)");
    const auto loaded = store::load_dump(store.url(), dump, true, processes);
    REQUIRE_MESSAGE(loaded, loaded.error().message);
    CHECK(store::schema_of(database) == older);
    CHECK_FALSE(is_there("report_undecided"));
  }
  SUBCASE("which only a newer one knows") {
    REQUIRE(store::write_snapshot(store.url(), dump, processes));
    database.exec("INSERT INTO schema_migrations (number, name, applied) VALUES (9999, 'x', 0)");
    database.execute_script("CREATE TABLE \"Of tomorrow\" (id BIGSERIAL PRIMARY KEY)");
    const auto loaded = store::load_dump(store.url(), dump, true, processes);
    REQUIRE_MESSAGE(loaded, loaded.error().message);
    CHECK_FALSE(is_there("\"Of tomorrow\""));
    CHECK(store::schema_of(database) == store::newest_schema());
  }
  SUBCASE("and of the same schema nothing else goes") {
    REQUIRE(store::write_snapshot(store.url(), dump, processes));
    database.execute_script("CREATE TABLE made_since (id BIGINT)");
    REQUIRE(store::load_dump(store.url(), dump, true, processes));
    CHECK(is_there("made_since"));
  }
  CHECK(is_there("of_others"));
  CHECK(is_there("events"));
}
