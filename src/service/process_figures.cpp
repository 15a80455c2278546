#include "service/process_figures.hpp"

#include "util/file.hpp"
#include "util/text.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

namespace patchmill::service {

ProcessFigures process_figures() {
  ProcessFigures figures;
  if (const auto statm = read_file("/proc/self/statm", 4096)) {
    const auto words = split(*statm, ' ');
    const auto pages = words.size() > 1 ? parse_uint(words[1]) : std::nullopt;
    figures.resident_bytes =
        pages.value_or(0) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  }
  struct rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    figures.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }
  struct rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    figures.max_fds = limit.rlim_cur;
  }
  std::error_code error;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; !error && it != end;
       it.increment(error)) {
    ++figures.open_fds;
  }
  return figures;
}

}  // namespace patchmill::service
