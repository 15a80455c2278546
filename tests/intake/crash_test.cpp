// kill -9 at any instant of an import: what is stored afterwards, and after going on.

#include "intake/crash_child.hpp"
#include "intake/importer.hpp"
#include "intake/maildir.hpp"
#include "intake/mails.hpp"
#include "intake/mbox.hpp"
#include "intake/public_inbox.hpp"
#include "support/store_fixture.hpp"
#include "tracker/queries.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

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

// Every kind of source there is in the folder: each has cursors of its own kind.
void import_folder(const std::string& url, const std::filesystem::path& folder) {
  auto database = store::Database::open(url);
  store::migrate(*database);
  store::BlobStore blobs(folder / "blobs");
  const SystemClock clock;
  ImportOptions options;
  options.batch_mails = 20;
  std::vector<std::unique_ptr<Source>> sources;
  sources.push_back(open_mbox(folder / "list.mbox"));
  sources.push_back(open_maildir(folder / "maildir"));
  sources.push_back(open_inbox_repository(folder / "0.git", "inbox"));
  const auto report = Importer(*database, blobs, clock, options).run(sources);
  for (const auto& problem : report.problems) {
    fmt::print(stderr, "{}\n", problem.message);
  }
  REQUIRE(report.problems.empty());
}

// Runs in a process of its own, started by import_killed_after().
TEST_CASE("helper of intake/crash_test.cpp: imports until it is killed" * doctest::skip()) {
  if (const auto child = test::become_crash_child()) {
    import_folder(child->url, child->folder);
    std::_Exit(0);
  }
}

// True when it was killed, false when it had finished before.
bool import_killed_after(TestStore& store, std::chrono::microseconds delay) {
  const auto done = test::run_crash_child(helper, store, delay);
  REQUIRE_MESSAGE((done.signal == SIGKILL || done.status == 0), done.out);
  return done.signal == SIGKILL;
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
  // Series are told apart by their first mail: numbers depend on what was known when.
  const auto series_name = [&](std::optional<std::int64_t> number) -> std::string {
    const auto other = number ? queries.series(*number) : std::nullopt;
    return !other ? "-" : fmt::format("{} v{}", other->patches.front().msgid, other->version);
  };
  queries.each_series([&](const tracker::Series& series) {
    std::string line =
        fmt::format("series {} v{} {}/{} {} {} revision of {} on {}", series.name, series.version,
                    series.received_total(), series.total, series.cover_msgid, series.superseded,
                    series_name(series.revision_of), join(series.list_ids, ","));
    for (const auto& patch : series.patches) {
      line += fmt::format(" {} {} {}", patch.msgid, patch.name, patch.carried_over);
    }
    for (const auto& needs : series.dependencies) {
      line += fmt::format(" needs {} = {} {}", needs.dependency.target, series_name(needs.series),
                          needs.reason);
    }
    lines.push_back(line);
  });
  db.each("SELECT kind, COUNT(*) FROM events WHERE kind NOT LIKE 'series-%' GROUP BY kind",
          [&](const store::Row& row) {
            lines.push_back(fmt::format("events {} {}", row.text(0), row.integer(1)));
          });
  // The key of an mbox or a maildir holds the folder of the test.
  db.each("SELECT value FROM cursors",
          [&](const store::Row& row) { lines.push_back("cursor " + row.get<std::string>(0)); });
  db.each("SELECT name FROM read_names",
          [&](const store::Row& row) { lines.push_back("read " + row.get<std::string>(0)); });
  std::sort(lines.begin(), lines.end());
  return lines;
}

