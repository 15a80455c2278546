#include "app/live_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace patchmill::app {

namespace fs = std::filesystem;

void LiveLog::begin(std::int64_t node) {
  end();
  std::error_code error;
  fs::create_directories(m_folder, error);
  m_file = m_folder / fmt::format("{}.log", node);
  m_fd = Fd(::open(m_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
                   0640));
}

void LiveLog::add(std::string_view text) {
  while (m_fd.valid() && !text.empty()) {
    const ssize_t written = ::write(m_fd.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      m_fd.reset();
      return;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void LiveLog::end() {
  m_fd.reset();
  if (!m_file.empty()) {
    ::unlink(m_file.c_str());
    m_file.clear();
  }
}

void LiveLog::remove_all(const fs::path& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
}

}  // namespace patchmill::app
