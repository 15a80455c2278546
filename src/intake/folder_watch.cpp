#include "intake/folder_watch.hpp"

#include "util/text.hpp"

#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/inotify.h>
#include <sys/vfs.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace patchmill::intake {
namespace fs = std::filesystem;
namespace {

// Not in linux/magic.h of every distribution.
constexpr std::array<long, 7> remote_magics = {
    NFS_SUPER_MAGIC,       SMB_SUPER_MAGIC,       V9FS_MAGIC, 0xFF534D42 /* cifs */,
    0xFE534D42 /* smb2 */, 0x65735546 /* fuse */, 0x00C36400 /* ceph */};

tl::unexpected<Error> failed(const std::string& what, int code) {
  if (code == ENOENT || code == ENOTDIR) {
    return fail(ErrorKind::not_found, fmt::format("{}: there is no such folder", what));
  }
  const auto* hint = code == ENOSPC || code == EMFILE
                         ? "; raise fs.inotify.max_user_watches and fs.inotify.max_user_instances"
                         : "";
  return fail(ErrorKind::infrastructure,
              fmt::format("{}: {}{}", what, std::generic_category().message(code), hint));
}

}  // namespace

Result<FolderWatch> FolderWatch::open() {
  Fd fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!fd.valid()) {
    return failed("cannot watch folders", errno);
  }
  return FolderWatch(std::move(fd));
}

Result<int> FolderWatch::add(const fs::path& folder, std::uint32_t mask) {
  const int id =
      ::inotify_add_watch(m_fd.get(), folder.c_str(),
                          mask | IN_ONLYDIR | IN_EXCL_UNLINK | IN_DELETE_SELF | IN_MOVE_SELF);
  if (id < 0) {
    return failed("cannot watch " + escape_terminal(folder.string()), errno);
  }
  return id;
}

FolderWatch::Changes FolderWatch::take() {
  Changes changes;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): read() fills what is looked at
  alignas(inotify_event) std::array<char, 16384> buffer;
  while (true) {
    const auto count = ::read(m_fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return changes;
    }
    for (const char* at = buffer.data(); at < buffer.data() + count;) {
      inotify_event event{};
      std::memcpy(&event, at, sizeof event);
      constexpr std::uint32_t lost =
          IN_Q_OVERFLOW | IN_IGNORED | IN_UNMOUNT | IN_DELETE_SELF | IN_MOVE_SELF;
      if ((event.mask & lost) != 0) {
        changes.incomplete = true;
      } else {
        changes.events.push_back(
            {event.wd, event.mask, event.len > 0 ? std::string(at + sizeof event) : std::string()});
      }
      at += sizeof event + event.len;
    }
  }
}

bool is_remote_folder(const fs::path& folder) {
  struct statfs info{};
  if (::statfs(folder.c_str(), &info) != 0) {
    return true;
  }
  const auto type = static_cast<long>(info.f_type);
  for (const long magic : remote_magics) {
    if (type == magic || static_cast<std::uint32_t>(type) == static_cast<std::uint32_t>(magic)) {
      return true;
    }
  }
  return false;
}

}  // namespace patchmill::intake
