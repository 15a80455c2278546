#include "git/mirror.hpp"

#include "git/git_fixture.hpp"
#include "git/mirror_source.hpp"
#include "git/path_rules.hpp"
#include "git/stale_locks.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <fstream>
#include <thread>

namespace patchmill::git {
namespace {

using namespace patchmill::git::testing;
namespace fs = std::filesystem;

FetchOutcome fetch(const fs::path& dir, const MirrorSpec& spec) {
  auto outcome = fetch_mirror(dir, spec);
  REQUIRE_MESSAGE(outcome.has_value(), (outcome ? std::string() : outcome.error().message));
  return std::move(*outcome);
}

// Everything a fetch could damage.
std::string state(const fs::path& mirror) {
  return git_ok(mirror, {"for-each-ref"}) + "\n" + git_ok(mirror, {"symbolic-ref", "HEAD"});
}

}  // namespace

TEST_CASE("git::fetch_mirror: made once, then brought up to date, by path and by file://") {
  for (const bool by_url : {false, true}) {
    for (const bool sha256 : {false, true}) {
      CAPTURE(by_url);
      CAPTURE(sha256);
      Sandbox box(sha256);
      const ObjectId first = box.commit({{"a", {"1\n"}}});
      git_ok(box.dir(), {"branch", "side"});
      git_ok(box.dir(), {"tag", "-a", "-m", "one", "v1", "main"});
      const std::string url = by_url ? "file://" + box.dir().string() : box.dir().string();
      const fs::path mirrors = box.root() / "mirrors";
      const MirrorSpec spec{"tree", url, {}, {}};
      auto outcome = fetch(mirrors, spec);
      CHECK(outcome.changed);
      REQUIRE(outcome.branches.size() == 2);
      CHECK(outcome.branches[0] == std::pair<std::string, ObjectId>("main", first));
      CHECK_FALSE(fetch(mirrors, spec).changed);
      CHECK(git_ok(mirror_path(mirrors, "tree"), {"describe", "main"}) == "v1");

      const ObjectId second = box.commit({{"a", {"2\n"}}});
      git_ok(box.dir(), {"branch", "-D", "side"});
      outcome = fetch(mirrors, spec);
      CHECK(outcome.changed);
      REQUIRE(outcome.branches.size() == 1);
      CHECK(outcome.branches[0].second == second);
      CHECK(git_ok(mirror_path(mirrors, "tree"), {"rev-parse", "HEAD"}) == second);
      // A rewound branch is followed.
      git_ok(box.dir(), {"update-ref", "refs/heads/main", first});
      CHECK(fetch(mirrors, spec).branches[0].second == first);
      git_ok(mirror_path(mirrors, "tree"), {"fsck", "--connectivity-only"});
      const bool has_pack = !fs::is_empty(mirror_path(mirrors, "tree") / "objects" / "pack");
      const bool borrows = fs::exists(mirror_path(mirrors, "tree") / "objects/info/alternates");
      CHECK(borrows == !by_url);
      CHECK((by_url || !has_pack));
    }
  }
}

TEST_CASE("git::fetch_mirror: a branch or tag that gave way to a folder of its name, and back") {
  for (const bool by_url : {false, true}) {
    CAPTURE(by_url);
    Sandbox box;
    box.commit({{"a", {"1\n"}}});
    git_ok(box.dir(), {"branch", "topic"});
    git_ok(box.dir(), {"tag", "rel"});
    const std::string url = by_url ? "file://" + box.dir().string() : box.dir().string();
    const fs::path mirrors = box.root() / "mirrors";
    const MirrorSpec all{"all", url, {}, {}};
    const MirrorSpec one{"one", url, {"main"}, {}};
    fetch(mirrors, all);
    fetch(mirrors, one);
    const auto follows = [&](const ObjectId& tip, const std::string& branch,
                             const std::string& tag) {
      fetch(mirrors, all);
      fetch(mirrors, one);
      const fs::path mirror = mirror_path(mirrors, "all");
      CHECK(git_ok(mirror, {"rev-parse", "main"}) == tip);
      CHECK(git_ok(mirror, {"rev-parse", "refs/heads/" + branch}) == tip);
      CHECK(git_ok(mirror_path(mirrors, "one"), {"rev-parse", "refs/tags/" + tag}) == tip);
    };
    git_ok(box.dir(), {"branch", "-D", "topic"});
    git_ok(box.dir(), {"tag", "-d", "rel"});
    ObjectId tip = box.commit({{"a", {"2\n"}}});
    git_ok(box.dir(), {"branch", "topic/a/b", tip});
    git_ok(box.dir(), {"tag", "rel/1", tip});
    follows(tip, "topic/a/b", "rel/1");
    git_ok(box.dir(), {"branch", "-D", "topic/a/b"});
    git_ok(box.dir(), {"tag", "-d", "rel/1"});
    tip = box.commit({{"a", {"3\n"}}});
    git_ok(box.dir(), {"branch", "topic", tip});
    git_ok(box.dir(), {"tag", "rel", tip});
    follows(tip, "topic", "rel");
  }
}

TEST_CASE("git::fetch_mirror, git::Repository::update_ref: locks that a killed git left") {
  Sandbox box;
  box.commit({{"a", {"1\n"}}});
  const fs::path mirrors = box.root() / "mirrors";
  const MirrorSpec spec{"t", "file://" + box.dir().string(), {}, {}};
  fetch(mirrors, spec);
  const ObjectId tip = box.commit({{"a", {"2\n"}}});
  const fs::path mirror = mirror_path(mirrors, "t");
  const auto lock = [&](const std::string& name, std::chrono::seconds age) {
    std::ofstream(mirror / name) << tip;
    fs::last_write_time(mirror / name, fs::file_time_type::clock::now() - age);
  };
  // It may be at work.
  lock("refs/heads/main.lock", std::chrono::seconds(1));
  CHECK_FALSE(fetch_mirror(mirrors, spec));
  lock("refs/heads/main.lock", k_stale_lock_age + std::chrono::seconds(1));
  lock("packed-refs.lock", k_stale_lock_age + std::chrono::seconds(1));
  fetch(mirrors, spec);
  CHECK(git_ok(mirror, {"rev-parse", "main"}) == tip);
  CHECK_FALSE(fs::exists(mirror / "packed-refs.lock"));
  const auto repository = Repository::open(mirror);
  REQUIRE(repository);
  fs::create_directories(mirror / "refs/patchmill");
  lock("refs/patchmill/x.lock", std::chrono::seconds(1));
  CHECK_FALSE((*repository)->update_ref("refs/patchmill/x", tip));
  lock("refs/patchmill/x.lock", std::chrono::hours(1));
  CHECK((*repository)->update_ref("refs/patchmill/x", tip));
  // By a clock that was ahead.
  lock("refs/patchmill/x.lock", -std::chrono::hours(1));
  CHECK((*repository)->update_ref("refs/patchmill/x", tip));
}

TEST_CASE("git::fetch_mirror: a source whose HEAD is detached") {
  for (const bool by_url : {false, true}) {
    CAPTURE(by_url);
    Sandbox box;
    const ObjectId first = box.commit({{"a", {"1\n"}}});
    const ObjectId lone = box.commit({{"a", {"2\n"}}});
    const auto detach = [&](const std::string& at) {
      git_ok(box.dir(), {"update-ref", "--no-deref", "HEAD", at});
    };
    // Not reachable from any branch, as in the middle of a rebase.
    detach(lone);
    git_ok(box.dir(), {"update-ref", "refs/heads/main", first});
    const fs::path mirrors = box.root() / "mirrors";
    const fs::path mirror = mirror_path(mirrors, "t");
    const MirrorSpec spec{
        "t", by_url ? "file://" + box.dir().string() : box.dir().string(), {}, {}};
    const auto head = [&] { return git_ok(mirror, {"rev-parse", "HEAD"}); };
    auto outcome = fetch(mirrors, spec);
    REQUIRE(outcome.branches.size() == 1);
    CHECK(outcome.branches[0] == std::pair<std::string, ObjectId>("main", first));
    CHECK(head() == lone);
    CHECK_FALSE(fetch(mirrors, spec).changed);

    detach(first);
    CHECK(fetch(mirrors, spec).changed);
    CHECK(head() == first);
    CHECK(git_ok(mirror, {"rev-parse", "main"}) == first);
    // And a branch again, which then moves.
    git_ok(box.dir(), {"symbolic-ref", "HEAD", "refs/heads/main"});
    CHECK(fetch(mirrors, spec).changed);
    git_ok(box.dir(), {"update-ref", "refs/heads/main", lone});
    fetch(mirrors, spec);
    CHECK(head() == lone);
    CHECK(git_ok(mirror, {"symbolic-ref", "HEAD"}) == "refs/heads/main");
    CHECK(git_ok(mirror, {"for-each-ref", "refs/patchmill"}).empty());
    // Only a branch is named: where HEAD is does not matter.
    detach(first);
    fetch(mirrors, {"t", spec.url, {"main"}, {}});
    CHECK(head() == lone);
  }
}

TEST_CASE("git::fetch_mirror: only the branches named, and the nearest name for a slip") {
  Sandbox box;
  const ObjectId commit = box.commit({{"a", {"1\n"}}});
  git_ok(box.dir(), {"branch", "for-next"});
  const fs::path mirrors = box.root() / "mirrors";
  const auto outcome = fetch(mirrors, {"t", "file://" + box.dir().string(), {"for-next"}, {}});
  REQUIRE(outcome.branches.size() == 1);
  CHECK(outcome.branches[0].first == "for-next");
  CHECK(git_ok(mirror_path(mirrors, "t"), {"rev-parse", "HEAD"}) == commit);
  const auto slip = fetch_mirror(mirrors, {"t", box.dir().string(), {"for-nxt"}, {}});
  REQUIRE_FALSE(slip.has_value());
  CHECK(slip.error().kind == ErrorKind::not_found);
  CHECK(slip.error().message.find("did you mean \"for-next\"") != std::string::npos);
}

TEST_CASE("git::fetch_mirror: alternates spare the transfer") {
  Sandbox box;
  box.commit({{"a", {numbered_lines(1, 5000)}}});
  const fs::path mirrors = box.root() / "mirrors";
  fetch(mirrors, {"one", "file://" + box.dir().string(), {}, {}});
  fetch(mirrors, {"two", "file://" + box.dir().string(), {}, {mirror_path(mirrors, "one")}});
  std::uintmax_t bytes = 0;
  for (const auto& entry :
       fs::recursive_directory_iterator(mirror_path(mirrors, "two") / "objects")) {
    bytes += entry.is_regular_file() ? entry.file_size() : 0;
  }
  CHECK(bytes < 4000);
  git_ok(mirror_path(mirrors, "two"), {"cat-file", "-e", "main:a"});
}

TEST_CASE("git::fetch_mirror: a lender that moved away is named") {
  Sandbox box(false);
  const ObjectId first = box.commit({{"a", {"1\n"}}});
  const fs::path mirrors = box.root() / "mirrors";
  const MirrorSpec spec{"tree", box.dir().string(), {}, {}};
  fetch(mirrors, spec);
  const fs::path elsewhere = box.root() / "elsewhere";
  fs::rename(box.dir(), elsewhere);
  const std::string why = "it borrows its objects from " + box.dir().string() +
                          ", which is not there: put it back, or correct `url` of the tree and "
                          "remove " +
                          mirror_path(mirrors, "tree").string() + " to have that made anew";
  const auto mirror = Repository::open(mirror_path(mirrors, "tree"));
  REQUIRE(mirror.has_value());
  const auto commit = (*mirror)->commit(first);
  REQUIRE_FALSE(commit.has_value());
  CHECK(commit.error().message.ends_with("; " + why));
  // The same where it is borrowed from the borrower.
  const std::vector<fs::path> near{mirror_path(mirrors, "tree")};
  const auto work = Repository::create(mirrors / "tree.work.git", near);
  REQUIRE(work.has_value());
  CHECK((*work)->resolve(first).error().message.ends_with("; " + why));
  auto refreshed = fetch_mirror(mirrors, spec);
  CHECK(refreshed.error().kind == ErrorKind::infrastructure);
  CHECK(refreshed.error().message.ends_with("; " + why));
  refreshed = fetch_mirror(mirrors, {"tree", elsewhere.string(), {}, {}});
  CHECK((refreshed || refreshed.error().message.ends_with("; " + why)));
  // As it says.
  fs::remove_all(mirror_path(mirrors, "tree"));
  fetch(mirrors, {"tree", elsewhere.string(), {}, {}});
  CHECK((*work)->resolve(first).value_or("lost") == first);
  fs::rename(elsewhere, box.dir());
}

TEST_CASE("git::fetch_mirror: a lender that threw away what was rewritten") {
  Sandbox box(false);
  const ObjectId first = box.commit({{"a", {"1\n"}}});
  const ObjectId second = box.commit({{"a", {"2\n"}}});
  const fs::path mirrors = box.root() / "mirrors";
  const MirrorSpec spec{"tree", box.dir().string(), {}, {}};
  fetch(mirrors, spec);
  git_ok(box.dir(), {"update-ref", "refs/heads/main", first});
  git_ok(box.dir(), {"gc", "--quiet", "--prune=now"});
  const auto mirror = Repository::open(mirror_path(mirrors, "tree"));
  REQUIRE(mirror.has_value());
  const auto commit = (*mirror)->commit(second);
  REQUIRE_FALSE(commit.has_value());
  CHECK(commit.error().kind == ErrorKind::not_found);
  CHECK(commit.error().message.find("it borrows its objects from " + box.dir().string() +
                                    ", where `git gc` removes them") != std::string::npos);
  // A name that somebody made up is no sign of that.
  CHECK((*mirror)->resolve("v1.0").error().message.find("borrows") == std::string::npos);
  const auto refreshed = fetch(mirrors, spec);
  REQUIRE(refreshed.branches.size() == 1);
  CHECK(refreshed.branches[0].second == first);
  CHECK((*mirror)->commit(first).has_value());
}

TEST_CASE("git::fetch_mirror: a failed fetch changes nothing, a failed first one leaves nothing") {
  Sandbox box;
  box.commit({{"a", {"1\n"}}});
  const fs::path mirrors = box.root() / "mirrors";
  const MirrorSpec spec{"tree", "file://" + box.dir().string(), {}, {}};
  fetch(mirrors, spec);
  const std::string before = state(mirror_path(mirrors, "tree"));

  // The source loses the file of the new commit: the transfer breaks off.
  const ObjectId next = box.commit({{"a", {"2\n"}}, {"b", {"3\n"}}});
  git_ok(box.dir(), {"repack", "-adq"});
  git_ok(box.dir(), {"unpack-objects", "-q"}, [&] {
    std::string pack;
    for (const auto& entry : fs::directory_iterator(box.dir() / "objects" / "pack")) {
      if (entry.path().extension() == ".pack") {
        pack = read_file(entry.path()).value();
        fs::rename(entry.path(), box.root() / "gone.pack");
      }
    }
    return pack;
  }());
  const std::string blob = git_ok(box.dir(), {"rev-parse", next + ":b"});
  fs::remove_all(box.dir() / "objects" / blob.substr(0, 2));
  auto broken = fetch_mirror(mirrors, spec);
  REQUIRE_FALSE(broken.has_value());
  CHECK(broken.error().kind == ErrorKind::infrastructure);
  CHECK(state(mirror_path(mirrors, "tree")) == before);
  CHECK(git_ok(mirror_path(mirrors, "tree"), {"cat-file", "-p", "main:a"}) == "1");

  auto first = fetch_mirror(mirrors, {"fresh", spec.url, {}, {}});
  REQUIRE_FALSE(first.has_value());
  CHECK_FALSE(fs::exists(mirror_path(mirrors, "fresh")));

  fs::remove_all(box.dir());
  auto absent = fetch_mirror(mirrors, spec);
  REQUIRE_FALSE(absent.has_value());
  CHECK(absent.error().kind == ErrorKind::infrastructure);
  CHECK(state(mirror_path(mirrors, "tree")) == before);
  int left = 0;
  for (const auto& entry : fs::directory_iterator(mirrors)) {
    left += entry.is_directory() ? 1 : 0;
  }
  CHECK(left == 1);
}

TEST_CASE("git::fetch_mirror: fetches at the same time wait for each other") {
  Sandbox box;
  box.commit({{"a", {"1\n"}}});
  const fs::path mirrors = box.root() / "mirrors";
  const MirrorSpec spec{"tree", "file://" + box.dir().string(), {}, {}};
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { good += fetch_mirror(mirrors, spec).has_value() ? 1 : 0; });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(good == 4);
}

