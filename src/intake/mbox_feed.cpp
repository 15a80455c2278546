#include "intake/mbox_feed.hpp"

#include "intake/folder_watch.hpp"
#include "intake/mbox.hpp"
#include "intake/rescan.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <system_error>

namespace patchmill::intake {
namespace fs = std::filesystem;
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// A lock that is older was left by a program that died.
constexpr std::chrono::minutes longest_lock(5);
constexpr int most_siblings = 1000;

struct Look {
  dev_t device = 0;
  ino_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t changed_ns = 0;

  [[nodiscard]] bool same_file(const Look& other) const {
    return device == other.device && inode == other.inode;
  }
  bool operator==(const Look&) const = default;
};

Look look_of(const struct stat& info) {
  return {info.st_dev, info.st_ino, static_cast<std::uint64_t>(info.st_size),
          std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec};
}

std::optional<Look> look_at(int fd) {
  struct stat info{};
  return ::fstat(fd, &info) == 0 ? std::optional(look_of(info)) : std::nullopt;
}

milliseconds age_of(std::int64_t changed_ns) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const auto ns = std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  return milliseconds((ns - changed_ns) / 1'000'000);
}

Fd open_to_read(const fs::path& file) {
  return Fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
}

Fd duplicate(const Fd& fd) {
  return Fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
}

class MboxFeed final : public Feed {
 public:
  MboxFeed(fs::path file, MboxFeedOptions options) : m_file(std::move(file)), m_options(options) {}

  std::string place() const override { return m_file.string(); }
  Result<std::vector<std::unique_ptr<Source>>> open(Positions& positions, Waiter& waiter) override;
  Result<void> wait(Waiter& waiter) override;
  void reset() override {
    m_watch.reset();
    m_read.reset();
  }

 private:
  using Sources = std::vector<std::unique_ptr<Source>>;

  Result<void> watch();
  void add(Sources& sources, const Fd& fd, const Look& look, bool only_continued);
  Result<Fd> find_rotated(Positions& positions) const;
  [[nodiscard]] milliseconds left_to_settle(const Fd& fd, const Look& look);
  [[nodiscard]] bool is_locked(const Fd& fd) const;

  fs::path m_file;
  MboxFeedOptions m_options;
  std::optional<FolderWatch> m_watch;
  bool m_watch_failed = false;
  bool m_remote = false;
  bool m_started = false;
  Fd m_fd;                     // what is being followed, under whatever name
  std::optional<Look> m_read;  // how it was when all of it was read
  std::optional<Look> m_seen;  // how it was when last looked at
  SteadyClock::time_point m_seen_since{};
  std::optional<milliseconds> m_unsettled;  // look again after so long
};

Result<void> MboxFeed::watch() {
  const auto folder = m_file.has_parent_path() ? m_file.parent_path() : fs::path(".");
  m_remote = is_remote_folder(folder);
  auto watch = FolderWatch::open();
  const auto added = watch ? watch->add(folder, IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM |
                                                    IN_MODIFY | IN_CLOSE_WRITE | IN_DELETE)
                           : Result<int>(tl::unexpected(watch.error()));
  if (added) {
    m_watch = std::move(*watch);
    m_watch_failed = false;
    return {};
  }
  if (added.error().kind == ErrorKind::not_found) {
    return fail(ErrorKind::not_found,
                fmt::format("{} cannot be read: its folder does not exist; make it or name another "
                            "path",
                            escape_terminal(m_file.string())));
  }
  if (!m_watch_failed) {
    log::warning("{}; looking every second instead", added.error().message);
  }
  m_watch_failed = true;
  return {};
}

bool MboxFeed::is_locked(const Fd& fd) const {
  struct flock lock{};
  lock.l_type = F_RDLCK;
  lock.l_whence = SEEK_SET;
  if (::fcntl(fd.get(), F_GETLK, &lock) == 0 && lock.l_type == F_WRLCK) {
    return true;
  }
  struct stat info{};
  const auto beside = m_file.string() + ".lock";
  if (::stat(beside.c_str(), &info) != 0) {
    return false;
  }
  const auto age = age_of(look_of(info).changed_ns);
  return age < longest_lock;
}

