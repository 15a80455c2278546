#pragma once
// Reads `git log -z --raw` as it streams.

#include "placement/index_segment.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace patchmill::placement {

// The format of a commit in the stream; "\x01" cannot begin a raw entry.
constexpr std::string_view k_raw_log_format = "--format=%x01%H %ct";

class RawLogReader {
 public:
  struct Sink {
    std::function<void(std::string_view id, std::int64_t date)> commit;
    std::function<void(std::string_view path, const BlobKey& blob)> change;  // of the last commit
  };
  explicit RawLogReader(Sink sink) : m_sink(std::move(sink)) {}

  void feed(std::string_view bytes);
  // False when something was not understood or the stream ended in the middle.
  [[nodiscard]] bool complete() const { return !m_broken && m_pending.empty() && !m_want_path; }

 private:
  void token(std::string_view text);

  Sink m_sink;
  std::string m_pending;  // a token that is not complete yet
  BlobKey m_blob{};
  bool m_want_path = false;  // the next token is a path
  bool m_broken = false;
};

}  // namespace patchmill::placement
