#include "runtimes/log_pump.hpp"

#include "util/text.hpp"

#include <algorithm>

namespace patchmill::runtimes {
namespace {

// Bytes at the end that may be the start of a character (0 to 3).
std::size_t unfinished_tail(std::string_view bytes) {
  for (std::size_t back = 1; back <= 3 && back <= bytes.size(); ++back) {
    const auto c = static_cast<unsigned char>(bytes[bytes.size() - back]);
    if (c < 0x80) {
      return 0;
    }
    if (c >= 0xc0) {
      const std::size_t length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
      return length > back ? back : 0;
    }
  }
  return 0;
}

}  // namespace

LogPump::LogPump(std::uint64_t max_bytes, std::function<void(std::string_view)> on_text)
    : m_max(max_bytes), m_on_text(std::move(on_text)) {}

bool LogPump::push(std::string_view bytes) {
  if (m_cut) {
    return false;
  }
  if (m_max != 0 && m_seen + bytes.size() > m_max) {
    bytes = bytes.substr(0, static_cast<std::size_t>(m_max - m_seen));
    m_cut = true;
  }
  m_seen += bytes.size();
  if (m_pending.empty()) {
    const std::size_t tail = unfinished_tail(bytes);
    emit(bytes.substr(0, bytes.size() - tail));
    m_pending.assign(bytes.substr(bytes.size() - tail));
  } else {
    std::string joined = std::move(m_pending);
    joined.append(bytes);
    const std::size_t tail = unfinished_tail(joined);
    emit(std::string_view(joined).substr(0, joined.size() - tail));
    m_pending = joined.substr(joined.size() - tail);
  }
  return !m_cut;
}

void LogPump::finish() {
  emit(std::string(std::move(m_pending)));
  m_pending.clear();
}

void LogPump::emit(std::string_view bytes) {
  if (bytes.empty()) {
    return;
  }
  const bool clean = is_valid_utf8(bytes) && bytes.find('\0') == std::string_view::npos;
  const std::string mended = clean ? std::string() : mend_utf8(bytes);
  m_on_text(clean ? bytes : std::string_view(mended));
}

}  // namespace patchmill::runtimes
