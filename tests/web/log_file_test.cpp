#include "web/log_file.hpp"

#include "util/file.hpp"
#include "web/log_cache.hpp"
#include "web/log_html.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>

using namespace patchmill;
using namespace patchmill::web;

namespace {

struct TestLog {
  explicit TestLog(const std::string& content) : path(folder.path() / "log") { write(content); }
  void write(const std::string& content) { std::ofstream(path, std::ios::binary) << content; }
  void append(const std::string& content) {
    std::ofstream(path, std::ios::binary | std::ios::app) << content;
  }
  [[nodiscard]] LogFile open() const {
    auto file = LogFile::open(path);
    REQUIRE(file.has_value());
    return std::move(*file);
  }
  TempDir folder;
  std::filesystem::path path;
};

LogIndex index_of(const LogFile& file) {
  LogIndex index;
  REQUIRE(index.extend(file, file.size()).has_value());
  return index;
}

std::string numbered(int lines) {
  std::string text;
  for (int i = 1; i <= lines; ++i) {
    text += fmt::format("line {}\n", i);
  }
  return text;
}

}  // namespace

TEST_CASE("web::LogFile::open: regular files only") {
  TempDir folder;
  CHECK_FALSE(LogFile::open(folder.path()).has_value());
  CHECK_FALSE(LogFile::open(folder.path() / "none").has_value());
  std::filesystem::create_symlink("/etc/passwd", folder.path() / "link");
  CHECK_FALSE(LogFile::open(folder.path() / "link").has_value());
}

TEST_CASE("web::LogIndex: finds every line, wherever it looks") {
  const TestLog log(numbered(5000) + "no end");
  const LogFile file = log.open();
  const LogIndex index = index_of(file);
  CHECK(index.lines() == 5001);
  CHECK(index.ended_lines() == 5000);
  for (const std::uint64_t line :
       std::initializer_list<std::uint64_t>{1, 2, 255, 256, 257, 258, 512, 513, 4999, 5000, 5001}) {
    CAPTURE(line);
    const auto window = read_window(file, index, line, 1);
    REQUIRE(window.has_value());
    REQUIRE(window->lines.size() == 1);
    CHECK(window->lines[0].number == line);
    CHECK(window->lines[0].text == (line == 5001 ? "no end" : fmt::format("line {}", line)));
  }
  CHECK(read_window(file, index, 5002, 10)->lines.empty());
  CHECK(read_window(file, index, 4995, 100)->lines.size() == 7);
}

TEST_CASE("web::LogIndex: empty logs, blank lines, long lines") {
  {
    const TestLog log("");
    const LogFile file = log.open();
    const LogIndex index = index_of(file);
    CHECK(index.lines() == 0);
    CHECK(read_window(file, index, 1, 10)->lines.empty());
  }
  const TestLog log("\n\n" + std::string(3 << 20, 'x') + "\nlast\n");
  const LogFile file = log.open();
  const LogIndex index = index_of(file);
  CHECK(index.lines() == 4);
  const auto window = read_window(file, index, 1, 10);
  REQUIRE(window->lines.size() == 4);
  CHECK(window->lines[0].text.empty());
  CHECK(window->lines[2].length == (3u << 20));
  CHECK(window->lines[2].text.size() == (32u << 10));
  CHECK(window->lines[3].text == "last");
}

TEST_CASE("web::LogIndex: stays small however many lines there are") {
  // 64 Ki marks of every 256th line are full at 16 Mi lines.
  const TestLog log(std::string((17u << 20) + 3, '\n') + "end\n");
  const LogFile file = log.open();
  const LogIndex index = index_of(file);
  CHECK(index.lines() == (17u << 20) + 4);
  CHECK(read_window(file, index, (17u << 20) + 4, 5)->lines.at(0).text == "end");
  CHECK(read_window(file, index, (16u << 20) + 300, 1)->lines.at(0).number == (16u << 20) + 300);
}

