#include "runtimes/folder_writer.hpp"

#include "util/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace patchmill::runtimes {
namespace {

// Always the same: what a crash left is cleared away with the next file.
constexpr const char* temporary_name = "being-written";

tl::unexpected<Error> failed(std::string_view what, std::string_view path) {
  const int code = errno;
  const ErrorKind kind =
      code == ELOOP || code == ENOTDIR || code == EISDIR || code == EEXIST || code == ENOTEMPTY
          ? ErrorKind::conflict
          : ErrorKind::infrastructure;
  return fail(kind, fmt::format("cannot {} {} in the source folder: {}", what,
                                escape_terminal(mend_utf8(path)), std::strerror(code)));
}

}  // namespace

bool is_safe_path(std::string_view path) {
  if (path.empty() || path.size() > 4096 || path.find('\0') != std::string_view::npos) {
    return false;
  }
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == "." || part == ".." || part.size() > 255 || iequals(part, ".git")) {
      return false;
    }
  }
  return true;
}

Result<FolderWriter> FolderWriter::open(const std::filesystem::path& folder,
                                        const std::filesystem::path& workplace) {
  Fd root(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!root.valid()) {
    return failed("open", folder.string());
  }
  Fd work(::open(workplace.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!work.valid()) {
    return failed("open", workplace.string());
  }
  return FolderWriter(std::move(root), std::move(work));
}

Result<Fd> FolderWriter::open_parent(std::string_view path, bool make, std::string& name) {
  if (!is_safe_path(path)) {
    return fail(ErrorKind::invalid, fmt::format("the path \"{}\" may not be in a source folder",
                                                escape_terminal(mend_utf8(path))));
  }
  auto parts = split(path, '/');
  name = parts.back();
  parts.pop_back();
  Fd current(::fcntl(m_root.get(), F_DUPFD_CLOEXEC, 0));
  for (const std::string_view part : parts) {
    const std::string folder(part);
    if (make && ::mkdirat(current.get(), folder.c_str(), 0755) == 0) {
      [[maybe_unused]] const int done = ::fchmodat(current.get(), folder.c_str(), 0755, 0);
    }
    Fd next(
        ::openat(current.get(), folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next.valid()) {
      return failed("enter the folder of", path);
    }
    current = std::move(next);
  }
  return current;
}

Result<void> FolderWriter::replace(int folder, const std::string& name, std::string_view path) {
  if (::renameat(m_workplace.get(), temporary_name, folder, name.c_str()) != 0) {
    auto error = failed("write", path);
    ::unlinkat(m_workplace.get(), temporary_name, 0);
    return error;
  }
  return {};
}

Result<void> FolderWriter::write_file(std::string_view path, std::string_view content,
                                      bool executable) {
  std::string name;
  PM_TRY_ASSIGN(const Fd folder, open_parent(path, true, name));
  ::unlinkat(m_workplace.get(), temporary_name, 0);
  const Fd file(::openat(m_workplace.get(), temporary_name,
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file.valid()) {
    return failed("make", path);
  }
  while (!content.empty()) {
    const auto n = ::write(file.get(), content.data(), content.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      auto error = failed("write", path);
      ::unlinkat(m_workplace.get(), temporary_name, 0);
      return error;
    }
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  ::fchmod(file.get(), executable ? 0755 : 0644);
  return replace(folder.get(), name, path);
}

Result<void> FolderWriter::write_link(std::string_view path, const std::string& target) {
  std::string name;
  PM_TRY_ASSIGN(const Fd folder, open_parent(path, true, name));
  if (target.empty() || target.find('\0') != std::string::npos) {
    return fail(ErrorKind::invalid, fmt::format("the link \"{}\" has an impossible target",
                                                escape_terminal(mend_utf8(path))));
  }
  ::unlinkat(m_workplace.get(), temporary_name, 0);
  if (::symlinkat(target.c_str(), m_workplace.get(), temporary_name) != 0) {
    return failed("link", path);
  }
  return replace(folder.get(), name, path);
}

Result<void> FolderWriter::make_folder(std::string_view path) {
  std::string name;
  PM_TRY_ASSIGN(const Fd folder, open_parent(path, true, name));
  if (::mkdirat(folder.get(), name.c_str(), 0755) != 0 && errno != EEXIST) {
    return failed("make", path);
  }
  return {};
}

Result<void> FolderWriter::remove(std::string_view path) {
  std::string name;
  auto folder = open_parent(path, false, name);
  if (!folder) {
    // The folder may have gone before; one that is no folder any more is for the writer to judge.
    return folder.error().kind == ErrorKind::invalid ? Result<void>(tl::unexpected(folder.error()))
                                                     : Result<void>();
  }
  if (::unlinkat(folder->get(), name.c_str(), 0) != 0 && errno != ENOENT &&
      (errno != EISDIR || ::unlinkat(folder->get(), name.c_str(), AT_REMOVEDIR) != 0)) {
    return failed("remove", path);
  }
  std::string_view parent = path;
  for (auto slash = parent.rfind('/'); slash != std::string_view::npos; slash = parent.rfind('/')) {
    parent = parent.substr(0, slash);
    std::string last;
    const auto above = open_parent(parent, false, last);
    if (!above || ::unlinkat(above->get(), last.c_str(), AT_REMOVEDIR) != 0) {
      break;  // not empty
    }
  }
  return {};
}

}  // namespace patchmill::runtimes
