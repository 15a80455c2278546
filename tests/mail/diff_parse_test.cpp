#include "mail/diff.hpp"
#include "util/file.hpp"
#include "util/subprocess.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace patchmill;
using namespace patchmill::mail;

namespace {

FileDiff only_file(const std::string& diff) {
  // Views point into the diff; the caller's string outlives this call.
  auto files = parse_diff(diff);
  REQUIRE_MESSAGE(files.has_value(), files.error().message);
  REQUIRE(files->size() == 1);
  return files->front();
}

std::string refusal(const std::string& diff) {
  const auto files = parse_diff(diff);
  REQUIRE_FALSE(files.has_value());
  CHECK(files.error().kind == ErrorKind::invalid);
  return files.error().message;
}

}  // namespace

TEST_CASE("mail::parse_diff: a plain change") {
  const std::string diff =
      "diff --git a/d/x.c b/d/x.c\nindex 1111111..2222222 100644\n--- a/d/x.c\n+++ b/d/x.c\n"
      "@@ -3,2 +3,3 @@ int f()\n a\n+b\n c\n@@ -9 +10 @@\n-d\n+e\n";
  const FileDiff file = only_file(diff);
  CHECK(file.change == FileChange::modified);
  CHECK(file.old_path == "d/x.c");
  CHECK(file.new_path == "d/x.c");
  CHECK(file.old_blob == "1111111");
  CHECK(file.new_blob == "2222222");
  CHECK(file.old_mode == 0100644U);
  CHECK(file.strip == 1);
  REQUIRE(file.hunks.size() == 2);
  CHECK(file.hunks[0].old_start == 3);
  CHECK(file.hunks[0].new_count == 3);
  CHECK(file.hunks[0].line == 5);
  CHECK(file.hunks[0].body == " a\n+b\n c\n");
  CHECK(file.hunks[1].old_count == 1);
  CHECK(file.text == diff);
  const auto added = added_lines({file});
  REQUIRE(added.size() == 2);
  CHECK(added[0].line == 4);
  CHECK(added[0].text == "b");
  CHECK(added[1].line == 10);
  const auto removed = removed_lines({file});
  REQUIRE(removed.size() == 1);
  CHECK(removed[0].line == 9);
  CHECK(removed[0].path == "d/x.c");
}

TEST_CASE("mail::parse_diff: names with spaces, quotes and bytes") {
  CHECK(only_file("diff --git a/x y.c b/x y.c\nold mode 100644\nnew mode 100755\n").new_path ==
        "x y.c");
  CHECK(only_file("diff --git \"a/\\303\\244 \\\"q\\\\\" \"b/\\303\\244 \\\"q\\\\\"\n"
                  "new file mode 100644\n")
            .new_path == "\xC3\xA4 \"q\\");
  const FileDiff moved = only_file(
      "diff --git a/a b c b/d \"e\nsimilarity index 100%\nrename from a b c\nrename to d \"e\n");
  CHECK(moved.change == FileChange::renamed);
  CHECK(moved.old_path == "a b c");
  CHECK(moved.new_path == "d \"e");
}

TEST_CASE("mail::parse_diff: kinds of change") {
  CHECK(only_file("diff --git a/x b/x\nnew file mode 100755\nindex 0000000..e69de29\n").change ==
        FileChange::added);
  const FileDiff gone = only_file(
      "diff --git a/x b/x\ndeleted file mode 100644\nindex 7898192..0000000\n--- a/x\n"
      "+++ /dev/null\n@@ -1 +0,0 @@\n-a\n");
  CHECK(gone.change == FileChange::deleted);
  CHECK(gone.path() == "x");
  CHECK(gone.new_path.empty());
  CHECK(only_file("diff --git a/x b/y\nsimilarity index 90%\ncopy from x\ncopy to y\n").change ==
        FileChange::copied);
  CHECK(only_file("diff --git a/x b/x\nold mode 100644\nnew mode 100755\n").change ==
        FileChange::mode_changed);
  const FileDiff binary = only_file(
      "diff --git a/b b/b\nindex 1234567..2345678 100644\nGIT binary patch\nliteral 3\n"
      "KcmZQzWMpJu00aO4\n\nliteral 1\nHcmZPo00IC2\n\n");
  CHECK(binary.binary);
  CHECK(binary.hunks.empty());
}

TEST_CASE("mail::parse_diff: traditional diffs") {
  const FileDiff stamped = only_file(
      "--- a/x.c\t2023-11-14 22:13:20.000000000 +0100\n"
      "+++ b/x.c\t2023-11-15 22:13:20.000000000 +0100\n@@ -1 +1 @@\n-a\n+b\n");
  CHECK(stamped.path() == "x.c");
  CHECK(only_file("--- a/x y.c 2002-02-21 23:30:39.942229878 -0800\n"
                  "+++ b/x y.c 2002-02-21 23:30:40.442260588 -0800\n@@ -1 +1 @@\n-a\n+b\n")
            .path() == "x y.c");
  CHECK(only_file("--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n").change == FileChange::added);
  CHECK(only_file("--- a/x\t1970-01-01 01:00:00.000000000 +0100\n+++ b/x\t2023-01-01 01:00:00 "
                  "+0100\n@@ -0,0 +1 @@\n+a\n")
            .change == FileChange::added);
  const FileDiff flat = only_file("--- x.c\n+++ x.c\n@@ -1 +1 @@\n-a\n+b\n");
  CHECK(flat.path() == "x.c");
  CHECK(flat.strip == 0);
  const FileDiff svn = only_file(
      "Index: d/x.c\n====\n--- d/x.c\t(revision 1)\n+++ d/x.c\t(working copy)\n@@ -1 +1 @@\n-a\n"
      "+b\n");
  CHECK(svn.path() == "d/x.c");
  CHECK(svn.strip == 0);
  const FileDiff quilt = only_file(
      "Index: linux/d/x.c\n====\n--- linux.orig/d/x.c\n+++ linux/d/x.c\n@@ -1 +1 @@\n-a\n+b\n");
  CHECK(quilt.path() == "d/x.c");
  CHECK(quilt.strip == 1);
}

