#pragma once
// What a server said, as a stream.

#include "intake/byte_stream.hpp"

#include <algorithm>
#include <string>

namespace patchmill::test {

// Gives the text in pieces of at most `step` bytes, then ends. What is written is thrown away.
class MemoryStream final : public intake::ByteStream {
 public:
  MemoryStream(std::string text, std::size_t step) : m_text(std::move(text)), m_step(step) {}
  Result<void> write(std::string_view) override { return {}; }
  Result<std::size_t> read(char* buffer, std::size_t size) override {
    const auto count = std::min({size, m_step, m_text.size() - m_at});
    std::copy_n(m_text.data() + m_at, count, buffer);
    m_at += count;
    return count;
  }
  intake::Waiter::Woken wait(std::chrono::milliseconds) override {
    return intake::Waiter::Woken::ready;
  }

 private:
  std::string m_text;
  std::size_t m_step;
  std::size_t m_at = 0;
};

}  // namespace patchmill::test
