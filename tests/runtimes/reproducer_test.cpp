#include "runtimes/reproducer.hpp"

#include "util/file.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>

using namespace patchmill;
using namespace patchmill::runtimes;

namespace {
using Variables = std::map<std::string, std::string>;

Variables somebody() {
  return {{"GIT_AUTHOR_NAME", "A"},
          {"GIT_AUTHOR_EMAIL", "a@example.org"},
          {"GIT_COMMITTER_NAME", "C"},
          {"GIT_COMMITTER_EMAIL", "c@example.org"}};
}

std::string run_script(const std::string& script, const std::string& cwd = "/tmp",
                       int* status = nullptr, const Variables& identity = somebody()) {
  Command command;
  command.argv = {"/bin/sh"};
  command.input = script;
  command.cwd = cwd;
  command.merge_stderr = true;
  command.inherit_env = false;
  command.env = identity;
  // Else git would make up somebody where the machine has a full name.
  command.env.insert({{"PATH", "/usr/bin:/bin"},
                      {"HOME", "/nonexistent"},
                      {"GIT_CONFIG_GLOBAL", "/dev/null"},
                      {"GIT_CONFIG_NOSYSTEM", "1"},
                      {"GIT_CONFIG_COUNT", "1"},
                      {"GIT_CONFIG_KEY_0", "user.useConfigOnly"},
                      {"GIT_CONFIG_VALUE_0", "true"}});
  const auto completed = SystemProcessRunner().run(command);
  REQUIRE(completed);
  if (status != nullptr) {
    *status = completed->status;
  }
  return completed->out;
}
}  // namespace

TEST_CASE("runtimes::shell_quote: every word comes out as it went in") {
  for (const std::string& word :
       {std::string(""), std::string("a b"), std::string("it's"), std::string("$(touch x)`y`\"\\"),
        std::string("-n\n\ttwo"), std::string("'';rm -rf /;'")}) {
    CHECK(run_script("printf %s " + shell_quote(word)) == word);
  }
}

namespace {

// A tree whose file says "one", and the patches that make it say "two", then "three".
struct PatchedTree {
  explicit PatchedTree(std::filesystem::path where) : folder(std::move(where)) {
    const std::string made = run_script(
        "set -e; git init -q -b main tree; cd tree; printf 'one\\n' >f; git add f; git commit -qm "
        "base; git rev-parse HEAD; printf 'two\\n' >f; git commit -qam 'change $(touch pwned)'; "
        "git format-patch -q --stdout -1; echo =; printf 'three\\n' >f; git commit -qm again "
        "-m 'From here on' -a; git format-patch -q --stdout -1; git reset -q --hard HEAD~2",
        folder.string());
    const auto middle = made.find("\n=\n");
    REQUIRE(middle != std::string::npos);
    base = made.substr(0, 40);
    first = made.substr(41, middle + 1 - 41);
    second = made.substr(middle + 3);
    // A line of the message that begins as a mail does comes as mboxrd has it.
    const auto words = second.find("\nFrom here on");
    REQUIRE(words != std::string::npos);
    second.insert(words + 1, ">");
  }
  [[nodiscard]] ReproducerInput input(const std::string& command) const {
    ReproducerInput input;
    input.title = "job\nrm -rf x";
    input.tree_url = (folder / "tree").string();
    input.base_commit = base;
    input.mails.mbox = first;
    input.command = {"/bin/sh", "-c", command};
    return input;
  }

  std::filesystem::path folder;
  std::string base, first, second;
};

struct Repeated {
  int status = -1;
  std::string out;
};

Repeated repeat(const PatchedTree& tree, const ReproducerInput& input,
                const Variables& identity = somebody()) {
  Repeated ran;
  ran.out = run_script(make_reproducer(input), tree.folder.string(), &ran.status, identity);
  return ran;
}

}  // namespace

TEST_CASE("runtimes::make_reproducer: clones, applies, runs, and hostile text stays text") {
  const TempDir folder;
  const PatchedTree tree(folder.path());
  auto input =
      tree.input("cat f; echo \"$WORD\"; echo described >&$DESC_FD; cat; echo to the end; exit 7");
  input.env = {{"WORD", "it's $HOME"}, {"BAD;touch pwned", "x"}};
  for (const bool encoded : {false, true}) {
    CAPTURE(encoded);
    if (encoded) {
      input.mails.mbox += "\r\n";  // carriage returns do not survive in every here-document
    }
    const Repeated ran = repeat(tree, input);
    INFO(ran.out);
    CHECK(ran.status == 7);
    CHECK(ran.out.find("two\nit's $HOME\nto the end\ndescribed\nexit status 7") !=
          std::string::npos);
    CHECK_FALSE(std::filesystem::exists(folder.path() / "pwned"));
    CHECK_FALSE(std::filesystem::exists(folder.path() / "patchmill-repeat/pwned"));
  }
}

