#pragma once
// Walking through text line by line without copying.

#include <cstddef>
#include <string_view>

namespace patchmill::mail {

// Cursor over lines; the last line may lack its newline.
class Lines {
 public:
  explicit Lines(std::string_view text, std::size_t start = 0) : m_text(text), m_pos(start) {}
  [[nodiscard]] bool done() const { return m_pos >= m_text.size(); }
  [[nodiscard]] std::size_t pos() const { return m_pos; }  // where the next line starts
  // The next line without moving; without its newline.
  [[nodiscard]] std::string_view peek() const {
    const std::size_t end = m_text.find('\n', m_pos);
    return m_text.substr(m_pos, end == std::string_view::npos ? end : end - m_pos);
  }
  // The next line without its newline, moving behind it.
  std::string_view next() {
    const std::size_t end = m_text.find('\n', m_pos);
    const std::size_t start = m_pos;
    if (end == std::string_view::npos) {
      m_pos = m_text.size();
      return m_text.substr(start);
    }
    m_pos = end + 1;
    return m_text.substr(start, end - start);
  }

 private:
  std::string_view m_text;
  std::size_t m_pos;
};

inline std::string_view without_cr(std::string_view line) {
  if (!line.empty() && line.back() == '\r') {
    line.remove_suffix(1);
  }
  return line;
}

}  // namespace patchmill::mail
