#include "web/ansi.hpp"

#include <doctest/doctest.h>

using namespace patchmill::web;

namespace {

std::string render(std::string_view text) {
  AnsiRenderer renderer;
  Html out;
  renderer.line(text, out);
  return out.take();
}

}  // namespace

TEST_CASE("web::AnsiRenderer::line: colours become classes") {
  CHECK(render("plain <b>") == "plain &lt;b&gt;");
  CHECK(render("\x1b[31merror\x1b[0m: x") == "<span class=\"a f1\">error</span>: x");
  CHECK(render("\x1b[1;4;92mok") == "<span class=\"a f10 b u\">ok</span>");
  CHECK(render("\x1b[7mx") == "<span class=\"a inv\">x</span>");
  CHECK(render("\x1b[31;42mx\x1b[39my\x1b[49mz") ==
        "<span class=\"a f1 g2\">x</span><span class=\"a g2\">y</span>z");
  CHECK(render("\x1b[38;5;196mx") == "<span class=\"a f9\">x</span>");
  CHECK(render("\x1b[38;2;0;0;200mx") == "<span class=\"a f4\">x</span>");
  CHECK(render("\x1b[mx\x1b[ma") == "xa");
}

TEST_CASE("web::AnsiRenderer::line: colours last until they are changed") {
  AnsiRenderer renderer;
  Html first;
  Html second;
  renderer.line("\x1b[33mone", first);
  renderer.line("two\x1b[0mthree", second);
  CHECK(second.string() == "<span class=\"a f3\">two</span>three");
}

TEST_CASE("web::AnsiRenderer::line: what a terminal would obey is gone or spelled out") {
  CHECK(render("a\x1b[2Kb\x1b[10;10Hc") == "abc");
  CHECK(render("\x1b]8;;javascript:x\x07link\x1b]8;;\x1b\\ end") == "link end");
  CHECK(render("\x1b]0;title\x1b\\after") == "after");
  CHECK(render("\x1bP<script>\x1b\\x") == "x");
  CHECK(render("\x1b(Bx") == "x");
  CHECK(render("\x1b\xC3\xA4") == "\xC3\xA4");
  CHECK(render("\x1b[31;<script>") == "cript&gt;");  // '<' is a parameter byte, 's' ends it
  CHECK(render("\x1b[") == "");
  CHECK(render("\x1b") == "");
  CHECK(render("bell\x07") == "bell\\x07");
  CHECK(render("ab\b\bc") == "abc");
  CHECK(render("\x1b[99999999999999999999mx") == "x");
  CHECK(render("\x1b[38;5mx") == "x");
  CHECK(render("\x1b[?25lx") == "x");
}

TEST_CASE("web::AnsiRenderer::line: what was overwritten is not shown") {
  CHECK(render("10%\r20%\rdone\r") == "done");
  CHECK(render("dos line\r") == "dos line");
  CHECK(AnsiRenderer::plain("10%\r\x1b[32mdone\x1b[0m") == "done");
}

TEST_CASE("web::AnsiRenderer::line: long lines are cut between characters") {
  const std::string html = render(std::string(8191, 'a') + "\xC3\xA4" + std::string(5000, 'b'));
  CHECK(html.starts_with(std::string(8191, 'a') + "<span class=\"cut\">"));
  CHECK(html.find("5001 bytes more in the raw log") != std::string::npos);
  CHECK(render(std::string(8192, 'a')) == std::string(8192, 'a'));
}
