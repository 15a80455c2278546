#include "runtimes/checkout.hpp"

#include "git/repository.hpp"
#include "runtimes/checkout_state.hpp"
#include "runtimes/folder_writer.hpp"
#include "runtimes/source_folder.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <map>

using namespace patchmill;
using namespace patchmill::runtimes;
namespace fs = std::filesystem;

namespace {

std::string shell(const fs::path& cwd, const std::string& script) {
  Command command;
  command.argv = {"/bin/sh", "-ec", script};
  command.cwd = cwd.string();
  command.env = {{"HOME", "/nonexistent"},    {"GIT_CONFIG_GLOBAL", "/dev/null"},
                 {"GIT_AUTHOR_NAME", "A"},    {"GIT_AUTHOR_EMAIL", "a@example.org"},
                 {"GIT_COMMITTER_NAME", "C"}, {"GIT_COMMITTER_EMAIL", "c@example.org"}};
  const auto completed = SystemProcessRunner().run(command);
  REQUIRE(completed);
  INFO(completed->err);
  REQUIRE(completed->ok());
  return std::string(trim(completed->out));
}

// A repository with commits that change everything there is to change.
class Fixture {
 public:
  Fixture() {
    shell(m_root.path(), "git init -q -b main repo");
    a = commit(
        "mkdir -p d/e; echo 1 >same; echo 2 >changed; echo 3 >gone; echo 4 >d/e/deep; "
        "echo '#!/bin/sh' >tool; chmod +x tool; ln -s same link; echo x >file2dir; mkdir dir2file; "
        "echo y >dir2file/z; printf 'crlf\\r\\n' >crlf; echo '*.txt eol=crlf ident' "
        ">.gitattributes; "
        "printf 'lf $Id$\\n' >a.txt; i=0; while [ $i -lt 600 ]; do echo $i >d/n$i; i=$((i+1)); "
        "done");
    b = commit(
        "echo 22 >changed; rm gone d/e/deep; chmod -x tool; rm link; ln -s changed link; rm "
        "file2dir; "
        "mkdir file2dir; echo q >file2dir/q; rm -r dir2file; echo now-file >dir2file; "
        "echo new >brand-new; mkdir -p n/m; echo n >n/m/o");
    c = commit("echo 33 >changed; echo again >gone; rm -r n; rm link; echo plain >link");
    auto opened = git::Repository::open(m_root.path() / "repo");
    REQUIRE(opened);
    repository = *std::move(opened);
    place.home = m_root.path() / "home";
  }

  std::string commit(const std::string& script) {
    return shell(m_root.path() / "repo",
                 script + "\ngit add -A; git commit -qm x --allow-empty; git rev-parse HEAD");
  }

  // The folder against a fresh checkout without any conversion.
  void check_holds(const std::string& commit) {
    const fs::path fresh = m_root.path() / ("fresh-" + std::to_string(++m_count));
    shell(m_root.path(), "mkdir " + fresh.string() +
                             "; cd repo; printf '* -text -ident\\n' "
                             ">.git/info/attributes; GIT_INDEX_FILE=" +
                             fresh.string() + ".index git read-tree " + commit +
                             "; GIT_INDEX_FILE=" + fresh.string() +
                             ".index git checkout-index -a --prefix=" + fresh.string() + "/");
    CHECK(listing(place.source()) == listing(fresh));
    CHECK(shell(place.source(), "git --git-dir=" + place.git_dir().string() +
                                    " -c safe.directory='*' rev-parse HEAD") == commit);
    check_index(commit);
  }
  // Complete, and with the times of the files: diff-files reads no file whose time it knows.
  void check_index(const std::string& commit) {
    const std::string git = "git -c safe.directory='*' --git-dir=" + place.git_dir().string() +
                            " --work-tree=" + place.source().string() + " ";
    const std::string listed = " | tr -d '\\n' | md5sum";
    CHECK(shell(place.source(),
                git + "ls-files --format='%(objectmode) %(objectname) %(path)'" + listed) ==
          shell(place.source(), git + "ls-tree -r --format='%(objectmode) %(objectname) %(path)' " +
                                    commit + listed));
    CHECK(shell(place.source(), git + "diff-files --raw") == "");
    CHECK(shell(place.source(), git + "describe --always --dirty") ==
          shell(place.source(), git + "describe --always"));
    CHECK((fs::status(place.index()).permissions() & fs::perms::others_read) != fs::perms::none);
  }
  static std::string listing(const fs::path& folder) {
    return shell(folder,
                 "find . -printf '%P %y %m %l\\n' | sort; find . -type f | sort | xargs md5sum");
  }
  static timespec time_of(const fs::path& file) {
    struct stat info{};
    REQUIRE(::lstat(file.c_str(), &info) == 0);
    return info.st_mtim;
  }