// Mail `number` of revision `version` of a series of two: its second patch was sent to another
// list, too, and it needs the series before it.
std::string revised_mail(int series, int version, int number) {
  const auto id = fmt::format("rev-{}-v{}", series, version);
  std::string mail = fmt::format(
      "From: B Person <b@example.org>\n"
      "Subject: [PATCH v{1} {2}/2] work {0}: step {2}\n"
      "Date: Tue, 06 Jan 2026 1{1}:{3:02}:{2:02} +0000\n"
      "Message-ID: <{4}-{2}@example.org>\n"
      "List-Id: <{5}.example.org>\n",
      series, version, number, series % 60, id, number == 2 ? "other" : "first");
  if (number > 1) {
    mail += fmt::format("In-Reply-To: <{}-1@example.org>\n", id);
  }
  mail += "\nText.\n";
  if (number == 1 && series > 0) {
    mail += fmt::format("\nDepends-on: <rev-{}-v1-1@example.org>\n", series - 1);
  }
  return mail + fmt::format(
                    "---\ndiff --git a/g{0} b/g{0}\n--- a/g{0}\n+++ b/g{0}\n@@ -{1} +{1} @@\n"
                    "-old\n+new {2}\n",
                    series, number, version);
}

// `size` of everything, spread over an mbox, a maildir and an archive, out of order on purpose and
// with parts of every thread in each.
void write_lists(const std::filesystem::path& folder, int size) {
  std::vector<std::string> mails;
  for (int i = 0; i < size; ++i) {
    for (const int number : {2, 0, 3, 1}) {
      mails.push_back(patch_mail(i, number, 3));
    }
    for (const int version : {2, 1}) {
      mails.push_back(revised_mail(i, version, 2));
      mails.push_back(revised_mail(i, version, 1));
    }
    mails.push_back(simple_mail(i));
    mails.push_back(i % 10 == 0 ? "Subject: unusable " + std::to_string(i) + "\n\nx\n"
                                : patch_mail(i, 1, 3));
  }
  mails[mails.size() / 2] = simple_mail(1000, std::string(2u << 20, 'x') + "\n");  // a blob
  std::vector<std::string> in_mbox;
  test::InboxMaker archive(folder / "0.git");
  for (const auto* sub : {"new", "cur"}) {
    std::filesystem::create_directories(folder / "maildir" / sub);
  }
  for (std::size_t i = 0; i < mails.size(); ++i) {
    switch (i % 3) {
      case 0:
        in_mbox.push_back(mails[i]);
        break;
      case 1:
        test::write(folder / "maildir" / "new" / fmt::format("{:06}", i), mails[i]);
        break;
      default:
        archive.add(mails[i]);
    }
  }
  archive.finish();
  test::write(folder / "list.mbox", test::as_mbox(in_mbox));
}

TEST_CASE("intake::Importer: killed at 50 random instants, it stores what one import does") {
  test::on_each_engine([](TestStore& store) {
    // Every import is many round trips to a server there, and only the transactions differ.
    const int size = store.engine() == store::Engine::sqlite ? 40 : 20;
    TestStore untouched(store.engine());
    write_lists(untouched.folder(), size);
    const auto start = std::chrono::steady_clock::now();
    REQUIRE_FALSE(import_killed_after(untouched, std::chrono::minutes(10)));
    const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - start);
    const auto expected = dump(untouched);
    REQUIRE(expected.size() > static_cast<std::size_t>(size) * 12);
    const auto text = join(expected, "\n");
    for (const auto* part : {"revision of rev-1-v1-1@example.org v1", " needs ", "= rev-1-v",
                             "first.example.org,other.example.org", "read 0000", "unusable 10"}) {
      CAPTURE(part);
      REQUIRE(text.find(part) != std::string::npos);
    }

    std::mt19937 random(20260105);  // only the delays; the instants are the scheduler's
    // Long enough to get somewhere, short enough that several are needed for one import.
    std::uniform_int_distribution<std::int64_t> delay(0, whole.count() * 2 / 3);
    std::unique_ptr<TestStore> crashed;
    const auto renew = [&] {
      crashed = std::make_unique<TestStore>(store.engine());
      write_lists(crashed->folder(), size);
    };
    renew();
    int killed = 0;
    int finished = 0;
    while (killed < 50) {
      if (import_killed_after(*crashed, std::chrono::microseconds(delay(random)))) {
        ++killed;
        continue;
      }
      ++finished;
      REQUIRE(dump(*crashed) == expected);
      renew();
    }
    import_folder(crashed->url(), crashed->folder());
    CHECK(dump(*crashed) == expected);
    MESSAGE("killed ", killed, " times, ", finished + 1, " imports compared");
  });
}

}  // namespace
}  // namespace patchmill::intake
