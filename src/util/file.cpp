#include "util/file.hpp"

#include "util/fd.hpp"
#include "util/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

namespace patchmill {
namespace fs = std::filesystem;
namespace {

tl::unexpected<Error> fail_errno(std::string_view doing, const fs::path& path) {
  const int code = errno;
  const auto kind =
      code == ENOENT || code == ENOTDIR ? ErrorKind::not_found : ErrorKind::infrastructure;
  return fail(kind, fmt::format("cannot {} {}: {}", doing, escape_terminal(path.string()),
                                std::generic_category().message(code)));
}

int open_retrying(const fs::path& path, int flags, mode_t mode = 0) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

std::string random_suffix() {
  std::uint64_t bits = 0;
  if (::getrandom(&bits, sizeof bits, 0) != static_cast<ssize_t>(sizeof bits)) {
    throw std::runtime_error("the kernel gave no random bytes");
  }
  return fmt::format("{:016x}", bits);
}

// A new name next to the target: nobody may guess it or have made it before.
Result<std::pair<Fd, fs::path>> open_beside(const fs::path& path) {
  for (int attempt = 0; attempt < 16; ++attempt) {
    auto name = path;
    name += ".tmp-" + random_suffix();
    Fd fd(open_retrying(name, O_WRONLY | O_CREAT | O_EXCL, 0666));
    if (fd.valid()) {
      return std::pair(std::move(fd), std::move(name));
    }
    if (errno != EEXIST) {
      break;
    }
  }
  return fail_errno("create a file beside", path);
}

void sync_folder(const fs::path& path) {
  const auto parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const Fd folder(open_retrying(parent, O_RDONLY | O_DIRECTORY));
  if (folder.valid()) {
    ::fsync(folder.get());  // some file systems refuse this for folders; nothing can be done then
  }
}

}  // namespace

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const auto n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno != EINTR) {
      return false;
    }
    content.remove_prefix(n > 0 ? static_cast<std::size_t>(n) : 0);
  }
  return true;
}

Result<std::string> read_file(const fs::path& path, std::size_t max_bytes) {
  const Fd fd(open_retrying(path, O_RDONLY));
  struct stat info{};
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0) {
    return fail_errno("open", path);
  }
  std::string content;
  const auto expected = S_ISREG(info.st_mode) ? static_cast<std::size_t>(info.st_size) : 0;
  std::size_t used = 0;
  while (true) {
    if (used > max_bytes || expected > max_bytes) {
      return fail(ErrorKind::limit, fmt::format("{} is larger than {} bytes",
                                                escape_terminal(path.string()), max_bytes));
    }
    // One byte more than expected, so that the end is seen without growing the buffer. Files of
    // /proc and /sys have no size and may give everything to the first read only.
    content.resize(used == 0 ? std::max<std::size_t>(expected + 1, 4096) : used + 65536);
    const auto n = ::read(fd.get(), content.data() + used, content.size() - used);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return fail_errno("read", path);
    }
    if (n == 0) {
      content.resize(used);
      return content;
    }
    used += static_cast<std::size_t>(n);
  }
}

Result<void> write_file_atomic(const fs::path& path, std::string_view content) {
  PM_TRY_ASSIGN(auto beside, open_beside(path));
  auto& [fd, name] = beside;
  if (!write_all(fd.get(), content) || ::fsync(fd.get()) != 0 ||
      ::rename(name.c_str(), path.c_str()) != 0) {
    auto error = fail_errno("write", path);
    ::unlink(name.c_str());
    return error;
  }
  sync_folder(path);
  return {};
}

TempDir::TempDir(std::string_view prefix, fs::path parent) {
  if (parent.empty()) {
    parent = fs::temp_directory_path();
  }
  std::string name = (parent / fmt::format("{}-XXXXXX", prefix)).string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(),
                            "cannot make a temporary folder in " + parent.string());
  }
  m_path = name;
}

TempDir::~TempDir() {
  std::error_code error;
  fs::remove_all(m_path, error);
  if (!error) {
    return;
  }
  // Folders without write permission (a test or build made them) keep their content alive.
  const auto options = fs::directory_options::skip_permission_denied;
  fs::permissions(m_path, fs::perms::owner_all, fs::perm_options::add, error);
  for (fs::recursive_directory_iterator it(m_path, options, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code ignored;
    if (it->is_directory(ignored) && !it->is_symlink(ignored)) {
      fs::permissions(it->path(), fs::perms::owner_all, fs::perm_options::add, ignored);
    }
  }
  fs::remove_all(m_path, error);
}

Result<MappedFile> MappedFile::open(const fs::path& path) {
  const Fd fd(open_retrying(path, O_RDONLY));
  struct stat info{};
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0) {
    return fail_errno("open", path);
  }
  if (!S_ISREG(info.st_mode)) {
    return fail(ErrorKind::invalid, escape_terminal(path.string()) + " is not a regular file");
  }
  MappedFile file;
  if (info.st_size > 0) {
    const auto size = static_cast<std::size_t>(info.st_size);
    void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
    if (data == MAP_FAILED) {
      return fail_errno("map", path);
    }
    file.m_data = static_cast<const char*>(data);
    file.m_size = size;
  }
  return file;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : m_data(std::exchange(other.m_data, nullptr)), m_size(std::exchange(other.m_size, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(m_data, other.m_data);
  std::swap(m_size, other.m_size);
  return *this;
}

MappedFile::~MappedFile() {
  if (m_data != nullptr) {
    ::munmap(const_cast<char*>(m_data), m_size);
  }
}

namespace {

// Of the open file, not of the process: threads exclude each other too, and whether it is held can
// be asked without taking it, which flock(2) cannot.
struct flock whole_file() {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

Result<LockFile> LockFile::acquire(const fs::path& path, bool wait) {
  Fd fd(open_retrying(path, O_RDWR | O_CREAT, 0666));
  if (!fd.valid()) {
    return fail_errno("open the lock", path);
  }
  struct flock lock = whole_file();
  int status = 0;
  do {
    status = ::fcntl(fd.get(), wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock);
  } while (status != 0 && errno == EINTR);
  if (status != 0 && (errno == EAGAIN || errno == EACCES)) {
    return fail(ErrorKind::conflict,
                fmt::format("{} is held by another process", escape_terminal(path.string())));
  }
  if (status != 0) {
    return fail_errno("lock", path);
  }
  return LockFile(fd.release());
}

bool LockFile::is_held(const fs::path& path) {
  const Fd fd(open_retrying(path, O_RDONLY));
  struct flock lock = whole_file();
  return fd.valid() && ::fcntl(fd.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

LockFile::LockFile(int fd) : m_fd(fd) {}

LockFile::Closer::Closer(Closer&& o) noexcept : fd(std::exchange(o.fd, -1)) {}

LockFile::Closer& LockFile::Closer::operator=(Closer&& o) noexcept {
  std::swap(fd, o.fd);
  return *this;
}

LockFile::Closer::~Closer() {
  if (fd >= 0) {
    ::close(fd);
  }
}

}  // namespace patchmill
