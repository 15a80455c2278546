// kill -9 at any instant of an import: what is stored afterwards, and after going on.

#include "intake/importer.hpp"
#include "intake/mails.hpp"
#include "intake/mbox.hpp"
#include "support/store_fixture.hpp"
#include "tracker/queries.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <thread>

namespace patchmill::intake {
namespace {

using test::patch_mail;
using test::simple_mail;
using test::TestStore;

constexpr const char* helper = "helper of intake/crash_test.cpp: imports until it is killed";

void import_file(const std::string& url, const std::filesystem::path& folder) {
  auto database = store::Database::open(url);
  store::migrate(*database);
  store::BlobStore blobs(folder / "blobs");
  const SystemClock clock;
  ImportOptions options;
  options.batch_mails = 20;
  std::vector<std::unique_ptr<Source>> sources;
  sources.push_back(open_mbox(folder / "list.mbox"));
  Importer(*database, blobs, clock, options).run(sources);
}

// Runs in a process of its own, started by import_killed_after().
TEST_CASE("helper of intake/crash_test.cpp: imports until it is killed" * doctest::skip()) {
  const char* url = std::getenv("PATCHMILL_CRASH_STORE");
  const char* folder = std::getenv("PATCHMILL_CRASH_FOLDER");
  const char* micros = std::getenv("PATCHMILL_CRASH_AFTER");
  if (url == nullptr || folder == nullptr || micros == nullptr) {
    return;
  }
  std::thread([delay = std::chrono::microseconds(std::atoll(micros))] {
    std::this_thread::sleep_for(delay);
    ::kill(::getpid(), SIGKILL);
  }).detach();
  import_file(url, folder);
  std::_Exit(0);
}

// True when it was killed, false when it had finished before.
bool import_killed_after(TestStore& store, std::chrono::microseconds delay) {
  Command command;
  command.argv = {std::filesystem::read_symlink("/proc/self/exe").string(), "--dt-no-skip=true",
                  std::string("--dt-test-case=") + helper};
  command.env = {{"PATCHMILL_CRASH_STORE", store.url()},
                 {"PATCHMILL_CRASH_FOLDER", store.folder().string()},
                 {"PATCHMILL_CRASH_AFTER", std::to_string(delay.count())}};
  const auto done = SystemProcessRunner().run(command);
  REQUIRE(done.has_value());
  REQUIRE_MESSAGE((done->signal == SIGKILL || done->status == 0), done->out);
  return done->signal == SIGKILL;
}

// Everything that matters, without numbers of rows.
std::vector<std::string> dump(TestStore& store) {
  std::vector<std::string> lines;
  auto& db = store.database();
  tracker::Queries queries(db, store.blobs());
  for (const auto& [msgid] : db.rows<std::string>("SELECT msgid FROM message_ids")) {
    const auto message = queries.message(msgid);
    lines.push_back(!message
                        ? "awaited " + msgid
                        : fmt::format("mail {} {} {} {} {}", msgid, to_string(message->kind),
                                      message->reason, message->subject,
                                      std::hash<std::string>{}(queries.raw(message->id).value())));
  }
  queries.each_series([&](const tracker::Series& series) {
    std::string line =
        fmt::format("series {} v{} {}/{} {} {}", series.name, series.version,
                    series.received_total(), series.total, series.cover_msgid, series.superseded);
    for (const auto& patch : series.patches) {
      line += " " + patch.msgid + " " + patch.name;
    }
    lines.push_back(line);
  });
  db.each("SELECT kind, COUNT(*) FROM events WHERE kind NOT LIKE 'series-%' GROUP BY kind",
          [&](const store::Row& row) {
            lines.push_back(fmt::format("events {} {}", row.text(0), row.integer(1)));
          });
  db.each("SELECT value FROM cursors",
          [&](const store::Row& row) { lines.push_back("cursor " + row.get<std::string>(0)); });
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::string make_list() {
  std::vector<std::string> mails;
  for (int i = 0; i < 50; ++i) {
    for (const int number : {2, 0, 3, 1}) {  // out of order on purpose
      mails.push_back(patch_mail(i, number, 3));
    }
    mails.push_back(simple_mail(i));
    mails.push_back(i % 10 == 0 ? "Subject: unusable " + std::to_string(i) + "\n\nx\n"
                                : patch_mail(i, 1, 3));
  }
  mails[100] = simple_mail(1000, std::string(2u << 20, 'x') + "\n");  // becomes a blob
  return test::as_mbox(mails);
}

TEST_CASE("intake::Importer: killed at 50 random instants, it stores what one import does") {
  test::on_each_engine([](TestStore& store) {
    test::write(store.folder() / "list.mbox", make_list());
    TestStore untouched(store.engine());
    test::write(untouched.folder() / "list.mbox", make_list());
    const auto start = std::chrono::steady_clock::now();
    REQUIRE_FALSE(import_killed_after(untouched, std::chrono::minutes(10)));
    const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - start);
    const auto expected = dump(untouched);
    REQUIRE(expected.size() > 250);

    std::mt19937 random(20260105);  // only the delays; the instants are the scheduler's
    // Long enough to get somewhere, short enough that several are needed for one import.
    std::uniform_int_distribution<std::int64_t> delay(0, whole.count() * 2 / 3);
    auto crashed = std::make_unique<TestStore>(store.engine());
    test::write(crashed->folder() / "list.mbox", make_list());
    // Every import is many round trips to a server there, and only the transactions differ.
    const int kills = store.engine() == store::Engine::sqlite ? 50 : 10;
    int killed = 0;
    int finished = 0;
    while (killed < kills) {
      if (import_killed_after(*crashed, std::chrono::microseconds(delay(random)))) {
        ++killed;
        continue;
      }
      ++finished;
      REQUIRE(dump(*crashed) == expected);
      crashed = std::make_unique<TestStore>(store.engine());
      test::write(crashed->folder() / "list.mbox", make_list());
    }
    import_file(crashed->url(), crashed->folder());
    CHECK(dump(*crashed) == expected);
    MESSAGE("killed ", killed, " times, ", finished + 1, " imports compared");
  });
}

}  // namespace
}  // namespace patchmill::intake
