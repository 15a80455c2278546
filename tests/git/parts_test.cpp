// The small parts of src/git: names, diffs as text, hunks, indexes, trees.
#include "git/git_fixture.hpp"
#include "git/hunk_image.hpp"
#include "git/index_file.hpp"
#include "git/patch_scan.hpp"
#include "git/path_rules.hpp"
#include "git/raw_tree.hpp"

#include <doctest/doctest.h>

namespace patchmill::git {

using namespace patchmill::git::testing;

TEST_CASE("git::path_problem: harmless names that look odd") {
  for (const char* path : {"a", ".gitignore", ".gitattributes", "a/.github/x", "git", "x.git/y",
                           "...", "a b", "-x", "git~2", "\xff\xfe", "a\\b", "dir/.gitmodules"}) {
    CAPTURE(path);
    CHECK(path_problem(path) == "");
  }
  for (const char* path :
       {"", "/a", "a/", "a//b", "..", "a/..", ".", ".git", "a/.gIt", "GIT~1", ".git...", ".git . .",
        ".git:x", "a\\.git\\b", ".gi\u200dt", "\ufeff.git"}) {
    CAPTURE(path);
    CHECK(path_problem(path) != "");
  }
  CHECK(path_problem(std::string("a\0b", 3)) != "");
  CHECK(path_problem(std::string(5000, 'a')) != "");
  CHECK(path_problem("a/" + std::string(255, 'b') + "/c") == "");
  CHECK(path_problem("a/" + std::string(256, 'b') + "/c") != "");
}

TEST_CASE("git::link_problem: what symlink(2) takes") {
  CHECK(link_problem("../x").empty());
  CHECK_FALSE(link_problem("").empty());
  CHECK_FALSE(link_problem(std::string_view("a\0b", 3)).empty());
  CHECK_FALSE(link_problem(std::string(4096, 'x')).empty());
}

TEST_CASE("git::is_valid_branch: what git check-ref-format says") {
  for (const char* name :
       {"main", "a/b",  "for-next", "v6.1", "x@y", "\xc3\xa4", "@",      "a.b.c",
        "-x",   "HEAD", "a..b",     ".a",   "a.",  "a/.b",     "a.lock", "a/b.lock/c",
        "a b",  "a~b",  "a^",       "a:b",  "a?b", "a*b",      "a[b",    "a\\b",
        "a@{b", "/a",   "a/",       "a//b", "",    "a\x7f",    "a\tb"}) {
    CAPTURE(name);
    const bool git_says = run_git("/", {"check-ref-format", "--branch", name}).ok() &&
                          std::string_view(name) != "@{-1}";
    CHECK(is_valid_branch(name) == git_says);
  }
}

TEST_CASE("git::unquote: names as git quotes them") {
  CHECK(unquote("\"a\\303\\244\\t\\\"\\\\\" rest")->value == "a\u00e4\t\"\\");
  CHECK(unquote("\"ab\" rest")->consumed == 4);
  for (const char* text : {"", "plain", "\"open", "\"bad \\q\"", "\"\\9\"", "\"\\4", "\"\\400\""}) {
    CHECK_FALSE(unquote(text).has_value());
  }
}

TEST_CASE("git::scan_patch: names, blobs, modes and hunks of every kind of section") {
  const PatchScan scan = scan_patch(
      "text before\n"
      "diff --git a/with space b/with space\nindex 1111..2222 100644\n--- a/with space\t\n"
      "+++ b/with space\t\n@@ -1,2 +1,3 @@ int main\n one\n+two\n three\n"
      "diff --git a/x b/y\nsimilarity index 90%\nrename from x\nrename to y\n"
      "diff --git \"a/q\\\"\" \"b/q\\\"\"\nold mode 100644\nnew mode 100755\n"
      "diff --git a/n b/n\nnew file mode 100644\nindex 0000..3333\n--- /dev/null\n+++ b/n\n"
      "@@ -0,0 +1 @@\n+--- a/not/a/header\n"
      "diff --git a/d b/d\ndeleted file mode 100644\nindex 4444..0000\n--- a/d\n+++ /dev/null\n"
      "@@ -1 +0,0 @@\n-gone\n\\ No newline at end of file\n-- \n2.39.5\n");
  REQUIRE(scan.files.size() == 5);
  CHECK(scan.plain);
  CHECK(scan.files[0].new_path == "with space");
  CHECK(scan.files[0].old_blob == "1111");
  CHECK(scan.files[0].new_blob == "2222");
  REQUIRE(scan.files[0].hunks.size() == 1);
  CHECK(scan.files[0].hunks[0].body == " one\n+two\n three\n");
  CHECK(scan.files[1].renamed);
  CHECK(scan.files[1].old_path == "x");
  CHECK(scan.files[1].new_path == "y");
  CHECK(scan.files[2].path() == "q\"");
  CHECK(scan.files[2].new_mode == 0100755);
  CHECK(scan.files[3].created);
  CHECK(scan.files[3].old_path == "");
  CHECK(scan.files[4].deleted);
  CHECK(scan.files[4].new_path == "");
  CHECK(scan.files[4].hunks[0].complete);
  CHECK(scan.candidate_paths.contains("with space"));
  CHECK_FALSE(scan.candidate_paths.contains("not/a/header"));
}

TEST_CASE("git::scan_patch: what git would read otherwise or refuse is not plain") {
  const std::string good = "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n";
  CHECK(scan_patch(good).plain);
  CHECK_FALSE(scan_patch(good + "prose\n@@ -3 +3 @@\n-a\n+b\n").plain);
  CHECK_FALSE(scan_patch("@@ -3 +3 @@\n-a\n+b\n" + good).plain);
  CHECK_FALSE(scan_patch("--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n").plain);
  CHECK_FALSE(scan_patch(good + "@@ -9,9 +9 @@\n-a\n").plain);
  CHECK_FALSE(scan_patch("diff --git a/f b/f\n--- a/f\n+++ b/g\n@@ -1 +1 @@\n-a\n+b\n").plain);
  CHECK_FALSE(scan_patch("diff --git a/f b/f\nnew file mode 100644\n--- a/f\n+++ b/f\n@@ -0,0 +1 "
                         "@@\n+b\n")
                  .plain);
}

TEST_CASE("git::scan_patch: hostile headers stay linear") {
  std::string spaces = "diff --git a/";
  for (int i = 0; i < 300000; ++i) {
    spaces += "/ ";
  }
  CHECK(scan_patch(spaces + "\n").files.size() == 1);
  std::string many;
  for (int i = 0; i < 100000; ++i) {
    many += "--- a\n+++ b\n";
  }
  CHECK(scan_patch(many).files.size() == 100000);
}

TEST_CASE("git::apply_where_stated: only at the place git would look first") {
  const std::string content = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
  const auto apply = [&](const std::string& hunks) {
    const std::string diff = "diff --git a/f b/f\n--- a/f\n+++ b/f\n" + hunks;
    return apply_where_stated(content, scan_patch(diff).files.at(0));
  };
  CHECK(apply("@@ -3,3 +3,3 @@\n 3\n-4\n+four\n 5\n").value() == "1\n2\n3\nfour\n5\n6\n7\n8\n9\n");
  CHECK(apply("@@ -1,2 +1,3 @@\n+0\n 1\n 2\n@@ -8,2 +9,2 @@\n 8\n-9\n+nine\n").value() ==
        "0\n1\n2\n3\n4\n5\n6\n7\n8\nnine\n");
  CHECK_FALSE(apply("@@ -4,3 +4,3 @@\n 3\n-4\n+four\n 5\n").has_value());  // off by one
  CHECK_FALSE(apply("@@ -5 +5 @@\n-5\n+five\n").has_value());              // no context
  CHECK_FALSE(apply("@@ -1,3 +1,3 @@\n 3\n-4\n+four\n 5\n").has_value());  // must begin the file
  CHECK_FALSE(apply("@@ -3,2 +3,2 @@\n 3\n-4\n+four\n").has_value());      // must end the file
  CHECK_FALSE(apply("@@ -8,2 +8,2 @@\n 8\n-9\n\\ No newline at end of file\n+9\n").has_value());
  CHECK_FALSE(apply("@@ -3,3 +3,3 @@\n 3\n 4\n 5\n").has_value());  // changes nothing
}

TEST_CASE("git::hunk_fits: anywhere, but at the ends where git insists") {
  const auto fits = [](const std::string& content, const std::string& hunk) {
    return hunk_fits(
        content,
        scan_patch("diff --git a/f b/f\n--- a/f\n+++ b/f\n" + hunk).files.at(0).hunks.at(0));
  };
  const std::string hunk = "@@ -50,3 +50,3 @@\n b\n-c\n+C\n d\n";
  CHECK(fits("a\nb\nc\nd\ne\n", hunk));
  CHECK(fits("b\nc\nd\n", hunk));
  CHECK_FALSE(fits("xb\nc\nd\n", hunk));
  CHECK_FALSE(fits("b\nc\nd", hunk));
  CHECK_FALSE(fits("b\nc\ndd\n", hunk));
  CHECK_FALSE(fits("", hunk));
  CHECK_FALSE(fits("a\nb\nc\nd\n", "@@ -1,3 +1,3 @@\n b\n-c\n+C\n d\n"));
  CHECK(fits("a\nb\nc\n", "@@ -50,2 +50,2 @@\n b\n-c\n+C\n"));
  CHECK_FALSE(fits("b\nc\nd\n", "@@ -50,2 +50,2 @@\n b\n-c\n+C\n"));
  // Content made to slow a simple search down.
  std::string repeated;
  std::string body;
  for (int i = 0; i < 200000; ++i) {
    repeated += "a\n";
    body += i < 20000 ? " a\n" : "";
  }
  CHECK_FALSE(fits(repeated, "@@ -50,20001 +50,20000 @@\n" + body + "-b\n a\n"));
}

TEST_CASE("git::write_index: git reads it, and we read git's") {
  for (const bool sha256 : {false, true}) {
    Sandbox box(sha256);
    const ObjectId blob = box.repository().write_blob("x\n").value();
    std::vector<TreeEntry> entries = {{0100644, blob, "b"},
                                      {0100755, blob, "a/b"},
                                      {0120000, blob, "a-b"},
                                      {0100644, blob, std::string(5000, 'l')},
                                      {0100644, blob, "b"}};
    const std::string bytes = write_index(entries, box.repository().id_bytes());
    {
      std::ofstream out(box.root() / "index", std::ios::binary);
      out << bytes;
    }
    const auto listed = box.repository().git_with_env(
        {"ls-files", "-s"}, {{"GIT_INDEX_FILE", (box.root() / "index").string()}});
    REQUIRE(listed.has_value());
    CHECK_MESSAGE(listed->ok(), listed->err);
    CHECK(split_lines(listed->out).size() == 4);
    CHECK(split_lines(listed->out)[0] == "120000 " + blob + " 0\ta-b");
    const auto read = read_index(bytes, box.repository().id_bytes());
    REQUIRE(read.has_value());
    REQUIRE(read->size() == 4);
    CHECK((*read)[1].path == "a/b");
    CHECK((*read)[1].mode == 0100755);
    CHECK((*read)[3].path.size() == 5000);
    for (std::size_t cut = 0; cut < bytes.size(); cut += 97) {
      read_index(bytes.substr(0, cut), box.repository().id_bytes());  // no crash
    }
  }
}

TEST_CASE("git::parse_tree: damaged bytes are no tree") {
  const std::string id(20, 'i');
  const std::string good = std::string("100644 a\0", 9) + id;
  REQUIRE(parse_tree(good, 20).has_value());
  CHECK(serialize_tree(*parse_tree(good, 20)) == good);
  for (std::size_t cut = 1; cut < good.size(); ++cut) {
    CHECK_FALSE(parse_tree(good.substr(0, cut), 20).has_value());
  }
  CHECK_FALSE(parse_tree(std::string("100648 a\0", 9) + id, 20).has_value());
  CHECK_FALSE(parse_tree(std::string("100644 \0", 8) + id, 20).has_value());
}

}  // namespace patchmill::git