  TempDir m_root{"patchmill-checkout"};
  std::string a, b, c;
  std::unique_ptr<git::Repository> repository;
  CheckoutPlace place;
  int m_count = 0;
};

// As materialise(), telling what went wrong.
Result<CheckoutOutcome> told(Result<CheckoutOutcome> outcome) {
  if (!outcome) {
    MESSAGE(outcome.error().message);
  }
  return outcome;
}

bool same(const timespec& x, const timespec& y) {
  return x.tv_sec == y.tv_sec && x.tv_nsec == y.tv_nsec;
}

}  // namespace

TEST_CASE("runtimes::materialise: fills, then changes only what differs") {
  Fixture f;
  auto first = told(materialise(*f.repository, f.a, f.place));
  REQUIRE(first);
  CHECK(first->filled);
  f.check_holds(f.a);
  CHECK(*read_file(f.place.source() / "crlf") == "crlf\r\n");
  CHECK(*read_file(f.place.source() / "a.txt") == "lf $Id$\n");
  const auto kept = Fixture::time_of(f.place.source() / "same");
  const auto old = Fixture::time_of(f.place.source() / "changed");

  auto second = materialise(*f.repository, f.b, f.place);
  REQUIRE(second);
  CHECK_FALSE(second->filled);
  CHECK(second->written == 7);
  CHECK(second->removed == 4);
  f.check_holds(f.b);
  CHECK(same(Fixture::time_of(f.place.source() / "same"), kept));
  CHECK_FALSE(same(Fixture::time_of(f.place.source() / "changed"), old));

  auto nothing = materialise(*f.repository, f.b, f.place);
  REQUIRE(nothing);
  CHECK(nothing->written == 0);
  for (const std::string& commit : {f.c, f.a, f.c, f.b, f.a}) {
    auto outcome = materialise(*f.repository, commit, f.place);
    REQUIRE(outcome);
    CHECK_FALSE(outcome->filled);
    f.check_holds(commit);
  }
  CHECK(same(Fixture::time_of(f.place.source() / "same"), kept));
}

TEST_CASE("runtimes::materialise: a folder without index, or with a broken one, gets one") {
  Fixture f;
  REQUIRE(told(materialise(*f.repository, f.a, f.place)));
  const auto kept = Fixture::time_of(f.place.source() / "same");
  fs::remove(f.place.index());
  REQUIRE(told(materialise(*f.repository, f.a, f.place)));
  f.check_holds(f.a);
  REQUIRE(write_file_atomic(f.place.index(), "DIRC nonsense"));
  REQUIRE(write_state(f.place.state(), f.a, {f.b}));
  REQUIRE(told(materialise(*f.repository, f.b, f.place)));
  f.check_holds(f.b);
  CHECK(same(Fixture::time_of(f.place.source() / "same"), kept));
}

TEST_CASE("runtimes::materialise: no file name of a patch is in the way") {
  Fixture f;
  REQUIRE(told(materialise(*f.repository, f.a, f.place)));
  const std::string odd = f.commit(
      "echo 1 >.patchmill-new; echo 2 >being-written; echo 3 >zz; echo 4 >d/.patchmill-new; "
      "echo 5 >d/zz");
  REQUIRE(told(materialise(*f.repository, odd, f.place)));
  f.check_holds(odd);
}

TEST_CASE("runtimes::materialise: interrupted changes are finished, also repeated ones") {
  Fixture f;
  REQUIRE(told(materialise(*f.repository, f.a, f.place)));
  const auto kept = Fixture::time_of(f.place.source() / "same");
  // Killed on the way from a to b, and again on the way to c.
  REQUIRE(write_state(f.place.state(), f.a, {f.b, f.c}));
  std::ofstream(f.place.source() / "changed") << "22\n";
  std::ofstream(f.place.source() / "brand-new") << "ne";
  std::ofstream(f.place.home / "being-written") << "half";
  std::ofstream(f.place.index().string() + ".lock") << "half";
  fs::remove(f.place.source() / "gone");
  auto outcome = materialise(*f.repository, f.a, f.place);
  REQUIRE(outcome);
  CHECK(outcome->repaired);
  CHECK_FALSE(outcome->filled);
  f.check_holds(f.a);
  CHECK(same(Fixture::time_of(f.place.source() / "same"), kept));
}

TEST_CASE("runtimes::materialise: after the machine went down damage is found by content") {
  Fixture f;
  REQUIRE(told(materialise(*f.repository, f.a, f.place)));
  const auto kept = Fixture::time_of(f.place.source() / "same");
  REQUIRE(write_file_atomic(f.place.state(), "patchmill-checkout-1 other-boot " + f.a + "\n"));
  std::ofstream(f.place.source() / "changed") << std::string(2, '\0');  // never reached the disk
  fs::remove(f.place.source() / "gone");
  auto outcome = materialise(*f.repository, f.a, f.place);
  REQUIRE(outcome);
  CHECK(outcome->repaired);
  CHECK_FALSE(outcome->filled);
  CHECK(outcome->written == 2);
  f.check_holds(f.a);
  CHECK(same(Fixture::time_of(f.place.source() / "same"), kept));
  CHECK(read_state(f.place.state())->same_boot());
}

