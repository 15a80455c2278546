#include "placement/raw_log.hpp"

#include "util/text.hpp"

#include <charconv>

namespace patchmill::placement {

void RawLogReader::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\0');
    if (end == std::string_view::npos) {
      m_pending += bytes;
      return;
    }
    if (m_pending.empty()) {
      token(bytes.substr(0, end));
    } else {
      m_pending += bytes.substr(0, end);
      const std::string whole = std::move(m_pending);
      m_pending.clear();
      token(whole);
    }
    bytes.remove_prefix(end + 1);
  }
}

void RawLogReader::token(std::string_view text) {
  if (m_want_path) {
    m_want_path = false;
    m_sink.change(text, m_blob);
    return;
  }
  while (text.starts_with('\n')) {
    text.remove_prefix(1);
  }
  if (text.starts_with('\x01')) {
    const std::size_t space = text.find(' ');
    std::int64_t date = 0;
    if (space == std::string_view::npos ||
        std::from_chars(text.data() + space + 1, text.data() + text.size(), date).ec !=
            std::errc{}) {
      m_broken = true;
      return;
    }
    m_sink.commit(text.substr(1, space - 1), date);
    return;
  }
  // ":100644 100644 OLD NEW M"
  const auto words = split(text, ' ');
  if (!text.starts_with(':') || words.size() != 5) {
    m_broken = m_broken || !text.empty();
    return;
  }
  const auto blob = parse_blob_key(words[3]);
  if (!blob) {
    m_broken = true;
    return;
  }
  m_blob = *blob;
  m_want_path = true;
}

}  // namespace patchmill::placement
