#include "git/apply.hpp"

#include "git/git_fixture.hpp"

#include <doctest/doctest.h>

namespace patchmill::git {
namespace {

using namespace patchmill::git::testing;
namespace fs = std::filesystem;

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// A refused patch: its reason, and that nothing was applied.
std::string reason_of(const ApplyOutcome& outcome) {
  REQUIRE_FALSE(outcome.ok());
  CHECK(outcome.applied.empty());
  CHECK(outcome.tip() == outcome.base);
  return outcome.conflict->reason;
}

std::string new_file(const std::string& header_path, const std::string& mode = "100644",
                     const std::string& content = "x") {
  return "diff --git " + header_path + "\nnew file mode " + mode +
         "\nindex 0000000..1111111\n--- /dev/null\n+++ b/" +
         header_path.substr(header_path.find(" b/") + 3) + "\n@@ -0,0 +1 @@\n+" + content + "\n";
}

}  // namespace

TEST_CASE("git::apply_series: a series, patch upon patch, with and without a git process") {
  for (const bool direct : {true, false}) {
    CAPTURE(direct);
    Sandbox box;
    Sandbox::Files files = {{"src/a.c", {numbered_lines(1, 60)}}, {"src/b.c", {"b\n"}}};
    const ObjectId base = box.commit(files);
    std::vector<ObjectId> commits{base};
    files["src/a.c"].content += "more\n";
    files["src/new/deep.c"] = {"new\n", 0100755};
    commits.push_back(box.commit(files));
    files.erase("src/b.c");
    files["src/a.c"].content =
        numbered_lines(1, 20) + "inserted\n" + numbered_lines(21, 60) + "more\n";
    commits.push_back(box.commit(files));
    files["src/renamed.c"] = files["src/a.c"];
    files.erase("src/a.c");
    commits.push_back(box.commit(files));
    std::vector<PatchInput> patches;
    for (std::size_t i = 1; i < commits.size(); ++i) {
      patches.push_back(Sandbox::patch(box.diff(commits[i - 1], commits[i])));
    }
    ApplyOptions options;
    options.direct = direct;
    const auto outcome = box.apply("main~3", patches, options);
    REQUIRE(outcome.ok());
    REQUIRE(outcome.applied.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(outcome.applied[i].tree == box.tree_of(commits[i + 1]));
      CHECK(outcome.applied[i].method == ApplyMethod::exact);
    }
    CHECK(outcome.applied[2].paths == std::vector<std::string>{"src/renamed.c"});
    const auto tip = box.repository().commit(outcome.tip());
    REQUIRE(tip.has_value());
    CHECK(tip->parents == std::vector<ObjectId>{outcome.applied[1].commit});
    CHECK(tip->author.name == "A U Thor");
    // As if each author had applied his own patch: scripts that want the committer's sign-off
    // (NIPA's verify_signedoff) find it.
    CHECK(tip->committer.name == tip->author.name);
    CHECK(tip->committer.email == tip->author.email);
    CHECK(tip->committer.seconds == tip->author.seconds);
    CHECK(tip->committer.offset_minutes == tip->author.offset_minutes);
  }
}

TEST_CASE("git::apply_series: the same input gives the same commits, also elsewhere") {
  for (const bool sha256 : {false, true}) {
    CAPTURE(sha256);
    std::vector<ObjectId> tips;
    for (const bool direct : {true, false, true}) {
      Sandbox box(sha256);
      const ObjectId base = box.commit({{"a", {numbered_lines(1, 30)}}});
      const ObjectId next = box.commit({{"a", {numbered_lines(2, 31)}}});
      ApplyOptions options;
      options.direct = direct;
      tips.push_back(box.apply(base, {Sandbox::patch(box.diff(base, next))}, options).tip());
    }
    CHECK(tips[0].size() == (sha256 ? 64u : 40u));
    CHECK(tips[0] == tips[1]);
    CHECK(tips[0] == tips[2]);
  }
}

TEST_CASE("git::apply_series: a patch without a date has that of the commit it goes onto") {
  Sandbox box;
  const ObjectId base = box.commit({{"a", {"1\n"}}});
  const ObjectId one = box.commit({{"a", {"2\n"}}});
  const ObjectId two = box.commit({{"a", {"3\n"}}});
  const ObjectId three = box.commit({{"a", {"4\n"}}});
  std::vector<PatchInput> patches{Sandbox::patch(box.diff(base, one)),
                                  Sandbox::patch(box.diff(one, two)),
                                  Sandbox::patch(box.diff(two, three))};
  patches[0].undated = patches[2].undated = true;
  patches[0].author.seconds = 5;  // says nothing
  patches[2].author.seconds = 6;
  patches[1].author.offset_minutes = -210;
  const auto outcome = box.apply(base, patches);
  REQUIRE(outcome.ok());
  std::vector<std::int64_t> dates;
  std::vector<int> zones;
  for (const AppliedPatch& applied : outcome.applied) {
    const auto commit = box.repository().commit(applied.commit);
    REQUIRE(commit.has_value());
    CHECK(commit->committer.seconds == commit->author.seconds);
    dates.push_back(commit->author.seconds);
    zones.push_back(commit->author.offset_minutes);
  }
  const auto before = box.repository().commit(base);
  REQUIRE(before.has_value());
  CHECK(dates ==
        std::vector<std::int64_t>{before->committer.seconds, 1'700'000'000, 1'700'000'000});
  CHECK(zones == std::vector<int>{before->committer.offset_minutes, -210, -210});
  patches[0].author.seconds = 7;
  CHECK(box.apply(base, patches).tip() == outcome.tip());
}

TEST_CASE("git::apply_series: trees only, and no patches at all") {
  Sandbox box;
  const ObjectId base = box.commit({{"a", {"1\n"}}});
  const ObjectId next = box.commit({{"a", {"2\n"}}});
  ApplyOptions options;
  options.commits = false;
  const auto outcome = box.apply(base, {Sandbox::patch(box.diff(base, next))}, options);
  CHECK(outcome.applied[0].tree == box.tree_of(next));
  CHECK(outcome.applied[0].commit.empty());
  CHECK(box.apply(base, {}).tip() == base);
  const auto unknown = apply_series(box.repository(), "absent", {});
  CHECK(unknown.error().kind == ErrorKind::not_found);
}

TEST_CASE("git::apply_series: what is there already") {
  Sandbox box;
  const ObjectId base = box.commit({{"a", {numbered_lines(1, 30)}}});
  const ObjectId next =
      box.commit({{"a", {numbered_lines(1, 10) + "new\n" + numbered_lines(11, 30)}}});
  for (const bool three_way : {true, false}) {
    ApplyOptions options;
    options.three_way = three_way;
    const auto outcome = box.apply(next, {Sandbox::patch(box.diff(base, next))}, options);
    REQUIRE(outcome.ok());
    CHECK(outcome.applied[0].method == ApplyMethod::already_applied);
    CHECK(outcome.tip() == next);
    CHECK(outcome.applied[0].tree == box.tree_of(next));
  }
}

TEST_CASE("git::apply_series: lines sent with DOS line ends by the mail's way") {
  Sandbox box;
  const ObjectId base = box.commit({{"unix", {"1\n2\n3\n"}}, {"dos", {"1\r\n2\r\n3\r\n"}}});
  const ObjectId next = box.commit({{"unix", {"1\n9\n3\n"}}, {"dos", {"1\r\n2\r\n3\r\n"}}});
  const ObjectId last = box.commit({{"unix", {"1\n9\n3\n"}}, {"dos", {"1\r\n9\r\n3\r\n"}}});
  std::string mangled;
  for (char c : box.diff(base, next)) {
    mangled += c == '\n' ? std::string("\r\n") : std::string(1, c);
  }
  const auto outcome =
      box.apply(base, {Sandbox::patch(mangled), Sandbox::patch(box.diff(next, last))});
  REQUIRE(outcome.ok());
  CHECK(outcome.applied[0].tree == box.tree_of(next));
  CHECK(outcome.applied[1].tree == box.tree_of(last));
}

TEST_CASE("git::apply_series: a conflict names hunk, file and the commit in the way") {
  Sandbox box;
  const ObjectId base = box.commit({{"f.c", {numbered_lines(1, 100)}}});
  std::string changed = numbered_lines(1, 9) + "mine\n" + numbered_lines(11, 69) + "mine too\n" +
                        numbered_lines(71, 100);
  const ObjectId mine = box.commit({{"f.c", {changed}}}, "mine");
  const std::string diff = box.diff(base, mine);
  std::string theirs = numbered_lines(1, 69) + "theirs\n" + numbered_lines(71, 100);
  box.commit({{"f.c", {numbered_lines(1, 100) + "tail\n"}}}, "unrelated");
  const ObjectId culprit = box.commit({{"f.c", {theirs + "tail\n"}}}, "rework line 70");
  const ObjectId tip = box.commit({{"f.c", {"head\n" + theirs + "tail\n"}}}, "after it");

  for (const bool three_way : {true, false}) {
    ApplyOptions options;
    options.three_way = three_way;
    const auto outcome = box.apply(tip, {Sandbox::patch(diff)}, options);
    REQUIRE_FALSE(outcome.ok());
    const Conflict& conflict = *outcome.conflict;
    CHECK(conflict.patch == 0);
    CHECK(conflict.file == "f.c");
    CHECK(conflict.hunk == 2);
    CHECK(conflict.line == 67);
    CHECK(conflict.reason ==
          "expects lines that commit " + culprit.substr(0, 12) + " (\"rework line 70\") changed");
    CHECK(conflict.upstream_commit == culprit);
    CHECK(conflict.upstream_subject == "rework line 70");
    CHECK(has(conflict.excerpt, "-line 70\n+mine too\n"));
    CHECK(has(conflict.git_output, "patch failed: f.c:67"));
  }
  ApplyOptions quick;
  quick.explain = false;
  const auto outcome = box.apply(tip, {Sandbox::patch(diff)}, quick);
  CHECK(outcome.conflict->hunk == 2);
  CHECK_FALSE(outcome.conflict->upstream_commit.has_value());
}

TEST_CASE("git::apply_series: a conflict with an earlier patch of the series says so") {
  Sandbox box;
  const ObjectId base = box.commit({{"f", {numbered_lines(1, 30)}}, {"g", {"g\n"}}});
  const ObjectId one = box.commit(
      {{"f", {numbered_lines(1, 14) + "one\n" + numbered_lines(16, 30)}}, {"g", {"g\n"}}});
  const ObjectId two = box.commit(
      {{"f", {numbered_lines(1, 14) + "two\n" + numbered_lines(16, 30)}}, {"g", {"g\n"}}});
  const auto outcome =
      box.apply(base, {Sandbox::patch(box.diff(base, one)), Sandbox::patch(box.diff(base, two))});
  REQUIRE_FALSE(outcome.ok());
  CHECK(outcome.applied.size() == 1);
  CHECK(outcome.conflict->patch == 1);
  CHECK(has(outcome.conflict->reason, "earlier patch of the series"));
}

TEST_CASE("git::apply_series: files that are gone, renamed, or there already") {
  Sandbox box;
  const Sandbox::File other{"other\n"};
  const ObjectId base =
      box.commit({{"old.c", {numbered_lines(1, 50)}}, {"gone.c", {"g\n"}}, {"x", other}});
  const ObjectId edit =
      box.commit({{"old.c", {"top\n" + numbered_lines(1, 50)}}, {"gone.c", {"g\n"}}, {"x", other}});
  const ObjectId edit_gone =
      box.commit({{"old.c", {numbered_lines(1, 50)}}, {"gone.c", {"h\n"}}, {"x", other}});
  const ObjectId adds = box.commit({{"old.c", {numbered_lines(1, 50)}},
                                    {"gone.c", {"g\n"}},
                                    {"x", other},
                                    {"new.c", {"mine\n"}}});
  const ObjectId moved = box.commit(
      {{"sub/new name.c", {numbered_lines(1, 50)}}, {"gone.c", {"g\n"}}, {"x", other}}, "move it");
  const ObjectId removed =
      box.commit({{"sub/new name.c", {numbered_lines(1, 50)}}, {"x", other}}, "remove it");
  const ObjectId added = box.commit(
      {{"sub/new name.c", {numbered_lines(1, 50)}}, {"x", other}, {"new.c", {"theirs\n"}}},
      "add it");

  // git am -3 follows the renaming.
  const auto followed = box.apply(added, {Sandbox::patch(box.diff(base, edit))});
  REQUIRE(followed.ok());
  CHECK(followed.applied[0].method == ApplyMethod::three_way);
  CHECK(box.repository().read(followed.tip() + ":sub/new name.c")->data ==
        "top\n" + numbered_lines(1, 50));
  ApplyOptions plain;
  plain.three_way = false;
  const auto renamed = box.apply(added, {Sandbox::patch(box.diff(base, edit))}, plain);
  CHECK(reason_of(renamed) ==
        "was renamed to sub/new name.c by commit " + moved.substr(0, 12) + " (\"move it\")");
  CHECK(renamed.conflict->upstream_commit == moved);

  const auto gone = box.apply(added, {Sandbox::patch(box.diff(base, edit_gone))});
  CHECK(has(reason_of(gone), "removed by commit " + removed.substr(0, 12)));
  const auto there = box.apply(added, {Sandbox::patch(box.diff(base, adds))});
  CHECK(has(reason_of(there), "exists already since commit " + added.substr(0, 12)));
  const auto never = box.apply(base, {Sandbox::patch("diff --git a/no b/no\nindex 1234567..7654321 "
                                                     "100644\n--- a/no\n+++ b/no\n@@ -1 +1 @@\n-a\n"
                                                     "+b\n")});
  CHECK(reason_of(never) == "does not exist in the base; no commit of its history had it");
}

TEST_CASE("git::apply_series: a reason does not name again the file it is about") {
  Sandbox box;
  const Sandbox::Files files = {{"dir/a.c", {numbered_lines(1, 30)}},
                                {"dir/gone.c", {"g\n"}},
                                {"dir/mod", {std::string(40, '1'), 0160000}}};
  const Sandbox::Files changes = {{"dir/a.c", {numbered_lines(1, 29) + "end\n"}},
                                  {"dir/gone.c", {"h\n"}},
                                  {"dir/new.c", {"n\n"}},
                                  {"dir/mod", {std::string(40, '2'), 0160000}}};
  const ObjectId base = box.commit(files);
  std::map<std::string, std::string> diffs;
  for (const auto& [path, file] : changes) {
    Sandbox::Files changed = files;
    changed.insert_or_assign(path, file);
    diffs[path] = box.diff(base, box.commit(changed));
  }
  box.commit(files);
  const ObjectId other = box.commit({{"dir/a.c", {numbered_lines(1, 25)}},
                                     {"dir/new.c", {"other\n"}},
                                     {"dir/mod", {std::string(40, '1'), 0160000}}});
  for (const auto& [path, diff] : diffs) {
    for (const bool explain : {true, false}) {
      CAPTURE(path);
      CAPTURE(explain);
      ApplyOptions options;
      options.explain = explain;
      const auto outcome = box.apply(other, {Sandbox::patch(diff)}, options);
      const std::string reason = reason_of(outcome);
      CAPTURE(reason);
      CHECK(outcome.conflict->file == path);
      CHECK_FALSE(has(reason, path));
      CHECK_FALSE(has(reason, "hunk"));
    }
  }
  const std::string binary =
      "diff --git a/dir/b.bin b/dir/b.bin\nindex 1234567..7654321 100644\n"
      "Binary files a/dir/b.bin and b/dir/b.bin differ\n";
  const ObjectId with_binary = box.commit({{"dir/b.bin", {std::string("\0x", 2)}}});
  const auto refused = box.apply(with_binary, {Sandbox::patch(binary)});
  const std::string why = refused.conflict->file + ": " + reason_of(refused);
  CAPTURE(why);
  CHECK(has(why, "format-patch --binary"));
  CHECK(why.find("dir/b.bin") == why.rfind("dir/b.bin"));
}

TEST_CASE("git::apply_series: paths out of the tree and into .git are refused") {
  Sandbox box;
  const ObjectId base = box.commit({{"a", {"1\n"}}, {"d/x", {"2\n"}}});
  for (const char* path :
       {"../evil", "d/../../evil", "/etc/passwd", ".git/config", "d/.git/hooks/post-checkout",
        ".GIT/config", ".Git/config", "git~1/config", ".git./config", ".git /config",
        ".git::$INDEX_ALLOCATION/config", ".g\u200cit/config", "a//b", "./a"}) {
    CAPTURE(path);
    const std::string name(path);
    for (const std::string& diff :
         {new_file("a/" + name + " b/" + name),
          "--- /dev/null\n+++ b/" + name + "\n@@ -0,0 +1 @@\n+x\n",
          "diff --git a/a b/" + name + "\nsimilarity index 100%\nrename from a\nrename to " + name +
              "\n"}) {
      CAPTURE(diff);
      const auto outcome = box.apply(base, {Sandbox::patch(diff)});
      CHECK(reason_of(outcome) != "");
    }
  }
  // Quoting hides nothing.
  const auto quoted = box.apply(
      base, {Sandbox::patch("diff --git \"a/\\056git/config\" \"b/\\056git/config\"\nnew file mode "
                            "100644\nindex 0000000..1111111\n--- /dev/null\n+++ "
                            "\"b/\\056git/config\"\n@@ -0,0 +1 @@\n+x\n")});
  CHECK(has(reason_of(quoted), ".git folder"));
  // A patch may well carry such a name as text.
  const auto text = box.apply(
      base, {Sandbox::patch(new_file("a/p.patch b/p.patch", "100644", "++ b/.git/config"))});
  CHECK(text.ok());
}

TEST_CASE("git::apply_series: no writing through symbolic links") {
  Sandbox box;
  const ObjectId base = box.commit({{"a", {"1\n"}}, {"link", {"/tmp", 0120000}}});
  const auto through = box.apply(base, {Sandbox::patch(new_file("a/link/x b/link/x"))});
  CHECK(has(reason_of(through), "symbolic link"));
  // The link comes with the patch before, or with the same patch.
  const std::string link =
      "diff --git a/out b/out\nnew file mode 120000\nindex 0000000..1111111\n--- /dev/null\n"
      "+++ b/out\n@@ -0,0 +1 @@\n+/tmp\n\\ No newline at end of file\n";
  const auto later =
      box.apply(base, {Sandbox::patch(link), Sandbox::patch(new_file("a/out/x b/out/x"))});
  REQUIRE_FALSE(later.ok());
  CHECK(later.applied.size() == 1);
  CHECK(has(later.conflict->reason, "symbolic link"));
  CHECK_FALSE(box.apply(base, {Sandbox::patch(link + new_file("a/out/x b/out/x"))}).ok());
}

TEST_CASE("git::apply_series: what no file system can hold is refused") {
  Sandbox box;
  const ObjectId base = box.commit({{"a", {"1\n"}}});
  const auto added = [&](const std::string& path) {
    return box.apply(base, {Sandbox::patch(new_file("a/" + path + " b/" + path))});
  };
  CHECK(added(std::string(255, 'n')).ok());
  CHECK(has(reason_of(added(std::string(256, 'n'))), "longer than 255 bytes"));
  std::string deep;
  for (int i = 0; i < 512; ++i) {
    deep += "d/";
  }
  CHECK(added(deep + "f").ok());
  CHECK(has(reason_of(added(deep + "d/f")), "more than 512 folders"));
  const auto link = [&](const std::string& rest) {
    return box.apply(base, {Sandbox::patch("diff --git a/l b/l\nnew file mode 120000\nindex "
                                           "0000000.." +
                                           rest)});
  };
  CHECK(has(reason_of(link("e69de29\n")), "names none"));
  const std::string at = "1111111\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+";
  const std::string end = "\n\\ No newline at end of file\n";
  CHECK(link(at + std::string(4095, 'x') + end).ok());
  CHECK(has(reason_of(link(at + std::string(4096, 'x') + end)), "4096 bytes or longer"));
}

TEST_CASE("git::apply_series: submodules are left alone") {
  Sandbox box;
  const ObjectId base = box.commit({{"a", {"1\n"}}, {"sub", {std::string(40, '1'), 0160000}}});
  const ObjectId next = box.commit({{"a", {"1\n"}}, {"sub", {std::string(40, '2'), 0160000}}});
  const ObjectId gone = box.commit({{"a", {"1\n"}}});
  for (const std::string& diff :
       {box.diff(base, next), box.diff(base, gone), box.diff(gone, next)}) {
    const ObjectId& onto = diff.find("new file") != std::string::npos ? gone : base;
    CHECK(has(reason_of(box.apply(onto, {Sandbox::patch(diff)})), "submodule"));
  }
  CHECK_FALSE(box.apply(base, {Sandbox::patch(new_file("a/sub/x b/sub/x"))}).ok());
}

TEST_CASE("git::apply_series: diffs that git refuses are refused with a reason") {
  Sandbox box;
  const ObjectId base = box.commit({{"a", {numbered_lines(1, 20)}}, {"dir/x", {"x\n"}}});
  const std::string head = "diff --git a/a b/a\nindex 1234567..7654321 100644\n--- a/a\n+++ b/a\n";
  const std::map<std::string, std::string> refused = {
      {"empty", ""},
      {"blank", "\n \n"},
      {"prose", "Dear all,\n\nplease apply.\n"},
      {"no context", head + "@@ -5 +5 @@\n-line 5\n+five\n"},
      {"cut short", head + "@@ -1,5 +1,5 @@\n line 1\n-line 2\n"},
      {"count too small",
       head + "@@ -1,3 +1,3 @@\n line 1\n-line 2\n+two\n line 3\n+more\n@@ -9 +9 @@ x\n"},
      {"wrapped",
       head + "@@ -1,3 +1,3 @@\n line 1\n-line 2\n+a long line that was\nwrapped\n line 3\n"},
      {"huge numbers",
       head + "@@ -99999999999999999999,3 +1,3 @@\n line 1\n-line 7\n+two\n line 3\n"},
      {"numbers beyond", head + "@@ -1,4000000000 +1,4000000000 @@\n line 1\n-line 2\n+two\n"},
      {"binary without content",
       "diff --git a/b b/b\nnew file mode 100644\nindex 0000000..1111111\n"
       "Binary files /dev/null and b/b differ\n"},
      {"damaged binary",
       "diff --git a/b b/b\nnew file mode 100644\nindex "
       "0000000000000000000000000000000000000000.."
       "1111111111111111111111111111111111111111\nGIT binary patch\nliteral 5\n"
       "McmZQzWXJ\n\n"},
      {"file over folder", new_file("a/dir b/dir")},
      {"file in file", new_file("a/a/x b/a/x")},
      {"new over old", new_file("a/a b/a")},
      {"bad mode", new_file("a/n b/n", "999999")},
      {"stray hunk", head + "@@ -1,3 +1,3 @@\n line 1\n-line 2\n+two\n line 3\nprose\n@@ -5,3 +5,3 "
                            "@@\n line 5\n-line 6\n+six\n line 7\n"},
  };
  for (const auto& [name, diff] : refused) {
    CAPTURE(name);
    const auto outcome = box.apply(base, {Sandbox::patch(diff)});
    const std::string reason = reason_of(outcome);
    CHECK(reason != "");
    CHECK_FALSE(has(reason, "\n"));
  }
}

namespace {

struct ManyHunks {
  std::string before, after, diff = "diff --git a/big b/big\n--- a/big\n+++ b/big\n";
  explicit ManyHunks(int hunks) {
    for (int i = 0; i < hunks; ++i) {
      const std::string n = std::to_string(i);
      before += "a" + n + "\nb" + n + "\nc" + n + "\n";
      after += "a" + n + "\nB" + n + "\nc" + n + "\n";
      const std::string range = std::to_string(3 * i + 1) + ",3";
      diff += "@@ -" + range + " +" + range + " @@\n a" + n + "\n-b" + n + "\n+B" + n + "\n c" + n +
              "\n";
    }
  }
};

}  // namespace

TEST_CASE("git::apply_series: a hundred thousand hunks") {
  Sandbox box;
  const ManyHunks many(100000);
  const ObjectId base = box.commit({{"big", {many.before}}});
  const auto outcome = box.apply(base, {Sandbox::patch(many.diff)});
  REQUIRE(outcome.ok());
  CHECK(box.repository().read(outcome.tip() + ":big")->data == many.after);
  // The last hunk fails. Fewer, as git itself takes a time that grows with their square.
  ManyHunks broken(10000);
  broken.diff.replace(broken.diff.rfind("-b9999"), 6, "-bXXXX");
  const ObjectId smaller = box.commit({{"big", {broken.before}}});
  const auto failed = box.apply(smaller, {Sandbox::patch(broken.diff)});
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.conflict->hunk == 10000);
  CHECK(failed.conflict->excerpt.size() < 10000);
}

