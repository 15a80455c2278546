#include "runtimes/reproducer.hpp"

#include "util/file.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::runtimes;

namespace {
std::string run_script(const std::string& script, const std::string& cwd = "/tmp",
                       int* status = nullptr) {
  Command command;
  command.argv = {"/bin/sh"};
  command.input = script;
  command.cwd = cwd;
  command.merge_stderr = true;
  command.env = {{"HOME", "/nonexistent"},    {"GIT_CONFIG_GLOBAL", "/dev/null"},
                 {"GIT_AUTHOR_NAME", "A"},    {"GIT_AUTHOR_EMAIL", "a@example.org"},
                 {"GIT_COMMITTER_NAME", "C"}, {"GIT_COMMITTER_EMAIL", "c@example.org"}};
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

TEST_CASE("runtimes::make_reproducer: clones, applies, runs, and hostile text stays text") {
  const TempDir folder;
  const std::string made = run_script(
      "set -e; git init -q -b main tree; cd tree; printf 'one\\n' >f; git add f; git commit -qm "
      "base; "
      "git rev-parse HEAD; printf 'two\\n' >f; git commit -qam 'change $(touch pwned)'; "
      "git format-patch -q --stdout -1; git reset -q --hard HEAD~",
      folder.path().string());
  ReproducerInput input;
  input.title = "job\nrm -rf x";
  input.tree_url = (folder.path() / "tree").string();
  input.base_commit = made.substr(0, 40);
  input.mbox = made.substr(41);
  input.env = {{"WORD", "it's $HOME"}, {"BAD;touch pwned", "x"}};
  input.command = {"/bin/sh", "-c", "cat f; echo \"$WORD\"; echo described >&$DESC_FD; exit 7"};
  for (const bool encoded : {false, true}) {
    CAPTURE(encoded);
    if (encoded) {
      input.mbox += "\r\n";  // carriage returns do not survive in every here-document
    }
    int status = 0;
    const std::string out = run_script(make_reproducer(input), folder.path().string(), &status);
    INFO(out);
    CHECK(status == 7);
    CHECK(out.find("two\nit's $HOME\ndescribed\nexit status 7") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(folder.path() / "pwned"));
    CHECK_FALSE(std::filesystem::exists(folder.path() / "patchmill-repeat/pwned"));
  }
}

TEST_CASE("runtimes::make_reproducer: without the mails it says where to get them") {
  ReproducerInput input;
  input.tree_url = "--upload-pack=touch pwned";
  input.base_commit = "0123";
  input.source = "https://example.org/r/a@b\n$(x)";
  input.command = {"make"};
  const std::string script = make_reproducer(input);
  CHECK(script.find("git clone -- '--upload-pack=touch pwned'") != std::string::npos);
  CHECK(script.find("https://example.org/r/a@b") != std::string::npos);
  CHECK(script.find("\n$(x)") == std::string::npos);
}
