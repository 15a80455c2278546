#include "mail/diff.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace patchmill::mail;

namespace {

const std::string hunk = "--- a/x.c\n+++ b/x.c\n@@ -1,2 +1,3 @@ int f()\n a\n+b\n c\n";
const std::string git_diff = "diff --git a/x.c b/x.c\nindex 1111111..2222222 100644\n" + hunk;

}  // namespace

TEST_CASE("mail::split_diff: text, diff and text again") {
  const SplitBody split = split_diff("why\n---\n x.c | 1 +\n\n" + git_diff + "-- \n2.39.5\n");
  CHECK(split.text == "why\n---\n x.c | 1 +\n\n-- \n2.39.5\n");
  CHECK(split.diff == git_diff);
  CHECK(split.diff_at == std::string("why\n---\n x.c | 1 +\n\n").size());
}

TEST_CASE("mail::split_diff: prose that looks like a header stays text") {
  for (const std::string text :
       {"diff is a nice tool\nand so on\n", "--- not a file\nmore\n", "Index: of all things\n\n",
        "--- a\n+++ b\nno hunk\n", "diff --git a/x b/x\nprose\n\n", "@@ -1 +1 @@\n"}) {
    CAPTURE(text);
    const SplitBody split = split_diff(text + git_diff);
    CHECK(split.text == text);
    CHECK(split.diff == git_diff);
  }
}

TEST_CASE("mail::split_diff: prose between two diffs is text, not part of the second") {
  const SplitBody split = split_diff(git_diff + "And now:\n" + git_diff + "bye\n");
  CHECK(split.diff == git_diff + git_diff);
  CHECK(split.text == "And now:\nbye\n");
}

TEST_CASE("mail::split_diff: what follows a binary patch is text") {
  const std::string binary =
      "diff --git a/b b/b\nindex 1234567..2345678 100644\nGIT binary patch\nliteral 3\n"
      "KcmZQzWMpJu00aO4\n\nliteral 1\nHcmZPo00IC2\n\n";
  const SplitBody split = split_diff("x\n" + binary + "base-commit: 123\n-- \n2.39\n");
  CHECK(split.diff == binary);
  CHECK(split.text == "x\nbase-commit: 123\n-- \n2.39\n");
}

TEST_CASE("mail::split_diff: the notice of a binary change without content is kept") {
  const std::string notice =
      "diff --git a/b b/b\nindex 1234567..2345678 100644\nBinary files a/b and b/b differ\n";
  CHECK(split_diff(notice + "text\n").diff == notice);
}

TEST_CASE("mail::split_diff: a fragment cut off by a blank line stays where git sees it") {
  const SplitBody split = split_diff(git_diff + "\n@@ -9 +9 @@\n-a\n+b\n");
  CHECK(split.diff == git_diff + "@@ -9 +9 @@\n-a\n+b\n");
}

TEST_CASE("mail::split_diff: changes without hunks") {
  for (const std::string diff :
       {"diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n",
        "diff --git a/x b/x\nold mode 100644\nnew mode 100755\n",
        "diff --git a/x b/x\nnew file mode 100644\nindex 0000000..e69de29\n"}) {
    CAPTURE(diff);
    const SplitBody split = split_diff("t\n" + diff + "\nbye\n");
    CHECK(split.diff == diff);
    CHECK(split.text == "t\n\nbye\n");
  }
}

TEST_CASE("mail::split_diff: nothing gets lost in unfinished forms") {
  for (const std::string body : {"diff --git a/x b/x", "--- a/x\n+++ b/x", "--- a/x\n",
                                 "--- a/x\n+++ b/x\n@@ -1,5 +1,5 @@\n a\n", "GIT binary patch\n"}) {
    const SplitBody split = split_diff(body);
    CHECK(split.text.size() + split.diff.size() == body.size());
  }
}

TEST_CASE("mail::split_diff: a hunk that counts too much is still a change") {
  // As text it would be a mail without a patch, and nobody would be told what is wrong with it.
  for (const std::string range : {"-99999999999 +1", "-1 +1,99999999999999999999"}) {
    const std::string diff = "--- a/x\n+++ b/x\n@@ " + range + " @@\n-a\n+b\n";
    CHECK(split_diff("text\n" + diff).diff == diff);
  }
}
