#include "git/repository.hpp"

#include "git/git_fixture.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

namespace patchmill::git {
namespace {

using namespace patchmill::git::testing;
namespace fs = std::filesystem;

const Signature kAuthor{"A U Thor", "author@example.org", 1700000000, -210};

}  // namespace

TEST_CASE("git::Repository::open: bare folders, checkouts, worktrees, and what is none") {
  TempDir dir;
  git_ok(dir.path(), {"init", "-q", "-b", "main", "work"});
  git_ok(dir.path() / "work", {"commit", "-q", "--allow-empty", "-m", "one"});
  git_ok(dir.path() / "work", {"worktree", "add", "-q", "../second"});
  const std::string head = git_ok(dir.path() / "work", {"rev-parse", "HEAD"});
  for (const char* path : {"work", "work/.git", "second"}) {
    CAPTURE(path);
    auto repository = Repository::open(dir.path() / path);
    REQUIRE(repository.has_value());
    CHECK((*repository)->resolve("HEAD").value() == head);
    // Objects of a worktree go to the common store.
    const auto blob = (*repository)->write_blob(path);
    REQUIRE(blob.has_value());
    CHECK(git_ok(dir.path() / "work", {"cat-file", "-t", *blob}) == "blob");
  }
  fs::create_directory(dir.path() / "empty");
  CHECK(Repository::open(dir.path() / "empty").error().kind == ErrorKind::not_found);
  // A folder inside a repository is not that repository.
  fs::create_directory(dir.path() / "work" / "sub");
  CHECK_FALSE(Repository::open(dir.path() / "work" / "sub").has_value());
  CHECK_FALSE(Repository::open(dir.path() / "absent").has_value());
}

TEST_CASE("git::Repository::resolve: revisions, and names that are refused") {
  Sandbox box;
  const ObjectId first = box.commit({{"a", {"1\n"}}});
  const ObjectId second = box.commit({{"a", {"2\n"}}});
  Repository& repository = box.repository();
  CHECK(repository.resolve("main").value() == second);
  CHECK(repository.resolve("main~1").value() == first);
  CHECK(repository.resolve(first.substr(0, 12)).value() == first);
  CHECK(repository.resolve("absent").error().kind == ErrorKind::not_found);
  CHECK(repository.resolve("main:a").error().kind == ErrorKind::not_found);
  for (const char* name :
       {"", "--all", ":/change", "main^{/change}", "main\nmain", "main\ncontents main:a"}) {
    CAPTURE(name);
    CHECK(repository.resolve(name).error().kind == ErrorKind::invalid);
  }
  CHECK(repository.resolve(std::string("ma\0in", 5)).error().kind == ErrorKind::invalid);
  // The child still answers what it is asked.
  CHECK(repository.resolve("main").value() == second);
}

TEST_CASE("git::Repository::read: any object, by any name") {
  Sandbox box;
  const std::string binary("\0\1\n\xff no newline", 15);
  const ObjectId commit = box.commit({{"dir/a b", {binary}}, {"empty", {""}}});
  Repository& repository = box.repository();
  const auto blob = repository.read(commit + ":dir/a b");
  REQUIRE(blob.has_value());
  CHECK(blob->type == "blob");
  CHECK(blob->data == binary);
  CHECK(repository.read(blob->id)->data == binary);
  CHECK(repository.read(commit + ":empty")->data == "");
  CHECK(repository.read(commit)->type == "commit");
  CHECK(repository.read(commit + ":dir")->type == "tree");
  CHECK(repository.read(commit + ":absent").error().kind == ErrorKind::not_found);
  // Names made to look like an answer of cat-file.
  for (const std::string& name :
       std::vector<std::string>{commit + " x", commit + " blob 5", "x missing"}) {
    CHECK(repository.read(name).error().kind == ErrorKind::not_found);
  }
  CHECK(repository.exists(commit).value());
  CHECK_FALSE(repository.exists(std::string(40, '1')).value());
}

TEST_CASE("git::Repository: objects just written are seen by the running child") {
  Sandbox box;
  const ObjectId base = box.commit({{"a", {"1\n"}}});
  Repository& repository = box.repository();
  CHECK(repository.exists(base).value());  // the child runs
  for (int i = 0; i < 20; ++i) {
    const std::string content = "content " + std::to_string(i) + "\n";
    const auto id = repository.write_blob(content);
    REQUIRE(id.has_value());
    CHECK(repository.read(*id)->data == content);
    CHECK(repository.find_blob(id->substr(0, 10)).value() == *id);
  }
  // Objects another process wrote, loose and packed.
  const ObjectId later = box.commit({{"a", {"other\n"}}});
  CHECK(repository.read(later + ":a")->data == "other\n");
  git_ok(box.dir(), {"repack", "-adq"});
  CHECK(repository.read(base + ":a")->data == "1\n");
  CHECK(repository.resolve("main").value() == later);
  const auto fsck = run_git(box.dir(), {"fsck", "--strict"});
  CHECK_MESSAGE(fsck.ok(), fsck.err);
}

TEST_CASE("git::Repository: the child is started again when it died") {
  Sandbox box;
  const ObjectId base = box.commit({{"a", {"1\n"}}});
  CHECK(box.repository().exists(base).value());
  // The only git child of this process is the one that reads.
  const std::string children =
      std::string("/proc/self/task/") + std::to_string(::getpid()) + "/children";
  std::ifstream file(children);
  pid_t pid = 0;
  file >> pid;
  REQUIRE(pid > 0);
  ::kill(pid, SIGKILL);
  CHECK(box.repository().read(base + ":a")->data == "1\n");
}

TEST_CASE("git::Repository: reads from many threads get their own answers") {
  Sandbox box;
  Sandbox::Files files;
  for (int i = 0; i < 40; ++i) {
    files["f" + std::to_string(i)] = {numbered_lines(0, i, "text")};
  }
  const ObjectId commit = box.commit(files);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 40; ++i) {
        const int k = (i * 7 + t) % 40;
        const auto object = box.repository().read(commit + ":f" + std::to_string(k));
        wrong += object && object->data == numbered_lines(0, k, "text") ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(wrong == 0);
}

TEST_CASE("git::Repository::entries: files, folders, and what is missing") {
  Sandbox box;
  const ObjectId commit =
      box.commit({{"a/b/c", {"x\n"}}, {"run", {"#!\n", 0100755}}, {"link", {"run", 0120000}}});
  const std::vector<std::string> paths{"a/b/c",     "a/b", "run", "link", "absent",
                                       "run/below", "a/x", "",    "a//b", "a/"};
  const auto entries = box.repository().entries(commit, paths);
  REQUIRE(entries.has_value());
  REQUIRE(entries->size() == 4);
  CHECK((*entries)[0].path == "a/b/c");
  CHECK((*entries)[0].mode == 0100644);
  CHECK((*entries)[1].mode == 0040000);
  CHECK((*entries)[2].mode == 0100755);
  CHECK((*entries)[3].mode == 0120000);
}

TEST_CASE("git::Repository::update_tree: the tree that git itself would write") {
  for (const bool sha256 : {false, true}) {
    CAPTURE(sha256);
    Sandbox box(sha256);
    Sandbox::Files files = {{"a", {"1\n"}},       {"a-b", {"2\n"}},
                            {"a.c/x", {"3\n"}},   {"dir/one", {"4\n"}},
                            {"dir/two", {"5\n"}}, {"only/deep/file", {"6\n"}}};
    const ObjectId before = box.commit(files);
    Repository& repository = box.repository();
    const ObjectId blob = repository.write_blob("new\n").value();
    // Order around folder names, a file that becomes a folder, folders that vanish.
    const std::vector<TreeEntry> changes = {
        {0, {}, "a"},        {0100644, blob, "a/inside"}, {0100755, blob, "dir/one"},
        {0, {}, "dir/two"},  {0, {}, "only/deep/file"},   {0120000, blob, "z/y/x"},
        {0, {}, "not/there"}};
    const auto tree = repository.update_tree(before, changes);
    REQUIRE(tree.has_value());
    files.erase("a");
    files.erase("dir/two");
    files.erase("only/deep/file");
    files["a/inside"] = {"new\n"};
    files["dir/one"] = {"new\n", 0100755};
    files["z/y/x"] = {"new\n", 0120000};
    CHECK(*tree == box.tree_of(box.commit(files)));
    CHECK(repository.update_tree(*tree, {}).value() == *tree);
    // Everything gone is git's empty tree.
    std::vector<TreeEntry> all;
    for (const auto& [path, file] : files) {
      all.push_back({0, {}, path});
    }
    CHECK(repository.update_tree(*tree, all).value() == git_ok(box.dir(), {"mktree"}, {}));
  }
}

TEST_CASE("git::Repository::update_tree: refuses what git would not check out") {
  Sandbox box;
  const ObjectId base = box.commit({{"file", {"1\n"}}, {"dir/x", {"2\n"}}});
  Repository& repository = box.repository();
  const ObjectId blob = repository.write_blob("x").value();
  for (const char* path : {"../x", "/x", ".git/config", "a/.GIT/hooks/x", "a//b", "a/./b", "",
                           "file/below", "dir", "git~1/config", ".g\u200cit/config"}) {
    CAPTURE(path);
    const std::vector<TreeEntry> changes{{0100644, blob, path}};
    CHECK(repository.update_tree(base, changes).error().kind == ErrorKind::invalid);
  }
  const std::vector<TreeEntry> bad_id{{0100644, "abc", "new"}};
  CHECK(repository.update_tree(base, bad_id).error().kind == ErrorKind::invalid);
  std::string deep = "x";
  for (int i = 0; i < 1500; ++i) {
    deep += "/x";
  }
  const std::vector<TreeEntry> too_deep{{0100644, blob, deep}};
  CHECK(repository.update_tree(base, too_deep).error().kind == ErrorKind::invalid);
}

TEST_CASE("git::Repository::write_commit: what git reads back, whatever the author is called") {
  Sandbox box;
  const ObjectId base = box.commit({{"a", {"1\n"}}});
  Repository& repository = box.repository();
  const std::vector<ObjectId> parents{base};
  const auto id = repository.write_commit(box.tree_of(base), parents, kAuthor, kAuthor,
                                          "sub: do\nit\n\nBody\nmore");
  REQUIRE(id.has_value());
  const auto commit = repository.commit(*id);
  REQUIRE(commit.has_value());
  CHECK(commit->subject == "sub: do it");
  CHECK(commit->body == "Body\nmore\n");
  CHECK(commit->author.name == "A U Thor");
  CHECK(commit->author.seconds == 1700000000);
  CHECK(commit->author.offset_minutes == -210);
  CHECK(commit->parents == parents);
  CHECK(git_ok(box.dir(), {"log", "-1", "--format=%an|%ae|%ad", *id}) ==
        "A U Thor|author@example.org|Tue Nov 14 18:43:20 2023 -0330");

  const Signature nasty{"E <vil>\nparent 0\xff", "x>\n\0y", -5, 100000};
  const auto odd = repository.write_commit(box.tree_of(base), parents, nasty, nasty,
                                           std::string("nul \0 and \xff", 11));
  REQUIRE(odd.has_value());
  const auto again = repository.commit(*odd);
  CHECK(again->parents == parents);
  CHECK(again->author.name == "E vilparent 0\u00ff");
  const auto fsck = run_git(box.dir(), {"fsck", "--strict"});
  CHECK_MESSAGE(fsck.ok(), fsck.err);
  CHECK(repository.write_commit("HEAD", parents, kAuthor, kAuthor, "x").error().kind ==
        ErrorKind::invalid);
}

TEST_CASE("git::Repository::update_ref: full names only") {
  Sandbox box;
  const ObjectId base = box.commit({{"a", {"1\n"}}});
  CHECK(box.repository().update_ref("refs/heads/new/one", base).has_value());
  CHECK(git_ok(box.dir(), {"rev-parse", "refs/heads/new/one"}) == base);
  for (const char* ref : {"new", "refs/heads/../x", "refs/heads/a..b", "refs/heads/x.lock", "-d",
                          "refs/heads/a b", "refs/heads/@{1}", "refs/"}) {
    CAPTURE(ref);
    CHECK(box.repository().update_ref(ref, base).error().kind == ErrorKind::invalid);
  }
  CHECK(box.repository().update_ref("refs/heads/x", "main").error().kind == ErrorKind::invalid);
}

TEST_CASE("git::Repository: a repository of another user, and its configuration, do no harm") {
  Sandbox box;
  const ObjectId base = box.commit({{"a", {"1\n"}}});
  const fs::path witness = box.root() / "witness";
  git_ok(box.dir(), {"config", "core.fsmonitor", "touch " + witness.string()});
  git_ok(box.dir(), {"config", "core.hooksPath", box.root().string()});
  git_ok(box.dir(), {"config", "apply.whitespace", "error"});
  {
    std::ofstream hook(box.root() / "reference-transaction");
    hook << "#!/bin/sh\ntouch " << witness.string() << "\n";
  }
  ::chmod((box.root() / "reference-transaction").c_str(), 0755);
  if (::geteuid() == 0) {
    REQUIRE(::chown(box.dir().c_str(), 12345, 12345) == 0);
  }
  auto repository = Repository::open(box.dir());
  REQUIRE_MESSAGE(repository.has_value(), (repository ? "" : repository.error().message));
  CHECK((*repository)->update_ref("refs/heads/x", base).has_value());
  CHECK_FALSE(fs::exists(witness));
}

TEST_CASE("git::git_environment: nothing of the user's own git") {
  ::setenv("GIT_DIR", "/nowhere", 1);
  ::setenv("GIT_CONFIG_PARAMETERS", "'core.pager=false'", 1);
  const auto env = git_environment();
  ::unsetenv("GIT_DIR");
  ::unsetenv("GIT_CONFIG_PARAMETERS");
  CHECK_FALSE(env.contains("GIT_DIR"));
  CHECK_FALSE(env.contains("GIT_CONFIG_PARAMETERS"));
  CHECK(env.at("HOME") == "/nonexistent");
  CHECK(env.at("GIT_CONFIG_NOSYSTEM") == "1");
  CHECK(env.at("GIT_CONFIG_GLOBAL") == "/dev/null");
  CHECK(env.at("GIT_TERMINAL_PROMPT") == "0");
  CHECK(env.at("LC_ALL") == "C");
}

TEST_CASE("git::is_object_id: full lower-case names") {
  CHECK(is_object_id(std::string(40, 'a')));
  CHECK(is_object_id(std::string(64, '0')));
  CHECK_FALSE(is_object_id(std::string(40, 'A')));
  CHECK_FALSE(is_object_id(std::string(41, 'a')));
  CHECK_FALSE(is_object_id(""));
  CHECK(is_abbreviated_id("AbC1"));
  CHECK_FALSE(is_abbreviated_id("abc"));
  CHECK_FALSE(is_abbreviated_id("abcg"));
}

}  // namespace patchmill::git