TEST_CASE("git::fetch_mirror: names that are refused") {
  TempDir dir;
  for (const char* name : {"", "..", ".hidden", "a/b", "-x", "a b", "a\n"}) {
    CAPTURE(name);
    CHECK(fetch_mirror(dir.path(), {name, "/nowhere", {}, {}}).error().kind == ErrorKind::invalid);
  }
  for (const char* branch : {"", "-x", "a..b", "x.lock", "a b", "refs/../x", "HEAD", "a\n"}) {
    CAPTURE(branch);
    CHECK(fetch_mirror(dir.path(), {"t", "/nowhere", {branch}, {}}).error().kind ==
          ErrorKind::invalid);
  }
}

TEST_CASE("git::parse_source: transports that run programs and options are refused") {
  for (const char* url :
       {"", "-u/bin/sh", "--upload-pack=x", "ext::sh -c touch% x", "fd::17", "ftp://host/x",
        "ssh://-oProxyCommand=x/y", "ssh://user@-oProxyCommand=x/y", "-oProxyCommand=x:y",
        "user@-oProxyCommand=x:y", "http://", "https://host/\nx", "no-such-folder"}) {
    CAPTURE(url);
    const auto source = parse_source(url);
    REQUIRE_FALSE(source.has_value());
    CHECK(source.error().kind == ErrorKind::invalid);
  }
  for (const char* url : {"https://example.org/x.git", "git://example.org/x", "ssh://git@h/x",
                          "git@example.org:x.git", "http://example.org:8080/x"}) {
    CAPTURE(url);
    REQUIRE(parse_source(url).has_value());
    CHECK(parse_source(url)->local.empty());
  }
  CHECK(parse_source("/srv/linux")->local == "/srv/linux");
}

TEST_CASE("git::without_credentials: passwords stay out of messages") {
  const std::string url = "https://me:secret@example.org/x.git";
  CHECK(without_credentials("cannot read " + url, url) == "cannot read https://example.org/x.git");
  CHECK(without_credentials("a\x1b[31m", url) == "a\\x1b[31m");
  for (const std::string kept : {"ssh://git@example.org/x.git", "git@example.org:x.git"}) {
    CHECK(without_credentials(kept, kept) == kept);
  }
  const std::string by_ssh = "ssh://me:secret@example.org/x.git";
  CHECK(without_credentials(by_ssh, by_ssh) == "ssh://example.org/x.git");
}

}  // namespace patchmill::git
