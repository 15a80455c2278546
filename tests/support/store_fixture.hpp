#pragma once
// Stores to test with, on every engine there is.
//
//   TEST_CASE("tracker::Tracker::ingest: keeps a mail once") {
//     test::on_each_engine([](test::TestStore& store) {
//       tracker::Tracker tracker(store.database(), store.blobs(), store.clock());
//       ...
//     });
//   }
//
// SQLite always runs. PostgreSQL runs when PATCHMILL_TEST_PG holds a URL of a server in which the
// user may create schemas: script/with-postgresql COMMAND… provides one.

#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "store/migrations.hpp"
#include "util/clock.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

namespace patchmill::test {

// The server of this run, or empty.
inline std::string postgresql_url() {
  const char* url = std::getenv("PATCHMILL_TEST_PG");
  return url != nullptr ? url : "";
}

// Memory instead of disk where there is enough of it: SQLite syncs whenever a store is closed.
inline std::filesystem::path fast_folder() {
  const std::filesystem::path memory("/dev/shm");
  std::error_code error;
  const auto space = std::filesystem::space(memory, error);
  const bool usable =
      !error && space.available > (256u << 20) && ::access(memory.c_str(), W_OK) == 0;
  return usable ? memory : std::filesystem::path();
}

// A store of its own for one test: a file in a temporary folder or a PostgreSQL schema, removed
// with the object. Migrated unless asked otherwise.
class TestStore {
 public:
  explicit TestStore(store::Engine engine, bool migrated = true)
      : m_url(engine == store::Engine::sqlite ? sqlite_url() : make_schema()),
        m_blobs(m_folder.path() / "blobs"),
        m_database(store::Database::open(m_url)) {
    if (migrated) {
      store::migrate(*m_database);
    }
  }
  ~TestStore() {
    m_database.reset();
    if (!m_schema.empty()) {
      try {
        store::Database::open(postgresql_url())
            ->execute_script("DROP SCHEMA " + m_schema + " CASCADE");
      } catch (const store::DatabaseError& error) {
        MESSAGE("could not drop ", m_schema, ": ", error.what());
      }
    }
  }
  TestStore(const TestStore&) = delete;
  TestStore& operator=(const TestStore&) = delete;

  [[nodiscard]] store::Database& database() { return *m_database; }
  [[nodiscard]] store::BlobStore& blobs() { return m_blobs; }
  // 2026-01-01T00:00:00, and standing still.
  [[nodiscard]] ManualClock& clock() { return m_clock; }
  [[nodiscard]] store::Engine engine() const { return m_database->engine(); }
  // For Database::open() of further connections, also in other processes.
  [[nodiscard]] const std::string& url() const { return m_url; }
  [[nodiscard]] std::unique_ptr<store::Database> connect() const {
    return store::Database::open(m_url);
  }
  // A temporary folder for the test's files.
  [[nodiscard]] const std::filesystem::path& folder() const { return m_folder.path(); }

 private:
  [[nodiscard]] std::string sqlite_url() const { return (m_folder.path() / "store.db").string(); }
  std::string make_schema() {
    static int count = 0;
    m_schema = "test_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
    const std::string server = postgresql_url();
    store::Database::open(server)->execute_script("CREATE SCHEMA " + m_schema);
    const char* separator = server.find('?') == std::string::npos ? "?" : "&";
    return server + separator + "options=-csearch_path%3D" + m_schema;
  }

  TempDir m_folder{"patchmill-test", fast_folder()};
  std::string m_schema;
  std::string m_url;
  store::BlobStore m_blobs;
  std::unique_ptr<store::Database> m_database;
  ManualClock m_clock{Timestamp(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1))};
};

// Runs the body once for each engine, as doctest subcases: further SUBCASEs inside work.
template <class Body>
void on_each_engine(const Body& body, bool migrated = true) {
  DOCTEST_SUBCASE("sqlite") {
    TestStore store(store::Engine::sqlite, migrated);
    body(store);
  }
  DOCTEST_SUBCASE("postgresql") {
    if (postgresql_url().empty()) {
      static bool told = false;
      if (!told) {
        told = true;
        MESSAGE("skipped on PostgreSQL: PATCHMILL_TEST_PG is not set (see script/with-postgresql)");
      }
      return;
    }
    TestStore store(store::Engine::postgresql, migrated);
    body(store);
  }
}

}  // namespace patchmill::test
