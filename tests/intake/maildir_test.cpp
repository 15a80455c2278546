#include "intake/maildir.hpp"

#include "intake/mails.hpp"
#include "support/store_fixture.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

namespace patchmill::intake {
namespace {

namespace fs = std::filesystem;
using test::read_all;
using test::simple_mail;
using Mails = std::vector<std::string>;

struct MaildirFixture {
  test::TestStore store{store::Engine::sqlite};
  fs::path folder = store.folder() / "maildir";

  MaildirFixture() {
    for (const auto* sub : {"new", "cur", "tmp"}) {
      fs::create_directories(folder / sub);
    }
  }
  Mails read() {
    auto source = open_maildir(folder);
    return read_all(*source, store.database());
  }
};

TEST_CASE("intake::open_maildir: new and cur by name, each once, whatever its flags") {
  MaildirFixture f;
  test::write(f.folder / "new" / "1700000002.M2P1.host", simple_mail(2));
  test::write(f.folder / "cur" / "1700000001.M1P1.host:2,S", simple_mail(1));
  test::write(f.folder / "cur" / "oid=0123abcd:2,", simple_mail(3));
  test::write(f.folder / "cur" / ".hidden", simple_mail(8));
  test::write(f.folder / "tmp" / "1700000003.M3P1.host", simple_mail(9));
  CHECK(f.read() == Mails{simple_mail(1), simple_mail(2), simple_mail(3)});
  fs::rename(f.folder / "new" / "1700000002.M2P1.host",
             f.folder / "cur" / "1700000002.M2P1.host:2,RS");
  fs::rename(f.folder / "cur" / "oid=0123abcd:2,", f.folder / "cur" / "oid=0123abcd:2,FS");
  CHECK(f.read().empty());
  test::write(f.folder / "new" / "1600000000.M0P1.host", simple_mail(4));
  CHECK(f.read() == Mails{simple_mail(4)});
}

TEST_CASE("intake::open_maildir: names that are gone are forgotten") {
  MaildirFixture f;
  test::write(f.folder / "new" / "a", simple_mail(1));
  CHECK(f.read().size() == 1);
  fs::remove(f.folder / "new" / "a");
  CHECK(f.read().empty());
  CHECK(f.store.database().value<int>("SELECT COUNT(*) FROM read_names") == 0);
}

TEST_CASE("intake::open_maildir: files that move or vanish while they are read") {
  MaildirFixture f;
  test::write(f.folder / "new" / "a", simple_mail(1));
  test::write(f.folder / "new" / "b", simple_mail(2));
  test::write(f.folder / "new" / "c", simple_mail(3));
  auto source = open_maildir(f.folder);
  REQUIRE(test::resume(*source, f.store.database()));
  fs::rename(f.folder / "new" / "a", f.folder / "cur" / "a:2,S");
  fs::remove(f.folder / "new" / "b");
  CHECK(source->next().value() == simple_mail(1));
  CHECK(source->next().value() == simple_mail(3));
  CHECK_FALSE(source->next().value().has_value());
}

TEST_CASE("intake::open_maildir: only regular files, and no links") {
  MaildirFixture f;
  test::write(f.store.folder() / "outside", simple_mail(7));
  fs::create_symlink(f.store.folder() / "outside", f.folder / "new" / "link");
  fs::create_directories(f.folder / "new" / "folder");
  REQUIRE(::mkfifo((f.folder / "new" / "pipe").c_str(), 0600) == 0);
  test::write(f.folder / "new" / "zz", simple_mail(1));
  CHECK(f.read() == Mails{simple_mail(1)});
}

TEST_CASE("intake::open_maildir: a file that cannot be read stops no other and is tried again") {
  MaildirFixture f;
  for (int i = 1; i <= 4; ++i) {
    test::write(f.folder / "new" / std::to_string(i), simple_mail(i));
  }
  // Opening a socket fails whoever asks; permissions do not stop root.
  const auto second = f.folder / "new" / "2";
  fs::remove(second);
  const test::BoundSocket socket(second);
  const auto read = [&](std::size_t left_out) {
    auto source = open_maildir(f.folder);
    auto mails = read_all(*source, f.store.database());
    const auto problems = source->take_left_out();
    CHECK(problems.size() == left_out);
    for (const auto& problem : problems) {
      CHECK(problem.message.find("new/2") != std::string::npos);
    }
    return mails;
  };
  CHECK(read(1) == Mails{simple_mail(1), simple_mail(3), simple_mail(4)});
  CHECK(read(1).empty());
  fs::remove(second);
  test::write(second, simple_mail(2));
  CHECK(read(0) == Mails{simple_mail(2)});
  CHECK(read(0).empty());
}

TEST_CASE("intake::open_maildir: odd names and a line of the delivery program") {
  MaildirFixture f;
  test::write(f.folder / "new" / "caf\xe9 \n:2,S",
              "From x Mon Jan  5 10:00:00 2026\n" + simple_mail(1));
  CHECK(f.read() == Mails{simple_mail(1)});
  CHECK(f.read().empty());
}

TEST_CASE("intake::open_maildir: a folder that is none says so") {
  MaildirFixture f;
  fs::remove(f.folder / "cur");
  const auto resumed = test::resume(*open_maildir(f.folder), f.store.database());
  REQUIRE_FALSE(resumed);
  CHECK(resumed.error().message.find("cur") != std::string::npos);
}

}  // namespace
}  // namespace patchmill::intake
