#pragma once
// Data folders that are backed up, and restored into.

#include "pipeline/node_store.hpp"
#include "service/restore.hpp"
#include "store/migrations.hpp"
#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

namespace patchmill::test {

namespace fs = std::filesystem;

// A data folder with a store in it, as a service has it.
struct Place {
  explicit Place(TestStore& store, const std::string& name)
      : root(store.folder() / name), blobs(root / "blobs") {
    config.data = root;
    config.store_url =
        store.engine() == store::Engine::sqlite ? (root / "store.sqlite").string() : store.url();
    fs::create_directories(root);
  }
  void open() {
    database = store::Database::open(config.store_url);
    store::migrate(*database);
  }
  // A node with a log of its own.
  std::string add_node(const Clock& clock, const std::string& log) {
    pipeline::NodeStore nodes(*database, clock);
    pipeline::Node node;
    node.series = ++count;
    node.name = "build";
    node = nodes.create(node);
    const auto sha256 = blobs.put(log);
    REQUIRE(sha256);
    nodes.finish(node, findings::Verdict::pass, "fine", {},
                 {{"log", *sha256, static_cast<std::int64_t>(log.size())}});
    return *sha256;
  }
  fs::path root;
  store::BlobStore blobs;
  app::Config config;
  std::unique_ptr<store::Database> database;
  std::int64_t count = 0;
};

inline std::vector<std::string> dump(store::Database& database) {
  std::vector<std::string> rows;
  for (const auto* sql :
       {"SELECT id || ' ' || series || ' ' || name || ' ' || summary FROM nodes ORDER BY id",
        "SELECT node || ' ' || name || ' ' || sha256 FROM node_artifacts ORDER BY node, position",
        "SELECT id || ' ' || kind || ' ' || payload FROM events WHERE kind <> 'work-paused' "
        "ORDER BY id"}) {
    for (const auto& [text] : database.rows<std::string>(sql)) {
      rows.push_back(text);
    }
  }
  return rows;
}

inline Result<service::BackupResult> back_up(const Place& place, const fs::path& to,
                                             const Clock& clock) {
  SystemProcessRunner processes;
  return service::make_backup(place.config, to, clock, processes);
}

inline Result<service::RestoreResult> restore(const Place& place, const fs::path& from,
                                              const Clock& clock,
                                              service::RestoreOptions options = {}) {
  SystemProcessRunner processes;
  return service::restore_backup(place.config, from, options, clock, processes);
}

// In PostgreSQL a restore goes into the very same schema.
inline void empty_the_store(TestStore& store, Place& place) {
  if (store.engine() == store::Engine::postgresql) {
    for (const auto& [table] : place.database->rows<std::string>(
             "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")) {
      place.database->execute_script("DROP TABLE " + table + " CASCADE");
    }
  }
  place.database.reset();
}

}  // namespace patchmill::test
