#include "runtimes/memory_file.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace patchmill::runtimes {

Result<Fd> memory_file(const char* name, std::string_view content) {
  Fd fd(::memfd_create(name, MFD_CLOEXEC));
  if (!fd.valid()) {
    return fail(ErrorKind::infrastructure,
                std::string("cannot make a file in memory: ") + std::strerror(errno));
  }
  while (!content.empty()) {
    const auto n = ::write(fd.get(), content.data(), content.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return fail(ErrorKind::infrastructure,
                  std::string("cannot fill a file in memory: ") + std::strerror(errno));
    }
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  ::lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

}  // namespace patchmill::runtimes
