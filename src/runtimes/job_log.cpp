#include "runtimes/job_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace patchmill::runtimes {

namespace fs = std::filesystem;

Result<JobLog> JobLog::make(const fs::path& folder) {
  Fd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!fd.valid()) {  // not every filesystem has that
    std::string name = (folder / ".log-XXXXXX").string();
    fd = Fd(::mkostemp(name.data(), O_CLOEXEC));
    if (!fd.valid()) {
      return fail(ErrorKind::infrastructure,
                  fmt::format("cannot make a file for the job's log in {}: {}", folder.string(),
                              std::generic_category().message(errno)));
    }
    ::unlink(name.c_str());
  }
  JobLog log;
  log.m_file = std::make_shared<const Fd>(std::move(fd));
  return log;
}

bool JobLog::append(std::string_view text) {
  if (!m_file) {
    auto made = make(fs::temp_directory_path());
    if (!made) {
      return false;
    }
    m_file = std::move(made->m_file);
  }
  while (!text.empty()) {
    const auto n = ::pwrite(m_file->get(), text.data(), text.size(), static_cast<off_t>(m_size));
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return false;
    }
    m_size += static_cast<std::uint64_t>(n);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

findings::LogLines JobLog::lines() const {
  return m_file ? findings::LogLines(m_file->get()) : findings::LogLines(std::string_view());
}

std::string JobLog::text(std::uint64_t offset, std::size_t most) const {
  std::string text(m_file ? most : 0, '\0');
  std::size_t used = 0;
  while (used < text.size()) {
    const auto n = ::pread(m_file->get(), text.data() + used, text.size() - used,
                           static_cast<off_t>(offset + used));
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      break;
    }
    used += static_cast<std::size_t>(n);
  }
  text.resize(used);
  return text;
}

fs::path JobLog::path() const {
  return m_file ? fmt::format("/proc/self/fd/{}", m_file->get()) : "/dev/null";
}

}  // namespace patchmill::runtimes
