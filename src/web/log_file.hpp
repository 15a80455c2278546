#pragma once
// Logs of any size, read in windows of lines with bounded memory.

#include "util/fd.hpp"
#include "util/result.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::web {

class LogFile {
 public:
  // Error not_found when there is no such regular file.
  static Result<LogFile> open(const std::filesystem::path& path);
  // Now; a live log grows.
  [[nodiscard]] std::uint64_t size() const;
  // Up to that many bytes; fewer only at the end. Replaces the content of `out`.
  Result<void> read(std::uint64_t offset, std::size_t length, std::string& out) const;

 private:
  explicit LogFile(Fd fd) : m_fd(std::move(fd)) {}
  Fd m_fd;
};

// Where lines begin: one in so many, however long the log, in at most 1 MiB.
class LogIndex {
 public:
  static constexpr std::size_t k_most_marks = 64u << 10;
  static constexpr std::size_t k_most_errors = 1000;

  // Reads on from where it stopped up to `size`; a live log is extended again and again.
  Result<void> extend(const LogFile& file, std::uint64_t size);

  // Lines whose end was seen, and a last one without an end.
  [[nodiscard]] std::uint64_t lines() const { return m_ended + (m_size > m_line_start ? 1 : 0); }
  [[nodiscard]] std::uint64_t ended_lines() const { return m_ended; }
  [[nodiscard]] std::uint64_t size() const { return m_size; }
  [[nodiscard]] std::uint64_t line_start() const { return m_line_start; }  // of the line not ended
  // 1-based numbers of the first lines that look like trouble.
  [[nodiscard]] const std::vector<std::uint64_t>& errors() const { return m_errors; }
  // The byte at which this 1-based line begins; the end when there is none.
  [[nodiscard]] Result<std::uint64_t> start_of(const LogFile& file, std::uint64_t line) const;

 private:
  void find_errors(std::string_view chunk, std::uint64_t first_line);
  void mark(std::uint64_t line, std::uint64_t offset);
  std::vector<std::uint64_t> m_marks{0};  // of lines 0, stride, 2*stride, …, counted from 0
  std::uint64_t m_stride = 256;
  std::uint64_t m_ended = 0;
  std::uint64_t m_size = 0;
  std::uint64_t m_line_start = 0;
  std::vector<std::uint64_t> m_errors;
};

struct LogLine {
  std::uint64_t number = 0;  // 1-based
  std::string text;          // at most 32 KiB of it, as written
  std::uint64_t length = 0;  // of the whole line
};
struct LogWindow {
  std::vector<LogLine> lines;
  std::uint64_t end = 0;  // the byte after it
};
// From this line on, at most so many lines and some 512 KiB of text.
Result<LogWindow> read_window(const LogFile& file, const LogIndex& index, std::uint64_t first,
                              std::size_t most_lines);

// Lines that contain the text, without regard to the case of ASCII letters, from this line on.
struct LogMatches {
  std::vector<LogLine> lines;
  bool more = false;  // there are more than asked for
};
Result<LogMatches> search_log(const LogFile& file, const LogIndex& index, std::string_view text,
                              std::uint64_t first, std::size_t most);

// A line of a log that looks like what went wrong.
bool looks_like_error(std::string_view line);

}  // namespace patchmill::web