TEST_CASE("git::patch_ids: as git patch-id, each diff for itself") {
  Sandbox box;
  const ObjectId one = box.commit({{"a", {numbered_lines(1, 30)}}, {"b", {"b\n"}}});
  const ObjectId two = box.commit({{"a", {numbered_lines(2, 30)}}, {"b", {"c\n"}}});
  const ObjectId three = box.commit({{"a", {numbered_lines(2, 31)}}, {"b", {"c\n"}}});
  const std::string first = box.diff(one, two);
  const std::string second = box.diff(two, three);
  const auto expected = [&](const std::string& diff) {
    return git_ok(box.dir(), {"patch-id", "--stable"}, diff).substr(0, 40);
  };
  const std::string fake = "commit " + std::string(40, '1') + "\nFrom " + std::string(40, '2') +
                           " x\n" + std::string(39, '0') + "2\n";
  const std::vector<std::string> diffs{first, "", fake + second, "no diff\n",
                                       first + "-- \n2.39\n"};
  const auto ids = patch_ids(box.repository(), diffs);
  REQUIRE(ids.has_value());
  REQUIRE(ids->size() == 5);
  CHECK((*ids)[0] == expected(first));
  CHECK((*ids)[1].empty());
  CHECK((*ids)[2] == expected(second));
  CHECK((*ids)[3].empty());
  CHECK((*ids)[4] == expected(first));
  CHECK(patch_ids(box.repository(), {})->empty());
}

}  // namespace patchmill::git
