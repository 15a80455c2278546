#include "web/log_file.hpp"

#include "util/text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace patchmill::web {
namespace {

constexpr std::size_t k_chunk = 1u << 20;
constexpr std::size_t k_kept_of_line = 32u << 10;
constexpr std::size_t k_window_bytes = 512u << 10;
constexpr std::size_t k_longest_search = 200;

// Searched for as they are, one pass each: few and telling.
constexpr std::array<std::string_view, 11> k_troubles = {
    "rror:", "not ok ",      "FAILED", "BUG: ",       "Traceback (",       "undefined reference",
    "*** [", "Kernel panic", "Oops: ", "Call Trace:", "Segmentation fault"};

const char* find_bytes(const char* from, const char* end, std::string_view what) {
  return static_cast<const char*>(
      ::memmem(from, static_cast<std::size_t>(end - from), what.data(), what.size()));
}

const char* newline(const char* from, const char* end) {
  return static_cast<const char*>(std::memchr(from, '\n', static_cast<std::size_t>(end - from)));
}

// Walks lines from an offset; keeps the beginning of each.
class LineReader {
 public:
  LineReader(const LogFile& file, std::uint64_t offset, std::uint64_t end)
      : m_file(file), m_offset(offset), m_end(end) {}

  // False at the end. `text` gets at most `keep` bytes of the line.
  Result<bool> next(std::string& text, std::uint64_t& length, std::size_t keep) {
    text.clear();
    length = 0;
    bool any = false;
    while (true) {
      if (m_at == m_chunk.size()) {
        if (m_offset >= m_end) {
          return any;
        }
        PM_TRY(m_file.read(
            m_offset, static_cast<std::size_t>(std::min<std::uint64_t>(k_chunk, m_end - m_offset)),
            m_chunk));
        if (m_chunk.empty()) {
          return any;
        }
        m_offset += m_chunk.size();
        m_at = 0;
      }
      any = true;
      const char* from = m_chunk.data() + m_at;
      const char* end = m_chunk.data() + m_chunk.size();
      const char* stop = newline(from, end);
      const auto piece = static_cast<std::size_t>((stop != nullptr ? stop : end) - from);
      if (text.size() < keep) {
        text.append(from, std::min(piece, keep - text.size()));
      }
      length += piece;
      m_at += piece + (stop != nullptr ? 1 : 0);
      if (stop != nullptr) {
        return true;
      }
    }
  }
  [[nodiscard]] std::uint64_t offset() const { return m_offset - (m_chunk.size() - m_at); }

 private:
  const LogFile& m_file;
  std::uint64_t m_offset, m_end;
  std::string m_chunk;
  std::size_t m_at = 0;
};

}  // namespace

Result<LogFile> LogFile::open(const std::filesystem::path& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info{};
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return fail(ErrorKind::not_found, "there is no log");
  }
  return LogFile(std::move(fd));
}