// How long to wait before the last mail is taken to be complete; 0: it is.
milliseconds MboxFeed::left_to_settle(const Fd& fd, const Look& look) {
  const auto now = SteadyClock::now();
  if (!m_seen || *m_seen != look) {
    m_seen = look;
    m_seen_since = now;
  }
  std::array<char, 3> last{};
  const auto size = std::min<std::uint64_t>(look.size, last.size());
  const auto count = ::pread(fd.get(), last.data(), size, static_cast<off_t>(look.size - size));
  const std::string_view end(last.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  const bool finished = end.ends_with("\n\n") || end.ends_with("\n\r\n");
  const auto wanted = finished && !is_locked(fd) ? m_options.settle : m_options.settle_unfinished;
  // By the file's own time where that makes sense, else by our watch.
  const auto unchanged =
      std::max(age_of(look.changed_ns), std::chrono::floor<milliseconds>(now - m_seen_since));
  return std::max(wanted - unchanged, milliseconds(0));
}

void MboxFeed::add(Sources& sources, const Fd& fd, const Look& look, bool only_continued) {
  const auto left = left_to_settle(fd, look);
  if (left.count() > 0) {
    m_unsettled = left;
  }
  sources.push_back(
      open_mbox_part(m_file, duplicate(fd), {look.size, left.count() > 0, only_continued}));
}

// The file that was read last, by another name: logrotate's FILE.1, savelog's FILE.0,
// FILE-20260105.
Result<Fd> MboxFeed::find_rotated(Positions& positions) const {
  const auto name = m_file.filename().string();
  std::error_code error;
  fs::directory_iterator it(m_file.parent_path(), error);
  int looked_at = 0;
  for (const fs::directory_iterator end; !error && it != end && looked_at < most_siblings;
       it.increment(error)) {
    const auto other = it->path().filename().string();
    std::error_code ignored;
    if (other.size() <= name.size() || !other.starts_with(name) ||
        (other[name.size()] != '.' && other[name.size()] != '-') || !it->is_regular_file(ignored)) {
      continue;
    }
    ++looked_at;
    Fd fd = open_to_read(it->path());
    if (!fd.valid()) {
      continue;
    }
    PM_TRY_ASSIGN(const auto position, mbox_position(positions, m_file, fd.get()));
    if (position && *position > 0) {
      return fd;
    }
  }
  return Fd();
}

Result<std::vector<std::unique_ptr<Source>>> MboxFeed::open(Positions& positions, Waiter&) {
  if (m_watch && m_watch->take().incomplete) {
    m_watch.reset();
  }
  if (!m_watch) {
    PM_TRY(watch());
  }
  m_unsettled.reset();
  Sources sources;
  Fd fresh = open_to_read(m_file);
  if (!fresh.valid() && errno != ENOENT) {
    return fail(ErrorKind::infrastructure, fmt::format("cannot read {}: {}; see to its permissions",
                                                       escape_terminal(m_file.string()),
                                                       std::generic_category().message(errno)));
  }
  const auto fresh_look = fresh.valid() ? look_at(fresh.get()) : std::nullopt;
  auto old_look = m_fd.valid() ? look_at(m_fd.get()) : std::nullopt;
  bool replaced = old_look && (!fresh_look || !fresh_look->same_file(*old_look));
  std::optional<std::uint64_t> position;
  if (!replaced && (fresh_look ? m_read != fresh_look : !m_started)) {
    if (fresh_look) {
      PM_TRY_ASSIGN(position, mbox_position(positions, m_file, fresh.get()));
    }
    if (!position) {  // replaced while nobody looked, or copied and truncated
      PM_TRY_ASSIGN(Fd rotated, find_rotated(positions));
      replaced = rotated.valid();
      m_fd = std::move(rotated);
      old_look = replaced ? look_at(m_fd.get()) : std::nullopt;
    }
  }
  m_started = true;
  if (replaced && m_read != old_look) {
    add(sources, m_fd, *old_look, true);
    if (m_unsettled) {
      return sources;  // whoever has it open may write on; the new one must wait for its turn
    }
    m_read = old_look;
  }
  if (fresh_look) {
    m_fd = std::move(fresh);
    if (m_read != fresh_look) {
      // It may be truncated and written anew before it is read.
      add(sources, m_fd, *fresh_look, position.has_value());
      m_read = m_unsettled ? std::nullopt : fresh_look;
    }
  }
  return sources;
}

Result<void> MboxFeed::wait(Waiter& waiter) {
  auto at_most = m_options.rescan.count() > 0 ? m_options.rescan
                 : !m_watch                   ? rescan_unwatched
                 : m_remote                   ? rescan_remote
                                              : rescan_local;
  if (m_unsettled) {
    at_most = std::min(at_most, *m_unsettled + milliseconds(1));
  }
  std::array<pollfd, 1> watched{{{m_watch ? m_watch->fd() : -1, POLLIN, 0}}};
  waiter.wait(at_most, watched);
  return {};
}

}  // namespace

std::unique_ptr<Feed> follow_mbox(fs::path file, MboxFeedOptions options) {
  return std::make_unique<MboxFeed>(std::move(file), options);
}

}  // namespace patchmill::intake
