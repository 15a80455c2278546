#include "service/retention.hpp"

#include "patchwork/check_store.hpp"
#include "pipeline/node_store.hpp"
#include "service/backup.hpp"
#include "store/event_log.hpp"
#include "store/outbox.hpp"
#include "support/store_fixture.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

using namespace patchmill;
using service::Retention;
namespace fs = std::filesystem;

namespace {

constexpr std::chrono::hours k_day{24};

struct RetentionPlace {
  explicit RetentionPlace(test::TestStore& the_store)
      : store(the_store), root(the_store.folder() / "data"), blobs(root / "blobs") {
    config.data = root;
    fs::create_directories(root);
    // What is put now is old by the clock of the test only when that is ahead.
    clock.advance(SystemClock().now() - clock.now());
  }
  std::int64_t add_node(std::int64_t series, const std::string& log,
                        const std::string& artifact = "log") {
    pipeline::NodeStore nodes(store.database(), clock);
    pipeline::Node node;
    node.series = series;
    node.name = "build";
    node = nodes.create(node);
    const auto sha256 = blobs.put(log);
    REQUIRE(sha256);
    nodes.finish(node, findings::Verdict::fail, "broken", {},
                 {{artifact, *sha256, static_cast<std::int64_t>(log.size())}});
    return node.id;
  }
  void add_series(std::int64_t number, bool superseded) {
    store.database().exec(
        "INSERT INTO series (number, name, title, version, minor, total, submitter_name, "
        "submitter_email, author, date, head, cover_name, work, superseded, base_commit, "
        "base_branch, change_id, supersedes, list_ids, prefixes, is_rfc, is_resend, "
        "skip_requested, note, revision_note, digest) VALUES (?, 'n', 't', 1, 0, 1, 's', 's', 'a', "
        "0, 1, '', 1, ?, '', '', '', '', '', '', 0, 0, 0, '', '', 0)",
        number, superseded);
  }
  service::PruneResult prune(bool dry_run = false) {
    Retention retention(store.database(), config, clock, processes, dry_run);
    for (int i = 0; i < 10'000; ++i) {
      const auto more = retention.step();
      REQUIRE_MESSAGE(more, more.error().message);
      if (!*more) {
        return retention.result();
      }
    }
    FAIL("never done");
    return {};
  }
  std::size_t artifacts() {
    return static_cast<std::size_t>(
        store.database().value<std::int64_t>("SELECT COUNT(*) FROM node_artifacts"));
  }
  std::size_t files() {
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(root / "blobs")) {
      count += entry.is_regular_file() ? 1u : 0u;
    }
    return count;
  }

  test::TestStore& store;
  fs::path root;
  store::BlobStore blobs;
  app::Config config;
  ManualClock clock;
  SystemProcessRunner processes;
};

}  // namespace

TEST_CASE(
    "service::Retention: logs of superseded series go first, then all old ones; verdicts stay") {
  test::on_each_engine([](test::TestStore& store) {
    RetentionPlace place(store);
    place.add_series(1, true);
    place.add_series(2, false);
    place.add_node(1, "log of the old revision");
    place.add_node(2, "log of the new revision");
    pipeline::NodeStore(store.database(), place.clock)
        .set_verdict(1, {findings::Verdict::fail, "broken", place.clock.now(), "k", 1, {}});
    CHECK(place.prune().artifacts == 0);
    place.clock.advance(31 * k_day);
    CHECK(place.prune(true).artifacts == 1);
    CHECK(place.artifacts() == 2);
    CHECK(place.prune().artifacts == 1);
    CHECK(place.artifacts() == 1);
    place.clock.advance(340 * k_day);
    const auto result = place.prune();
    CHECK(result.artifacts == 1);
    CHECK(result.blobs.removed == 1);  // the other went with the first round
    CHECK(place.files() == 0);
    CHECK(pipeline::NodeStore(store.database(), place.clock).of_series(1).size() == 1);
    CHECK(pipeline::NodeStore(store.database(), place.clock).verdict(1)->reason == "broken");
  });
}

TEST_CASE("service::Retention: what pages need, what runs, and what is to be kept for ever stays") {
  test::on_each_engine([](test::TestStore& store) {
    RetentionPlace place(store);
    place.add_node(1, "{}", "placement.json");
    place.add_node(2, "a log");
    pipeline::NodeStore nodes(store.database(), place.clock);
    pipeline::Node running;
    running.series = 3;
    running.name = "build";
    running = nodes.create(running);
    nodes.start(running);
    store.database().exec(
        "INSERT INTO node_artifacts (node, position, name, sha256, size) VALUES (?, 0, 'log', ?, "
        "1)",
        running.id, std::string(64, 'a'));
    place.clock.advance(1000 * k_day);
    place.config.retention.artifacts = std::chrono::seconds(0);
    place.config.retention.events = std::chrono::seconds(0);
    auto result = place.prune();
    CHECK(result.artifacts == 0);
    CHECK(result.events == 0);
    CHECK(place.artifacts() == 3);
    CHECK(place.files() == 2);
    place.config.retention.artifacts = k_day;
    result = place.prune();
    CHECK(result.artifacts == 1);
    CHECK(place.artifacts() == 2);
  });
}

