#include "intake/maildir_feed.hpp"

#include "intake/following.hpp"
#include "support/promptly.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

namespace patchmill::intake {
namespace {

namespace fs = std::filesystem;
using test::Following;
using test::milliseconds;
using test::simple_mail;
using test::soon;
using test::TestStore;

struct Maildir {
  fs::path folder;
  explicit Maildir(fs::path path) : folder(std::move(path)) {
    for (const auto* sub : {"new", "cur", "tmp"}) {
      fs::create_directories(folder / sub);
    }
  }
  // As delivery programs do.
  void deliver(int number) const {
    const auto name = std::to_string(1700000000 + number) + ".M1P1.host";
    std::ofstream(folder / "tmp" / name) << simple_mail(number);
    fs::rename(folder / "tmp" / name, folder / "new" / name);
  }
};

std::string id_in_maildir(int number) {
  return "mail-" + std::to_string(number) + "@example.org";
}

TEST_CASE("intake::follow_maildir: takes what is there, then what is delivered, on each engine") {
  test::on_each_engine([](TestStore& store) {
    Following f(store);
    const Maildir maildir(store.folder() / "m");
    maildir.deliver(1);
    maildir.deliver(2);
    auto follower = f.follow(follow_maildir(maildir.folder));
    REQUIRE(f.reaches(2));
    for (int i = 3; i < 8; ++i) {
      maildir.deliver(i);
      REQUIRE(f.reaches(static_cast<std::size_t>(i)));
    }
    // A mail reader moves and flags them: nothing new.
    for (const auto& file : fs::directory_iterator(maildir.folder / "new")) {
      fs::rename(file.path(), maildir.folder / "cur" / (file.path().filename().string() + ":2,S"));
    }
    maildir.deliver(8);
    REQUIRE(f.reaches(8));
    CHECK(soon([&] { return follower->health().state == SourceState::waiting; }));
    const auto health = follower->health();
    CHECK(health.mails == 8);
    CHECK(health.duplicates == 0);
    CHECK(health.error.empty());
    CHECK(health.last_success.has_value());
    CHECK(health.last_mail.has_value());
    CHECK(health.lag == 0u);
    CHECK(test::time_to_stop(follower) < patchmill::test::k_promptly);
  });
}

TEST_CASE("intake::follow_maildir: a delivered mail is stored with its event in less than 500 ms") {
  TestStore store(store::Engine::sqlite);
  Following f(store);
  const Maildir maildir(store.folder() / "m");
  auto follower = f.follow(follow_maildir(maildir.folder));
  REQUIRE(soon([&] { return follower->health().state == SourceState::waiting; }));
  std::vector<double> times;
  for (int i = 0; i < 20; ++i) {
    const auto start = std::chrono::steady_clock::now();
    maildir.deliver(i);
    REQUIRE(soon([&] {
      return store.database().value<std::int64_t>(
                 "SELECT COUNT(*) FROM events WHERE kind = 'message-received'") == i + 1;
    }));
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
            .count());
  }
  std::sort(times.begin(), times.end());
  MESSAGE("delivered to stored: median ", times[10], " ms, worst ", times.back(), " ms");
  CHECK(times.back() < 500);
}

TEST_CASE("intake::follow_maildir: thousands of files are few transactions") {
  TestStore store(store::Engine::sqlite);
  Following f(store);
  const Maildir maildir(store.folder() / "m");
  auto follower = f.follow(follow_maildir(maildir.folder));
  REQUIRE(soon([&] { return follower->health().state == SourceState::waiting; }));
  const auto version = [&] { return store.database().value<std::int64_t>("PRAGMA data_version"); };
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 3000; ++i) {
    maildir.deliver(i);
  }
  std::int64_t transactions = 0;
  for (auto seen = version(); f.count() < 3000;) {
    const auto now = version();
    transactions += now != seen ? 1 : 0;
    seen = now;
    REQUIRE(std::chrono::steady_clock::now() - start < std::chrono::seconds(60));
  }
  CHECK(f.count() == 3000);
  CHECK(transactions < 100);
}

