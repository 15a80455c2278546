#include "web/html.hpp"

#include "web/format.hpp"
#include "web/view.hpp"

#include <doctest/doctest.h>

#include <set>
#include <stdexcept>

using namespace patchmill;
using namespace patchmill::web;

TEST_CASE("web::Html::text: escapes for content and quoted attributes") {
  CHECK(Html().text("<a href=\"x\">'&'</a>").string() ==
        "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
  CHECK(Html().raw("<b>").text("<").raw("</b>").number(-7).string() == "<b>&lt;</b>-7");
}

TEST_CASE("web::show: spells out what would deceive") {
  CHECK(show("plain\ttext\nhere") == "plain\ttext\nhere");
  CHECK(show("a\xE2\x80\xAE"
             "b") == "a\\u{202e}b");
  CHECK(show("bell\x07") == "bell\\x07");
  CHECK(show("zero\xE2\x80\x8Bwidth") == "zero\\u{200b}width");
  CHECK(show("G\xC3\xBCnther") == "G\xC3\xBCnther");
  CHECK(show("bad \xff") == "bad \xC3\xBF");  // as windows-1252
}

TEST_CASE("web::linkify: http and https, nothing else") {
  CHECK(linkify("see https://a.example/x?a=1&b=2.").string() ==
        "see <a rel=\"nofollow noopener noreferrer ugc\" href=\"https://a.example/x?a=1&amp;b=2\">"
        "https://a.example/x?a=1&amp;b=2</a>.");
  CHECK(linkify("javascript:alert(1) data:text/html,x ftp://a").string() ==
        "javascript:alert(1) data:text/html,x ftp://a");
  CHECK(linkify("<https://a.example/>").string().find("href=\"https://a.example/\"") !=
        std::string::npos);
  CHECK(linkify("https://a.example/\"onclick=x").string().find("href=\"https://a.example/\"") !=
        std::string::npos);
  CHECK(linkify("(https://a.example/b)").string().ends_with("</a>)"));
  CHECK(linkify("https://en.example/wiki/A_(b)").string().find("A_(b)</a>") != std::string::npos);
  CHECK(linkify("https://").string() == "https://");
  CHECK(linkify("http").string() == "http");
}

TEST_CASE("web::View: text and HTML do not mix") {
  View view;
  CHECK_THROWS_AS(view.set("body_html", "text"), std::logic_error);
  CHECK_THROWS_AS(view.set_html("body", Html()), std::logic_error);
}

TEST_CASE("web::embedded_templates: only Html goes in without being escaped") {
  std::set<std::string_view> names;
  for (const EmbeddedFile& file : embedded_templates()) {
    CAPTURE(file.name);
    names.insert(file.name);
    for (auto at = file.bytes.find("{{{"); at != std::string_view::npos;
         at = file.bytes.find("{{{", at + 1)) {
      const auto end = file.bytes.find("}}}", at);
      REQUIRE(end != std::string_view::npos);
      CHECK(file.bytes.substr(at + 3, end - at - 3).ends_with("_html"));
    }
    CHECK(file.bytes.find("{{&") == std::string_view::npos);
    for (const auto* inline_code : {"<style", "style=\"", "onclick", "javascript:"}) {
      CHECK(file.bytes.find(inline_code) == std::string_view::npos);
    }
  }
  CHECK(names.contains("layout"));
  CHECK(names.contains("series"));
}

TEST_CASE("web::render_template: escapes, also what looks like a template") {
  View view;
  view.set("status", 404).set("phrase", "{{detail}}").set("detail", "<script>{{status}}</script>");
  const std::string page = render_template("error", view).string();
  CHECK(page.find("404 {{detail}}") != std::string::npos);
  CHECK(page.find("&lt;script&gt;{{status}}&lt;/script&gt;") != std::string::npos);
  CHECK(page.find("<script>") == std::string::npos);
  CHECK_THROWS_AS(render_template("no-such", view), std::logic_error);
}

TEST_CASE("web::format_duration, format_size: for people") {
  using namespace std::chrono_literals;
  CHECK(format_duration(1500us) == "2 ms");
  CHECK(format_duration(3200ms) == "3.2 s");
  CHECK(format_duration(125s) == "2 min 5 s");
  CHECK(format_duration(3h + 4min) == "3 h 4 min");
  CHECK(format_duration(49h) == "2 d 1 h");
  CHECK(format_duration(-5s) == "0 ms");
  CHECK(format_size(1023) == "1023 B");
  CHECK(format_size(1536) == "1.5 KiB");
  CHECK(format_size(100ULL << 20) == "100.0 MiB");
}