TEST_CASE("mail::parse_diff: without prefixes (diff.noprefix)") {
  const FileDiff file = only_file(
      "diff --git d/x.c d/x.c\nindex 1111111..2222222 100644\n--- d/x.c\n+++ d/x.c\n@@ -1 +1 @@\n"
      "-a\n+b\n");
  CHECK(file.path() == "d/x.c");
  CHECK(file.strip == 0);
}

TEST_CASE("mail::parse_diff: what cannot be applied is refused with its place") {
  const std::string head = "diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n";
  CHECK(refusal(head + "@@ -1,2 +1,2 @@\n-a\n+b\n").find("missing") != std::string::npos);
  CHECK(refusal(head + "@@ -1 +1 @@\n-a\nwrapped\n").find("line 7") != std::string::npos);
  CHECK(refusal(head + "@@ -1 +1 @@\n a\n").find("changes nothing") != std::string::npos);
  CHECK(refusal("diff --cc x\nindex 1,2..3\n--- a/x\n+++ b/x\n@@@ -1,1 -1,1 +1,1 @@@\n--a\n++b\n")
            .find("combined") != std::string::npos);
  CHECK(refusal("@@ -1 +1 @@\n-a\n+b\n").find("without a file header") != std::string::npos);
  CHECK(refusal("diff --git a/x b/x\nindex 1..2 100644\n").find("nothing changes") !=
        std::string::npos);
  CHECK(refusal("diff --git a/x\nb/x\nindex 1..2\n").find("which file") != std::string::npos);
  CHECK(refusal("diff --git a/x b/x\ndeleted file mode 100644\n--- a/x\n+++ /dev/null\n"
                "@@ -1 +1 @@\n-a\n+b\n")
            .find("deleted file") != std::string::npos);
  CHECK(refusal(head + "@@ -1 +99999999999999999999 @@\n-a\n+b\n")
            .find("line 5 of the diff has a number larger") != std::string::npos);
  CHECK(refusal("hello\n").find("no file header") != std::string::npos);
  CHECK(parse_diff("")->empty());
}

TEST_CASE("mail::parse_diff: mutated diffs are refused or read exactly as by git apply") {
  const std::string seed =
      "diff --git a/d/x.c b/d/x.c\nindex 1111111..2222222 100644\n--- a/d/x.c\n+++ b/d/x.c\n"
      "@@ -1,3 +1,4 @@ f\n a\n-b\n+c\n+d\n e\n"
      "diff --git a/n b/n\nnew file mode 100644\nindex 0000000..2222222\n--- /dev/null\n+++ b/n\n"
      "@@ -0,0 +1,2 @@\n+a\n+b\n\\ No newline at end of file\n"
      "diff --git a/o b/p\nsimilarity index 80%\nrename from o\nrename to p\nindex 1..2 100644\n"
      "--- a/o\n+++ b/p\n@@ -5 +5 @@\n-a\n+b\n"
      "--- a/t\t2020-01-01\n+++ b/t\n@@ -1 +1 @@\n-a\n+b\n";
  const TempDir folder("patchmill-diff");
  SystemProcessRunner runner;
  std::uint32_t state = 12345;
  const auto random = [&](std::size_t below) {
    state = state * 1664525U + 1013904223U;
    return static_cast<std::size_t>(state >> 8U) % below;
  };
  int accepted = 0, refused = 0;
  for (int round = 0; round < 150; ++round) {
    std::string diff = seed;
    for (std::size_t change = 0; change <= random(2); ++change) {
      const std::size_t at = random(diff.size());
      const std::size_t line = diff.rfind('\n', at) + 1;
      const std::size_t end = std::min(diff.find('\n', line) + 1, diff.size());
      switch (random(4)) {
        case 0:
          diff.erase(line, end - line);  // a line lost
          break;
        case 1:
          diff.insert(line, diff.substr(line, end - line));  // a line doubled
          break;
        case 2:
          diff[at] = " +-@\nx/0"[random(8)];
          break;
        default:
          diff.insert(at, "\n");  // wrapped
          break;
      }
    }
    Command command;
    command.argv = {"git", "apply", "--numstat", "-"};
    command.cwd = folder.path();
    command.env = {{"GIT_DIR", "/nonexistent"}, {"LC_ALL", "C"}};
    command.input = diff;
    const auto done = runner.run(command);
    REQUIRE(done.has_value());
    std::string ours;
    const auto files = parse_diff(diff);
    bool other_strip = false;
    if (files) {
      for (const FileDiff& file : *files) {
        other_strip = other_strip || file.strip == 0;
        ours += std::to_string(added_lines({file}).size()) + "\t" +
                std::to_string(removed_lines({file}).size()) + "\t";
        ours += file.path();
        ours += "\n";
      }
    }
    CAPTURE(diff);
    CAPTURE(done->out);
    CAPTURE(done->err);
    CAPTURE((files ? ours : files.error().message));
    if (other_strip) {
      continue;
    }
    if (done->ok()) {
      // --numstat also passes files that nothing changes; git apply then refuses them.
      const bool stricter =
          !files && (files.error().message.find("nothing changes") != std::string::npos ||
                     files.error().message.find("the header does not") != std::string::npos);
      CHECK((stricter || (files && ours == done->out)));
      ++accepted;
    } else {
      CHECK_FALSE(files.has_value());
      ++refused;
    }
  }
  CHECK(accepted > 20);
  CHECK(refused > 20);
}