TEST_CASE("runtimes::materialise: what cannot be understood is filled again") {
  Fixture f;
  for (const std::string& state :
       {std::string("nonsense"), std::string("patchmill-checkout-1 x zzz"), std::string(),
        "patchmill-checkout-1 x " + std::string(40, 'e')}) {
    REQUIRE(told(materialise(*f.repository, f.a, f.place)));
    std::ofstream(f.place.source() / "left-over") << "x";
    REQUIRE(write_file_atomic(f.place.state(), state));
    auto outcome = materialise(*f.repository, f.b, f.place);
    REQUIRE(outcome);
    CHECK(outcome->filled);
    f.check_holds(f.b);
  }
  CHECK(materialise(*f.repository, "HEAD", f.place).error().kind == ErrorKind::invalid);
  CHECK_FALSE(materialise(*f.repository, std::string(40, 'e'), f.place));
}

TEST_CASE("runtimes::materialise: links in the folder are not followed out of it") {
  Fixture f;
  const fs::path outside = f.m_root.path() / "outside";
  fs::create_directory(outside);
  const std::string evil = f.commit("rm -rf d; ln -s " + outside.string() + " d");
  const std::string after = f.commit("rm d; mkdir d; echo inside >d/file");
  REQUIRE(materialise(*f.repository, evil, f.place));
  f.check_holds(evil);
  auto outcome = materialise(*f.repository, after, f.place);
  REQUIRE(outcome);
  f.check_holds(after);
  CHECK(fs::is_empty(outside));
  // Somebody put a link where a folder was: filled again, never written through.
  fs::remove_all(f.place.source() / "d");
  fs::create_symlink(outside, f.place.source() / "d");
  const std::string more = f.commit("echo more >d/more");
  REQUIRE(materialise(*f.repository, more, f.place));
  f.check_holds(more);
  CHECK(fs::is_empty(outside));
}

TEST_CASE("runtimes::materialise: a commit that no folder can hold harms none after it") {
  Fixture f;
  REQUIRE(materialise(*f.repository, f.a, f.place));
  // No such commit is made here, but one may be fetched.
  const std::string bad =
      shell(f.m_root.path() / "repo",
            "blob=$(echo x | git hash-object -w --stdin); tree=$( (git ls-tree " + f.a +
                "; printf '100644 blob '$blob'\\t" + std::string(300, 'n') +
                "\\n') | git mktree); git commit-tree -m bad $tree");
  CHECK_FALSE(materialise(*f.repository, bad, f.place));
  const auto after = materialise(*f.repository, f.b, f.place);
  REQUIRE_MESSAGE(after.has_value(), (after ? std::string() : after.error().message));
  CHECK_FALSE(after->filled);
  f.check_holds(f.b);
}

TEST_CASE("runtimes::FolderWriter: unsafe paths are refused") {
  for (const char* path : {"", "/etc/x", "../x", "a/../../x", "a//b", "./a", ".git/config",
                           "a/.GIT/hooks/x", "a/.", "a/"}) {
    CAPTURE(std::string(path));
    CHECK_FALSE(is_safe_path(path));
  }
  CHECK_FALSE(is_safe_path(std::string("a\0b", 3)));
  CHECK_FALSE(is_safe_path(std::string(300, 'x')));
  CHECK(is_safe_path("a/.gitignore"));
  CHECK(is_safe_path("...a/b.git"));
}

TEST_CASE(
    "runtimes::SourceFolder::acquire: slots are for one at a time, build folders belong to them") {
  const TempDir root;
  auto one = SourceFolder::acquire(root.path(), "net/next", 2);
  REQUIRE(one);
  auto two = SourceFolder::acquire(root.path(), "net/next", 2);
  REQUIRE(two);
  CHECK(one->source() != two->source());
  CHECK(SourceFolder::acquire(root.path(), "net/next", 2).error().kind == ErrorKind::conflict);
  CHECK(SourceFolder::acquire(root.path(), "net_next", 2));
  const auto warm = one->warm("../um");
  REQUIRE(warm);
  CHECK(warm->parent_path() == one->source().parent_path());
  CHECK(*one->warm("../um") == *warm);
  std::ofstream(*warm / "object") << "x";
  REQUIRE(copy_folder(*warm, root.path() / "copy"));
  CHECK(fs::last_write_time(root.path() / "copy/object") == fs::last_write_time(*warm / "object"));
}
