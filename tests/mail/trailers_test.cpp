#include "mail/trailers.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::mail;

namespace {

Message with_text(const std::string& text) {
  auto message = parse_message(
      "From: Ann Example <ann@example.org>\nSubject: [PATCH 1/2] x: do y\nMessage-ID: <1@x>\n\n" +
      text);
  REQUIRE(message.has_value());
  return std::move(*message);
}

BaseInfo info_of(const std::string& text) {
  return parse_base_info(with_text(text));
}

}  // namespace

TEST_CASE("mail::parse_trailers: the last paragraph") {
  const auto trailers = parse_trailers(
      "x: title\n\nbody: not a trailer\n\nFixes: 123 (\"y\")\nReported-by: A\n <a@x>\n"
      "Signed-off-by: Ann\n");
  REQUIRE(trailers.size() == 3);
  CHECK(trailers[0].key == "Fixes");
  CHECK(trailers[1].value == "A <a@x>");
  CHECK(trailers[2].key == "Signed-off-by");
}

TEST_CASE("mail::parse_trailers: mixed paragraphs, and none") {
  CHECK(parse_trailers("t\n\nSigned-off-by: A\n[b: changed it]\nSigned-off-by: B\n").size() == 2);
  CHECK(parse_trailers("t\n\nsome prose\nNote: and more\n").empty());
  CHECK(parse_trailers("docs: only a title\n").empty());
  CHECK(parse_trailers("").empty());
}

TEST_CASE("mail::parse_base_info: git format-patch and b4") {
  const BaseInfo info = info_of(
      "text\n---\nbase-commit: 0123456789ABCDEF0123456789abcdef01234567\n"
      "change-id: 20240101-thing-abc123\nprerequisite-change-id: other-thing:v3\n"
      "prerequisite-patch-id: 89abcdef0123456789abcdef0123456789abcdef\n"
      "prerequisite-message-id: <p@x>\nSupersedes: <old@x>\nCI-tag: skip\n");
  CHECK(info.base_commit == "0123456789abcdef0123456789abcdef01234567");
  CHECK(info.change_id == "20240101-thing-abc123");
  CHECK(info.supersedes == "old@x");
  CHECK(info.skip_requested);
  CHECK(info.dependencies ==
        std::vector<Dependency>{
            {DependencyKind::prerequisite_change, "other-thing:v3"},
            {DependencyKind::prerequisite_patch, "89abcdef0123456789abcdef0123456789abcdef"},
            {DependencyKind::depends_on_message, "p@x"}});
}

TEST_CASE("mail::parse_base_info: Depends-on in all its forms") {
  const BaseInfo info = info_of(
      "t\nDepends-on: <a@x> <b@x>\ndepends-on: https://pw.example.org/project/p/list/?series=5\n"
      "Depends-On: https://lore.kernel.org/r/c%40x/\nDepends-on: series-12 (\"x\"), patch-3\n"
      "Based-on: <a@x>\nDepends-on: nothing at all\n");
  CHECK(info.dependencies ==
        std::vector<Dependency>{
            {DependencyKind::depends_on_message, "a@x"},
            {DependencyKind::depends_on_message, "b@x"},
            {DependencyKind::depends_on_url, "https://pw.example.org/project/p/list/?series=5"},
            {DependencyKind::depends_on_message, "c@x"},
            {DependencyKind::depends_on_number, "series-12"},
            {DependencyKind::depends_on_number, "patch-3"}});
}

TEST_CASE("mail::parse_base_info: ids without brackets, with text behind, and several") {
  const auto ids = [](const std::string& value) {
    std::string text;
    for (const Dependency& one : info_of("t\nBased-on: " + value + "\n").dependencies) {
      text += (text.empty() ? "" : " ") + one.target;
    }
    return text;
  };
  CHECK(ids("20990101.1@x.org (\"[PATCH] foo\")") == "20990101.1@x.org");
  CHECK(ids("20990101.1@x.org [PATCH v2 0/3] foo by ann@x.org") == "20990101.1@x.org");
  CHECK(ids("a@x, b@x c@x;d@x") == "a@x b@x c@x d@x");
  CHECK(ids("a@x (\"one\"), b@x (\"two, or c@x\")") == "a@x b@x");
  CHECK(ids("a@x and <b@x>, https://lore.kernel.org/r/c%40x/ series-7") == "a@x b@x c@x series-7");
  CHECK(ids("\"[PATCH] foo\" <a@x>, \"bar\" <b@x>") == "a@x b@x");
  CHECK(ids("the patch of ann@x.org, bob@x.org").empty());
  CHECK(ids("@ a@ @x a@b@c \"a@x\" (b@x)").empty());
  CHECK(ids("<a@x").empty());
  CHECK(ids(std::string(2000, 'a') + "@x").empty());
  CHECK(info_of("t\nSupersedes: a@x (\"[PATCH] foo\")\n").supersedes == "a@x");
  CHECK(info_of("t\nSupersedes: series-1 <b@x>\n").supersedes == "b@x");
}

TEST_CASE("mail::parse_base_info: as many ids as may come") {
  std::string many = "t\nBased-on:";
  for (int i = 0; i < 200'000; ++i) {
    many += " a" + std::to_string(i % 2000) + "@x";
  }
  many += "\n";
  for (int i = 0; i < 20'000; ++i) {
    many += "Based-on: a@x prose <\n";
  }
  CHECK(info_of(many).dependencies.size() == 1000);
}

TEST_CASE("mail::parse_base_info: nothing hostile gets through") {
  const BaseInfo info = info_of(
      "base-commit: --upload-pack=x\nbase-branch: -x\nchange-id: ../../x\n"
      "change-id: I0123456789abcdef0123456789abcdef01234567\n> CI-tag: skip\n");
  CHECK(info.base_commit.empty());
  CHECK(info.base_branch.empty());
  CHECK(info.change_id.empty());
  CHECK_FALSE(info.skip_requested);
}

TEST_CASE("mail::commit_text: what git am records") {
  const CommitText commit = commit_text(with_text(
      "From: Bob B <bob@example.org>\n\nWhy.  \n\n\n  Because.\n\nSigned-off-by: Bob\n---\nv2: x\n"
      " x | 1 +\n\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\nbase-commit: 1\n"));
  CHECK(commit.author.email == "bob@example.org");
  CHECK(commit.title == "x: do y");
  CHECK(commit.body == "Why.\n\n  Because.\n\nSigned-off-by: Bob\n");
  CHECK(commit.notes == "v2: x\n x | 1 +\n");
  CHECK(commit.message() == "x: do y\n\nWhy.\n\n  Because.\n\nSigned-off-by: Bob\n");
  const CommitText bare =
      commit_text(with_text("Why.\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\nafter\n"));
  CHECK(bare.body == "Why.\n");
  CHECK(commit_text(with_text("-- 8< --\nkept\n-- \nsig\n")).body == "-- 8< --\nkept\n");
}
