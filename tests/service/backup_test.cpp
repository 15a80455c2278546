#include "service/backup.hpp"

#include "pipeline/pauses.hpp"
#include "service/backup_place.hpp"
#include "service/blob_references.hpp"

#include <atomic>
#include <thread>

using namespace patchmill;
using namespace patchmill::test;

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

TEST_CASE("service::make_backup: a blob that is damaged is named, and a good copy of it stays") {
  test::TestStore store(store::Engine::sqlite, false);
  Place from(store, "from");
  from.open();
  const auto damaged = from.add_node(store.clock(), "damaged");
  const auto kept = from.add_node(store.clock(), "kept");
  const auto spoil = [&](const std::string& content) {
    const auto file = *from.blobs.path_of(damaged);
    fs::remove(file);  // never through a hard link
    REQUIRE(write_file_atomic(file, content));
  };
  const auto target = store.folder() / "backup";
  SUBCASE("before the first backup") {
    spoil("daMaged");
    const auto made = back_up(from, target, store.clock());
    REQUIRE_MESSAGE(made, made.error().message);
    CHECK(made->manifest.missing == std::vector<std::string>{damaged});
    CHECK(made->manifest.blobs == 1);
  }
  SUBCASE("after it") {
    REQUIRE(back_up(from, target, store.clock()));
    spoil("");
    const auto made = back_up(from, target, store.clock());
    REQUIRE_MESSAGE(made, made.error().message);
    CHECK(made->manifest.missing.empty());
    CHECK(read_file(service::blob_path(target / "blobs", damaged)).value() == "damaged");
  }
  Place to(store, "to");
  CHECK(restore(to, target, store.clock(), {.verify_only = true}));
  REQUIRE(restore(to, target, store.clock()));
  CHECK(*to.blobs.get(kept) == "kept");
}