TEST_CASE("intake::follow_maildir: a file that is written in place is read when it is complete") {
  TestStore store(store::Engine::sqlite);
  Following f(store);
  const Maildir maildir(store.folder() / "m");
  MaildirFeedOptions options;
  options.settle = milliseconds(400);
  auto follower = f.follow(follow_maildir(maildir.folder, options));
  REQUIRE(soon([&] { return follower->health().state == SourceState::waiting; }));
  const auto mail = simple_mail(1, std::string(5000, 'x') + "\n");
  SUBCASE("closed") {
    std::ofstream file(maildir.folder / "new" / "a");
    file << mail.substr(0, 3000) << std::flush;
    std::this_thread::sleep_for(milliseconds(150));
    CHECK(f.count() == 0);
    file << mail.substr(3000) << std::flush;
    file.close();
  }
  SUBCASE("quiet for long enough, and never closed") {
    static std::ofstream file;
    file.open(maildir.folder / "new" / "a");
    file << mail << std::flush;
    std::this_thread::sleep_for(milliseconds(150));
    CHECK(f.count() == 0);
    REQUIRE(f.reaches(1));
    file.close();
  }
  SUBCASE("linked, as some programs do") {
    test::write(maildir.folder / "tmp" / "a", mail);
    fs::create_hard_link(maildir.folder / "tmp" / "a", maildir.folder / "new" / "a");
    REQUIRE(f.reaches(1, milliseconds(300)));
  }
  REQUIRE(f.reaches(1));
  CHECK((f.raw(id_in_maildir(1)) == mail));
}

TEST_CASE("intake::follow_maildir: lost announcements are made up for by looking") {
  TestStore store(store::Engine::sqlite);
  Following f(store);
  const Maildir maildir(store.folder() / "m");
  MaildirFeedOptions options;
  options.settle = milliseconds(50);
  SUBCASE("by the rescan") {
    options.rescan = milliseconds(200);
    auto follower = f.follow(follow_maildir(maildir.folder, options));
    REQUIRE(soon([&] { return follower->health().state == SourceState::waiting; }));
    // A link whose name is announced while the file cannot be read; then it can.
    maildir.deliver(1);
    REQUIRE(f.reaches(1));
    std::this_thread::sleep_for(milliseconds(2500));  // past the granularity of times of change
    maildir.deliver(2);
    REQUIRE(f.reaches(2));
  }
  SUBCASE("when the folders are replaced") {
    auto follower = f.follow(follow_maildir(maildir.folder, options));
    maildir.deliver(1);
    REQUIRE(f.reaches(1));
    fs::rename(maildir.folder, store.folder() / "away");
    REQUIRE(soon([&] { return follower->health().state == SourceState::failing; }));
    CHECK(follower->health().error.find("is no maildir") != std::string::npos);
    CHECK(follower->health().next_attempt.has_value());
    const Maildir again(maildir.folder);
    again.deliver(2);
    REQUIRE(f.reaches(2));
    REQUIRE(soon([&] { return follower->health().state == SourceState::waiting; }));
    CHECK(follower->health().error.empty());
    again.deliver(3);
    REQUIRE(f.reaches(3));
  }
  SUBCASE("when somebody asks") {
    auto follower = f.follow(follow_maildir(maildir.folder, options));
    maildir.deliver(1);
    REQUIRE(f.reaches(1));
    follower->wake();
    maildir.deliver(2);
    REQUIRE(f.reaches(2));
  }
}

TEST_CASE("intake::follow_maildir: a file that cannot be read does not keep others out") {
  TestStore store(store::Engine::sqlite);
  Following f(store);
  const Maildir maildir(store.folder() / "m");
  maildir.deliver(1);
  // Opening a socket fails whoever asks; permissions do not stop root.
  const auto file = maildir.folder / "new" / "0.unreadable";
  const test::BoundSocket socket(file);
  MaildirFeedOptions options;
  options.settle = milliseconds(10);
  options.rescan = milliseconds(300);
  auto follower = f.follow(follow_maildir(maildir.folder, options));
  REQUIRE(f.reaches(1));
  maildir.deliver(2);
  REQUIRE(f.reaches(2));
  const auto complains = [&] {
    const auto health = follower->health();
    return health.state == SourceState::waiting && health.failures == 0 &&
           health.error.find("0.unreadable") != std::string::npos;
  };
  REQUIRE(soon(complains));
  maildir.deliver(3);  // reading that does not mend the other
  REQUIRE(f.reaches(3));
  CHECK(soon(complains));
  std::this_thread::sleep_for(milliseconds(700));  // nor do two rescans
  CHECK(soon(complains));
  fs::remove(file);
  test::write(file, simple_mail(100));
  REQUIRE(f.reaches(4));
  CHECK(soon([&] { return follower->health().error.empty(); }));
}

TEST_CASE("intake::follow_maildir: after a restart nothing is taken twice and nothing is missing") {
  TestStore store(store::Engine::sqlite);
  Following f(store);
  const Maildir maildir(store.folder() / "m");
  MaildirFeedOptions options;
  options.settle = milliseconds(20);
  for (int i = 0; i < 20; ++i) {
    maildir.deliver(i);
    auto follower = f.follow(follow_maildir(maildir.folder, options));
    REQUIRE(f.reaches(static_cast<std::size_t>(i) + 1));
    REQUIRE(soon([&] { return follower->health().state == SourceState::waiting; }));
    CHECK(follower->health().mails == 1);
    CHECK(follower->health().duplicates == 0);
  }
}

}  // namespace
}  // namespace patchmill::intake