TEST_CASE("runtimes::make_reproducer: BRANCH_BASE is before the series and after what is below") {
  const TempDir folder;
  const PatchedTree tree(folder.path());
  auto input = tree.input(
      "git diff --quiet $BRANCH_BASE HEAD && exit 9; git show $BRANCH_BASE:f HEAD:f; "
      "echo first=$FIRST_IN_SERIES $(git rev-parse $BRANCH_BASE); git log -1 --format=%b");
  SUBCASE("nothing is below") {
    const Repeated ran = repeat(tree, input);
    INFO(ran.out);
    CHECK(ran.status == 0);
    CHECK(ran.out.find("one\ntwo\nfirst=1 " + tree.base) != std::string::npos);
  }
  SUBCASE("a series is below, and this is its second patch") {
    input.below.mbox = tree.first;
    input.mails.mbox = tree.second;
    input.first_in_series = false;
    SUBCASE("plain") {}
    SUBCASE("encoded") {
      input.below.mbox += "\r\n";
    }
    SUBCASE("the job's own variables change nothing of it") {
      for (const char* name :
           {"BRANCH_BASE", "FIRST_IN_SERIES", "RESULTS_DIR", "DESC_FD", "base", "status"}) {
        input.env[name] = "/nowhere";
      }
    }
    const Repeated ran = repeat(tree, input);
    INFO(ran.out);
    CHECK(ran.status == 0);
    CHECK(ran.out.find("two\nthree\nfirst=0 ") != std::string::npos);
    CHECK(ran.out.find("\nFrom here on\n") != std::string::npos);
  }
}

TEST_CASE("runtimes::make_reproducer: commits where nobody told git who they are") {
  const TempDir folder;
  const PatchedTree tree(folder.path());
  const auto input = tree.input(
      "git log -1 --format='%an by %cn <%ce>'; git commit -q --allow-empty -m x; "
      "git log -1 --format='%an <%ae>'");
  Repeated ran = repeat(tree, input, {});
  INFO(ran.out);
  CHECK(ran.status == 0);
  CHECK(ran.out.find("A by patchmill <patchmill@localhost>\npatchmill <patchmill@localhost>\n") !=
        std::string::npos);

  ran = repeat(tree, input, somebody());
  CHECK(ran.out.find("A by C <c@example.org>\n") != std::string::npos);
  ran = repeat(tree, input, {{"GIT_COMMITTER_NAME", "Half"}});
  CHECK(ran.out.find("A by Half <patchmill@localhost>\n") != std::string::npos);
  run_script("git -C patchmill-repeat config user.name Own", folder.path().string());
  ran = repeat(tree, input, {});
  CHECK(ran.out.find("A by Own <patchmill@localhost>\n") != std::string::npos);
  run_script("git -C patchmill-repeat config user.email own@example.org", folder.path().string());
  ran = repeat(tree, input, {});
  CHECK(ran.out.find("A by Own <own@example.org>\n") != std::string::npos);
}

TEST_CASE("runtimes::make_reproducer: says at once what of its machine is missing") {
  const TempDir folder;
  const PatchedTree tree(folder.path());
  const std::string program = (folder.path() / "it's $(touch pwned)").string();
  auto input = tree.input("true");
  input.command = {program};
  input.machine_paths = {program};
  Repeated ran = repeat(tree, input);
  INFO(ran.out);
  CHECK(ran.status == 2);
  CHECK(ran.out ==
        "there is no " + program + " here; copy it from the machine this script was made on\n");
  CHECK_FALSE(std::filesystem::exists(folder.path() / "patchmill-repeat"));
  CHECK(make_reproducer(input).find("#   " + program + "\n") != std::string::npos);

  REQUIRE(write_file_atomic(program, "#!/bin/sh\ncat f\n"));
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  ran = repeat(tree, input);
  CHECK(ran.status == 0);
  CHECK(ran.out.find("two\n") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder.path() / "pwned"));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "patchmill-repeat/pwned"));
}

TEST_CASE("runtimes::make_reproducer: without the mails it says where to get them") {
  ReproducerInput input;
  input.tree_url = "--upload-pack=touch pwned";
  input.base_commit = "0123";
  input.mails.source = "<a@b>\n$(x) <b@c>";
  input.command = {"make"};
  std::string script = make_reproducer(input);
  CHECK(script.find("git clone -- '--upload-pack=touch pwned'") != std::string::npos);
  CHECK(script.find("#   <a@b>") != std::string::npos);
  CHECK(script.find("\n#   <b@c>\n") != std::string::npos);
  CHECK(script.find("\n$(x)") == std::string::npos);
  CHECK(script.find("on top of") == std::string::npos);

  input.below.source = "<below@x>";
  const TempDir folder;
  const PatchedTree tree(folder.path());
  input.tree_url = (folder.path() / "tree").string();
  input.base_commit = tree.base;
  Repeated ran = repeat(tree, input);
  INFO(ran.out);
  CHECK(ran.status == 3);
  CHECK(ran.out.find("does not bring along what the series is on top of") != std::string::npos);
  CHECK(make_reproducer(input).find("\n#   <below@x>\n") != std::string::npos);

  // Together they are too long.
  input.below.mbox = tree.first;
  input.mails.mbox.assign(9u << 20, 'x');
  ran = repeat(tree, input);
  CHECK(ran.status == 3);
  CHECK(make_reproducer(input).find("\n#   <below@x>\n") != std::string::npos);
}

TEST_CASE("runtimes::make_reproducer: an address that was shortened is said to be") {
  ReproducerInput input;
  input.tree_url = "https://example.org/x.git";
  CHECK(make_reproducer(input).find("put yours in") == std::string::npos);
  input.tree_url_shortened = true;
  CHECK(make_reproducer(input).find("put yours in") != std::string::npos);
}
