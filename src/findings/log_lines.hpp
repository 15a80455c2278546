#pragma once
// Logs of jobs, line by line, made harmless: they are written by the code under test.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::findings {

// Walks the lines of a log. Linear in its size; a line longer than max_line is cut there.
class LogLines {
 public:
  static constexpr std::size_t max_line = 8192;

  explicit LogLines(std::string_view log) : m_rest(log) {}
  // Of a file from its beginning, which stays open; held in memory is only a piece of it. What
  // cannot be read is its end.
  explicit LogLines(int fd) : m_fd(fd) {}
  LogLines(LogLines&&) = default;  // a copy would read from the piece of the other
  LogLines& operator=(LogLines&&) = default;
  // The next line without line end, escape sequences and control characters (tabs stay),
  // valid until the next call. False at the end.
  bool next(std::string_view& line);
  // Whether the line returned last ended with a newline; the last line of a cut log does not.
  [[nodiscard]] bool terminated() const { return m_terminated; }

 private:
  bool refill();

  int m_fd = -1;
  std::uint64_t m_offset = 0;
  std::vector<char> m_piece;
  std::string_view m_rest;
  std::string m_part;  // of a line that began in an earlier piece
  std::string m_line;
  bool m_terminated = false;
};

// Removes what the kernel and the console put before a message: "<6>", "[    0.123456]",
// "[    T12]". The indentation of the message itself stays.
std::string_view strip_kernel_prefix(std::string_view line);

}  // namespace patchmill::findings
