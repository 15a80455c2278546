#include "intake/nntp_feed.hpp"

#include "intake/fake_server.hpp"
#include "intake/following.hpp"
#include "intake/test_servers.hpp"
#include "support/promptly.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <set>

namespace patchmill::intake {
namespace {

using test::Following;
using test::milliseconds;
using test::simple_mail;
using test::soon;
using test::TestStore;

// A news server in memory (RFC 3977), with mistakes when told to.
struct FakeNews : test::FakeServer {
  std::map<std::uint64_t, std::string> articles;
  std::uint64_t next = 1;
  std::uint64_t low = 1;
  std::set<std::string> unknown;                 // commands that are answered by 500
  std::map<std::uint64_t, std::string> answers;  // to ARTICLE, instead of the article
  bool needs_login = false;
  bool needs_mode = false;

  void post(const std::string& mail) {
    const std::lock_guard lock(mutex);
    articles[next++] = mail;
  }
  OpenStream opener();
};

std::string message_id_of(const std::string& mail) {
  const auto begin = mail.find("Message-ID: ") + 12;
  return mail.substr(begin, mail.find('\n', begin) - begin);
}

class FakeNewsStream final : public test::FakeStream {
 public:
  FakeNewsStream(FakeNews& server, Waiter& waiter) : FakeStream(server, waiter), m_server(server) {
    const std::lock_guard lock(m_server.mutex);
    say("200 ready\r\n");
  }
  Waiter::Woken wait(milliseconds at_most) override { return m_waiter.wait(at_most); }

 private:
  void say(const std::string& text) { say_one(text); }
  void handle(const std::string& line) override {
    m_server.commands.push_back(line);
    const auto words = split(line, ' ');
    const std::string command(words.front());
    if (m_server.unknown.contains(command)) {
      say("500 what?\r\n");
    } else if (command == "CAPABILITIES") {
      say(m_server.needs_mode && !m_reader
              ? "101 list\r\nVERSION 2\r\nMODE-READER\r\n.\r\n"
              : "101 list\r\nVERSION 2\r\nREADER\r\nOVER MSGID\r\nAUTHINFO USER\r\n.\r\n");
    } else if (command == "MODE") {
      m_reader = true;
      say("201 no posting\r\n");
    } else if (command == "AUTHINFO") {
      if (words[1] == "USER") {
        say("381 and?\r\n");
      } else {
        m_known = words[2] == "pass-word";
        say(m_known ? "281 welcome\r\n" : "481 no\r\n");
      }
    } else if (m_server.needs_login && !m_known) {
      say("480 who are you?\r\n");
    } else if (command == "GROUP") {
      say(words[1] != "org.example.demo"
              ? "411 no such group\r\n"
              : fmt::format("211 {} {} {} org.example.demo\r\n", m_server.articles.size(),
                            m_server.low, m_server.next - 1));
    } else if (command == "OVER" || command == "XOVER") {
      const auto dash = words[1].find('-');
      const auto first = parse_uint(words[1].substr(0, dash)).value();
      const auto last = parse_uint(words[1].substr(dash + 1)).value();
      std::string lines;
      for (const auto& [number, mail] : m_server.articles) {
        if (number >= first && number <= last) {
          lines +=
              fmt::format("{}\tsubject\tfrom\tdate\t{}\t\t100\t5\r\n", number, message_id_of(mail));
        }
      }
      say(lines.empty() ? "423 none\r\n" : "224 here\r\n" + lines + ".\r\n");
    } else if (command == "STAT") {
      const auto found = m_server.articles.find(parse_uint(words[1]).value());
      say(found == m_server.articles.end()
              ? "423 gone\r\n"
              : fmt::format("223 {} {}\r\n", found->first, message_id_of(found->second)));
    } else if (command == "ARTICLE") {
      article(parse_uint(words[1]).value());
    } else if (command != "QUIT") {
      say("500 what?\r\n");
    }
  }
  void article(std::uint64_t number) {
    if (m_server.answers.contains(number)) {
      say(m_server.answers[number]);
      return;
    }
    const auto found = m_server.articles.find(number);
    if (found == m_server.articles.end()) {
      say("423 gone\r\n");
      return;
    }
    std::string wire;
    for (const auto line : split_lines(found->second)) {
      wire += (line.starts_with('.') ? "." : "") + std::string(line) + "\r\n";
    }
    say(fmt::format("220 {} {}\r\n{}.\r\n", number, message_id_of(found->second), wire));
  }

