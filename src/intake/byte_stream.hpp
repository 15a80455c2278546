#pragma once
// A connection as protocols see it, and reading lines and counted bytes from it.

#include "intake/waiter.hpp"
#include "util/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::intake {

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // All of it. Errors: infrastructure (cut, no progress in time, stopped).
  virtual Result<void> write(std::string_view data) = 0;
  // What is there, at least one byte; waits for it. 0: the other side has ended the connection.
  virtual Result<std::size_t> read(char* buffer, std::size_t size) = 0;
  // Until there is something to read, or the time is over, or the waiter has news.
  virtual Waiter::Woken wait(std::chrono::milliseconds at_most) = 0;
};

// Bounds what a hostile server can make us do: lines have a longest length, and an answer that
// comes in drops is given up.
class StreamReader {
 public:
  // `patience`: for one line, and for the first byte of counted ones.
  explicit StreamReader(ByteStream& stream,
                        std::chrono::milliseconds patience = std::chrono::minutes(2))
      : m_stream(stream), m_patience(patience) {}

  // Without its CR LF. Errors: limit when it is longer, infrastructure.
  Result<std::string> line(std::size_t longest);
  // The next `count` bytes, of which the first `kept` are returned.
  Result<std::string> bytes(std::uint64_t count, std::size_t kept);
  // Lines up to one that is "." alone, a first "." of each taken away (RFC 3977 section 3.1.1); of
  // them the first `kept` bytes, with their line ends.
  Result<std::string> dotted(std::size_t kept);
  // True when something was received and not read yet: no need to wait for more.
  [[nodiscard]] bool has_buffered() const { return m_at < m_buffer.size(); }

 private:
  using Time = std::chrono::steady_clock::time_point;
  Result<void> fill(Time deadline);

  ByteStream& m_stream;
  std::chrono::milliseconds m_patience;
  std::vector<char> m_chunk = std::vector<char>(std::size_t{1} << 16);
  std::string m_buffer;
  std::size_t m_at = 0;
};

}  // namespace patchmill::intake
