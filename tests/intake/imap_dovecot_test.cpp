// Following a real Dovecot (script/with-dovecot).

#include "intake/following.hpp"
#include "intake/imap_feed.hpp"
#include "intake/test_servers.hpp"
#include "support/promptly.hpp"

#include <doctest/doctest.h>
#include <signal.h>

#include <array>
#include <fstream>

namespace patchmill::intake {
namespace {

namespace fs = std::filesystem;
using test::Following;
using test::milliseconds;
using test::simple_mail;
using test::soon;
using test::TestStore;

struct DovecotFixture {
  test::ServerFolder server;
  TestStore store{store::Engine::sqlite};
  Following f{store};
  std::string folder;  // a new one for each test
  fs::path maildir;

  explicit DovecotFixture(test::ServerFolder folder_of_server)
      : server(std::move(folder_of_server)) {
    static int count = 0;
    folder = fmt::format("Folder {} \xc3\xa4", ++count);
    maildir = server / fmt::format("mail/ada/.Folder {} &AOQ-", count);
    for (const auto* sub : {"new", "cur", "tmp"}) {
      fs::create_directories(maildir / sub);
    }
    give_away(maildir);
  }
  // Dovecot runs without our rights.
  static void give_away(const fs::path& path) {
    fs::permissions(path, fs::perms::all);
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      if (entry.is_directory()) {
        fs::permissions(entry.path(), fs::perms::all);
      }
    }
  }
  void deliver(const std::string& mail) const {
    static int number = 0;
    const auto name = fmt::format("{}.M{}P1.host", 1700000000 + ++number, number);
    std::ofstream(maildir / "tmp" / name) << mail;
    fs::rename(maildir / "tmp" / name, maildir / "new" / name);
  }
  ImapAccount account(Security security) const {
    ImapAccount account;
    account.server.host = "localhost";
    account.server.security = security;
    account.server.port = server.port(security == Security::tls ? "tls-port" : "port");
    account.server.ca_file = (server / "cert.pem").string();
    account.user = "ada";
    account.secret.file = (store.folder() / "secret").string();
    test::write(account.secret.file, "secret with spaces\n");
    account.interval = milliseconds(200);
    return account;
  }
  std::unique_ptr<Follower> follow(const ImapAccount& account) {
    return f.follow(follow_imap(account, folder));
  }
};

TEST_CASE("intake::follow_imap with Dovecot: every way to connect and to log in") {
  auto server = test::dovecot();
  if (!server) {
    return;
  }
  DovecotFixture x(*server);
  x.deliver(simple_mail(1));
  auto security = Security::plain;
  auto auth = ImapAuth::best;
  SUBCASE("plain, PLAIN") {}
  SUBCASE("plain, LOGIN") {
    auth = ImapAuth::login;
  }
  SUBCASE("TLS") {
    security = Security::tls;
  }
  SUBCASE("TLS, LOGIN") {
    security = Security::tls;
    auth = ImapAuth::login;
  }
  SUBCASE("STARTTLS") {
    security = Security::starttls;
  }
  SUBCASE("STARTTLS, LOGIN") {
    security = Security::starttls;
    auth = ImapAuth::login;
  }
  auto account = x.account(security);
  account.auth = auth;
  auto follower = x.follow(account);
  REQUIRE_MESSAGE(x.f.reaches(1), follower->health().error);
  CHECK((x.f.raw("mail-1@example.org") == simple_mail(1)));
  REQUIRE(soon([&] { return follower->health().state == SourceState::waiting; }));
  const auto start = std::chrono::steady_clock::now();
  x.deliver(simple_mail(2));
  REQUIRE(x.f.reaches(2));
  MESSAGE(
      "delivered to stored by IDLE: ",
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count(),
      " ms");
  CHECK(test::time_to_stop(follower) < patchmill::test::k_promptly);
}

TEST_CASE("intake::follow_imap with Dovecot: nothing is changed there, unless told to") {
  auto server = test::dovecot();
  if (!server) {
    return;
  }
  DovecotFixture x(*server);
  x.deliver(simple_mail(1));
  const auto marked = [&] {
    for (const auto& file : fs::directory_iterator(x.maildir / "cur")) {
      if (file.path().filename().string().find('S', file.path().filename().string().find(':')) !=
          std::string::npos) {
        return true;
      }
    }
    return false;
  };
  auto account = x.account(Security::plain);
  {
    auto follower = x.follow(account);
    REQUIRE(x.f.reaches(1));
    REQUIRE(soon([&] { return follower->health().state == SourceState::waiting; }));
  }
  CHECK_FALSE(marked());
  account.mark_seen = true;
  x.deliver(simple_mail(2));
  auto follower = x.follow(account);
  REQUIRE(x.f.reaches(2));
  CHECK(soon(marked));
}

TEST_CASE("intake::follow_imap with Dovecot: a folder that is numbered anew") {
  auto server = test::dovecot();
  if (!server) {
    return;
  }
  DovecotFixture x(*server);
  for (int i = 0; i < 150; ++i) {
    x.deliver(simple_mail(i));
  }
  const auto account = x.account(Security::plain);
  {
    auto follower = x.follow(account);
    REQUIRE(x.f.reaches(150));
    REQUIRE(soon([&] { return follower->health().state == SourceState::waiting; }));
  }
  const auto cursor = [&] {
    return x.store.database().value<std::string>("SELECT value FROM cursors");
  };
  const auto before = cursor();
  std::this_thread::sleep_for(milliseconds(1100));  // UIDVALIDITY is made of seconds
  for (const auto* file :
       {"dovecot-uidlist", "dovecot.index", "dovecot.index.log", "dovecot.index.cache"}) {
    fs::remove(x.maildir / file);
  }
  x.deliver(simple_mail(1000));
  auto follower = x.follow(account);
  REQUIRE(x.f.reaches(151));
  REQUIRE(soon([&] { return follower->health().state == SourceState::waiting; }));
  CHECK(follower->health().mails == 1);
  CHECK(follower->health().duplicates == 150);
  CHECK(cursor().substr(0, cursor().find(' ')) != before.substr(0, before.find(' ')));
}

TEST_CASE("intake::follow_imap with Dovecot: mails that are deleted meanwhile") {
  auto server = test::dovecot();
  if (!server) {
    return;
  }
  DovecotFixture x(*server);
  for (int i = 1; i <= 5; ++i) {
    x.deliver(simple_mail(i));
  }
  auto follower = x.follow(x.account(Security::plain));
  REQUIRE(x.f.reaches(5));
  REQUIRE(soon([&] { return follower->health().state == SourceState::waiting; }));
  for (int i = 6; i <= 10; ++i) {  // fewer and more in the same moment: numbers move, UIDs do not
    const auto files = fs::directory_iterator(x.maildir / "new");  // EXAMINE leaves them there
    REQUIRE(files != fs::directory_iterator());
    fs::remove(files->path());
    x.deliver(simple_mail(i));
    REQUIRE(x.f.reaches(static_cast<std::size_t>(i)));
  }
  for (const auto* sub : {"cur", "new"}) {
    for (const auto& file : fs::directory_iterator(x.maildir / sub)) {
      fs::remove(file.path());
    }
  }
  std::this_thread::sleep_for(milliseconds(200));
  x.deliver(simple_mail(11));
  REQUIRE(x.f.reaches(11));
  CHECK(follower->health().duplicates == 0);
}

TEST_CASE("intake::follow_imap with Dovecot: a server that is restarted in the middle") {
  auto server = test::dovecot();
  if (!server) {
    return;
  }
  DovecotFixture x(*server);
  x.deliver(simple_mail(0));
  const auto security = std::array{Security::plain, Security::tls, Security::starttls};
  auto follower = x.follow(x.account(security[0]));
  REQUIRE(x.f.reaches(1));
  for (int i = 1; i <= 3; ++i) {
    for (int n = 0; n < 300; ++n) {  // so that it is in the middle of something
      x.deliver(simple_mail(i * 1000 + n));
    }
    const auto pid = parse_uint(trim(read_file(*server / "run/master.pid").value()));
    REQUIRE(pid);
    REQUIRE(::kill(static_cast<pid_t>(*pid), SIGTERM) == 0);
    REQUIRE(soon([&] { return ::kill(static_cast<pid_t>(*pid), 0) != 0; }));
    x.deliver(simple_mail(i));
    REQUIRE_MESSAGE(x.f.reaches(static_cast<std::size_t>(i) * 301 + 1), follower->health().error);
    REQUIRE(soon([&] { return follower->health().state == SourceState::waiting; }));
    CHECK(follower->health().error.empty());
    CHECK(follower->health().duplicates == 0);
    if (i < 3) {
      follower = x.follow(x.account(security[static_cast<std::size_t>(i)]));
    }
  }
}

TEST_CASE("intake::follow_imap with Dovecot: large and odd mails come as they are") {
  auto server = test::dovecot();
  if (!server) {
    return;
  }
  DovecotFixture x(*server);
  const std::string big = simple_mail(1, std::string(3u << 20, 'x') + "\nend\n");
  const std::string odd =
      simple_mail(2, "8 bit: \xe4\xf6\xfc, \x01, a dot:\n.\n..\nFrom here\n)\r\n{12}\n");
  x.deliver(big);
  x.deliver(odd);
  auto follower = x.follow(x.account(Security::tls));
  REQUIRE(x.f.reaches(2));
  CHECK((x.f.raw("mail-1@example.org") == big));
  auto expected = odd;
  expected.replace(expected.find(")\r\n"), 3, ")\n");  // one line end is like the other
  CHECK((x.f.raw("mail-2@example.org") == expected));
}

TEST_CASE("intake::follow_imap with Dovecot: what is wrong is said, and costs nobody else") {
  auto server = test::dovecot();
  if (!server) {
    return;
  }
  DovecotFixture x(*server);
  auto account = x.account(Security::tls);
  std::string error;
  SUBCASE("a certificate that nobody trusts") {
    account.server.ca_file.clear();
    error = "certificate";
  }
  SUBCASE("a certificate for another name") {
    account.server.host = "127.0.0.1";
    error = "127.0.0.1";
  }
  SUBCASE("a wrong password") {
    test::write(account.secret.file, "wrong");
    error = "check user, password and auth";
  }
  SUBCASE("no such folder") {
    x.folder = "Nowhere";
    error = "check its name";
  }
  SUBCASE("TLS to a port without") {
    account.server.port = x.server.port("port");
    error = "cannot connect";
  }
  SUBCASE("no TLS to a port with it") {
    account.server.security = Security::plain;
    account.server.port = x.server.port("tls-port");
    account.server.io_timeout = milliseconds(500);
    error = "did not answer";
  }
  auto follower = x.follow(account);
  REQUIRE(soon([&] { return follower->health().state == SourceState::failing; }));
  CHECK_MESSAGE(follower->health().error.find(error) != std::string::npos,
                follower->health().error);
  CHECK(follower->health().error.find("secret with") == std::string::npos);
  CHECK(test::time_to_stop(follower) < patchmill::test::k_promptly);
}

TEST_CASE(
    "intake::Connection with Dovecot: writing to what the other side has closed is an error") {
  auto server = test::dovecot();
  if (!server) {
    return;
  }
  DovecotFixture x(*server);
  Waiter waiter;
  auto stream = Connection::open(x.account(Security::tls).server, waiter);
  REQUIRE(stream);
  REQUIRE((*stream)->write("a LOGOUT\r\n"));
  std::array<char, 1000> buffer{};
  auto read = (*stream)->read(buffer.data(), buffer.size());
  while (read && *read > 0) {
    read = (*stream)->read(buffer.data(), buffer.size());
  }
  bool failed = false;
  for (int i = 0; i < 50 && !failed; ++i) {
    failed = !(*stream)->write("b NOOP\r\n").has_value();
    std::this_thread::sleep_for(milliseconds(5));
  }
  CHECK(failed);
}

}  // namespace
}  // namespace patchmill::intake
