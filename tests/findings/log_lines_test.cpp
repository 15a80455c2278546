#include "findings/log_lines.hpp"

#include "util/fd.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <string>
#include <utility>
#include <vector>

using namespace patchmill;
using findings::LogLines;

namespace {

std::vector<std::pair<std::string, bool>> all_of(LogLines lines) {
  std::vector<std::pair<std::string, bool>> all;
  std::string_view line;
  while (lines.next(line)) {
    all.emplace_back(line, lines.terminated());
  }
  return all;
}

}  // namespace

TEST_CASE("findings::LogLines: a file has the lines its text has, however it is read") {
  std::string text = "\n\xc3\xa4\n";
  // Lengths that put the ends of lines at, before and behind those of what is read at once.
  for (std::size_t i = 0; text.size() < 2'000'000; ++i) {
    text += std::string((i * 7919) % 20'000, static_cast<char>('a' + i % 26)) + "\u20ac\n";
  }
  std::string ends;
  SUBCASE("with a newline") {}
  SUBCASE("without") {
    ends = "last";
  }
  SUBCASE("on a boundary") {
    text.resize(1 << 20);
    text.back() = '\n';
  }
  SUBCASE("with one line longer than all that is read at once") {
    ends = std::string(1'000'000, 'x') + "\nlast";
  }
  SUBCASE("empty") {
    text.clear();
  }
  text += ends;
  const TempDir folder;
  REQUIRE(write_file_atomic(folder.path() / "log", text));
  const Fd file(::open((folder.path() / "log").c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(file.valid());
  const auto from_text = all_of(LogLines(std::string_view(text)));
  const auto from_file = all_of(LogLines(file.get()));
  REQUIRE(from_file.size() == from_text.size());
  CHECK(from_file == from_text);
}
