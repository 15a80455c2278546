#include "store/migrations.hpp"

#include "store/embedded_migrations.hpp"
#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

#include <set>
#include <thread>

namespace patchmill::store {
namespace {

using test::on_each_engine;
using test::TestStore;

TEST_CASE("store::embedded_migrations: every file is there, numbered once, in order") {
  const std::filesystem::path folder =
      std::filesystem::path(PATCHMILL_SOURCE_DIR) / "src/store/migrations";
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".sql") {
      files.insert(entry.path().stem().string());
    }
  }
  std::set<std::string> embedded;
  int previous = 0;
  for (const auto& migration : embedded_migrations()) {
    CHECK(migration.number > previous);
    previous = migration.number;
    embedded.insert(std::string(migration.name));
    CHECK(*read_file(folder / (std::string(migration.name) + ".sql")) == migration.sql);
  }
  CHECK(embedded == files);
  CHECK(newest_schema() == previous);
}

TEST_CASE("store::migrate: an empty store becomes the newest, once") {
  on_each_engine(
      [](TestStore& store) {
        auto& db = store.database();
        CHECK(schema_of(db) == 0);
        migrate(db);
        CHECK(schema_of(db) == newest_schema());
        const auto before = db.rows<int, std::string, std::int64_t>(
            "SELECT number, name, applied FROM schema_migrations ORDER BY number");
        migrate(db);
        CHECK(before == db.rows<int, std::string, std::int64_t>(
                            "SELECT number, name, applied FROM schema_migrations ORDER BY number"));
        CHECK(before.size() == embedded_migrations().size());
      },
      false);
}

TEST_CASE("store::migrate: several at once") {
  on_each_engine(
      [](TestStore& store) {
        std::vector<std::thread> threads;
        std::atomic<int> failures = 0;
        for (int i = 0; i < 4; ++i) {
          threads.emplace_back([&] {
            try {
              migrate(*store.connect());
            } catch (const DatabaseError& error) {
              ++failures;
            }
          });
        }
        for (auto& thread : threads) {
          thread.join();
        }
        CHECK(failures == 0);
        CHECK(schema_of(store.database()) == newest_schema());
        CHECK(store.database().value<std::size_t>("SELECT COUNT(*) FROM schema_migrations") ==
              embedded_migrations().size());
      },
      false);
}

TEST_CASE("store::migrate: a store of a newer program is refused untouched") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    db.exec("INSERT INTO schema_migrations (number, name, applied) VALUES (?, 'future', 0)",
            newest_schema() + 1);
    CHECK_THROWS_WITH_AS(migrate(db), doctest::Contains("newer patchmill"), DatabaseError);
    CHECK(schema_of(db) == newest_schema() + 1);
  });
}

TEST_CASE("store::migrate: a migration that fails leaves nothing of itself") {
  on_each_engine(
      [](TestStore& store) {
        auto& db = store.database();
        db.execute_script("CREATE TABLE outbox (x TEXT)");  // in the way of 0001
        CHECK_THROWS_WITH_AS(migrate(db), doctest::Contains("0001_store"), DatabaseError);
        CHECK(schema_of(db) == 0);
        CHECK_THROWS_AS(db.exec("SELECT * FROM events"), DatabaseError);
        db.execute_script("DROP TABLE outbox");
        migrate(db);
        CHECK(schema_of(db) == newest_schema());
      },
      false);
}

TEST_CASE("store::migrate: files may be added out of turn") {
  on_each_engine([](TestStore& store) {
    auto& db = store.database();
    db.exec("DELETE FROM schema_migrations WHERE number = 1");
    db.execute_script(
        "DROP TABLE events; DROP TABLE outbox; DROP TABLE cursors; DROP TABLE leases; DROP TABLE "
        "read_names");
    migrate(db);
    CHECK(db.value<int>("SELECT COUNT(*) FROM events") == 0);
  });
}

}  // namespace
}  // namespace patchmill::store
