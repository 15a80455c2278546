#include "intake/public_inbox.hpp"

#include "intake/mails.hpp"
#include "support/store_fixture.hpp"
#include "util/hash.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

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

TEST_CASE("intake::open_inbox_repository: a mail that git cannot give stops no other") {
  Fixture f;
  InboxMaker inbox(f.store.folder() / "0.git");
  Mails all;
  for (int i = 1; i <= 5; ++i) {
    std::string noise;  // so that compressed it is still long enough to be cut
    for (unsigned n = 0, x = 1; n < 5000; ++n, x = x * 1664525 + 1013904223) {
      noise += static_cast<char>('a' + (x >> 24) % 26);
    }
    all.push_back(simple_mail(i, noise + "\n"));
    inbox.add(all.back());
  }
  inbox.finish();
  const auto second = test::object_file(inbox.git_dir(), all[1]);
  const auto third = test::object_file(inbox.git_dir(), all[2]);
  const auto kept = read_file(second).value();
  const auto damage = [&](const fs::path& file) {
    SUBCASE("missing") {
      fs::remove(file);
    }
    SUBCASE("cut off") {
      test::write(file, kept.substr(0, kept.size() / 2));
    }
    SUBCASE("no object at all") {
      test::write(file, "nonsense");
    }
  };
  damage(second);
  if (fs::exists(second)) {
    fs::copy_file(second, third, fs::copy_options::overwrite_existing);
  } else {
    fs::remove(third);
  }
  const auto read = [&](std::size_t left_out) {
    auto source = open_inbox_repository(inbox.git_dir(), "inbox");
    auto mails = read_all(*source, f.store.database());
    const auto problems = source->take_left_out();
    CHECK(problems.size() == left_out);
    for (const auto& problem : problems) {
      CHECK(problem.message.find("commit ") != std::string::npos);
      CHECK(problem.message.find("0.git") != std::string::npos);
    }
    CHECK(source->take_left_out().empty());
    return mails;
  };
  CHECK(read(2) == Mails{all[0], all[3], all[4]});
  CHECK(read(2).empty());
  inbox.add(simple_mail(6));
  inbox.finish();
  CHECK(read(2) == Mails{simple_mail(6)});
  test::write(second, kept);
  CHECK(read(1) == Mails{all[1]});
  CHECK(read(1).empty());
  fs::remove_all(inbox.git_dir());
  InboxMaker anew(f.store.folder() / "0.git");
  anew.add(simple_mail(7));
  anew.finish();
  CHECK(read(0) == Mails{simple_mail(7)});
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
  test::git_ok(inbox.git_dir(), {"symbolic-ref", "HEAD", "refs/heads/main"});
  CHECK(f.read(inbox.git_dir()) == Mails{simple_mail(1)});
  const auto missing =
      test::resume(*open_inbox_repository(f.store.folder() / "none.git", "x"), f.store.database());
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message.find("none.git") != std::string::npos);
}

TEST_CASE("intake::open_inbox_repository: a repository of something else says so") {
  Fixture f;
  InboxMaker tree(f.store.folder() / "tree.git");
  const auto refused = [&] {
    const auto resumed =
        test::resume(*open_inbox_repository(tree.git_dir(), "x"), f.store.database());
    return !resumed && resumed.error().kind == ErrorKind::invalid &&
           resumed.error().message.find("no public-inbox") != std::string::npos &&
           resumed.error().message.find("tree.git") != std::string::npos;
  };
  tree.change("README", "a program");
  tree.change("src/main.c", "int main;");
  tree.finish();
  CHECK(refused());
  tree.change("fe/backend.c", "int a;");  // looks like version 1 at first sight
  tree.change("d/lang.d", "int b;");
  tree.finish();
  CHECK(refused());
  tree.change("d", "a deleted mail");
  tree.finish();
  CHECK(f.read(tree.git_dir()).empty());
}

TEST_CASE("intake::open_inbox_repository: an archive of which every mail was deleted is one") {
  Fixture f;
  InboxMaker inbox(f.store.folder() / "list.git");
  inbox.change(v1_path(1), simple_mail(1));
  inbox.change(v1_path(1), "");
  inbox.finish();
  CHECK(f.read(inbox.git_dir()).empty());
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
