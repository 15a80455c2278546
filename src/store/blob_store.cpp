#include "store/blob_store.hpp"

#include "util/fd.hpp"
#include "util/file.hpp"
#include "util/hash.hpp"
#include "util/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace patchmill::store {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t max_blob = std::size_t{4} << 30;

bool is_sha256(std::string_view name) {
  return name.size() == 64 && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

tl::unexpected<Error> fail_errno(std::string_view doing, const fs::path& path, int code = errno) {
  const auto kind = code == ENOENT ? ErrorKind::not_found : ErrorKind::infrastructure;
  return fail(kind, fmt::format("cannot {} {}: {}", doing, escape_terminal(path.string()),
                                std::generic_category().message(code)));
}

Result<void> make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    return fail_errno("make the folder", folder, error.value());
  }
  return {};
}

// Copies and hashes in one pass: the name must be that of the bytes kept, also when the file
// changes meanwhile.
Result<std::string> copy_hashing(const fs::path& from, int from_fd, const fs::path& to, int to_fd) {
  Sha256 hash;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): read() fills what is looked at
  std::array<char, 1 << 16> buffer;
  while (true) {
    const auto n = ::read(from_fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return fail_errno("read", from);
    }
    if (n == 0) {
      break;
    }
    const std::string_view piece(buffer.data(), static_cast<std::size_t>(n));
    hash.update(piece);
    if (!write_all(to_fd, piece)) {
      return fail_errno("write", to);
    }
  }
  if (::fsync(to_fd) != 0) {
    return fail_errno("write", to);
  }
  return hash.hex();
}

}  // namespace

BlobStore::BlobStore(fs::path root) : m_root(std::move(root)) {}

Result<fs::path> BlobStore::path_of(std::string_view sha256) const {
  if (!is_sha256(sha256)) {
    return fail(ErrorKind::invalid, fmt::format("'{}' names no object: a SHA-256 is 64 lower-case "
                                                "hexadecimal digits",
                                                ellipsize(escape_terminal(sha256), 80)));
  }
  return m_root / sha256.substr(0, 2) / sha256.substr(2);
}

Result<std::string> BlobStore::put(std::string_view content) {
  std::string name = sha256_hex(content);
  PM_TRY_ASSIGN(const auto path, path_of(name));
  // The time says that somebody relies on it from now on, see sweep_blobs(). A sweep may have taken
  // the file away between the two steps of utimensat, finding it and setting its time: only one
  // that is still in its place afterwards was seen with its new time.
  if (::utimensat(AT_FDCWD, path.c_str(), nullptr, 0) == 0 && ::access(path.c_str(), F_OK) == 0) {
    return name;
  }
  PM_TRY(make_folder(path.parent_path()));
  PM_TRY(write_file_atomic(path, content));
  return name;
}

Result<std::string> BlobStore::put_file(const fs::path& file) {
  const Fd from(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!from.valid()) {
    return fail_errno("open", file);
  }
  const auto incoming = m_root / "incoming";
  PM_TRY(make_folder(incoming));
  std::string name = (incoming / "XXXXXX").string();
  const Fd to(::mkostemp(name.data(), O_CLOEXEC));
  if (!to.valid()) {
    return fail_errno("make a file in", incoming);
  }
  ::fchmod(to.get(), 0644);
  auto sha256 = copy_hashing(file, from.get(), name, to.get());
  const auto path = sha256 ? path_of(*sha256) : tl::unexpected(sha256.error());
  const auto folder = path ? make_folder(path->parent_path()) : tl::unexpected(path.error());
  if (!folder || ::rename(name.c_str(), path->c_str()) != 0) {
    auto failed = folder ? fail_errno("write", *path) : tl::unexpected(folder.error());
    ::unlink(name.c_str());
    return failed;
  }
  return sha256;
}

Result<std::string> BlobStore::get(std::string_view sha256) const {
  PM_TRY_ASSIGN(const auto path, path_of(sha256));
  PM_TRY_ASSIGN(auto content, read_file(path, max_blob));
  if (sha256_hex(content) != sha256) {
    return fail(ErrorKind::infrastructure,
                fmt::format("{} is damaged: its content has another SHA-256 than its name; restore "
                            "it from a backup",
                            escape_terminal(path.string())));
  }
  return content;
}

}  // namespace patchmill::store
