#include "service/restore.hpp"

#include "app/run_lock.hpp"
#include "reports/mail_store.hpp"
#include "service/backup_place.hpp"
#include "util/file.hpp"

#include <set>

using namespace patchmill;
using namespace patchmill::test;

namespace {

void flip_a_byte(const fs::path& file) {
  auto content = read_file(file).value();
  REQUIRE_FALSE(content.empty());
  content[content.size() / 2] = static_cast<char>(content[content.size() / 2] ^ 1);
  fs::remove(file);  // never through a hard link
  REQUIRE(write_file_atomic(file, content));
}

// Over what is there, however it is; then the store is as it was.
service::RestoreResult restore_over(Place& place, const fs::path& backup, const Clock& clock,
                                    const std::vector<std::string>& before) {
  auto restored = restore(place, backup, clock, {.force = true});
  REQUIRE_MESSAGE(restored, restored.error().message);
  place.open();
  CHECK(dump(*place.database) == before);
  return *std::move(restored);
}

}  // namespace

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
  service::RestoreOptions options;
  SUBCASE("blob") {
    victim = service::blob_path(target / "blobs", sha256);
    options.verify_only = true;
  }
  SUBCASE("manifest") {
    victim = target / service::k_manifest;
    REQUIRE(write_file_atomic(victim, "{\"format\":1,\"store\":{\"file\":\"../../etc/passwd\"}}"));
  }
  flip_a_byte(victim);
  Place to(store, "to");
  const auto refused = restore(to, target, store.clock(), options);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::invalid);
  CHECK_FALSE(fs::exists(to.root / "store.sqlite"));
  CHECK(*from.blobs.get(sha256) == "some log");
}

TEST_CASE("service::restore_backup: a damaged blob is left out, the rest is restored") {
  test::TestStore store(store::Engine::sqlite, false);
  Place from(store, "from");
  from.open();
  const auto damaged = from.add_node(store.clock(), "some log");
  const auto lost = from.add_node(store.clock(), "another");
  const auto good = from.add_node(store.clock(), "a third");
  const auto target = store.folder() / "backup";
  REQUIRE(back_up(from, target, store.clock()));
  flip_a_byte(service::blob_path(target / "blobs", damaged));
  fs::remove(service::blob_path(target / "blobs", lost));
  Place to(store, "to");
  const auto restored = restore(to, target, store.clock());
  REQUIRE_MESSAGE(restored, restored.error().message);
  CHECK(
      std::set<std::string>(restored->manifest.missing.begin(), restored->manifest.missing.end()) ==
      std::set<std::string>{damaged, lost});
  CHECK(*to.blobs.get(good) == "a third");
  CHECK_FALSE(to.blobs.get(damaged));
  to.open();
  CHECK(dump(*to.database) == dump(*from.database));
}

TEST_CASE("service::restore_backup: a file that is none says so, and not only what tar says") {
  test::TestStore store(store::Engine::sqlite, false);
  Place to(store, "to");
  for (const auto* name : {"junk.tar.zst", "junk.tar.gz", "junk.tar", "junk"}) {
    CAPTURE(name);
    const auto file = store.folder() / name;
    REQUIRE(write_file_atomic(file, "not a backup at all\n"));
    const auto refused = restore(to, file, store.clock());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::invalid);
    CHECK(refused.error().message.starts_with(file.string() +
                                              " is not a backup made by `patchmill backup`: "));
    CHECK(refused.error().message.ends_with("or use another backup"));
  }
  SystemProcessRunner processes;
  Command command;
  command.argv = {"tar", "--create", "--file=other.tar", "junk"};
  command.cwd = store.folder();
  REQUIRE(processes.run(command)->ok());
  const auto refused = restore(to, store.folder() / "other.tar", store.clock());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("it holds other files") != std::string::npos);
  CHECK(restore(to, store.folder() / "none.tar", store.clock()).error().kind ==
        ErrorKind::not_found);
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
        const auto restored = restore_over(from, target, store.clock(), before);
        if (store.engine() == store::Engine::sqlite) {
          const auto aside = store::Database::open(restored.kept_aside.string());
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
  const auto restored = restore_over(from, target, store.clock(), before);
  CHECK(read_file(restored.kept_aside).value() == std::string(8192, 'z'));
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
