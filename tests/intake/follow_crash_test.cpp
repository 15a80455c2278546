// kill -9 at any instant of following a maildir and an mbox while mails come: each is stored once.

#include "intake/crash_child.hpp"
#include "intake/following.hpp"
#include "intake/live_intake.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <random>

namespace patchmill::intake {
namespace {

namespace fs = std::filesystem;
using test::milliseconds;
using test::patch_mail;
using test::TestStore;

constexpr const char* following_helper =
    "helper of intake/follow_crash_test.cpp: follows until it is killed";

void follow(const std::string& url, const fs::path& folder, std::size_t until) {
  store::BlobStore blobs(folder / "blobs");
  const SystemClock clock;
  MailWriter writer([&] { return store::Database::open(url); }, blobs, clock);
  LiveIntake live(writer, clock, folder / "mirrors", 2);
  SourceSpec maildir{"maildir", {}, PlaceSpec{(folder / "maildir").string(), {}, {}, {}}};
  SourceSpec mbox{"mbox", {}, PlaceSpec{(folder / "mbox").string(), {}, {}, {}}};
  live.follow({maildir, mbox});
  auto database = store::Database::open(url);
  const auto count = [&] {
    return static_cast<std::size_t>(database->value<std::int64_t>("SELECT COUNT(*) FROM messages"));
  };
  CHECK(test::soon([&] { return count() >= until; }, std::chrono::seconds(60)));
}

// Runs in a process of its own.
TEST_CASE("helper of intake/follow_crash_test.cpp: follows until it is killed" * doctest::skip()) {
  if (const auto child = test::become_crash_child()) {
    follow(child->url, child->folder, 1u << 30);
  }
}

TEST_CASE("intake::LiveIntake: killed again and again, it stores each mail once, with its events") {
  test::on_each_engine([](TestStore& store) {
    constexpr int series = 60;
    const auto maildir = store.folder() / "maildir";
    for (const auto* sub : {"new", "cur", "tmp"}) {
      fs::create_directories(maildir / sub);
    }
    // Each mail comes by one of the two, while somebody else is killed.
    std::atomic<bool> stop = false;
    std::atomic<int> delivered = 0;
    std::thread delivery([&] {
      for (int number = 0; number < series * 4 && !stop; ++number) {
        const auto mail = patch_mail(number / 4, number % 4, 3);
        if (number % 3 == 0) {
          std::ofstream(store.folder() / "mbox", std::ios::app) << test::as_mbox({mail});
        } else {
          const auto name = std::to_string(number);
          std::ofstream(maildir / "tmp" / name) << mail;
          fs::rename(maildir / "tmp" / name, maildir / "new" / name);
        }
        ++delivered;
        std::this_thread::sleep_for(milliseconds(5));
      }
    });
    std::mt19937 random(20260105);
    std::uniform_int_distribution<int> delay(20'000, 250'000);
    int killed = 0;
    for (; killed < (store.engine() == store::Engine::sqlite ? 25 : 8); ++killed) {
      const auto done =
          test::run_crash_child(following_helper, store, std::chrono::microseconds(delay(random)));
      REQUIRE_MESSAGE(done.signal == SIGKILL, done.out);
    }
    delivery.join();
    REQUIRE(delivered == series * 4);
    const auto before = store.database().value<std::int64_t>("SELECT COUNT(*) FROM messages");
    follow(store.url(), store.folder(), series * 4);
    auto& database = store.database();
    CHECK(database.value<int>("SELECT COUNT(*) FROM messages") == series * 4);
    CHECK(database.value<int>("SELECT COUNT(*) FROM events WHERE kind IN ('patch-created', "
                              "'cover-created')") == series * 4);
    CHECK(database.value<int>("SELECT COUNT(*) FROM events WHERE kind = 'message-duplicate'") == 0);
    int complete = 0;
    tracker::Queries(database, store.blobs()).each_series([&](const tracker::Series& one) {
      complete += one.patches.size() == 3 && !one.cover_msgid.empty() ? 1 : 0;
    });
    CHECK(complete == series);
    CHECK(database.value<int>("SELECT COUNT(*) FROM series") == series);
    MESSAGE("killed ", killed, " times, ", before, " of ", series * 4, " mails stored until then");
  });
}

}  // namespace
}  // namespace patchmill::intake
