#include "web/diff_html.hpp"

#include "support/contains.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::web;

namespace {

using patchmill::test::contains;

constexpr std::string_view k_diff =
    "diff --git a/a.c b/a.c\nindex 111..222 100644\n--- a/a.c\n+++ b/a.c\n"
    "@@ -1,3 +1,4 @@ int f(void)\n int a;\n-\tuse(a, 1);\n+\tuse(a, 22);\n+\treturn;  \n }\n";

std::size_t count(const std::string& text, std::string_view what) {
  std::size_t n = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++n;
  }
  return n;
}

}  // namespace

TEST_CASE("web::diff_html: marks say what colours say, numbers are those of the new file") {
  const DiffHtml diff = diff_html(k_diff);
  const std::string& html = diff.html.string();
  CHECK(diff.files == 1);
  CHECK(diff.added == 2);
  CHECK(diff.removed == 1);
  CHECK(diff.whole);
  CHECK(contains(html, "<summary><code>a.c</code>"));
  CHECK(contains(html, "<span class=\"del\"><b>     </b>-\tuse(a, <mark>1</mark>);\n</span>"));
  CHECK(contains(
      html, "<span class=\"add\" id=\"f1n2\"><b>    2</b>+\tuse(a, <mark>22</mark>);\n</span>"));
  CHECK(contains(html, "+\treturn;<span class=\"ws\">  </span>"));
  CHECK(contains(html, "<span class=\"hunk\">      @@ -1,3 +1,4 @@ int f(void)\n</span>"));
}

TEST_CASE("web::diff_html: findings stand below their line") {
  findings::Finding finding;
  finding.file = "a.c";
  finding.line = 2;
  finding.severity = findings::Severity::error;
  finding.tool = "gcc";
  finding.message = "<too> few\nmore";
  const findings::Finding all[] = {finding};
  const std::string html = diff_html(k_diff, all).html.string();
  const auto line = html.find("id=\"f1n2\"");
  const auto note =
      html.find("<span class=\"note error\">      error: &lt;too&gt; few (gcc)\n</span>");
  const auto next = html.find("id=\"f1n3\"");
  REQUIRE(note != std::string::npos);
  CHECK(line < note);
  CHECK(note < next);
}

TEST_CASE("web::diff_html: hostile names and lines stay text") {
  const std::string html =
      diff_html(
          "diff --git a/<b>.c b/<b>.c\n--- a/<b>.c\n+++ b/<b>.c\n@@ -1 +1 @@ </pre>\n"
          "-<script>a</script>\n+<script>b</script>\xE2\x80\xAE\xff\n")
          .html.string();
  CHECK_FALSE(contains(html, "<script"));
  CHECK_FALSE(contains(html, "<b>.c"));
  CHECK(count(html, "</pre>") == 1);
  CHECK(contains(html, "\\u{202e}"));
}

TEST_CASE("web::diff_html: is bounded") {
  std::string big = "diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -0,0 +1,3000 @@\n";
  for (int i = 0; i < 3000; ++i) {
    big += "+line\n";
  }
  DiffLimits limits;
  limits.lines = 100;
  const DiffHtml cut = diff_html(big, {}, limits);
  CHECK_FALSE(cut.whole);
  CHECK(cut.added == 3000);
  CHECK(count(cut.html.string(), "class=\"add\"") <= 100);
  CHECK(contains(diff_html(big).html.string(), "<details class=\"file\" id=\"f1\"><summary>"));
  CHECK(contains(diff_html(k_diff).html.string(), "id=\"f1\" open>"));

  const DiffHtml longest =
      diff_html("diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-x\n+" +
                std::string(100'000, 'y') + "\n");
  CHECK(longest.html.size() < 6000);
  CHECK(contains(longest.html.string(), "98001 bytes more"));
}

TEST_CASE("web::diff_html: what is no diff is shown all the same") {
  const std::string html = diff_html("@@ nonsense\n+<a>\n").html.string();
  CHECK(contains(html, "<span class=\"add\">+&lt;a&gt;\n</span>"));
  CHECK(diff_html("").html.string().size() < 200);
}

TEST_CASE("web::diff_html: changed parts are cut between characters") {
  const std::string html = diff_html(
                               "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 "
                               "@@\n-gr\xC3\xBC\xC3\x9F\n+gr\xC3\xBC\xC3\xA4\n")
                               .html.string();
  CHECK(contains(html, "gr\xC3\xBC<mark>\xC3\x9F</mark>"));
  CHECK(contains(html, "gr\xC3\xBC<mark>\xC3\xA4</mark>"));
}

TEST_CASE("web::range_diff_html: outer marks decide") {
  const std::string html =
      range_diff_html("1:  aaa ! 1:  bbb <title>\n    @@ x\n    -+old\n    ++new\n      same\n")
          .string();
  CHECK(contains(html, "<span class=\"pair\">1:  aaa ! 1:  bbb &lt;title&gt;\n</span>"));
  CHECK(contains(html, "<span class=\"del\">    -+old\n</span>"));
  CHECK(contains(html, "<span class=\"add\">    ++new\n</span>"));
}
