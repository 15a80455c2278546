#include "intake/follower.hpp"

#include "intake/following.hpp"
#include "intake/live_intake.hpp"
#include "intake/maildir_feed.hpp"
#include "store/cursors.hpp"
#include "support/promptly.hpp"
#include "util/cancel.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <fstream>

namespace patchmill::intake {
namespace {

namespace fs = std::filesystem;
using test::Following;
using test::milliseconds;
using test::simple_mail;
using test::soon;
using test::TestStore;

// What a feed in a test does; shared with the test.
struct Script {
  std::atomic<int> there = 0;  // mails
  std::atomic<bool> fails = false;
  std::atomic<bool> throws = false;
  std::atomic<bool> hangs = false;  // in open(), until stopped
  std::atomic<int> looks = 0;
  std::atomic<int> resets = 0;
};

class ScriptSource final : public Source {
 public:
  explicit ScriptSource(int there) : m_there(there) {}
  std::string name() const override { return "a script"; }
  Result<void> resume(Positions& positions) override {
    m_next = std::stoi(positions.cursor("script").value_or("0"));
    return {};
  }
  Result<std::optional<std::string>> next() override {
    return m_next < m_there ? std::optional(simple_mail(m_next++)) : std::nullopt;
  }
  std::function<void(store::Database&)> checkpoint() override {
    return [at = m_next](store::Database& database) {
      store::set_cursor(database, "script", std::to_string(at));
    };
  }
  SourceProgress progress() const override {
    return {static_cast<std::uint64_t>(m_next), static_cast<std::uint64_t>(m_there)};
  }

 private:
  int m_there;
  int m_next = 0;
};

class ScriptFeed final : public Feed {
 public:
  explicit ScriptFeed(Script& script) : m_script(script) {}
  std::string place() const override { return "script"; }
  Result<std::vector<std::unique_ptr<Source>>> open(Positions&, Waiter& waiter) override {
    ++m_script.looks;
    if (m_script.hangs) {
      while (waiter.wait(std::chrono::hours(1)) != Waiter::Woken::stopped) {
      }
    }
    if (m_script.throws) {
      throw std::runtime_error("a mistake");
    }
    if (m_script.fails) {
      return fail(ErrorKind::infrastructure, "\x1b[31mthe place is closed; open it");
    }
    std::vector<std::unique_ptr<Source>> sources;
    sources.push_back(std::make_unique<ScriptSource>(m_script.there));
    return sources;
  }
  Result<void> wait(Waiter& waiter) override {
    waiter.wait(milliseconds(20));
    return {};
  }
  void reset() override { ++m_script.resets; }