TEST_CASE("service::Retention: many nodes in pieces") {
  test::on_each_engine([](test::TestStore& store) {
    RetentionPlace place(store);
    store::Transaction transaction(store.database());
    for (int i = 0; i < 1300; ++i) {
      place.add_node(i, "log " + std::to_string(i % 7));
    }
    transaction.commit();
    place.clock.advance(400 * k_day);
    place.add_node(5000, "young");
    CHECK(place.prune().artifacts == 1300);
    CHECK(place.artifacts() == 1);
  });
}

TEST_CASE("service::Retention: old events go from the oldest on; the newest always stays") {
  test::on_each_engine([](test::TestStore& store) {
    RetentionPlace place(store);
    for (int i = 0; i < 12'000; ++i) {
      store::append_event(store.database(), place.clock.now(), "x", {}, {}, "{}");
    }
    place.clock.advance(400 * k_day);
    CHECK(place.prune(true).events == 11'999);
    CHECK(place.prune().events == 11'999);
    store::append_event(store.database(), place.clock.now(), "young", {}, {}, "{}");
    CHECK(place.prune().events == 1);
    const auto left = store::events_after(store.database(), 0, 100);
    REQUIRE(left.size() == 1);
    CHECK(left[0].kind == "young");
    CHECK(left[0].id == 12'001);
  });
}

TEST_CASE(
    "service::Retention: what was posted long ago goes; what guards against a second one not") {
  test::on_each_engine([](test::TestStore& store) {
    RetentionPlace place(store);
    auto& database = store.database();
    const auto add = [&](std::string_view key, bool sent) {
      store::enqueue(database, place.clock.now(), key, key, "{}");
      const auto id = database.value<std::int64_t>("SELECT id FROM outbox WHERE key = ?", key);
      if (sent) {
        store::mark_sent(database, place.clock.now(), id);
      } else {
        store::mark_failed(database, id, "no", std::nullopt);
      }
    };
    add("patchwork-check https://pw/ a", true);
    add("patchwork-check https://pw/ b", false);
    add("patchwork-state https://pw/ a", true);
    add("webhook abc", false);
    add("patchwork-delegate https://pw/ a", true);
    add("mail", true);
    const patchwork::CheckWish wish{"https://pw/", 7, 0, "p", "build", 1, 1, "success", "", "fine"};
    patchwork::CheckStore checks(database, place.clock);
    REQUIRE(checks.want(wish));
    const auto due = checks.claim("https://pw/", "p", "me", std::chrono::minutes(1));
    REQUIRE(due);
    checks.posted(*due);
    const auto rows = [&] { return database.value<std::int64_t>("SELECT COUNT(*) FROM outbox"); };
    CHECK(place.prune().posted == 0);
    place.clock.advance(366 * k_day);
    store::enqueue(database, place.clock.now() - 366 * k_day, "x", "patchwork-check y z", "{}");
    CHECK(place.prune(true).posted == 5);
    CHECK(rows() == 8);
    CHECK(place.prune().posted == 5);
    CHECK(rows() == 3);
    // Its last state is still known.
    CHECK_FALSE(checks.want(wish));
    auto other = wish;
    other.state = "fail";
    CHECK(checks.want(other));
    CHECK(checks.claim("https://pw/", "p", "me", std::chrono::minutes(1)));
  });
}

TEST_CASE(
    "service::Retention: files without reference go after a day of grace, half-written ones too") {
  test::on_each_engine([](test::TestStore& store) {
    RetentionPlace place(store);
    place.add_node(1, "referenced");
    const auto orphan = *place.blobs.put("orphan");
    fs::create_directories(place.root / "blobs/incoming");
    REQUIRE(write_file_atomic(place.root / "blobs/incoming/AbCdEf", "half"));
    REQUIRE(write_file_atomic(place.root / "blobs/ab.tmp-1", "not in a folder of blobs"));
    CHECK(place.prune().blobs.removed == 0);
    place.clock.advance(2 * k_day);
    CHECK(place.prune(true).blobs.removed == 1);
    CHECK(place.blobs.get(orphan));
    const auto result = place.prune();
    CHECK(result.blobs.removed == 1);
    CHECK(result.blobs.bytes_removed == 6);
    CHECK(result.blobs.leftovers == 1);
    CHECK(result.blobs.kept == 1);
    CHECK_FALSE(place.blobs.get(orphan));
  });
}

TEST_CASE("store::sweep_blobs: a blob that is put again in that moment stays") {
  const TempDir folder;
  store::BlobStore blobs(folder.path());
  const store::BlobNames nothing;
  const auto make_old = [](const fs::path& file) {
    const timespec times[2] = {{1000, 0}, {1000, 0}};
    REQUIRE(::utimensat(AT_FDCWD, file.c_str(), times, 0) == 0);
  };
  const auto name = *blobs.put("content");
  make_old(*blobs.path_of(name));
  REQUIRE(blobs.put("content"));  // renews the time
  const auto now = std::chrono::system_clock::now();
  auto swept = store::sweep_blobs(folder.path(), nothing, now, k_day, false);
  CHECK(swept->removed == 0);

  // The very moment, many times: whoever has put it can rely on it.
  int removed = 0, lost = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string content = "content " + std::to_string(i);
    const auto old = *blobs.path_of(*blobs.put(content));
    make_old(old);
    std::atomic<int> ready = 0;
    const auto meet = [&] {
      ++ready;
      while (ready < 2) {
      }
    };
    std::jthread writer([&] {
      meet();
      (void)blobs.put(content);
    });
    meet();
    const auto folder_number =
        static_cast<unsigned>(std::stoul(old.parent_path().filename().string(), nullptr, 16));
    const auto one = store::sweep_blobs(folder.path(), nothing, std::chrono::system_clock::now(),
                                        k_day, false, folder_number, folder_number + 1);
    writer.join();
    removed += one && one->removed > 0 ? 1 : 0;
    lost += fs::exists(old) ? 0 : 1;
  }
  CHECK(lost == 0);
  MESSAGE("removed before it was put again: ", removed, " of 2000");
}

TEST_CASE("service::Retention: warm builds nobody used are emptied, those in use are not") {
  test::TestStore store(store::Engine::sqlite);
  RetentionPlace place(store);
  for (const auto* slot : {"linux.0", "linux.1"}) {
    fs::create_directories(place.root / "source" / slot / "src");
    REQUIRE(write_file_atomic(place.root / "source" / slot / "src" / "a.c", "int x;"));
    REQUIRE(write_file_atomic(place.root / "source" / slot / "lock", ""));
  }
  const auto in_use = LockFile::acquire(place.root / "source/linux.1/lock", false);
  REQUIRE(in_use);
  CHECK(place.prune().builds.empty());
  place.clock.advance(31 * k_day);
  CHECK(place.prune(true).builds.size() == 1);
  CHECK(fs::exists(place.root / "source/linux.0/src/a.c"));
  const auto result = place.prune();
  CHECK(result.builds == std::vector<std::string>{"linux.0"});
  CHECK(result.build_bytes == 6);
  CHECK_FALSE(fs::exists(place.root / "source/linux.0/src"));
  CHECK(fs::exists(place.root / "source/linux.0/lock"));
  CHECK(fs::exists(place.root / "source/linux.1/src/a.c"));
}

TEST_CASE("service::Retention: not while a backup is made") {
  test::TestStore store(store::Engine::sqlite);
  RetentionPlace place(store);
  Retention retention(store.database(), place.config, place.clock, place.processes);
  {
    const auto lock = service::lock_maintenance(place.root);
    REQUIRE(lock);
    CHECK(retention.step().error().kind == ErrorKind::conflict);
  }
  CHECK(retention.step());
}

TEST_CASE("service::DailyRetention: once a day, also over restarts") {
  test::on_each_engine([](test::TestStore& store) {
    RetentionPlace place(store);
    const auto rounds = [&](service::DailyRetention& daily) {
      int steps = 0;
      while (daily.step()) {
        ++steps;
      }
      return steps;
    };
    service::DailyRetention first(store.database(), place.config, place.clock, place.processes);
    CHECK(rounds(first) > 30);
    CHECK(rounds(first) == 0);
    place.clock.advance(std::chrono::hours(23));
    service::DailyRetention second(store.database(), place.config, place.clock, place.processes);
    CHECK(rounds(second) == 0);
    place.clock.advance(std::chrono::hours(1));
    CHECK(rounds(second) > 30);
    // A clock that was years ahead once.
    place.clock.advance(std::chrono::hours(-24 * 365));
    service::DailyRetention third(store.database(), place.config, place.clock, place.processes);
    CHECK(rounds(third) > 30);
    service::DailyRetention fourth(store.database(), place.config, place.clock, place.processes);
    CHECK(rounds(fourth) == 0);
    place.clock.advance(std::chrono::hours(24));
    service::DailyRetention fifth(store.database(), place.config, place.clock, place.processes);
    CHECK(rounds(fifth) > 30);
  });
}
