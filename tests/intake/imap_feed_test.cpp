#include "intake/imap_feed.hpp"

#include "intake/fake_imap.hpp"
#include "intake/following.hpp"
#include "support/promptly.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <numeric>

namespace patchmill::intake {
namespace {

using test::FakeImap;
using test::Following;
using test::milliseconds;
using test::simple_mail;
using test::soon;
using test::TestStore;

ImapAccount account() {
  ImapAccount account;
  account.server.host = "imap.example.org";
  account.user = "ada";
  account.secret.env = "PATCHMILL_TEST_SECRET";
  account.interval = milliseconds(30);
  ::setenv("PATCHMILL_TEST_SECRET", "pass word", 1);
  return account;
}

std::unique_ptr<Feed> feed(FakeImap& server, const ImapAccount& as = account()) {
  return follow_imap(as, "Lists/ltp", server.opener());
}

bool is_waiting(const Follower& follower) {
  return follower.health().state == SourceState::waiting;
}

std::string id(int number) {
  return "mail-" + std::to_string(number) + "@example.org";
}

TEST_CASE("intake::follow_imap: takes what is there, then what arrives, on each engine") {
  test::on_each_engine([](TestStore& store) {
    FakeImap server;
    Following f(store);
    for (int i = 0; i < 250; ++i) {
      server.deliver(simple_mail(i));
    }
    SUBCASE("by IDLE") {}
    SUBCASE("by asking") {
      server.capabilities = "IMAP4rev1";
    }
    SUBCASE("without UIDNEXT") {
      server.tells_uid_next = false;
    }
    SUBCASE("between other answers") {
      server.unsolicited = true;
    }
    SUBCASE("in no order") {
      server.backwards = true;
    }
    auto follower = f.follow(feed(server));
    REQUIRE(f.reaches(250));
    CHECK(f.raw(id(249)) == simple_mail(249));  // with line ends as in a file
    for (int i = 250; i < 255; ++i) {
      server.deliver(simple_mail(i));
      REQUIRE(f.reaches(static_cast<std::size_t>(i) + 1));
    }
    REQUIRE(soon([&] { return is_waiting(*follower); }));
    CHECK(follower->health().duplicates == 0);
    CHECK(follower->health().error.empty());
    CHECK(test::time_to_stop(follower) < patchmill::test::k_promptly);
    CHECK(server.connections == 1);
    CHECK(server.seen.empty());
    CHECK_FALSE(server.was_said("SELECT"));
    CHECK_FALSE(server.was_said("STORE"));
    CHECK(server.was_said("EXAMINE \"Lists/ltp\""));

    // Another process goes on where this one ended.
    server.deliver(simple_mail(300));
    follower = f.follow(feed(server));
    REQUIRE(f.reaches(256));
    CHECK(follower->health().duplicates == 0);
  });
}

TEST_CASE("intake::follow_imap: marks as read only what is stored, and only when told to") {
  TestStore store(store::Engine::sqlite);
  FakeImap server;
  Following f(store);
  server.deliver(simple_mail(1));
  auto as = account();
  as.mark_seen = true;
  auto follower = f.follow(feed(server, as));
  REQUIRE(f.reaches(1));
  server.deliver(simple_mail(2));
  REQUIRE(f.reaches(2));
  CHECK(soon([&] {
    const std::lock_guard lock(server.mutex);
    return server.seen == std::set<std::uint32_t>{1, 2};
  }));
  CHECK(server.was_said("SELECT \"Lists/ltp\""));
}

TEST_CASE("intake::follow_imap: a change of UIDVALIDITY reads all again and stores nothing twice") {
  TestStore store(store::Engine::sqlite);
  FakeImap server;
  Following f(store);
  for (int i = 0; i < 10; ++i) {
    server.deliver(simple_mail(i));
  }
  auto follower = f.follow(feed(server));
  REQUIRE(f.reaches(10));
  REQUIRE(soon([&] { return is_waiting(*follower); }));
  follower.reset();
  SUBCASE("told") {
    {
      const std::lock_guard lock(server.mutex);
      server.mails.erase(3);
    }
    server.renumber(8);
    server.deliver(simple_mail(100));
  }
  SUBCASE("not told: the numbers went back") {
    {
      const std::lock_guard lock(server.mutex);
      for (std::uint32_t uid = 4; uid <= 10; ++uid) {
        server.mails.erase(uid);
      }
      server.uid_next = 4;
    }
    server.deliver(simple_mail(100));
  }
  follower = f.follow(feed(server));
  REQUIRE(f.reaches(11));
  REQUIRE(soon([&] { return is_waiting(*follower); }));
  CHECK(follower->health().mails == 1);
  server.deliver(simple_mail(101));
  REQUIRE(f.reaches(12));
}

TEST_CASE("intake::follow_imap: cut after any byte, it loses nothing and takes nothing twice") {
  FakeImap model;
  const auto fill = [](FakeImap& server) {
    for (int i = 0; i < 4; ++i) {
      server.deliver(simple_mail(i));
    }
    server.uid_next = 900;  // numbers have gaps
    server.deliver(simple_mail(4));
  };
  fill(model);
  {
    TestStore store(store::Engine::sqlite);
    Following f(store);
    auto follower = f.follow(feed(model));
    REQUIRE(f.reaches(5));
    REQUIRE(soon([&] { return is_waiting(*follower); }));
  }
  REQUIRE(model.bytes_sent > 1000);
  // One store for all: each server is another account.
  TestStore store(store::Engine::sqlite);
  Following f(store);
  int runs = 0;
  for (std::size_t cut = 0; cut <= model.bytes_sent; cut += 9) {
    store.database().execute_script("DELETE FROM messages; DELETE FROM message_ids");
    FakeImap server;
    fill(server);
    server.cut_connection = 0;
    server.cut_after = cut;
    auto as = account();
    as.user = "user" + std::to_string(cut);
    auto follower = f.follow(feed(server, as));
    REQUIRE_MESSAGE(f.reaches(5), "cut after ", cut, ": ", follower->health().error);
    REQUIRE(soon([&] { return is_waiting(*follower); }));
    CHECK_MESSAGE(follower->health().duplicates == 0, "cut after ", cut);
    CHECK(follower->health().mails == 5);
    ++runs;
  }
  MESSAGE(runs, " places to cut");
}

TEST_CASE("intake::follow_imap: recovers from any line being nonsense") {
  const std::vector<std::string> nonsense = {
      "\r\n",
      "*\r\n",
      "* \r\n",
      "+ more?\r\n",
      "* BYE enough\r\n",
      "p1 OK\r\n",
      "p99 OK too early\r\n",
      "* 1 FETCH (UID 1 BODY[] {99999999999999}\r\n",
      "* 1 FETCH (UID 1 BODY[] {3}\r\nab",
      "* 1 FETCH (UID 1 BODY[] \"\r\n",
      "* SEARCH 4294967295 4294967296 -1 0 99999999999999999999\r\n",
      "* OK [UIDVALIDITY 99999999999] x\r\n",
      "* 18446744073709551616 EXISTS\r\n",
      std::string("\0\0\0\xff\xfe\r\n", 7),
      "* 1 FETCH " + std::string(10000, '(') + "\r\n",
      "HTTP/1.1 400 Bad Request\r\n",
      "",
  };
  TestStore store(store::Engine::sqlite);
  Following f(store);
  for (std::size_t n = 0; n < nonsense.size(); ++n) {
    // 12: the line that announces the first mail.
    for (std::size_t line = 0; line <= 12; ++line) {
      store.database().execute_script("DELETE FROM messages; DELETE FROM message_ids");
      FakeImap server;
      server.deliver(simple_mail(1));
      server.deliver(simple_mail(2));
      server.replacement = {line, nonsense[n]};
      auto as = account();
      as.user = fmt::format("user-{}-{}", n, line);
      as.idle_renewal = milliseconds(30);  // a result that got lost is asked for again
      auto follower = f.follow(feed(server, as));
      const bool all = soon([&] { return f.count() == 2; }, std::chrono::seconds(5));
      CHECK_MESSAGE(all, "nonsense ", n, " in line ", line, ": ", follower->health().error);
    }
  }
}

TEST_CASE("intake::follow_imap: a mail that the server cannot give does not stop the rest") {
  TestStore store(store::Engine::sqlite);
  FakeImap server;
  Following f(store);
  for (int i = 1; i <= 6; ++i) {
    server.deliver(simple_mail(i));
  }
  server.broken = {3};
  auto follower = f.follow(feed(server));
  REQUIRE(f.reaches(5));
  REQUIRE(soon([&] { return is_waiting(*follower); }));
  server.deliver(simple_mail(7));
  REQUIRE(f.reaches(6));
  CHECK(server.connections >= 3);  // it was asked for several times
}

TEST_CASE("intake::follow_imap: logs in as told, and says what is wrong") {
  TestStore store(store::Engine::sqlite);
  FakeImap server;
  Following f(store);
  server.deliver(simple_mail(1));
  auto as = account();
  std::string error;
  SUBCASE("PLAIN with the first command") {
    server.expected_auth = "AUTHENTICATE PLAIN AGFkYQBwYXNzIHdvcmQ=";
  }
  SUBCASE("PLAIN in two steps") {
    server.capabilities = "IMAP4rev1 AUTH=PLAIN";
    server.hook = [&server, step = std::string()](
                      const std::string& tag,
                      const std::string& command) mutable -> std::optional<std::string> {
      if (command == "AUTHENTICATE PLAIN") {
        step = tag;
        return "+ \r\n";
      }
      return tag == "AGFkYQBwYXNzIHdvcmQ=" ? std::optional(step + " OK in\r\n") : std::nullopt;
    };
  }
  SUBCASE("LOGIN") {
    server.capabilities = "IMAP4rev1";
    server.expected_auth = R"(LOGIN "ada" "pass word")";
  }
  SUBCASE("XOAUTH2") {
    as.auth = ImapAuth::xoauth2;
    ::setenv("PATCHMILL_TEST_SECRET", "ya29.token", 1);
    server.expected_auth = "AUTHENTICATE XOAUTH2 dXNlcj1hZGEBYXV0aD1CZWFyZXIgeWEyOS50b2tlbgEB";
  }
  SUBCASE("known already") {
    server.greeting = "* PREAUTH [CAPABILITY IMAP4rev1] hello\r\n";
    server.expected_auth = "nothing will do";
  }
  SUBCASE("a wrong password") {
    server.expected_auth = "something else";
    error = "check user, password and auth";
  }
  SUBCASE("an old token, with the reason in between") {
    as.auth = ImapAuth::xoauth2;
    server.hook = [step = std::string()](
                      const std::string& tag,
                      const std::string& command) mutable -> std::optional<std::string> {
      if (command.starts_with("AUTHENTICATE")) {
        step = tag;
        return "+ eyJzdGF0dXMiOiI0MDEifQ==\r\n";
      }
      return tag.empty() ? std::optional(step + " NO [AUTHENTICATIONFAILED] expired\r\n")
                         : std::nullopt;
    };
    error = "renew the token";
  }
  SUBCASE("no secret") {
    ::unsetenv("PATCHMILL_TEST_SECRET");
    error = "the environment variable PATCHMILL_TEST_SECRET with the secret is not set";
  }
  SUBCASE("no passwords without TLS") {
    server.capabilities = "IMAP4rev1 LOGINDISABLED";
    error = "use security: tls or starttls";
  }
  SUBCASE("no such folder") {
    server.hook = [](const std::string& tag,
                     const std::string& command) -> std::optional<std::string> {
      return command.starts_with("EXAMINE")
                 ? std::optional(tag + " NO [NONEXISTENT] \x1b[31mno\r\n")
                 : std::nullopt;
    };
    error = "check its name";
  }
  SUBCASE("no IMAP server") {
    server.greeting = "SSH-2.0-OpenSSH\r\n";
    error = "IMAP";
  }
  auto follower = f.follow(feed(server, as));
  if (error.empty()) {
    CHECK(f.reaches(1));
    return;
  }
  REQUIRE(soon([&] { return follower->health().state == SourceState::failing; }));
  const auto health = follower->health();
  CHECK_MESSAGE(health.error.find(error) != std::string::npos, health.error);
  CHECK(health.error.find("imaps://imap.example.org") != std::string::npos);
  CHECK(health.error.find("pass word") == std::string::npos);
  CHECK(health.error.find('\x1b') == std::string::npos);
  CHECK(health.next_attempt.has_value());
  CHECK(f.count() == 0);
  CHECK(test::time_to_stop(follower) < patchmill::test::k_promptly);
}

TEST_CASE("intake::follow_imap: a refused login is one attempt and one message, not a loop") {
  TestStore store(store::Engine::sqlite);
  FakeImap server;
  Following f(store);
  server.deliver(simple_mail(1));
  server.expected_auth = "something else";
  FollowOptions options;
  options.name = "test";
  options.backoff = {milliseconds(1), std::chrono::minutes(5), milliseconds(50)};
  Follower follower(feed(server), f.writer, f.parsers, f.clock, options);
  REQUIRE(soon([&] { return follower.health().state == SourceState::failing; }));
  std::this_thread::sleep_for(milliseconds(300));
  CHECK(server.connections == 1);
  const auto health = follower.health();
  CHECK(health.failures == 1);
  REQUIRE(health.next_attempt.has_value());
  CHECK(*health.next_attempt - f.clock.now() > std::chrono::minutes(3));
  // Somebody mends it and does not want to wait.
  {
    const std::lock_guard lock(server.mutex);
    server.expected_auth.clear();
  }
  follower.wake();
  CHECK(f.reaches(1));
  CHECK(soon([&] { return follower.health().error.empty(); }));
}

TEST_CASE("intake::follow_imap: IDLE is asked for anew, and mails in between are seen") {
  TestStore store(store::Engine::sqlite);
  FakeImap server;
  Following f(store);
  auto as = account();
  as.idle_renewal = milliseconds(40);
  auto follower = f.follow(feed(server, as));
  const auto idles = [&] {
    const auto said = server.said();
    return std::count_if(said.begin(), said.end(),
                         [](const auto& line) { return line.ends_with(" IDLE"); });
  };
  REQUIRE(soon([&] { return idles() >= 3; }));
  // Arrives while the answer to the search is under way: EXISTS comes with that answer.
  server.hook = [&, done = false](
                    const std::string& tag,
                    const std::string& command) mutable -> std::optional<std::string> {
    if (command.starts_with("UID SEARCH") && !done) {
      done = true;
      server.mails[server.uid_next++] = simple_mail(1);
      return fmt::format("* SEARCH\r\n* {} EXISTS\r\n{} OK done\r\n", server.mails.size(), tag);
    }
    return std::nullopt;
  };
  REQUIRE(f.reaches(1));
}

}  // namespace
}  // namespace patchmill::intake