std::uint64_t LogFile::size() const {
  struct stat info{};
  return ::fstat(m_fd.get(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

Result<void> LogFile::read(std::uint64_t offset, std::size_t length, std::string& out) const {
  out.resize(length);
  std::size_t done = 0;
  while (done < length) {
    const ssize_t n =
        ::pread(m_fd.get(), out.data() + done, length - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return fail(ErrorKind::infrastructure,
                  "the log cannot be read: " + std::string(std::strerror(errno)));
    }
    if (n == 0) {
      break;
    }
    done += static_cast<std::size_t>(n);
  }
  out.resize(done);
  return {};
}

void LogIndex::mark(std::uint64_t line, std::uint64_t offset) {
  if (line % m_stride != 0) {
    return;
  }
  if (m_marks.size() == k_most_marks) {
    for (std::size_t i = 0; i < m_marks.size() / 2; ++i) {
      m_marks[i] = m_marks[2 * i];
    }
    m_marks.resize(m_marks.size() / 2);
    m_stride *= 2;
    if (line % m_stride != 0) {
      return;
    }
  }
  m_marks.push_back(offset);
}

// Numbers of lines are found by counting from the beginning of the chunk, as there are few hits.
void LogIndex::find_errors(std::string_view chunk, std::uint64_t first_line) {
  std::vector<std::size_t> hits;
  const char* end = chunk.data() + chunk.size();
  for (const std::string_view trouble : k_troubles) {
    const char* at = chunk.data();
    std::size_t found = 0;
    while (found++ < k_most_errors && (at = find_bytes(at, end, trouble)) != nullptr) {
      hits.push_back(static_cast<std::size_t>(at - chunk.data()));
      const char* next = newline(at, end);
      if (next == nullptr) {
        break;
      }
      at = next;
    }
  }
  std::sort(hits.begin(), hits.end());
  std::uint64_t line = first_line;
  const char* at = chunk.data();
  for (const std::size_t hit : hits) {
    const char* target = chunk.data() + hit;
    for (const char* next = newline(at, target); at < target && next != nullptr;
         next = newline(at, target)) {
      ++line;
      at = next + 1;
    }
    if (m_errors.size() < k_most_errors && (m_errors.empty() || m_errors.back() < line + 1)) {
      m_errors.push_back(line + 1);
    }
  }
}

Result<void> LogIndex::extend(const LogFile& file, std::uint64_t size) {
  std::string chunk;
  while (m_size < size) {
    PM_TRY(file.read(
        m_size, static_cast<std::size_t>(std::min<std::uint64_t>(k_chunk, size - m_size)), chunk));
    if (chunk.empty()) {
      break;
    }
    // Whole lines at a time, unless one is longer than a chunk: words are not cut in two then.
    const auto last = chunk.rfind('\n');
    if (last != std::string::npos && m_size + chunk.size() < size) {
      chunk.resize(last + 1);
    }
    if (m_errors.size() < k_most_errors) {
      find_errors(chunk, m_ended);
    }
    const char* at = chunk.data();
    const char* end = at + chunk.size();
    for (const char* next = newline(at, end); next != nullptr;
         next = at < end ? newline(at, end) : nullptr) {
      at = next + 1;
      ++m_ended;
      m_line_start = m_size + static_cast<std::uint64_t>(at - chunk.data());
      mark(m_ended, m_line_start);
    }
    m_size += chunk.size();
  }
  return {};
}

Result<std::uint64_t> LogIndex::start_of(const LogFile& file, std::uint64_t line) const {
  if (line == 0 || line > lines()) {
    return m_size;
  }
  const std::uint64_t index = line - 1;
  const auto slot = std::min<std::uint64_t>(index / m_stride, m_marks.size() - 1);
  LineReader reader(file, m_marks[static_cast<std::size_t>(slot)], m_size);
  std::string text;
  std::uint64_t length = 0;
  for (std::uint64_t at = slot * m_stride; at < index; ++at) {
    PM_TRY_ASSIGN(const bool any, reader.next(text, length, 0));
    if (!any) {
      break;
    }
  }
  return slot * m_stride == index ? m_marks[static_cast<std::size_t>(slot)] : reader.offset();
}

Result<LogWindow> read_window(const LogFile& file, const LogIndex& index, std::uint64_t first,
                              std::size_t most_lines) {
  LogWindow window;
  PM_TRY_ASSIGN(const std::uint64_t start, index.start_of(file, first));
  window.end = start;
  LineReader reader(file, start, index.size());
  std::size_t bytes = 0;
  std::uint64_t number = std::max<std::uint64_t>(first, 1);
  while (window.lines.size() < most_lines && bytes < k_window_bytes) {
    LogLine line;
    PM_TRY_ASSIGN(const bool any, reader.next(line.text, line.length, k_kept_of_line));
    if (!any) {
      break;
    }
    line.number = number++;
    bytes += line.text.size() + 1;
    window.lines.push_back(std::move(line));
    window.end = reader.offset();
  }
  return window;
}

Result<LogMatches> search_log(const LogFile& file, const LogIndex& index, std::string_view text,
                              std::uint64_t first, std::size_t most) {
  LogMatches matches;
  const std::string wanted = to_lower(text.substr(0, k_longest_search));
  if (wanted.empty()) {
    return matches;
  }
  PM_TRY_ASSIGN(std::uint64_t offset, index.start_of(file, std::max<std::uint64_t>(first, 1)));
  std::uint64_t line = std::max<std::uint64_t>(first, 1);
  std::string chunk;
  std::string lower;
  while (offset < index.size()) {
    PM_TRY(file.read(
        offset, static_cast<std::size_t>(std::min<std::uint64_t>(k_chunk, index.size() - offset)),
        chunk));
    if (chunk.empty()) {
      break;
    }
    const auto last = chunk.rfind('\n');
    if (last != std::string::npos && offset + chunk.size() < index.size()) {
      chunk.resize(last + 1);
    }
    lower = chunk;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    const char* counted = lower.data();
    const char* end = lower.data() + lower.size();
    for (const char* hit = find_bytes(counted, end, wanted); hit != nullptr;) {
      for (const char* next = newline(counted, hit); counted < hit && next != nullptr;
           next = newline(counted, hit)) {
        ++line;
        counted = next + 1;
      }
      if (matches.lines.size() == most) {
        matches.more = true;
        return matches;
      }
      const char* stop = newline(hit, end);
      const char* line_end = stop != nullptr ? stop : end;
      LogLine found;
      found.number = line;
      found.length = static_cast<std::uint64_t>(line_end - counted);
      found.text = chunk.substr(static_cast<std::size_t>(counted - lower.data()),
                                std::min<std::size_t>(found.length, 2000));
      matches.lines.push_back(std::move(found));
      if (stop == nullptr) {
        break;
      }
      ++line;
      counted = stop + 1;
      hit = find_bytes(counted, end, wanted);
    }
    line += static_cast<std::uint64_t>(std::count(counted, end, '\n'));
    offset += chunk.size();
  }
  return matches;
}

bool looks_like_error(std::string_view line) {
  return std::any_of(k_troubles.begin(), k_troubles.end(), [&](std::string_view trouble) {
    return line.find(trouble) != std::string_view::npos;
  });
}

}  // namespace patchmill::web
