#include "service/backup.hpp"

#include "app/run_lock.hpp"
#include "pipeline/node_store.hpp"
#include "pipeline/pauses.hpp"
#include "reports/mail_store.hpp"
#include "service/blob_references.hpp"
#include "service/restore.hpp"
#include "store/embedded_migrations.hpp"
#include "store/snapshot.hpp"
#include "support/store_fixture.hpp"
#include "util/hash.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <set>
#include <thread>

using namespace patchmill;
namespace fs = std::filesystem;

namespace {

// A data folder with a store in it, as a service has it.
struct Place {
  explicit Place(test::TestStore& store, const std::string& name)
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

std::vector<std::string> dump(store::Database& database) {
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

Result<service::BackupResult> back_up(const Place& place, const fs::path& to, const Clock& clock) {
  SystemProcessRunner processes;
  return service::make_backup(place.config, to, clock, processes);
}

Result<service::RestoreResult> restore(const Place& place, const fs::path& from, const Clock& clock,
                                       service::RestoreOptions options = {}) {
  SystemProcessRunner processes;
  return service::restore_backup(place.config, from, options, clock, processes);
}

void flip_a_byte(const fs::path& file) {
  auto content = read_file(file).value();
  REQUIRE_FALSE(content.empty());
  content[content.size() / 2] = static_cast<char>(content[content.size() / 2] ^ 1);
  fs::remove(file);  // never through a hard link
  REQUIRE(write_file_atomic(file, content));
}

// In PostgreSQL a restore goes into the very same schema.
void empty_the_store(test::TestStore& store, Place& place) {
  if (store.engine() == store::Engine::postgresql) {
    for (const auto& [table] : place.database->rows<std::string>(
             "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")) {
      place.database->execute_script("DROP TABLE " + table + " CASCADE");
    }
  }
  place.database.reset();
}

}  // namespace

TEST_CASE("service::blob_columns: every column with names of blobs is among them") {
  std::set<std::string> listed, found;
  for (const auto& column : service::blob_columns()) {
    listed.insert(std::string(column.table) + "." + std::string(column.column));
  }
  for (const auto& migration : store::embedded_migrations()) {
    std::string table;
    for (const auto line : split_lines(migration.sql)) {
      const auto words = split(trim(line), ' ');
      if (line.starts_with("CREATE TABLE") || line.starts_with("ALTER TABLE")) {
        table = words.at(2);
      }
      for (const auto word : words) {
        if (word == "--") {
          break;
        }
        if (word.find("sha256") != std::string_view::npos ||
            word.find("blob_") != std::string_view::npos) {
          found.insert(table + "." + std::string(word));
        }
      }
    }
  }
  CHECK(found == listed);
}

TEST_CASE("service::make_backup, restore_backup: the same content, into a folder and a file") {
  for (const auto* name : {"backup", "backup.tar.zst", "backup.tar"}) {
    CAPTURE(name);
    test::on_each_engine(
        [&](test::TestStore& store) {
          Place from(store, "from");
          from.open();
          const auto sha256 = from.add_node(store.clock(), "warning: unused\n");
          from.add_node(store.clock(), std::string(300'000, 'x'));
          from.blobs.put("nothing refers to this");
          const auto target = store.folder() / name;
          const auto made = back_up(from, target, store.clock());
          REQUIRE_MESSAGE(made, made.error().message);
          CHECK(made->manifest.blobs == 2);
          CHECK(made->new_blobs == 2);
          CHECK(made->manifest.missing.empty());
          CHECK(made->manifest.schema == store::newest_schema());
          const auto before = dump(*from.database);
          empty_the_store(store, from);

          Place to(store, "to");
          const auto verified = restore(to, target, store.clock(), {.verify_only = true});
          REQUIRE_MESSAGE(verified, verified.error().message);
          CHECK_FALSE(fs::exists(to.root / "store.sqlite"));
          const auto restored = restore(to, target, store.clock());
          REQUIRE_MESSAGE(restored, restored.error().message);
          to.open();
          CHECK(dump(*to.database) == before);
          CHECK(*to.blobs.get(sha256) == "warning: unused\n");
          const auto pauses = pipeline::Pauses(*to.database, store.clock()).list();
          REQUIRE(pauses.size() == 1);
          CHECK(pauses[0].scope == pipeline::PauseScope::everything());
          CHECK(pauses[0].reason.find("2026-01-01T00:00:00Z") != std::string::npos);
        },
        false);
  }
}

TEST_CASE("service::make_backup: while others write, one consistent moment") {
  test::on_each_engine(
      [](test::TestStore& store) {
        Place from(store, "from");
        from.open();
        std::atomic<bool> stop = false;
        std::atomic<int> written = 0;
        std::jthread writer([&] {
          const auto own = store::Database::open(from.config.store_url);
          pipeline::NodeStore nodes(*own, store.clock());
          for (int i = 0; !stop; ++i) {
            // Node, artifact and event go together, and the blob before them.
            pipeline::Node node;
            node.series = i + 1;
            node.name = "build";
            const std::string log = "log " + std::to_string(i);
            const auto sha256 = from.blobs.put(log);
            store::Transaction transaction(*own);
            node = nodes.create(node);
            nodes.finish(node, findings::Verdict::pass, log, {}, {{"log", *sha256, 5}});
            transaction.commit();
            ++written;
          }
        });
        while (written < 20) {
          std::this_thread::yield();
        }
        const auto made = back_up(from, store.folder() / "backup", store.clock());
        const int at_end = written;
        stop = true;
        writer.join();
        REQUIRE_MESSAGE(made, made.error().message);
        CHECK(at_end > 20);
        empty_the_store(store, from);
        Place to(store, "to");
        const auto restored = restore(to, store.folder() / "backup", store.clock());
        REQUIRE_MESSAGE(restored, restored.error().message);
        to.open();
        const auto nodes = to.database->value<std::int64_t>("SELECT COUNT(*) FROM nodes");
        CHECK(nodes >= 20);
        CHECK(to.database->value<std::int64_t>("SELECT COUNT(*) FROM nodes WHERE state = 'done'") ==
              nodes);
        CHECK(to.database->value<std::int64_t>("SELECT COUNT(*) FROM node_artifacts") == nodes);
        service::referenced_blobs(*to.database).each([&](const std::string& name) {
          CHECK(to.blobs.get(name));
        });
      },
      false);
}

TEST_CASE("service::make_backup: again into the same folder adds what is new, drops what is gone") {
  test::TestStore store(store::Engine::sqlite, false);
  Place from(store, "from");
  from.open();
  const auto target = store.folder() / "backup";
  const auto first = from.add_node(store.clock(), "first");
  REQUIRE(back_up(from, target, store.clock()));
  const auto second = from.add_node(store.clock(), "second");
  from.database->exec("DELETE FROM node_artifacts WHERE sha256 = ?", first);
  const auto again = back_up(from, target, store.clock());
  REQUIRE(again);
  CHECK(again->new_blobs == 1);
  CHECK(again->manifest.blobs == 1);
  CHECK(fs::exists(service::blob_path(target / "blobs", second)));
  CHECK_FALSE(fs::exists(service::blob_path(target / "blobs", first)));
  std::size_t stores = 0;
  for (const auto& entry : fs::directory_iterator(target)) {
    stores += entry.path().filename().string().starts_with("store-") ? 1u : 0u;
  }
  CHECK(stores == 1);
  CHECK(*from.blobs.get(first) == "first");  // the data folder is not touched
}

TEST_CASE("service::make_backup: what is half-written never looks whole") {
  test::TestStore store(store::Engine::sqlite, false);
  Place from(store, "from");
  from.open();
  from.add_node(store.clock(), "first");
  const auto target = store.folder() / "backup";
  // As if killed before the manifest.
  fs::create_directories(target / "blobs");
  REQUIRE(write_file_atomic(target / service::k_backup_mark, "x"));
  REQUIRE(write_file_atomic(target / "store-1.sqlite", "half"));
  Place to(store, "to");
  const auto refused = restore(to, target, store.clock());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("never finished") != std::string::npos);
  // The next one cleans up.
  REQUIRE(back_up(from, target, store.clock()));
  CHECK_FALSE(fs::exists(target / "store-1.sqlite"));
  CHECK(restore(to, target, store.clock()));
}

TEST_CASE("service::make_backup: refuses what is no backup, and the data folder itself") {
  test::TestStore store(store::Engine::sqlite, false);
  Place from(store, "from");
  from.open();
  fs::create_directories(store.folder() / "photos");
  REQUIRE(write_file_atomic(store.folder() / "photos" / "cat.jpg", "x"));
  CHECK(back_up(from, store.folder() / "photos", store.clock()).error().kind == ErrorKind::invalid);
  CHECK(back_up(from, store.folder() / "photos" / "cat.jpg", store.clock()).error().kind ==
        ErrorKind::invalid);
  CHECK(back_up(from, from.root / "backup", store.clock()).error().kind == ErrorKind::invalid);
  const auto lock = service::lock_maintenance(from.root);
  REQUIRE(lock);
  CHECK(back_up(from, store.folder() / "b", store.clock()).error().kind == ErrorKind::conflict);
}

TEST_CASE("service::make_backup: a blob that is lost is named, the rest is saved") {
  test::TestStore store(store::Engine::sqlite, false);
  Place from(store, "from");
  from.open();
  const auto lost = from.add_node(store.clock(), "lost");
  const auto kept = from.add_node(store.clock(), "kept");
  fs::remove(*from.blobs.path_of(lost));
  const auto made = back_up(from, store.folder() / "backup", store.clock());
  REQUIRE(made);
  CHECK(made->manifest.missing == std::vector<std::string>{lost});
  Place to(store, "to");
  REQUIRE(restore(to, store.folder() / "backup", store.clock()));
  CHECK(to.blobs.get(kept));
}

TEST_CASE("service::restore_backup: damage of any part is found before anything is changed") {
  test::TestStore store(store::Engine::sqlite, false);
  Place from(store, "from");
  from.open();
  const auto sha256 = from.add_node(store.clock(), "some log");
  const auto target = store.folder() / "backup";
  const auto made = back_up(from, target, store.clock());
  REQUIRE(made);
  fs::path victim;
  SUBCASE("store") {
    victim = target / made->manifest.store.file;
  }
  SUBCASE("list") {
    victim = target / made->manifest.blob_list.file;
  }
  SUBCASE("blob") {
    victim = service::blob_path(target / "blobs", sha256);
  }
  SUBCASE("manifest") {
    victim = target / service::k_manifest;
    REQUIRE(write_file_atomic(victim, "{\"format\":1,\"store\":{\"file\":\"../../etc/passwd\"}}"));
  }
  flip_a_byte(victim);
  Place to(store, "to");
  const auto refused = restore(to, target, store.clock());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::invalid);
  CHECK_FALSE(fs::exists(to.root / "store.sqlite"));
  CHECK(*from.blobs.get(sha256) == "some log");
}

TEST_CASE("service::read_manifest: names that lead elsewhere, newer formats") {
  const TempDir folder;
  const auto with = [&](const std::string& text) {
    REQUIRE(write_file_atomic(folder.path() / service::k_manifest, text));
    return service::read_manifest(folder.path());
  };
  service::Manifest manifest;
  manifest.store.file = "store-1.sqlite";
  manifest.blob_list.file = "blobs-1.list";
  CHECK(with(service::write_manifest(manifest)));
  for (const auto* name : {"../x", "a/b", "", ".hidden", "/etc/passwd"}) {
    CAPTURE(name);
    manifest.store.file = name;
    CHECK(with(service::write_manifest(manifest)).error().kind == ErrorKind::invalid);
  }
  CHECK(with("{\"format\":2}").error().message.find("newer") != std::string::npos);
  CHECK(with("[]").error().kind == ErrorKind::invalid);
  CHECK(with("").error().kind == ErrorKind::invalid);
}

TEST_CASE("service::restore_backup: not over a store, unless forced; never where something runs") {
  test::on_each_engine(
      [](test::TestStore& store) {
        Place from(store, "from");
        from.open();
        from.add_node(store.clock(), "old");
        const auto target = store.folder() / "backup";
        REQUIRE(back_up(from, target, store.clock()));
        const auto before = dump(*from.database);
        const auto newer = from.add_node(store.clock(), "newer");
        from.database.reset();

        auto refused = restore(from, target, store.clock());
        REQUIRE_FALSE(refused);
        CHECK(refused.error().kind == ErrorKind::conflict);
        {
          const auto running = app::lock_runs(from.config, false);
          REQUIRE(running);
          refused = restore(from, target, store.clock(), {.force = true});
          REQUIRE_FALSE(refused);
          CHECK(refused.error().message.find("another patchmill") != std::string::npos);
        }
        const auto restored = restore(from, target, store.clock(), {.force = true});
        REQUIRE_MESSAGE(restored, restored.error().message);
        from.open();
        CHECK(dump(*from.database) == before);
        if (store.engine() == store::Engine::sqlite) {
          const auto aside = store::Database::open(restored->kept_aside.string());
          CHECK(aside->value<std::int64_t>("SELECT COUNT(*) FROM node_artifacts WHERE sha256 = ?",
                                           newer) == 1);
        }
      },
      false);
}

TEST_CASE("service::restore_backup: a store that cannot be opened is replaced when forced") {
  test::TestStore store(store::Engine::sqlite, false);
  Place from(store, "from");
  from.open();
  from.add_node(store.clock(), "old");
  const auto target = store.folder() / "backup";
  REQUIRE(back_up(from, target, store.clock()));
  const auto before = dump(*from.database);
  from.database.reset();
  fs::remove(from.config.store_url);
  fs::remove(from.config.store_url + "-wal");
  REQUIRE(write_file_atomic(from.config.store_url, std::string(8192, 'z')));
  const auto refused = restore(from, target, store.clock());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("--force") != std::string::npos);
  const auto restored = restore(from, target, store.clock(), {.force = true});
  REQUIRE_MESSAGE(restored, restored.error().message);
  from.open();
  CHECK(dump(*from.database) == before);
  CHECK(read_file(restored->kept_aside).value() == std::string(8192, 'z'));
}

TEST_CASE("service::restore_backup: mails that were queued are in doubt") {
  test::on_each_engine(
      [](test::TestStore& store) {
        Place from(store, "from");
        from.open();
        reports::MailStore mails(*from.database, store.clock());
        reports::StoredMail mail;
        mail.key = "k";
        mail.series = 1;
        mail.msgid = "a@b";
        mail.recipients = {{"ann@example.org", reports::RecipientState::pending, ""}};
        const auto id = mails.add(mail);
        REQUIRE(id);
        REQUIRE(back_up(from, store.folder() / "backup", store.clock()));
        empty_the_store(store, from);
        Place to(store, "to");
        const auto restored = restore(to, store.folder() / "backup", store.clock());
        REQUIRE_MESSAGE(restored, restored.error().message);
        CHECK(restored->mails_in_doubt == 1);
        to.open();
        reports::MailStore there(*to.database, store.clock());
        const auto read = there.mail(*id);
        REQUIRE(read);
        CHECK(read->state == reports::MailState::in_doubt);
        CHECK(read->recipients.at(0).state == reports::RecipientState::in_doubt);
        CHECK(there.resolve(*id, true));
      },
      false);
}

TEST_CASE("service::restore_backup: a newer schema and another engine are refused") {
  test::TestStore store(store::Engine::sqlite, false);
  Place from(store, "from");
  from.open();
  const auto target = store.folder() / "backup";
  auto made = back_up(from, target, store.clock());
  REQUIRE(made);
  Place to(store, "to");
  made->manifest.schema = 10'000;
  REQUIRE(write_file_atomic(target / service::k_manifest, service::write_manifest(made->manifest)));
  CHECK(restore(to, target, store.clock()).error().message.find("newer than this one") !=
        std::string::npos);
  made->manifest.schema = 1;
  made->manifest.engine = "postgresql";
  REQUIRE(write_file_atomic(target / service::k_manifest, service::write_manifest(made->manifest)));
  CHECK(restore(to, target, store.clock()).error().message.find("store.url") != std::string::npos);
}

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
