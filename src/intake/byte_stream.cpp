#include "intake/byte_stream.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::intake {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::size_t receive_step = std::size_t{1} << 16;
constexpr std::uint64_t slowest_bytes_per_second = 4096;

}  // namespace

Result<void> StreamReader::fill(Time deadline) {
  if (SteadyClock::now() > deadline) {
    return fail(ErrorKind::infrastructure,
                "the server sends too slowly to be any use; the connection is given up");
  }
  if (m_at == m_buffer.size()) {
    m_buffer.clear();
    m_at = 0;
  } else if (m_at > receive_step) {
    m_buffer.erase(0, m_at);
    m_at = 0;
  }
  PM_TRY_ASSIGN(const auto count, m_stream.read(m_chunk.data(), m_chunk.size()));
  m_buffer.append(m_chunk.data(), count);
  if (count == 0) {
    return fail(ErrorKind::infrastructure, "the server closed the connection");
  }
  return {};
}

Result<std::string> StreamReader::line(std::size_t longest) {
  const auto deadline = SteadyClock::now() + m_patience;
  std::size_t searched = 0;
  while (true) {
    const auto unread = std::string_view(m_buffer).substr(m_at);
    const auto end = unread.find('\n', searched);
    if (std::min(end, unread.size()) > longest) {
      return fail(ErrorKind::limit,
                  fmt::format("the server sent a line of more than {} bytes", longest));
    }
    if (end != std::string_view::npos) {
      auto line = unread.substr(0, end);
      m_at += end + 1;
      return std::string(line.ends_with('\r') ? line.substr(0, line.size() - 1) : line);
    }
    searched = unread.size();
    PM_TRY(fill(deadline));
  }
}

Result<std::string> StreamReader::bytes(std::uint64_t count, std::size_t kept) {
  const auto deadline =
      SteadyClock::now() + m_patience + std::chrono::seconds(count / slowest_bytes_per_second);
  std::string result;
  while (count > 0) {
    if (!has_buffered()) {
      PM_TRY(fill(deadline));
    }
    const auto step =
        static_cast<std::size_t>(std::min<std::uint64_t>(count, m_buffer.size() - m_at));
    const auto room = kept - std::min(kept, result.size());
    result.append(m_buffer, m_at, std::min(room, step));
    m_at += step;
    count -= step;
  }
  return result;
}

Result<std::string> StreamReader::dotted(std::size_t kept) {
  const auto start = SteadyClock::now();
  std::uint64_t received = 0;
  std::string result;
  bool at_line_start = true;
  while (true) {
    auto piece = std::string_view(m_buffer).substr(m_at);
    const auto end = piece.find('\n');
    const bool whole_line = end != std::string_view::npos;
    // A "." may be the end: that takes two bytes more to tell.
    if (piece.empty() || (at_line_start && !whole_line && piece.size() < 3)) {
      PM_TRY(fill(start + m_patience + std::chrono::seconds(received / slowest_bytes_per_second)));
      continue;
    }
    piece = piece.substr(0, whole_line ? end + 1 : piece.size());
    m_at += piece.size();
    received += piece.size();
    if (at_line_start && piece.starts_with('.')) {
      if (piece == ".\r\n" || piece == ".\n") {
        return result;
      }
      piece.remove_prefix(1);
    }
    result.append(piece.substr(0, kept - std::min(kept, result.size())));
    at_line_start = whole_line;
  }
}

}  // namespace patchmill::intake
