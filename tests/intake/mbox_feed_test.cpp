#include "intake/mbox_feed.hpp"

#include "intake/following.hpp"
#include "support/promptly.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <fstream>

namespace patchmill::intake {
namespace {

namespace fs = std::filesystem;
using test::as_mbox;
using test::Following;
using test::milliseconds;
using test::simple_mail;
using test::soon;
using test::TestStore;

struct FeedFixture {
  TestStore store{store::Engine::sqlite};
  Following f{store};
  fs::path file = store.folder() / "spool" / "list";
  MboxFeedOptions options;

  FeedFixture() {
    fs::create_directories(file.parent_path());
    options.settle_unfinished = milliseconds(600);
  }
  void append(const std::string& text) const {
    std::ofstream(file, std::ios::app | std::ios::binary) << text;
  }
  void append_mail(int number) const { append(as_mbox({simple_mail(number)})); }
  std::unique_ptr<Follower> follow() { return f.follow(follow_mbox(file, options)); }
};

std::string id_in_mbox(int number) {
  return "mail-" + std::to_string(number) + "@example.org";
}

TEST_CASE("intake::follow_mbox: grows, on each engine") {
  test::on_each_engine([](TestStore& store) {
    Following f(store);
    const auto file = store.folder() / "list";
    test::write(file, as_mbox({simple_mail(1), simple_mail(2)}));
    auto follower = f.follow(follow_mbox(file));
    REQUIRE(f.reaches(2));
    for (int i = 3; i < 7; ++i) {
      std::ofstream(file, std::ios::app) << as_mbox({simple_mail(i)});
      REQUIRE(f.reaches(static_cast<std::size_t>(i)));
      CHECK(f.raw(id_in_mbox(i)) == simple_mail(i));
    }
    REQUIRE(soon([&] { return follower->health().state == SourceState::waiting; }));
    CHECK(follower->health().duplicates == 0);
    CHECK(test::time_to_stop(follower) < patchmill::test::k_promptly);
  });
}

TEST_CASE("intake::follow_mbox: may come later, and go") {
  FeedFixture x;
  auto follower = x.follow();
  REQUIRE(soon([&] { return follower->health().state == SourceState::waiting; }));
  x.append_mail(1);
  REQUIRE(x.f.reaches(1));
  fs::remove(x.file);
  x.append_mail(2);
  REQUIRE(x.f.reaches(2));
  CHECK(follower->health().duplicates == 0);
}

TEST_CASE("intake::follow_mbox: a mail that is being written is not cut") {
  FeedFixture x;
  x.append_mail(1);
  auto follower = x.follow();
  REQUIRE(x.f.reaches(1));
  const auto text = as_mbox({simple_mail(2, "one\n\ntwo\nthree\n")});
  SUBCASE("in small pieces") {
    for (std::size_t at = 0; at < text.size(); at += 20) {
      x.append(text.substr(at, 20));
      std::this_thread::sleep_for(milliseconds(20));
    }
  }
  SUBCASE("with a pause in the middle of a line") {
    x.append(text.substr(0, text.size() - 9));
    std::this_thread::sleep_for(milliseconds(300));
    CHECK(x.f.count() == 1);
    x.append(text.substr(text.size() - 9));
  }
  SUBCASE("with CRLF line ends and a pause between two lines") {
    std::string crlf;
    for (const char c : text) {
      crlf += c == '\n' ? "\r\n" : std::string(1, c);
    }
    const auto cut = crlf.find("\r\n\r\ntwo") + 2;
    x.append(crlf.substr(0, cut));
    std::this_thread::sleep_for(milliseconds(300));
    CHECK(x.f.count() == 1);
    x.append(crlf.substr(cut));
    REQUIRE(x.f.reaches(2));
    CHECK(x.f.raw(id_in_mbox(2)).find("\r\ntwo\r\nthree\r\n") != std::string::npos);
    return;
  }
  SUBCASE("with a pause in its first line") {
    x.append(text.substr(0, 3));
    std::this_thread::sleep_for(milliseconds(300));
    x.append(text.substr(3));
  }
  SUBCASE("after an empty line, under a lock beside the file") {
    const auto lock = fs::path(x.file.string() + ".lock");
    test::write(lock, "");
    const auto cut = text.find("\n\ntwo") + 2;
    x.append(text.substr(0, cut));
    std::this_thread::sleep_for(milliseconds(300));
    CHECK(x.f.count() == 1);
    x.append(text.substr(cut));
    fs::remove(lock);
  }
  SUBCASE("the next mail shows that it is complete") {
    x.append(text + "From mboxrd@z Thu Jan  1 00:00:00 1970\nFrom: half");
    REQUIRE(x.f.reaches(2, milliseconds(400)));
  }
  REQUIRE(x.f.reaches(2));
  CHECK(x.f.raw(id_in_mbox(2)) == simple_mail(2, "one\n\ntwo\nthree\n"));
  CHECK(follower->health().duplicates == 0);
}

TEST_CASE(
    "intake::follow_mbox: half a mail, taken after a long pause, gives way to the whole one") {
  FeedFixture x;
  x.options.settle_unfinished = milliseconds(100);
  x.append_mail(1);
  auto follower = x.follow();
  REQUIRE(x.f.reaches(1));
  const auto text = as_mbox({simple_mail(2, "one\n\ntwo\nthree\n")});
  x.append(text.substr(0, text.size() - 9));
  REQUIRE(x.f.reaches(2));
  x.append(text.substr(text.size() - 9));
  x.append_mail(3);
  REQUIRE(x.f.reaches(3));
  CHECK(soon([&] { return x.f.raw(id_in_mbox(2)) == simple_mail(2, "one\n\ntwo\nthree\n"); }));
}

TEST_CASE("intake::follow_mbox: a file without end does not keep it from stopping") {
  FeedFixture x;
  x.append(simple_mail(1));
  // Larger than can be read in a second, and no room on the disk is needed for it.
  fs::resize_file(x.file, std::uintmax_t{1} << 40);
  auto follower = x.follow();
  REQUIRE(soon([&] { return follower->health().state == SourceState::reading; }));
  std::this_thread::sleep_for(milliseconds(200));
  CHECK(test::time_to_stop(follower) < patchmill::test::k_promptly);
  CHECK(x.f.count() == 0);
}

TEST_CASE("intake::follow_mbox: rotated while it is followed") {
  FeedFixture x;
  x.append_mail(1);
  auto follower = x.follow();
  REQUIRE(x.f.reaches(1));
  REQUIRE(soon([&] { return follower->health().state == SourceState::waiting; }));
  SUBCASE("and the last mails of the old file were not read yet") {
    // Both at once, faster than anybody can look.
    std::ofstream old(x.file, std::ios::app);
    fs::rename(x.file, x.file.string() + ".1");
    old << as_mbox({simple_mail(2)});
    old.close();
    x.append_mail(3);
    REQUIRE(x.f.reaches(3));
  }
  SUBCASE("copied and truncated") {
    x.append_mail(2);
    fs::copy_file(x.file, x.file.string() + ".1");
    fs::resize_file(x.file, 0);
    x.append_mail(3);
    REQUIRE(x.f.reaches(3));
  }
  SUBCASE("replaced by another one in one step") {
    test::write(x.file, as_mbox({simple_mail(2), simple_mail(3)}));
    REQUIRE(x.f.reaches(3));
  }
  SUBCASE("rewritten without the first mail, as mail readers do") {
    x.append_mail(2);
    REQUIRE(x.f.reaches(2));
    test::write(x.file, as_mbox({simple_mail(2)}));
    x.append_mail(3);
    REQUIRE(x.f.reaches(3));
  }
  x.append_mail(4);
  REQUIRE(x.f.reaches(4));
}

TEST_CASE("intake::follow_mbox: rotated while nobody looked") {
  FeedFixture x;
  x.append_mail(1);
  {
    auto follower = x.follow();
    REQUIRE(x.f.reaches(1));
  }
  x.append_mail(2);
  std::string suffix = ".1";
  bool gone = false;
  SUBCASE("by logrotate, and the new file is there") {}
  SUBCASE("by logrotate with dates") {
    suffix = "-20260105";
  }
  SUBCASE("and there is no new file yet") {
    gone = true;
  }
  fs::rename(x.file, x.file.string() + suffix);
  test::write(x.file.string() + ".2.gz", "no mbox");
  if (!gone) {
    x.append_mail(3);
  }
  auto follower = x.follow();
  REQUIRE(x.f.reaches(gone ? 2 : 3));
  CHECK(follower->health().duplicates == 0);
  x.append_mail(4);
  REQUIRE(x.f.reaches(gone ? 3 : 4));
}

TEST_CASE("intake::follow_mbox: what cannot work says so") {
  FeedFixture x;
  SUBCASE("no folder") {
    auto follower = x.f.follow(follow_mbox(x.store.folder() / "none" / "list"));
    REQUIRE(soon([&] { return follower->health().state == SourceState::failing; }));
    CHECK(follower->health().error.find("its folder does not exist") != std::string::npos);
    test::write(x.store.folder() / "none" / "list", as_mbox({simple_mail(1)}));
    CHECK(x.f.reaches(1));
  }
  SUBCASE("a folder") {
    fs::create_directories(x.file);
    auto follower = x.follow();
    REQUIRE(soon([&] { return follower->health().state == SourceState::failing; }));
    CHECK(follower->health().error.find("is not a regular file") != std::string::npos);
  }
}

}  // namespace
}  // namespace patchmill::intake