  FakeNews& m_server;
  bool m_known = false, m_reader = false;
};

OpenStream FakeNews::opener() {
  return [this](Waiter& waiter) -> Result<std::unique_ptr<ByteStream>> {
    return std::make_unique<FakeNewsStream>(*this, waiter);
  };
}

NntpAccount news_account() {
  NntpAccount account;
  account.server.host = "news.example.org";
  account.interval = milliseconds(20);
  return account;
}

std::unique_ptr<Feed> feed(FakeNews& server, const NntpAccount& as = news_account()) {
  return follow_nntp(as, "org.example.demo", server.opener());
}

bool is_idle(const Follower& follower) {
  return follower.health().state == SourceState::waiting;
}

TEST_CASE("intake::follow_nntp: takes what is there, then what is posted, on each engine") {
  test::on_each_engine([](TestStore& store) {
    FakeNews server;
    Following f(store);
    std::size_t there = 620;
    for (int i = 0; i < 620; ++i) {
      server.post(simple_mail(i, ".\n..a dot\nFrom x\n"));
    }
    SUBCASE("OVER") {}
    SUBCASE("XOVER") {
      server.unknown = {"OVER", "CAPABILITIES"};
    }
    SUBCASE("neither") {
      server.unknown = {"OVER", "XOVER"};
    }
    SUBCASE("MODE READER first") {
      server.needs_mode = true;
    }
    SUBCASE("gaps and expired articles") {
      for (std::uint64_t number = 100; number < 300; ++number) {
        server.articles.erase(number);
      }
      server.articles.erase(620);
      there = 419;
      server.next = 90000;
      server.low = 3;
    }
    auto follower = f.follow(feed(server));
    const auto first = server.low;
    REQUIRE(f.reaches(there - static_cast<std::size_t>(first) + 1));
    CHECK((f.raw("mail-50@example.org") == simple_mail(50, ".\n..a dot\nFrom x\n")));
    const auto before = f.count();
    for (int i = 700; i < 703; ++i) {
      server.post(simple_mail(i));
      REQUIRE(f.reaches(before + static_cast<std::size_t>(i) - 699));
    }
    REQUIRE(soon([&] { return is_idle(*follower); }));
    CHECK(follower->health().duplicates == 0);
    CHECK(test::time_to_stop(follower) < patchmill::test::k_promptly);
    CHECK(server.connections == 1);
    server.post(simple_mail(800));
    follower = f.follow(feed(server));
    REQUIRE(f.reaches(before + 4));
    REQUIRE(soon([&] { return is_idle(*follower); }));
    CHECK(follower->health().duplicates == 0);
  });
}

TEST_CASE("intake::follow_nntp: a group that is numbered anew is read again") {
  TestStore store(store::Engine::sqlite);
  FakeNews server;
  Following f(store);
  for (int i = 0; i < 8; ++i) {
    server.post(simple_mail(i));
  }
  auto follower = f.follow(feed(server));
  REQUIRE(f.reaches(8));
  REQUIRE(soon([&] { return is_idle(*follower); }));
  follower.reset();
  SUBCASE("fewer articles") {
    server.articles.clear();
    server.next = 1;
    server.post(simple_mail(5));
  }
  SUBCASE("other articles by the same numbers") {
    server.articles.clear();
    server.next = 1;
    for (int i = 20; i > 0; --i) {
      server.post(simple_mail(i % 8));
    }
  }
  server.post(simple_mail(100));
  follower = f.follow(feed(server));
  REQUIRE(f.reaches(9));
}

TEST_CASE("intake::follow_nntp: cut after any byte, it loses nothing and takes nothing twice") {
  FakeNews model;
  const auto fill = [](FakeNews& server) {
    for (int i = 0; i < 20; ++i) {
      server.post(simple_mail(i));
    }
    server.articles.erase(7);
  };
  fill(model);
  {
    TestStore store(store::Engine::sqlite);
    Following f(store);
    auto follower = f.follow(feed(model));
    REQUIRE(f.reaches(19));
    REQUIRE(soon([&] { return is_idle(*follower); }));
  }
  REQUIRE(model.bytes_sent > 3000);
  TestStore store(store::Engine::sqlite);
  Following f(store);
  for (std::size_t cut = 0; cut <= model.bytes_sent; cut += 31) {
    store.database().execute_script(
        "DELETE FROM messages; DELETE FROM message_ids; DELETE FROM cursors");
    FakeNews server;
    fill(server);
    server.cut_connection = 0;
    server.cut_after = cut;
    auto follower = f.follow(feed(server));
    REQUIRE_MESSAGE(f.reaches(19), "cut after ", cut, ": ", follower->health().error);
    REQUIRE(soon([&] { return is_idle(*follower); }));
    CHECK(follower->health().duplicates == 0);
  }
}

TEST_CASE("intake::follow_nntp: recovers from any answer being nonsense") {
  const std::vector<std::string> nonsense = {
      "\r\n",
      "abc\r\n",
      "999\r\n",
      "400 going down\r\n",
      "2000 x\r\n",
      "-20 x\r\n",
      "211 99999999999999999999 1 99999999999999999999 x\r\n",
      "211 5 1 4611686018427387904 x\r\n",
      "220 1 <x>\r\nno end",
      "224 x\r\n1\r\n99999999999999999999\tx\r\nx\ty\r\n.\r\n",
      std::string(20000, '2') + "\r\n",
      "* OK IMAP4rev1\r\n",
      ""};
  TestStore store(store::Engine::sqlite);
  Following f(store);
  for (std::size_t n = 0; n < nonsense.size(); ++n) {
    for (std::size_t reply = 0; reply < 4; ++reply) {  // greeting, capabilities, group, over
      store.database().execute_script(
          "DELETE FROM messages; DELETE FROM message_ids; DELETE FROM cursors");
      FakeNews server;
      server.post(simple_mail(1));
      server.post(simple_mail(2));
      server.replacement = {reply, nonsense[n]};
      auto follower = f.follow(feed(server));
      const bool all = soon([&] { return f.count() == 2; }, std::chrono::seconds(5));
      CHECK_MESSAGE((all || (reply == 3 && n == 9)), "nonsense ", n, " as reply ", reply, ": ",
                    follower->health().error);
    }
  }
}

TEST_CASE("intake::follow_nntp: an article that cannot be had does not stop the rest") {
  TestStore store(store::Engine::sqlite);
  FakeNews server;
  Following f(store);
  for (int i = 1; i <= 5; ++i) {
    server.post(simple_mail(i));
  }
  server.answers[3] = "403 the spool is broken\r\n";
  auto follower = f.follow(feed(server));
  REQUIRE(f.reaches(4));
  REQUIRE(soon([&] { return is_idle(*follower); }));
  server.post(simple_mail(6));
  REQUIRE(f.reaches(5));
}

TEST_CASE("intake::follow_nntp: logs in, and says what is wrong") {
  TestStore store(store::Engine::sqlite);
  FakeNews server;
  Following f(store);
  server.post(simple_mail(1));
  server.needs_login = true;
  auto as = news_account();
  as.user = "ada";
  as.secret.env = "PATCHMILL_TEST_SECRET";
  ::setenv("PATCHMILL_TEST_SECRET", "pass-word", 1);
  std::string error;
  std::string group = "org.example.demo";
  SUBCASE("right") {}
  SUBCASE("wrong") {
    ::setenv("PATCHMILL_TEST_SECRET", "wrong", 1);
    error = "check user, password";
  }
  SUBCASE("none") {
    as.user.clear();
    error = "give user and password";
  }
  SUBCASE("what would be another command") {
    ::setenv("PATCHMILL_TEST_SECRET", "x\r\nPOST", 1);
    error = "holds no secret";
  }
  SUBCASE("another group") {
    group = "org.example.nothing";
    error = "has no group";
  }
  auto follower = f.follow(follow_nntp(as, group, server.opener()));
  if (error.empty()) {
    CHECK(f.reaches(1));
    return;
  }
  REQUIRE(soon([&] { return follower->health().state == SourceState::failing; }));
  CHECK_MESSAGE(follower->health().error.find(error) != std::string::npos,
                follower->health().error);
}

TEST_CASE("intake::follow_nntp with public-inbox-nntpd: takes what is there and what comes") {
  const auto server = test::public_inbox();
  if (!server) {
    return;
  }
  server->deliver(simple_mail(5001, "text\n.\n..\n"));
  TestStore store(store::Engine::sqlite);
  Following f(store);
  NntpAccount as;
  as.server.host = "127.0.0.1";
  as.server.port = server->port("nntp-port");
  as.server.security = Security::plain;
  as.interval = milliseconds(100);
  auto follower = f.follow(follow_nntp(as, "org.example.demo"));
  REQUIRE_MESSAGE(soon([&] { return f.raw("mail-5001@example.org") != "(not stored)"; }),
                  follower->health().error);
  const auto before = f.count();
  for (int i = 5002; i < 5007; ++i) {
    server->deliver(simple_mail(i, "text\n.\n..\n"));
  }
  REQUIRE(f.reaches(before + 5));
  CHECK(f.raw("mail-5006@example.org").find("\ntext\n.\n..\n") != std::string::npos);
  CHECK(follower->health().duplicates == 0);
  CHECK(test::time_to_stop(follower) < patchmill::test::k_promptly);
}

}  // namespace
}  // namespace patchmill::intake