TEST_CASE("web::read_window: a window is bounded in bytes") {
  std::string text;
  for (int i = 0; i < 100; ++i) {
    text += std::string(30'000, 'y') + "\n";
  }
  const TestLog log(text);
  const LogFile file = log.open();
  const auto window = read_window(file, index_of(file), 1, 1000);
  CHECK(window->lines.size() < 20);
  CHECK(window->end == window->lines.size() * 30'001);
}

TEST_CASE("web::LogIndex::errors: lines that look like trouble, each once") {
  const TestLog log(
      "fine\na.c:1: error: x error: y\nok 1\nnot ok 2 - test\nmake: *** [x] Error 1\n" +
      numbered(100'000) + "Kernel panic - not syncing\n");
  const LogFile file = log.open();
  CHECK(index_of(file).errors() == std::vector<std::uint64_t>{2, 4, 5, 100'006});
}

TEST_CASE("web::LogIndex::extend: goes on where a log grew") {
  TestLog log("one\ntw");
  const LogFile file = log.open();
  LogIndex index;
  REQUIRE(index.extend(file, file.size()).has_value());
  CHECK(index.ended_lines() == 1);
  CHECK(index.line_start() == 4);
  log.append("o\nFAILED here\n");
  REQUIRE(index.extend(file, file.size()).has_value());
  CHECK(index.ended_lines() == 3);
  CHECK(index.errors() == std::vector<std::uint64_t>{3});
  CHECK(read_window(file, index, 2, 1)->lines.at(0).text == "two");
}

TEST_CASE("web::search_log: without regard to case, with numbers of lines") {
  const TestLog log(numbered(3000) + "The Needle\n" + numbered(200'000) +
                    "needle again needle\nNEEDLE");
  const LogFile file = log.open();
  const LogIndex index = index_of(file);
  const auto found = search_log(file, index, "nEEdle", 1, 10);
  REQUIRE(found->lines.size() == 3);
  CHECK(found->lines[0].number == 3001);
  CHECK(found->lines[0].text == "The Needle");
  CHECK(found->lines[1].number == 203'002);
  CHECK(found->lines[2].number == 203'003);
  CHECK_FALSE(found->more);
  CHECK(search_log(file, index, "needle", 1, 2)->more);
  CHECK(search_log(file, index, "needle", 3002, 10)->lines.size() == 2);
  CHECK(search_log(file, index, "not there", 1, 10)->lines.empty());
  CHECK(search_log(file, index, "", 1, 10)->lines.empty());
}

TEST_CASE("web::LogCache: reads once, follows growth, forgets what was cut") {
  TestLog log("a\nb\n");
  LogCache cache(2);
  const LogFile file = log.open();
  const auto first = cache.index("key", file);
  CHECK((*first)->lines() == 2);
  CHECK(cache.index("key", file)->get() == first->get());
  log.append("c\n");
  CHECK((*cache.index("key", file))->lines() == 3);
  CHECK((*first)->lines() == 2);
  log.write("x\n");
  CHECK((*cache.index("key", log.open()))->lines() == 1);
}

TEST_CASE("web::line_kind: what builds and tests print") {
  CHECK(line_kind("a.c:3:1: error: x") == LineKind::error);
  CHECK(line_kind("not ok 3 - x") == LineKind::error);
  CHECK(line_kind("a.c:3:1: warning: x") == LineKind::warning);
  CHECK(line_kind("  CC      kernel/fork.o") == LineKind::step);
  CHECK(line_kind("  CC [M]  drivers/a.o") == LineKind::step);
  CHECK(line_kind("    ok 3 - x") == LineKind::passed);
  CHECK(line_kind("1..12") == LineKind::passed);
  CHECK(line_kind("1..a") == LineKind::plain);
  CHECK(line_kind("okay") == LineKind::plain);
  CHECK(line_kind("  Compiling x") == LineKind::plain);
}

TEST_CASE("web::log_lines_html: folds what passed, never what went wrong") {
  std::vector<LogLine> lines;
  const auto add = [&](const std::string& text) {
    lines.push_back({lines.size() + 1, text, text.size()});
  };
  for (int i = 0; i < 10; ++i) {
    add(fmt::format("ok {} - t", i + 1));
  }
  add("not ok 11 - t");
  for (int i = 0; i < 3; ++i) {
    add("ok 12");
  }
  add("::group::quiet <x>");
  add("inside");
  add("::endgroup::");
  add("::group::loud");
  add("error: bad");
  AnsiRenderer renderer;
  const std::string html = log_lines_html(lines, renderer).string();
  CHECK(html.starts_with("<details><summary>10 lines of passed tests</summary>"));
  CHECK(html.find("</details><span class=\"l error\" id=\"L11\">") != std::string::npos);
  CHECK(html.find("<details><summary>quiet &lt;x&gt;</summary>") != std::string::npos);
  CHECK(html.find("<details open><summary>loud</summary>") != std::string::npos);
  CHECK(html.ends_with("</details>"));
  AnsiRenderer flat;
  CHECK(log_lines_html(lines, flat, false).string().find("<details") == std::string::npos);
}
