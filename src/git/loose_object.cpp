#include "git/loose_object.hpp"

#include "util/fd.hpp"
#include "util/hash.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
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
  const ObjectId id = id_bytes == 20 ? sha1_hex(object) : sha256_hex(object);

  const std::string folder = objects_dir.string() + "/" + id.substr(0, 2);
  const std::string path = folder + "/" + id.substr(2);
  if (::access(path.c_str(), F_OK) == 0) {
    return id;
  }
  std::string temporary = folder + "/tmp_obj_XXXXXX";
  Fd fd(::mkstemp(temporary.data()));
  if (!fd.valid() && errno == ENOENT) {
    if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) {
      return disk_error(folder);
    }
    temporary = folder + "/tmp_obj_XXXXXX";
    fd = Fd(::mkstemp(temporary.data()));
  }
  if (!fd.valid()) {
    return disk_error(temporary);
  }
  const auto written = write_all(fd.get(), deflated(object), temporary);
  // 0444 as git leaves them; mkstemp made it 0600, which other users could not read.
  if (!written || ::fchmod(fd.get(), 0444) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0) {
    const int saved = errno;
    ::unlink(temporary.c_str());
    errno = saved;
    return disk_error(path);
  }
  return id;
}

}  // namespace patchmill::git
