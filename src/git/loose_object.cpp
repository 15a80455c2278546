#include "git/loose_object.hpp"

#include "util/fd.hpp"
#include "util/hash.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

namespace patchmill::git {

namespace {

tl::unexpected<Error> disk_error(const std::string& path) {
  return fail(ErrorKind::infrastructure,
              fmt::format("cannot write the git object {}: {}; check space and permissions", path,
                          std::strerror(errno)));
}

Result<void> write_all(int fd, std::string_view data, const std::string& path) {
  while (!data.empty()) {
    const ssize_t n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return disk_error(path);
    }
    data.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

// Read-only, as git leaves its objects.
Fd create_new(const std::string& path) {
  return Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444));
}

// A name no other writer uses, also not in another container of the same process number. git
// takes such files for leftovers and cleans them up in time.
std::string temporary_name(const std::string& folder) {
  static const std::uint64_t process =
      (std::uint64_t{std::random_device{}()} << 32) ^ std::random_device{}();
  static std::atomic<std::uint64_t> counter = 0;
  return fmt::format("{}/tmp_obj_{:x}_{}", folder, process, counter.fetch_add(1));
}

std::string deflated(const std::string& data) {
  uLongf size = compressBound(static_cast<uLong>(data.size()));
  std::string out(size, '\0');
  // Level 1 is also git's own choice for loose objects.
  compress2(reinterpret_cast<Bytef*>(out.data()), &size,
            reinterpret_cast<const Bytef*>(data.data()), static_cast<uLong>(data.size()),
            Z_BEST_SPEED);
  out.resize(size);
  return out;
}

}  // namespace

Result<ObjectId> write_loose_object(const std::filesystem::path& objects_dir, std::size_t id_bytes,
                                    std::string_view type, std::string_view content) {
  std::string object = fmt::format("{} {}", type, content.size());
  object.push_back('\0');
  object += content;
  ObjectId id = id_bytes == 20 ? sha1_hex(object) : sha256_hex(object);

  const std::string folder = objects_dir.string() + "/" + id.substr(0, 2);
  const std::string path = folder + "/" + id.substr(2);
  if (::access(path.c_str(), F_OK) == 0) {
    return id;
  }
  const std::string temporary = temporary_name(folder);
  Fd fd = create_new(temporary);
  if (!fd.valid() && errno == ENOENT) {
    if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) {
      return disk_error(folder);
    }
    fd = create_new(temporary);
  }
  if (!fd.valid()) {
    return disk_error(temporary);
  }
  const auto written = write_all(fd.get(), deflated(object), temporary);
  if (!written || ::rename(temporary.c_str(), path.c_str()) != 0) {
    const int saved = errno;
    ::unlink(temporary.c_str());
    errno = saved;
    return disk_error(path);
  }
  return id;
}

}  // namespace patchmill::git
