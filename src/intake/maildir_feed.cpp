#include "intake/maildir_feed.hpp"

#include "intake/folder_watch.hpp"
#include "intake/left_out.hpp"
#include "intake/maildir.hpp"
#include "intake/rescan.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <system_error>

namespace patchmill::intake {
namespace fs = std::filesystem;
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// There, times of change may be old ones.
constexpr milliseconds relisting_remote = std::chrono::minutes(1);
// A folder's time of change says nothing about changes within the granularity of the clock.
constexpr std::int64_t too_recent_ns = 2'000'000'000;
// An empty file is a mail that is about to be written, or what a full disk left.
constexpr milliseconds longest_empty = std::chrono::minutes(1);

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return nanoseconds(now);
}

class MaildirFeed final : public Feed {
 public:
  MaildirFeed(fs::path folder, MaildirFeedOptions options)
      : m_folder(std::move(folder)), m_options(options) {}

  std::string place() const override { return m_folder.string(); }
  Result<std::vector<std::unique_ptr<Source>>> open(Positions& positions, Waiter& waiter) override;
  Result<void> wait(Waiter& waiter) override;
  void reset() override {
    m_watch.reset();
    m_rescan_due = true;
    m_listed.reset();
  }
  void left_out(const Source&, std::vector<Error> errors) override {
    m_left_out.add(place(), std::move(errors));
  }
  std::string complaint() const override;

 private:
  struct Stamp {
    std::int64_t changed_ns = 0;
    std::uint64_t inode = 0;
    bool operator==(const Stamp&) const = default;
  };
  using Stamps = std::array<Stamp, 2>;

  Result<void> watch();
  void take_events();
  [[nodiscard]] Stamps stamps() const;
  [[nodiscard]] milliseconds rescan_interval() const;
  std::vector<MaildirFile> finished_ones(std::vector<MaildirFile> files);
  [[nodiscard]] std::optional<milliseconds> unfinished_for(const MaildirFile& file) const;

  fs::path m_folder;
  MaildirFeedOptions m_options;
  std::optional<FolderWatch> m_watch;
  int m_new = -1;
  int m_cur = -1;
  bool m_watch_failed = false;
  bool m_remote = false;
  bool m_rescan_due = true;
  SteadyClock::time_point m_next_rescan{};
  Stamps m_watched;  // of the folders that are watched
  SteadyClock::time_point m_listed_at{};
  std::optional<Stamps> m_listed;               // of the folders, when they were last listed
  std::map<std::string, fs::path> m_announced;  // by unique part
  std::set<std::string> m_complete;             // of those: moved there or closed
  std::map<std::string, MaildirFile> m_unfinished;
  SteadyClock::time_point m_unfinished_due{};
  LeftOut m_left_out;
};

Result<void> MaildirFeed::watch() {
  for (const auto* sub : {"new", "cur"}) {
    std::error_code error;
    if (!fs::is_directory(m_folder / sub, error)) {
      return fail(ErrorKind::not_found,
                  fmt::format("{} is no maildir: it has no folder {}/; make it (maildirmake) or "
                              "name another path",
                              escape_terminal(m_folder.string()), sub));
    }
  }
  m_remote = is_remote_folder(m_folder / "new");
  auto watch = FolderWatch::open();
  constexpr std::uint32_t mask = IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE;
  const auto add = [&](const char* sub) -> Result<int> { return watch->add(m_folder / sub, mask); };
  if (watch) {  // tells when it is renamed or removed
    PM_TRY(watch->add(m_folder, IN_MOVE_SELF));
  }
  const auto fresh = watch ? add("new") : Result<int>(tl::unexpected(watch.error()));
  const auto current = watch ? add("cur") : Result<int>(tl::unexpected(watch.error()));
  if (!fresh || !current) {
    const auto& error = fresh ? current.error() : fresh.error();
    if (error.kind == ErrorKind::not_found) {
      return tl::unexpected(error);
    }
    if (!m_watch_failed) {
      log::warning("{}; looking every {} s instead", error.message,
                   std::chrono::duration_cast<std::chrono::seconds>(rescan_unwatched).count());
    }
    m_watch_failed = true;
    return {};
  }
  m_watch_failed = false;
  m_new = *fresh;
  m_cur = *current;
  m_watch = std::move(*watch);
  m_watched = stamps();
  m_rescan_due = true;  // nobody told what changed until now
  m_listed.reset();
  return {};
}

milliseconds MaildirFeed::rescan_interval() const {
  if (m_options.rescan.count() > 0) {
    return m_options.rescan;
  }
  return !m_watch ? rescan_unwatched : m_remote ? rescan_remote : rescan_local;
}

MaildirFeed::Stamps MaildirFeed::stamps() const {
  Stamps result;
  std::size_t i = 0;
  for (const auto* sub : {"new", "cur"}) {
    struct stat info{};
    if (::stat((m_folder / sub).c_str(), &info) == 0) {
      result[i] = {nanoseconds(info.st_mtim), info.st_ino};
    }
    ++i;
  }
  return result;
}

