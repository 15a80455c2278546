#include "intake/public_inbox.hpp"

#include "intake/mails.hpp"
#include "support/store_fixture.hpp"
#include "util/hash.hpp"

#include <doctest/doctest.h>

namespace patchmill::intake {
namespace {

namespace fs = std::filesystem;
using test::InboxMaker;
using test::read_all;
using test::simple_mail;
using Mails = std::vector<std::string>;

struct Fixture {
  test::TestStore store{store::Engine::sqlite};

  Mails read(const fs::path& git_dir) {
    auto source = open_inbox_repository(git_dir, "inbox:" + git_dir.string());
    return read_all(*source, store.database());
  }
};

std::string v1_path(int number) {
  const auto name = sha1_hex("mail-" + std::to_string(number) + "@example.org");
  return name.substr(0, 2) + "/" + name.substr(2);
}

TEST_CASE("intake::open_inbox_repository: version 2, in order, incrementally") {
  Fixture f;
  InboxMaker inbox(f.store.folder() / "0.git");
  inbox.add(simple_mail(1));
  inbox.add(simple_mail(2));
  inbox.finish();
  CHECK(f.read(inbox.git_dir()) == Mails{simple_mail(1), simple_mail(2)});
  CHECK(f.read(inbox.git_dir()).empty());
  inbox.add(simple_mail(3));
  inbox.finish();
  CHECK(f.read(inbox.git_dir()) == Mails{simple_mail(3)});
}

TEST_CASE("intake::open_inbox_repository: version 2 deletions") {
  Fixture f;
  InboxMaker inbox(f.store.folder() / "0.git");
  inbox.add(simple_mail(1));
  inbox.add(simple_mail(2));
  inbox.remove(simple_mail(1));
  inbox.add(simple_mail(3));
  inbox.finish();
  CHECK(f.read(inbox.git_dir()) == Mails{simple_mail(2), simple_mail(3)});
  inbox.remove(simple_mail(3));  // stored already: nothing to read, but read on from here
  inbox.finish();
  CHECK(f.read(inbox.git_dir()).empty());
  inbox.add(simple_mail(3));  // and sent again
  inbox.finish();
  CHECK(f.read(inbox.git_dir()) == Mails{simple_mail(3)});
}

TEST_CASE("intake::open_inbox_repository: version 1") {
  Fixture f;
  InboxMaker inbox(f.store.folder() / "list.git");
  inbox.change(v1_path(1), simple_mail(1));
  inbox.change(v1_path(2), simple_mail(2));
  inbox.change("description", "not a mail");
  inbox.change(v1_path(3), simple_mail(3));
  inbox.change(v1_path(2), "");
  inbox.finish();
  CHECK(f.read(inbox.git_dir()) == Mails{simple_mail(1), simple_mail(3)});
  inbox.change(v1_path(4), simple_mail(4));
  inbox.finish();
  CHECK(f.read(inbox.git_dir()) == Mails{simple_mail(4)});
}

TEST_CASE("intake::open_inbox_repository: a history that was rewritten is read anew") {
  Fixture f;
  InboxMaker inbox(f.store.folder() / "0.git");
  inbox.add(simple_mail(1));
  inbox.finish();
  CHECK(f.read(inbox.git_dir()).size() == 1);
  fs::remove_all(inbox.git_dir());
  InboxMaker other(f.store.folder() / "0.git");
  other.add(simple_mail(8));
  other.add(simple_mail(9));
  other.finish();
  CHECK(f.read(other.git_dir()) == Mails{simple_mail(8), simple_mail(9)});
}

TEST_CASE("intake::open_inbox_repository: stopped in the middle") {
  Fixture f;
  InboxMaker inbox(f.store.folder() / "0.git");
  for (int i = 0; i < 300; ++i) {
    inbox.add(simple_mail(i));
  }
  inbox.finish();
  {
    auto source = open_inbox_repository(inbox.git_dir(), "inbox:" + inbox.git_dir().string());
    REQUIRE(test::resume(*source, f.store.database()));
    for (int i = 0; i < 150; ++i) {
      REQUIRE(source->next().value() == simple_mail(i));
    }
    source->checkpoint()(f.store.database());
    REQUIRE(source->next().value().has_value());
    CHECK(source->progress().done == 151);
    CHECK(source->progress().total == std::optional<std::uint64_t>(300));
  }
  const auto rest = f.read(inbox.git_dir());
  REQUIRE(rest.size() == 150);
  CHECK(rest.front() == simple_mail(150));
}

TEST_CASE("intake::open_inbox_repository: odd contents") {
  Fixture f;
  InboxMaker inbox(f.store.folder() / "0.git");
  const std::string odd("A: 1\n\n\0 no newline at the end", 29);
  inbox.add(odd);
  inbox.add("From x Mon Jan  5 10:00:00 2026\n" + simple_mail(2));
  inbox.add(std::string(300'000, 'x'));
  inbox.change("m/nested", "not a mail");
  inbox.finish();
  CHECK(f.read(inbox.git_dir()) == Mails{odd, simple_mail(2), std::string(300'000, 'x')});
}

TEST_CASE("intake::open_inbox_repository: no commits, no repository, another branch") {
  Fixture f;
  InboxMaker inbox(f.store.folder() / "0.git");
  CHECK(f.read(inbox.git_dir()).empty());
  inbox.add(simple_mail(1));
  inbox.finish();
  test::git(inbox.git_dir(), {"symbolic-ref", "HEAD", "refs/heads/main"});
  CHECK(f.read(inbox.git_dir()) == Mails{simple_mail(1)});
  const auto missing =
      test::resume(*open_inbox_repository(f.store.folder() / "none.git", "x"), f.store.database());
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message.find("none.git") != std::string::npos);
}

TEST_CASE("intake::epochs_of: by number, in both layouts") {
  const TempDir folder;
  for (const int n : {0, 2, 10}) {
    fs::create_directories(folder.path() / "a" / "git" / (std::to_string(n) + ".git"));
    fs::create_directories(folder.path() / "b" / (std::to_string(n) + ".git"));
  }
  fs::create_directories(folder.path() / "b" / "all.git");
  for (const auto& place : {folder.path() / "a", folder.path() / "b"}) {
    const auto epochs = epochs_of(place);
    REQUIRE(epochs.size() == 3);
    CHECK(epochs[1].filename() == "2.git");
    CHECK(epochs[2].filename() == "10.git");
  }
  CHECK(epochs_of(folder.path()).empty());
  CHECK(epochs_of(folder.path() / "none").empty());
}

}  // namespace
}  // namespace patchmill::intake
