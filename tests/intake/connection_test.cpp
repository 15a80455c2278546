#include "intake/connection.hpp"

#include "intake/following.hpp"
#include "intake/http_get.hpp"
#include "intake/imap_feed.hpp"
#include "intake/inbox_feed.hpp"
#include "intake/live_intake.hpp"
#include "intake/tcp_listener.hpp"
#include "support/promptly.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <mutex>

namespace patchmill::intake {
namespace {

using test::Following;
using test::milliseconds;
using test::soon;
using test::TcpListener;
using test::TestStore;

Endpoint endpoint(unsigned port, Security security = Security::plain) {
  Endpoint endpoint;
  endpoint.host = "127.0.0.1";
  endpoint.port = port;
  endpoint.security = security;
  endpoint.io_timeout = milliseconds(300);
  return endpoint;
}

TEST_CASE("intake::Connection: carries bytes both ways, and notices the end") {
  const std::string big(3u << 20, 'x');
  TcpListener server([&](TcpListener::Peer& peer) {
    peer.read_until("begin\r\n");
    peer.write(big + "\nhello\r\n");
    peer.read_until(big + "!");
    peer.write("got it\n");
  });
  Waiter waiter;
  auto stream = Connection::open(endpoint(server.port()), waiter);
  REQUIRE(stream);
  REQUIRE((*stream)->write("begin\r\n"));
  StreamReader reader(**stream);
  CHECK((reader.bytes(big.size() + 1, 10).value() == std::string(10, 'x')));
  CHECK(reader.line(100).value() == "hello");
  REQUIRE((*stream)->write(big + "!"));
  CHECK((*stream)->wait(std::chrono::seconds(10)) == Waiter::Woken::ready);
  CHECK(reader.line(100).value() == "got it");
  const auto end = reader.line(100);
  REQUIRE_FALSE(end);
  CHECK(end.error().message == "the server closed the connection");
}

TEST_CASE("intake::Connection: what does not answer is given up, and stopping is at once") {
  TcpListener silent([](TcpListener::Peer& peer) { peer.read_until("never"); });
  Waiter waiter;
  SUBCASE("silence after connecting") {
    auto stream = Connection::open(endpoint(silent.port()), waiter);
    REQUIRE(stream);
    char byte = 0;
    const auto read = (*stream)->read(&byte, 1);
    REQUIRE_FALSE(read);
    CHECK(read.error().message.find("did not answer") != std::string::npos);
  }
  SUBCASE("silence instead of TLS") {
    auto to = endpoint(silent.port(), Security::tls);
    to.connect_timeout = milliseconds(300);
    const auto stream = Connection::open(to, waiter);
    REQUIRE_FALSE(stream);
    CHECK(stream.error().message.find("cannot connect to 127.0.0.1 port") == 0);
  }
  SUBCASE("nobody there") {
    const auto stream = Connection::open(endpoint(1), waiter);
    REQUIRE_FALSE(stream);
    CHECK(stream.error().message.find("check host, port and security") != std::string::npos);
  }
  SUBCASE("nobody who even refuses") {
    const test::BlackHole hole;
    auto to = endpoint(hole.port());
    to.connect_timeout = milliseconds(300);
    const auto stream = Connection::open(to, waiter);
    REQUIRE_FALSE(stream);
    CHECK(stream.error().message.find("cannot connect to 127.0.0.1 port") == 0);
    for (const auto security : {Security::plain, Security::tls, Security::starttls}) {
      Waiter stopped;
      std::thread stopper([&] {
        std::this_thread::sleep_for(milliseconds(200));
        stopped.stop();
      });
      to.security = security;
      to.connect_timeout = std::chrono::seconds(60);
      const auto start = std::chrono::steady_clock::now();
      CHECK_FALSE(Connection::open(to, stopped).has_value());
      CHECK(std::chrono::steady_clock::now() - start < patchmill::test::k_promptly);
      stopper.join();
    }
  }
  SUBCASE("no such name") {
    auto to = endpoint(143);
    to.host = "nowhere.invalid";
    to.connect_timeout = std::chrono::seconds(60);
    std::thread stopper([&] {
      std::this_thread::sleep_for(milliseconds(300));
      waiter.stop();
    });
    const auto start = std::chrono::steady_clock::now();
    CHECK_FALSE(Connection::open(to, waiter).has_value());
    CHECK(std::chrono::steady_clock::now() - start < patchmill::test::k_promptly);
    stopper.join();
  }
  SUBCASE("stopped while reading and while connecting") {
    std::thread stopper([&] {
      std::this_thread::sleep_for(milliseconds(200));
      waiter.stop();
    });
    auto to = endpoint(silent.port());
    to.io_timeout = std::chrono::minutes(5);
    const auto start = std::chrono::steady_clock::now();
    auto stream = Connection::open(to, waiter);
    REQUIRE(stream);
    char byte = 0;
    CHECK_FALSE((*stream)->read(&byte, 1).has_value());
    to.security = Security::tls;
    CHECK_FALSE(Connection::open(to, waiter).has_value());
    CHECK(std::chrono::steady_clock::now() - start < patchmill::test::k_promptly);
    stopper.join();
  }
}

TEST_CASE("intake::StreamReader: bounds lines, and gives up on drops") {
  TcpListener server([](TcpListener::Peer& peer) {
    while (peer.write("x") && peer.pause(milliseconds(20))) {
    }
  });
  Waiter waiter;
  auto stream = Connection::open(endpoint(server.port()), waiter);
  REQUIRE(stream);
  SUBCASE("a line without end") {
    StreamReader reader(**stream);
    const auto line = reader.line(10);
    REQUIRE_FALSE(line);
    CHECK(line.error().kind == ErrorKind::limit);
  }
  SUBCASE("a line in drops") {
    StreamReader reader(**stream, milliseconds(400));
    const auto line = reader.line(1u << 20);
    REQUIRE_FALSE(line);
    CHECK(line.error().message.find("too slowly") != std::string::npos);
  }
  SUBCASE("an article in drops") {
    StreamReader reader(**stream, milliseconds(400));
    const auto text = reader.dotted(1u << 20);
    REQUIRE_FALSE(text);
    CHECK(text.error().message.find("too slowly") != std::string::npos);
  }
}

TEST_CASE("intake::follow_imap: a tarpit is one source's trouble, shown and tried again") {
  TcpListener tarpit([](TcpListener::Peer& peer) {
    while (peer.write("*") && peer.pause(milliseconds(50))) {
    }
  });
  TestStore store(store::Engine::sqlite);
  Following f(store);
  ImapAccount account;
  account.server = endpoint(tarpit.port());
  account.server.io_timeout = std::chrono::seconds(5);
  account.user = "ada";
  account.secret.env = "HOME";
  auto follower = f.follow(follow_imap(account, "INBOX"));
  std::this_thread::sleep_for(milliseconds(300));
  CHECK(test::time_to_stop(follower) < patchmill::test::k_promptly);
}

TEST_CASE("intake::follow_inbox_url: stops at once, wherever the server leaves it waiting") {
  TestStore store(store::Engine::sqlite);
  Following f(store);
  std::atomic<int> asked = 0;
  std::string hang_at;
  SUBCASE("at the manifest") {
    hang_at = "manifest.js.gz";
  }
  SUBCASE("at the question of git what there is") {
    hang_at = "info/refs";
  }
  TcpListener server([&](TcpListener::Peer& peer) {
    const auto request = peer.read_until("\r\n\r\n");
    if (request.find(hang_at) != std::string::npos) {
      ++asked;
      peer.read_until("never");
    }
    peer.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  auto follower = f.follow(follow_inbox_url(
      store.folder() / "mirrors", fmt::format("http://127.0.0.1:{}/demo", server.port()), {}));
  REQUIRE(soon([&] { return asked > 0; }));
  std::this_thread::sleep_for(milliseconds(100));
  CHECK(test::time_to_stop(follower) < patchmill::test::k_promptly);
}

TEST_CASE("intake::LiveIntake: stops at once, though nobody answers any of its sources") {
  TestStore store(store::Engine::sqlite);
  Following f(store);
  const test::BlackHole hole;
  const TcpListener silent([](TcpListener::Peer& peer) { peer.read_until("never"); });
  std::vector<SourceSpec> specs;
  for (const unsigned port : {hole.port(), silent.port()}) {
    ImapSpec imap;
    imap.account.server = {"127.0.0.1", port, Security::plain, {}, {}};
    imap.account.user = "x";
    imap.account.secret.env = "HOME";
    specs.push_back({fmt::format("imap {}", port), {}, imap});
    NntpSpec nntp;
    nntp.account.server = imap.account.server;
    nntp.groups = {"a"};
    specs.push_back({fmt::format("nntp {}", port), {}, nntp});
    specs.push_back({fmt::format("inbox {}", port),
                     {},
                     PlaceSpec{fmt::format("http://127.0.0.1:{}/demo", port), {}, {}, {}}});
  }
  auto live = std::make_unique<LiveIntake>(f.writer, f.clock, store.folder() / "mirrors", 2);
  live->follow(specs);
  std::this_thread::sleep_for(milliseconds(300));
  CHECK(live->health().size() == specs.size());
  const auto start = std::chrono::steady_clock::now();
  specs.erase(specs.begin());
  live->follow(specs);  // one of them is taken away, the others are left alone
  CHECK(std::chrono::steady_clock::now() - start < patchmill::test::k_promptly);
  CHECK(live->health().size() == specs.size());
  CHECK(test::time_to_stop(live) < patchmill::test::k_promptly);
}

TEST_CASE("intake::http_get: asks with what it knows, and bounds what it gets") {
  std::mutex mutex;
  std::string head;
  std::string answer;
  TcpListener server([&](TcpListener::Peer& peer) {
    const auto request = peer.read_until("\r\n\r\n");
    const std::lock_guard lock(mutex);
    head = request;
    peer.write(answer);
  });
  Waiter waiter;
  HttpQuestion question;
  question.url = fmt::format("http://user:secret@127.0.0.1:{}/demo/manifest.js.gz", server.port());
  const auto ask = [&](std::string text) {
    {
      const std::lock_guard lock(mutex);
      answer = std::move(text);
    }
    return http_get(question, waiter);
  };
  auto got =
      ask("HTTP/1.1 200 OK\r\nETag: \"1\"\r\nLast-Modified: then\r\nContent-Length: 3\r\n\r\nabc");
  REQUIRE(got);
  CHECK(got->status == 200);
  CHECK(got->body == "abc");
  CHECK(got->etag == "\"1\"");
  question.etag = got->etag;
  question.last_modified = got->last_modified;
  got = ask("HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n");
  REQUIRE(got);
  CHECK(got->status == 304);
  CHECK(head.find("If-None-Match: \"1\"\r\n") != std::string::npos);
  CHECK(head.find("If-Modified-Since: then\r\n") != std::string::npos);
  got = ask("HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
  REQUIRE(got);
  CHECK(got->retry_after == std::chrono::seconds(7));
  question.longest = 10;
  got = ask("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n01234567890");
  REQUIRE_FALSE(got);
  CHECK(got.error().kind == ErrorKind::limit);
  got = ask("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n");
  REQUIRE_FALSE(got);
  CHECK(got.error().message.find("secret") == std::string::npos);
  CHECK_FALSE(ask("nonsense").has_value());
}

TEST_CASE("intake::follow_inbox_url: an idle look is one request, and only changes are fetched") {
  const char* git_backend = "/usr/lib/git-core/git-http-backend";
  if (::access(git_backend, X_OK) != 0) {
    MESSAGE("skipped: no ", git_backend);
    return;
  }
  TestStore store(store::Engine::sqlite);
  Following f(store);
  const auto inbox = store.folder() / "srv" / "demo";
  test::InboxMaker zero(inbox / "git" / "0.git");
  zero.add(test::simple_mail(1));
  zero.finish();
  test::InboxMaker one(inbox / "git" / "1.git");
  one.add(test::simple_mail(2));
  one.finish();
  std::mutex mutex;
  std::vector<std::string> requests;
  std::string etag = "\"a\"";
  std::map<int, std::string> prints = {{0, "p0"}, {1, "p1"}};
  std::atomic<int> status = 200;
  const auto serve_git = [&](TcpListener::Peer& peer, const std::string& request) {
    const auto line = request.substr(0, request.find("\r\n"));
    const auto words = split(line, ' ');
    const std::string target(words.size() > 1 ? words[1] : "/");
    const auto query = target.find('?');
    Command command;
    command.argv = {git_backend};
    command.env = {{"GIT_PROJECT_ROOT", (store.folder() / "srv").string()},
                   {"GIT_HTTP_EXPORT_ALL", "1"},
                   {"REQUEST_METHOD", std::string(words.front())},
                   {"PATH_INFO", target.substr(0, query)},
                   {"QUERY_STRING", query == std::string::npos ? "" : target.substr(query + 1)},
                   {"REMOTE_ADDR", "127.0.0.1"},
                   {"GIT_CONFIG_COUNT", "1"},
                   {"GIT_CONFIG_KEY_0", "safe.directory"},
                   {"GIT_CONFIG_VALUE_0", "*"}};
    const auto header = [&](std::string_view name) {
      const auto at = to_lower(request).find(fmt::format("\r\n{}: ", name));
      const auto begin = at + name.size() + 4;
      return at == std::string::npos ? std::string()
                                     : request.substr(begin, request.find("\r\n", begin) - begin);
    };
    command.env["CONTENT_TYPE"] = header("content-type");
    command.env["HTTP_GIT_PROTOCOL"] = header("git-protocol");
    command.env["HTTP_CONTENT_ENCODING"] = header("content-encoding");
    const auto length = parse_uint(header("content-length")).value_or(0);
    command.env["CONTENT_LENGTH"] = std::to_string(length);
    command.input = request.substr(request.find("\r\n\r\n") + 4);
    while (command.input.size() < length) {
      const auto more = peer.read_some();
      if (more.empty()) {
        break;
      }
      command.input += more;
    }
    const auto done = SystemProcessRunner().run(command);
    const auto out = done ? done->out : std::string();
    const auto told = out.find("Status: ");
    peer.write("HTTP/1.1 " + (told == 0 ? out.substr(8, out.find('\r') - 8) : "200 OK") +
               "\r\nConnection: close\r\n" + out);
  };
  TcpListener server([&](TcpListener::Peer& peer) {
    const auto request = peer.read_until("\r\n\r\n");
    const auto target = request.substr(0, request.find("\r\n"));
    std::string answer;
    {
      const std::lock_guard lock(mutex);
      requests.push_back(target);
      if (target.find("manifest.js.gz") != std::string::npos) {
        if (status != 200) {
          answer = fmt::format("HTTP/1.1 {} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                               status.load());
        } else if (request.find("If-None-Match: " + etag) != std::string::npos) {
          answer = "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n";
        } else {
          std::string json = "{";
          for (const auto& [epoch, print] : prints) {
            json += fmt::format(R"({}"/demo/git/{}.git":{{"fingerprint":"{}"}})",
                                json.size() > 1 ? "," : "", epoch, print);
          }
          Command zip;
          zip.argv = {"gzip", "-c"};
          zip.input = json + "}";
          const auto body = SystemProcessRunner().run(zip).value().out;
          answer = fmt::format(
              "HTTP/1.1 200 OK\r\nETag: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
              etag, body.size(), body);
        }
      }
    }
    if (answer.empty()) {
      serve_git(peer, request);
    } else {
      peer.write(answer);
    }
  });
  const auto count = [&](std::string_view part) {
    const std::lock_guard lock(mutex);
    return std::count_if(requests.begin(), requests.end(), [&](const auto& request) {
      return request.find(part) != std::string::npos;
    });
  };
  InboxUrlOptions options;
  options.interval = milliseconds(30);
  auto follower = f.follow(follow_inbox_url(
      store.folder() / "mirrors", fmt::format("http://127.0.0.1:{}/demo", server.port()), options));
  REQUIRE_MESSAGE(f.reaches(2), follower->health().error);
  REQUIRE(soon([&] { return follower->health().state == SourceState::waiting; }));
  {
    const std::lock_guard lock(mutex);
    requests.clear();
  }
  REQUIRE(soon([&] { return count("manifest") >= 5; }));
  CHECK(count("git/") == 0);

  one.add(test::simple_mail(3));
  one.finish();
  {
    const std::lock_guard lock(mutex);
    prints[1] = "p1 changed";
    etag = "\"b\"";
  }
  REQUIRE(f.reaches(3));
  CHECK(count("git/1.git") > 0);
  CHECK(count("git/0.git") == 0);

  test::InboxMaker two(inbox / "git" / "2.git");
  two.add(test::simple_mail(4));
  two.finish();
  {
    const std::lock_guard lock(mutex);
    prints[2] = "p2";
    etag = "\"c\"";
  }
  REQUIRE(f.reaches(4));

  // One epoch that is announced and cannot be fetched is complained about, and holds nobody up.
  two.add(test::simple_mail(5));
  two.finish();
  {
    const std::lock_guard lock(mutex);
    prints[2] = "p2 changed";
    prints[3] = "p3";
    etag = "\"d\"";
  }
  REQUIRE(f.reaches(5));
  CHECK(soon([&] { return follower->health().error.find("3.git") != std::string::npos; }));
  status = 503;
  CHECK(soon([&] { return follower->health().error.find("status 503") != std::string::npos; }));
  CHECK(follower->health().state == SourceState::failing);
  status = 200;
  test::InboxMaker three(inbox / "git" / "3.git");
  three.add(test::simple_mail(6));
  three.finish();
  REQUIRE(f.reaches(6));
  CHECK(soon([&] { return follower->health().error.empty(); }));
  CHECK(follower->health().duplicates == 0);
}

}  // namespace
}  // namespace patchmill::intake