 private:
  Script& m_script;
};

TEST_CASE("intake::Follower: shows how its source does, and recovers") {
  TestStore store(store::Engine::sqlite);
  Following f(store);
  Script script;
  script.fails = true;
  auto follower = f.follow(std::make_unique<ScriptFeed>(script));
  REQUIRE(soon([&] { return follower->health().failures >= 3; }));
  auto health = follower->health();
  CHECK(health.name == "test");
  CHECK(health.place == "script");
  CHECK(health.state == SourceState::failing);
  CHECK(health.error == "\\x1b[31mthe place is closed; open it");
  CHECK(health.error_since.has_value());
  CHECK(health.next_attempt > health.error_since);
  CHECK_FALSE(health.last_success.has_value());
  CHECK(script.resets >= 2);
  script.there = 3;
  script.fails = false;
  REQUIRE(f.reaches(3));
  REQUIRE(soon([&] { return follower->health().state == SourceState::waiting; }));
  health = follower->health();
  CHECK(health.error.empty());
  CHECK(health.failures == 0);
  CHECK(health.mails == 3);
  CHECK_FALSE(health.error_since.has_value());
  CHECK_FALSE(health.next_attempt.has_value());
  script.throws = true;
  REQUIRE(soon([&] { return follower->health().state == SourceState::failing; }));
  CHECK(follower->health().error.find("a mistake") != std::string::npos);
  script.throws = false;
  script.there = 4;
  REQUIRE(f.reaches(4));
}

TEST_CASE("intake::Follower: stops at once, whatever it does") {
  TestStore store(store::Engine::sqlite);
  Following f(store);
  Script script;
  SUBCASE("waiting for mails") {}
  SUBCASE("hanging") {
    script.hangs = true;
  }
  SUBCASE("failing") {
    script.fails = true;
  }
  auto follower = f.follow(std::make_unique<ScriptFeed>(script));
  REQUIRE(soon([&] { return script.looks > 0; }));
  CHECK(test::time_to_stop(follower) < patchmill::test::k_promptly);
}

TEST_CASE("intake::Follower: keeps what the store does not take, and stores it later") {
  TestStore store(store::Engine::sqlite);
  std::atomic<bool> broken = false;
  std::atomic<int> refusals = 0;
  SystemClock clock;
  ThreadPool parsers(1);
  MailWriter writer(
      [&]() -> std::unique_ptr<store::Database> {
        if (broken) {
          ++refusals;
          throw store::DatabaseError("the disk is full");
        }
        return store::Database::open(store.url());
      },
      store.blobs(), clock);
  Script script;
  script.there = 5;
  FollowOptions options;
  options.name = "test";
  options.backoff = test::quick_backoff();
  broken = true;
  Follower follower(std::make_unique<ScriptFeed>(script), writer, parsers, clock, options);
  REQUIRE(soon([&] { return refusals > 3; }));
  const auto health = follower.health();
  CHECK(health.state == SourceState::failing);
  CHECK(health.error.find("the disk is full") != std::string::npos);
  broken = false;
  const auto count = [&] {
    return store.database().value<std::int64_t>("SELECT COUNT(*) FROM messages");
  };
  CHECK(soon([&] { return count() == 5; }));
  CHECK(soon([&] { return follower.health().error.empty(); }));
  CHECK(follower.health().duplicates == 0);

  // Away in the middle, while mails come: the connection breaks with the next transaction.
  try {
    writer.run([](store::Database&) { throw store::DatabaseError("cut"); });
  } catch (const store::DatabaseError&) {
    broken = true;
  }
  script.there = 9;
  const auto before = refusals.load();
  REQUIRE(soon([&] { return refusals > before + 2; }));
  broken = false;
  CHECK(soon([&] { return count() == 9; }));
  CHECK(follower.health().duplicates == 0);
}

TEST_CASE("intake::Follower: a mail that the store refuses for ever does not stop the others") {
  TestStore store(store::Engine::sqlite);
  store.database().execute_script(
      "CREATE TRIGGER poison BEFORE INSERT ON messages WHEN NEW.subject = 'question 2' "
      "BEGIN SELECT RAISE(ABORT, 'poison'); END");
  Following f(store);
  Script script;
  script.there = 5;
  auto follower = f.follow(std::make_unique<ScriptFeed>(script));
  REQUIRE(f.reaches(4));
  REQUIRE(soon([&] { return follower->health().state == SourceState::waiting; }));
  script.there = 6;
  REQUIRE(f.reaches(5));
}

TEST_CASE("intake::MailWriter: what breaks is told to whoever asked, and the next one is served") {
  test::on_each_engine([](TestStore& store) {
    Following f(store);
    CHECK_THROWS_AS(f.writer.run([](store::Database& database) { database.exec("NONSENSE"); }),
                    store::DatabaseError);
    CHECK_THROWS_AS(f.writer.run([](store::Database&) { throw std::logic_error("x"); }),
                    std::logic_error);
    f.writer.run([](store::Database& database) { store::set_cursor(database, "a", "1"); });
    CHECK(f.writer.cursor("a") == "1");
    std::vector<std::string> names = {"x", "y"};
    f.writer.run([&](store::Database& database) { store::add_read_names(database, "m", names); });
    names = {"z", "y", "w"};
    CHECK(f.writer.unread("m", names) == std::vector<std::string>{"z", "w"});
    f.writer.forget_names("m", names);
    CHECK(f.writer.read_names("m") == std::vector<std::string>{"x"});
  });
}

TEST_CASE("intake::LiveIntake: one broken source does not stop another, and all can be exchanged") {
  TestStore store(store::Engine::sqlite);
  Following f(store);
  const auto maildir = [&](const char* name) {
    for (const auto* sub : {"new", "cur", "tmp"}) {
      fs::create_directories(store.folder() / name / sub);
    }
    return (store.folder() / name).string();
  };
  const auto deliver = [&](const char* name, int number) {
    test::write(store.folder() / name / "tmp" / std::to_string(number), simple_mail(number));
    fs::rename(store.folder() / name / "tmp" / std::to_string(number),
               store.folder() / name / "new" / std::to_string(number));
  };
  const auto spec = [&](std::string name, std::string place) {
    SourceSpec source;
    source.name = std::move(name);
    source.kind = PlaceSpec{std::move(place), {}, {}, {}};
    CHECK(check_source(source).empty());
    return source;
  };
  auto live = std::make_unique<LiveIntake>(f.writer, f.clock, store.folder() / "mirrors", 2);
  SourceSpec imap;
  imap.name = "mail";
  ImapSpec kind;
  kind.account.server = {"127.0.0.1", 1, Security::plain, {}, {}};
  kind.account.user = "x";
  kind.account.secret.env = "HOME";
  kind.folders = {"A", "B"};
  imap.kind = kind;
  CHECK(check_source(imap).empty());
  const auto broken = spec("broken", (store.folder() / "nowhere" / "list").string());
  live->follow({spec("one", maildir("one")), broken, imap});
  deliver("one", 1);
  REQUIRE(f.reaches(1));
  REQUIRE(soon([&] {
    const auto all = live->health();
    return all.size() == 4 && all[0].state == SourceState::failing &&
           all[1].state == SourceState::failing && all[2].state == SourceState::failing &&
           all[3].state == SourceState::waiting;
  }));
  const auto all = live->health();
  CHECK(all[0].name == "broken");
  CHECK(all[1].name == "mail/A");
  CHECK(all[1].error.find("127.0.0.1 port 1") != std::string::npos);
  CHECK(all[3].name == "one");

  live->follow({spec("one", maildir("one")), spec("two", maildir("two"))});
  CHECK(live->health().size() == 2);
  CHECK(live->health()[0].mails == 1);  // was not disturbed
  deliver("two", 2);
  deliver("one", 3);
  REQUIRE(f.reaches(3));
  auto moved = spec("one", maildir("three"));
  moved.list_id = "moved.example.org";
  live->follow({moved});
  deliver("three", 4);
  deliver("one", 5);  // nobody looks
  REQUIRE(f.reaches(4));
  CHECK(live->wake("one"));
  CHECK(live->wake());
  CHECK_FALSE(live->wake("two"));
  std::this_thread::sleep_for(milliseconds(100));
  CHECK(f.count() == 4);
  CHECK(test::time_to_stop(live) < patchmill::test::k_promptly);
}

TEST_CASE("intake::check_source: names what is wrong") {
  const auto faults = [](auto kind) {
    SourceSpec spec;
    spec.name = "mail";
    spec.kind = kind;
    std::string text;
    for (const auto& error : check_source(spec)) {
      text += error.message + "\n";
    }
    return text;
  };
  ImapSpec imap;
  imap.account.server.host = "a b";
  imap.folders = {"A", "A", "\xff"};
  imap.account.idle_renewal = std::chrono::hours(1);
  const auto text = faults(imap);
  CHECK(text.find("source \"mail\" has no usable host") != std::string::npos);
  CHECK(text.find("port") != std::string::npos);
  CHECK(text.find("needs user and password") != std::string::npos);
  CHECK(text.find("twice") != std::string::npos);
  CHECK(text.find("UTF-8") != std::string::npos);
  CHECK(text.find("29 minutes") != std::string::npos);
  NntpSpec nntp;
  nntp.account.server = {"news.example.org", 119, Security::starttls, {}, {}};
  CHECK(faults(nntp).find("use tls or plain") != std::string::npos);
  CHECK(faults(nntp).find("names no group") != std::string::npos);
  CHECK(faults(PlaceSpec{"ext::sh -c x://y", {}, {}, {}}).find("transport helpers") !=
        std::string::npos);
  CHECK(faults(PlaceSpec{"https://lore.kernel.org/ltp", {}, {}, {}}).empty());
}

TEST_CASE("intake::Backoff: doubles to its cap, with chance, and forgets only what really worked") {
  using namespace std::chrono_literals;
  Backoff backoff({1000ms, 60s, 30s}, 1);
  Backoff::Time now{};
  milliseconds wanted = 1000ms;
  for (int i = 0; i < 12; ++i) {
    const auto wait = backoff.failed(now);
    CHECK(wait <= wanted);
    CHECK(wait >= wanted * 3 / 4);
    wanted = std::min<milliseconds>(wanted * 2, 60s);
    now += wait;
  }
  CHECK(backoff.failures() == 12);
  backoff.succeeded(now);
  CHECK(backoff.failed(now + 1s) >= 45s);  // worked for a second
  backoff.succeeded(now + 2s);
  CHECK(backoff.failed(now + 40s) <= 1000ms);  // worked for longer than the recovery
  CHECK(backoff.failed_for_long(now + 41s) >= 45s);
}

TEST_CASE("intake::Waiter: wakes for what it should, and stays stopped") {
  using Woken = Waiter::Woken;
  Waiter waiter;
  CHECK(waiter.wait(milliseconds(5)) == Woken::timeout);
  CHECK(waiter.wait(milliseconds(-5)) == Woken::timeout);
  waiter.wake();
  CHECK(waiter.wait_on(milliseconds(5), {}) == Woken::timeout);
  CHECK(waiter.wait(std::chrono::hours(1)) == Woken::asked);
  CHECK(waiter.wait(milliseconds(5)) == Woken::timeout);
  std::thread other([&] {
    std::this_thread::sleep_for(milliseconds(20));
    waiter.stop();
  });
  CHECK(waiter.wait(std::chrono::hours(1)) == Woken::stopped);
  other.join();
  CHECK(waiter.wait(std::chrono::hours(1)) == Woken::stopped);
  CHECK(waiter.stopped());
}

TEST_CASE("CancelScope: ends processes that its thread waits for") {
  Waiter waiter;
  std::thread other([&] {
    std::this_thread::sleep_for(milliseconds(50));
    waiter.stop();
  });
  const CancelScope scope(waiter.stop_fd());
  const auto start = std::chrono::steady_clock::now();
  Command command;
  command.argv = {"sleep", "60"};
  const auto done = SystemProcessRunner().run(command);
  REQUIRE(done);
  CHECK(done->cancelled);
  CHECK_FALSE(done->ok());
  CHECK_FALSE(done->timed_out);
  auto child = ChildProcess::start(command);
  REQUIRE(child);
  const auto line = (*child)->read_line();
  REQUIRE_FALSE(line);
  CHECK(line.error().message.find("called off") != std::string::npos);
  CHECK(std::chrono::steady_clock::now() - start < patchmill::test::k_promptly);
  other.join();
  {
    const CancelScope inner(-1);
    command.argv = {"true"};
    CHECK(SystemProcessRunner().run(command)->ok());
  }
}

}  // namespace
}  // namespace patchmill::intake
