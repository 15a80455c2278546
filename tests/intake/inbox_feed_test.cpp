#include "intake/inbox_feed.hpp"

#include "intake/following.hpp"
#include "intake/inbox_manifest.hpp"
#include "intake/test_servers.hpp"
#include "support/promptly.hpp"

#include <doctest/doctest.h>
#include <zlib.h>

namespace patchmill::intake {
namespace {

namespace fs = std::filesystem;
using test::Following;
using test::InboxMaker;
using test::milliseconds;
using test::simple_mail;
using test::soon;
using test::TestStore;

TEST_CASE("intake::follow_inbox_folder: new mails and new epochs, on each engine") {
  test::on_each_engine([](TestStore& store) {
    Following f(store);
    const auto folder = store.folder() / "inbox";
    InboxMaker first(folder / "git" / "0.git");
    first.add(simple_mail(1));
    first.finish();
    auto follower = f.follow(follow_inbox_folder(folder, std::chrono::seconds(60)));
    REQUIRE(f.reaches(1));
    REQUIRE(soon([&] { return follower->health().state == SourceState::waiting; }));
    first.add(simple_mail(2));
    first.finish();
    REQUIRE(f.reaches(2, std::chrono::seconds(5)));
    InboxMaker second(folder / "git" / "1.git");
    second.add(simple_mail(3));
    second.finish();
    REQUIRE(f.reaches(3, std::chrono::seconds(5)));
    second.add(simple_mail(4));
    second.finish();
    REQUIRE(f.reaches(4, std::chrono::seconds(5)));
    CHECK(follower->health().duplicates == 0);
    CHECK(test::time_to_stop(follower) < patchmill::test::k_promptly);
  });
}

TEST_CASE("intake::follow_inbox_folder: gone, broken and there again") {
  TestStore store(store::Engine::sqlite);
  Following f(store);
  const auto folder = store.folder() / "inbox";
  auto follower = f.follow(follow_inbox_folder(folder, milliseconds(50)));
  REQUIRE(soon([&] { return follower->health().state == SourceState::failing; }));
  CHECK(follower->health().error.find("inbox") != std::string::npos);
  InboxMaker inbox(folder / "git" / "0.git");
  inbox.add(simple_mail(1));
  inbox.finish();
  REQUIRE(f.reaches(1));
  fs::rename(folder, store.folder() / "away");
  REQUIRE(soon([&] { return follower->health().state == SourceState::failing; }));
  fs::rename(store.folder() / "away", folder);
  inbox.add(simple_mail(2));
  inbox.finish();
  REQUIRE(f.reaches(2));
}

TEST_CASE(
    "intake::follow_inbox_folder: a mail that is damaged is named, and read when it is mended") {
  TestStore store(store::Engine::sqlite);
  Following f(store);
  const auto folder = store.folder() / "inbox";
  InboxMaker inbox(folder / "git" / "0.git");
  for (int i = 1; i <= 3; ++i) {
    inbox.add(simple_mail(i));
  }
  inbox.finish();
  const auto object = test::object_file(inbox.git_dir(), simple_mail(2));
  const auto away = store.folder() / "object";
  fs::rename(object, away);
  auto follower = f.follow(follow_inbox_folder(folder, milliseconds(20)));
  REQUIRE(f.reaches(2));
  const auto complains = [&] {
    const auto health = follower->health();
    return health.state == SourceState::waiting && health.failures == 0 &&
           health.error.find("0.git: the mail of commit ") != std::string::npos;
  };
  REQUIRE(soon(complains));
  inbox.add(simple_mail(4));  // a reading that leaves it out again
  inbox.finish();
  REQUIRE(f.reaches(3));
  REQUIRE(soon(complains));
  fs::rename(away, object);
  REQUIRE(f.reaches(4));  // though no ref has changed
  CHECK(soon([&] { return follower->health().error.empty(); }));
  CHECK(follower->health().duplicates == 0);
}

TEST_CASE("intake::follow_inbox_url: a file URL is fetched, epoch after epoch") {
  TestStore store(store::Engine::sqlite);
  Following f(store);
  const auto folder = store.folder() / "inbox";
  InboxMaker first(folder / "git" / "0.git");
  first.add(simple_mail(1));
  first.finish();
  InboxUrlOptions options;
  options.interval = milliseconds(100);
  auto follower = f.follow(
      follow_inbox_url(store.folder() / "mirrors", "file://" + folder.string() + "/", options));
  REQUIRE_MESSAGE(f.reaches(1), follower->health().error);
  first.add(simple_mail(2));
  first.finish();
  REQUIRE(f.reaches(2));
  InboxMaker second(folder / "git" / "1.git");
  second.add(simple_mail(3));
  second.finish();
  REQUIRE(f.reaches(3));
  fs::rename(folder, store.folder() / "away");
  REQUIRE(soon([&] { return follower->health().state == SourceState::failing; }));
  fs::rename(store.folder() / "away", folder);
  second.add(simple_mail(4));
  second.finish();
  REQUIRE(f.reaches(4));
  CHECK(follower->health().duplicates == 0);
  CHECK(test::time_to_stop(follower) < patchmill::test::k_promptly);
  // What was fetched and not stored before the end is stored first, without asking anybody.
  store.database().execute_script(
      "DELETE FROM messages; DELETE FROM message_ids; "
      "DELETE FROM cursors");
  fs::remove_all(folder);
  follower = f.follow(
      follow_inbox_url(store.folder() / "mirrors", "file://" + folder.string() + "/", options));
  REQUIRE(f.reaches(4));
  REQUIRE(soon([&] { return follower->health().state == SourceState::failing; }));
}

TEST_CASE("intake::follow_inbox_url with public-inbox-httpd: by its manifest") {
  const auto server = test::public_inbox();
  if (!server) {
    return;
  }
  server->deliver(simple_mail(6001));
  TestStore store(store::Engine::sqlite);
  Following f(store);
  InboxUrlOptions options;
  options.interval = milliseconds(100);
  const auto url = fmt::format("http://127.0.0.1:{}/demo/", server->port("http-port"));
  auto follower = f.follow(follow_inbox_url(store.folder() / "mirrors", url, options));
  REQUIRE_MESSAGE(soon([&] { return f.raw("mail-6001@example.org") != "(not stored)"; }),
                  follower->health().error);
  REQUIRE(soon([&] { return follower->health().state == SourceState::waiting; }));
  const auto before = f.count();
  for (int i = 6002; i < 6005; ++i) {
    server->deliver(simple_mail(i));
    REQUIRE(f.reaches(before + static_cast<std::size_t>(i) - 6001));
  }
  CHECK(follower->health().duplicates == 0);
  CHECK(test::time_to_stop(follower) < patchmill::test::k_promptly);
}

std::string gzip(std::string_view text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST_CASE("intake::read_manifest: the epochs of one inbox") {
  const auto manifest = read_manifest(gzip(R"({
    "/ltp/git/0.git": {"fingerprint": "aa", "modified": 1},
    "/ltp/git/12.git": {"fingerprint": "bb"},
    "/ltp/3": {"modified": 7},
    "/netdev/git/0.git": {"fingerprint": "cc"},
    "/ltp/git/-1.git": {}, "/ltp/git/x.git": {}, "/ltp/git/99999999999.git": {}, "": {}, "/": {},
    "/ltp/git/4.git": "no object"})"),
                                      "ltp");
  REQUIRE(manifest);
  CHECK(*manifest == InboxManifest{{0, "aa"}, {3, R"({"modified":7})"}, {12, "bb"}});
  CHECK(read_manifest(gzip(R"({"/ltp": {"fingerprint": "aa"}})"), "ltp").value() ==
        InboxManifest{{-1, "aa"}});
  for (const auto& bad : {std::string(), std::string("no gzip"), gzip("[]"), gzip("{"), gzip(""),
                          gzip(R"({"/ltp/git/0.git": {}})").substr(0, 20),
                          gzip(std::string(200, '[') + std::string(200, ']'))}) {
    CHECK_FALSE(read_manifest(bad, "ltp").has_value());
  }
  const auto bomb = read_manifest(gzip(std::string(std::size_t{70} << 20, ' ')), "ltp");
  REQUIRE_FALSE(bomb);
  CHECK(bomb.error().kind == ErrorKind::limit);
}

}  // namespace
}  // namespace patchmill::intake
