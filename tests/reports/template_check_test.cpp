#include "reports/template_check.hpp"

#include "reports/template_keys.hpp"
#include "reports/template_set.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>

#include <fstream>

namespace patchmill::reports {
namespace {

std::vector<std::string> check(std::string_view text) {
  return check_template("t.txt", text, [](std::string_view name) { return name == "footer"; });
}

void expect(std::string_view text, std::string_view fault) {
  const auto faults = check(text);
  REQUIRE_MESSAGE(faults.size() == 1, std::string(text));
  CHECK(faults[0] == fault);
}

TEST_CASE("reports::check_template: good ones") {
  CHECK(check("").empty());
  CHECK(check("plain } { text {").empty());
  CHECK(check("Hi {{person}}, {{{title}}} {{& tree}}\n{{! a\ncomment }}\n{{> footer}}").empty());
  CHECK(check("{{#failures}}{{check}}{{#lines}}{{line}} of {{check}} {{title}}{{/lines}}"
              "{{^patch}}all{{/patch}}{{/failures}}{{^failures}}none{{/failures}}")
            .empty());
  CHECK(check("{{#url}}{{url}}{{/url}}{{#all_passed}}yes{{/all_passed}}").empty());
}

TEST_CASE("reports::check_template: every fault names file, line and the way out") {
  expect("one\ntwo {{persn}}", "t.txt:2: unknown word 'persn'; did you mean 'person'?");
  expect("{{qqqqqqqqqqqqq}}", "t.txt:1: unknown word 'qqqqqqqqqqqqq'");
  expect("a\n\n{{line}}", "t.txt:3: 'line' is known only inside {{#lines}}");
  expect("{{#failures}}{{#fixed}}x{{/fixed}}{{/failures}}",
         "t.txt:1: 'fixed' cannot stand inside 'failures'");
  expect("{{failures}}", "t.txt:1: 'failures' is no text; write {{#failures}}…{{/failures}}");
  expect("a\n{{#url}}x", "t.txt:2: the section 'url' is not ended by {{/url}}");
  expect("x\n{{/url}}", "t.txt:2: {{/url}} ends a section that did not begin");
  expect("{{#url}}\n{{/title}}",
         "t.txt:2: {{/title}} stands where {{/url}} (begun in line 1) is expected");
  expect("a\nb {{person", "t.txt:2: the tag is not closed by '}}'");
  expect("{{{person}}", "t.txt:1: the tag is not closed by '}}}'");
  expect("{{=<% %>=}}", "t.txt:1: other delimiters than {{ and }} are not supported");
  expect("{{> nothing}}", "t.txt:1: there is no template 'nothing' to include");
  expect("{{per\nson}}", "t.txt:1: a tag stands on one line");
  expect("bad \xff", "t.txt:1: it is no UTF-8 text");
  const std::string large(k_largest_template + 1, 'x');
  CHECK(check(large).size() == 1);
}

TEST_CASE("reports::check_template: a list never stands inside itself") {
  // Each level would multiply the output.
  const auto faults = check("{{#failures}}{{#failures}}x{{/failures}}{{/failures}}");
  CHECK(!faults.empty());
  std::string deep;
  for (int i = 0; i < 20; ++i) {
    deep += "{{#url}}";
  }
  for (int i = 0; i < 20; ++i) {
    deep += "{{/url}}";
  }
  CHECK(!check(deep).empty());
}

void write(const std::filesystem::path& file, std::string_view text) {
  std::ofstream(file) << text;
}

TEST_CASE("reports::TemplateSet: files stand in by name; faults stop the start") {
  const TempDir folder;
  write(folder.path() / "footer.txt", "-- \nour own footer {{contact}}\n");
  write(folder.path() / "mine.txt", "Subject: x {{title}}\nHi\n{{> footer}}\n");
  write(folder.path() / "notes.md", "{{nonsense}}");
  write(folder.path() / "bad name.txt", "{{nonsense}}");
  const auto set = TemplateSet::load(folder.path());
  REQUIRE_MESSAGE(set.has_value(), (set ? "" : set.error().message));
  CHECK(set->text("mine") == "Subject: x {{title}}\nHi\n-- \nour own footer {{contact}}\n");
  CHECK(set->text("lse").find("our own footer") != std::string::npos);
  CHECK(set->text("lse").find("reply-all") != std::string::npos);
  CHECK(TemplateSet().text("lse").find("our own footer") == std::string::npos);

  write(folder.path() / "mine.txt", "a\nb\n{{persn}}\n{{/url}}\n");
  const auto broken = TemplateSet::load(folder.path());
  REQUIRE_FALSE(broken.has_value());
  const std::string path = (folder.path() / "mine.txt").string();
  CHECK(broken.error().message == path + ":3: unknown word 'persn'; did you mean 'person'?\n" +
                                      path + ":4: {{/url}} ends a section that did not begin");
  CHECK(TemplateSet::load(folder.path() / "missing").error().kind == ErrorKind::not_found);
}

TEST_CASE("reports::TemplateSet: including in circles and in lists is refused") {
  const TempDir folder;
  write(folder.path() / "a.txt", "{{> b}}");
  write(folder.path() / "b.txt", "{{> a}}");
  CHECK(TemplateSet::load(folder.path()).error().kind == ErrorKind::limit);
  write(folder.path() / "a.txt", "{{> b}}");
  write(folder.path() / "b.txt", "fine");
  CHECK(TemplateSet::load(folder.path()).has_value());
  write(folder.path() / "a.txt", "{{#failures}}{{> failures}}{{/failures}}");
  const auto set = TemplateSet::load(folder.path());
  REQUIRE_FALSE(set.has_value());
  CHECK(set.error().message.find("cannot stand inside 'failures'") != std::string::npos);
  // Doubling by inclusion is bounded as well.
  write(folder.path() / "a.txt", std::string(40000, 'x') + "{{> b}}");
  write(folder.path() / "b.txt", std::string(40000, 'x'));
  CHECK(TemplateSet::load(folder.path()).error().kind == ErrorKind::limit);
}

TEST_CASE("reports::template_keys: each has a help text and a known parent") {
  for (const auto& key : template_keys()) {
    CHECK(!key.help.empty());
    if (!key.parent.empty()) {
      bool found = false;
      for (const auto& other : template_keys()) {
        found = found || (other.name == key.parent && other.kind == KeyKind::list);
      }
      CHECK_MESSAGE(found, std::string(key.name));
    }
  }
}

}  // namespace
}  // namespace patchmill::reports