void MaildirFeed::take_events() {
  if (!m_watch) {
    return;
  }
  auto changes = m_watch->take();
  for (auto& event : changes.events) {
    if (event.name.empty() || event.name.starts_with('.') || (event.mask & IN_ISDIR) != 0) {
      continue;
    }
    auto unique = unique_part(event.name);
    if ((event.mask & (IN_MOVED_TO | IN_CLOSE_WRITE)) != 0) {
      m_complete.insert(unique);
      m_unfinished.erase(unique);
    }
    m_announced[std::move(unique)] =
        m_folder / (event.folder == m_new ? "new" : "cur") / std::move(event.name);
  }
  if (changes.incomplete) {
    m_watch.reset();  // one of the folders may be another one now
    m_rescan_due = true;
    m_listed.reset();
  }
}

// How long to leave a file alone that may still be written, or nothing when it is complete.
std::optional<milliseconds> MaildirFeed::unfinished_for(const MaildirFile& file) const {
  struct stat info{};
  if (::lstat(file.path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return std::nullopt;  // the source knows what to do
  }
  const auto age = milliseconds((now_ns() - nanoseconds(info.st_mtim)) / 1'000'000);
  const bool recent = age >= milliseconds(0);  // else a clock is wrong: there is nothing to wait by
  if (info.st_size == 0 && recent && age < longest_empty) {
    return std::min(longest_empty - age, std::max(m_options.settle, milliseconds(10)));
  }
  if (m_complete.contains(file.unique) || info.st_nlink > 1) {
    return std::nullopt;
  }
  return recent && age < m_options.settle ? std::optional(m_options.settle - age) : std::nullopt;
}

std::vector<MaildirFile> MaildirFeed::finished_ones(std::vector<MaildirFile> files) {
  std::vector<MaildirFile> finished;
  auto soonest = milliseconds::max();
  for (auto& file : files) {
    if (const auto wait = unfinished_for(file)) {
      soonest = std::min(soonest, *wait + milliseconds(1));
      auto unique = file.unique;
      m_unfinished[std::move(unique)] = std::move(file);
    } else {
      finished.push_back(std::move(file));
    }
  }
  if (!m_unfinished.empty()) {
    m_unfinished_due = SteadyClock::now() + std::min(soonest, m_options.settle + milliseconds(10));
  }
  return finished;
}

Result<std::vector<std::unique_ptr<Source>>> MaildirFeed::open(Positions& positions, Waiter&) {
  if (!m_watch) {
    PM_TRY(watch());
  }
  take_events();
  if (!m_watch && !m_watch_failed) {
    PM_TRY(watch());
  }
  const auto now = SteadyClock::now();
  auto stamps_now = stamps();
  if (m_watch &&
      (stamps_now[0].inode != m_watched[0].inode || stamps_now[1].inode != m_watched[1].inode)) {
    m_watch.reset();  // other folders by the same name
    PM_TRY(watch());
    stamps_now = stamps();
  }
  std::vector<MaildirFile> files;
  if (m_rescan_due || now >= m_next_rescan) {
    m_next_rescan = now + rescan_interval();
    m_rescan_due = false;
    const bool outdated = m_remote && now - m_listed_at > relisting_remote;
    if (!m_listed || *m_listed != stamps_now || outdated || m_left_out.any()) {
      m_left_out.forget(place());
      m_listed_at = now;
      PM_TRY_ASSIGN(auto listed, list_maildir(m_folder));
      files = unread_files(positions, m_folder, std::move(listed), true);
      const auto newest = std::max(stamps_now[0].changed_ns, stamps_now[1].changed_ns);
      if (now_ns() - newest > too_recent_ns) {
        m_listed = stamps_now;
      } else {
        m_listed.reset();
      }
      m_announced.clear();  // before the listing; what came later is still in the queue
      m_unfinished.clear();
    }
  }
  std::vector<MaildirFile> announced;
  for (auto& [unique, path] : m_announced) {
    announced.push_back({unique, std::move(path)});
  }
  m_announced.clear();
  if (!m_unfinished.empty() && now >= m_unfinished_due) {
    for (auto& [unique, file] : m_unfinished) {
      announced.push_back(std::move(file));
    }
    m_unfinished.clear();
  }
  for (auto& file : unread_files(positions, m_folder, std::move(announced), false)) {
    files.push_back(std::move(file));
  }
  files = finished_ones(std::move(files));
  m_complete.clear();
  std::vector<std::unique_ptr<Source>> sources;
  if (!files.empty()) {
    sources.push_back(open_maildir_files(m_folder, std::move(files)));
  }
  return sources;
}

std::string MaildirFeed::complaint() const {
  if (!m_left_out.any()) {
    return {};
  }
  return fmt::format("{}; left out until the next rescan: {}; see to the permissions",
                     m_left_out.first(), m_left_out.count());
}

Result<void> MaildirFeed::wait(Waiter& waiter) {
  auto until = m_next_rescan;
  if (!m_unfinished.empty()) {
    until = std::min(until, m_unfinished_due);
  }
  const auto at_most = std::chrono::ceil<milliseconds>(until - SteadyClock::now());
  std::array<pollfd, 1> watched{{{m_watch ? m_watch->fd() : -1, POLLIN, 0}}};
  if (waiter.wait(at_most, watched) == Waiter::Woken::asked) {
    m_rescan_due = true;
    m_listed.reset();
  }
  return {};
}

}  // namespace

std::unique_ptr<Feed> follow_maildir(fs::path folder, MaildirFeedOptions options) {
  return std::make_unique<MaildirFeed>(std::move(folder), options);
}

}  // namespace patchmill::intake
