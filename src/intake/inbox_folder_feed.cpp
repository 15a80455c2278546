#include "intake/detect.hpp"
#include "intake/folder_watch.hpp"
#include "intake/inbox_feed.hpp"
#include "intake/left_out.hpp"
#include "intake/public_inbox.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <system_error>
#include <vector>

namespace patchmill::intake {
namespace fs = std::filesystem;
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds rescan_epochs(2000);
// Reading the whole history's places for a mail that is damaged costs more than a look.
constexpr int rescans_a_retry = 20;

std::string stamp_of(const fs::path& file) {
  struct stat info{};
  return ::stat(file.c_str(), &info) != 0 ? std::string("-")
                                          : fmt::format("{}.{}.{}.{}", info.st_ino, info.st_size,
                                                        info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
}

// Changes whenever a ref does: git replaces the file of a ref, or packed-refs, as a whole.
std::string refs_stamp(const fs::path& git_dir) {
  std::string stamp = stamp_of(git_dir / "HEAD") + stamp_of(git_dir / "packed-refs");
  std::vector<std::string> heads;
  std::error_code error;
  for (fs::directory_iterator it(git_dir / "refs" / "heads", error), end; !error && it != end;
       it.increment(error)) {
    heads.push_back(it->path().filename().string() + stamp_of(it->path()));
  }
  std::sort(heads.begin(), heads.end());
  for (const auto& head : heads) {
    stamp += head;
  }
  return stamp;
}

class InboxFolderFeed final : public Feed {
 public:
  InboxFolderFeed(fs::path folder, std::chrono::milliseconds rescan)
      : m_folder(std::move(folder)), m_rescan(rescan), m_retry(rescan * rescans_a_retry) {}

  std::string place() const override { return m_folder.string(); }
  Result<std::vector<std::unique_ptr<Source>>> open(Positions& positions, Waiter& waiter) override;
  Result<void> wait(Waiter& waiter) override;
  void left_out(const Source& source, std::vector<Error> errors) override {
    m_left_out.add(source.name(), std::move(errors));
  }
  std::string complaint() const override {
    return m_left_out.any()
               ? fmt::format("{}; left out: {}", m_left_out.first(), m_left_out.count())
               : std::string();
  }
  void reset() override {
    m_watch.reset();
    m_seen.clear();
  }

 private:
  Result<std::vector<fs::path>> repositories() const;
  void watch(const std::vector<fs::path>& repositories);

  fs::path m_folder;
  std::chrono::milliseconds m_rescan;
  std::chrono::milliseconds m_retry;
  SteadyClock::time_point m_next_retry{};  // of what was left out
  LeftOut m_left_out;                      // by repository
  std::optional<FolderWatch> m_watch;
  bool m_watch_failed = false;
  std::map<fs::path, std::string> m_seen;  // repository -> stamp of what was read
};

Result<std::vector<fs::path>> InboxFolderFeed::repositories() const {
  PM_TRY_ASSIGN(const auto detected, detect_source(m_folder.string()));
  if (detected.kind == SourceKind::inbox) {
    return epochs_of(detected.location);
  }
  if (detected.kind == SourceKind::epoch) {
    return std::vector<fs::path>{detected.location};
  }
  return fail(ErrorKind::invalid,
              fmt::format("{} is no public-inbox, but a {}; change the source's kind",
                          escape_terminal(m_folder.string()), to_string(detected.kind)));
}

// Adding what is watched already changes nothing.
void InboxFolderFeed::watch(const std::vector<fs::path>& repositories) {
  if (!m_watch) {
    auto opened = FolderWatch::open();
    if (!opened) {
      if (!m_watch_failed) {
        log::warning("{}; looking every {} s instead", opened.error().message,
                     rescan_epochs.count() / 1000);
      }
      m_watch_failed = true;
      return;
    }
    m_watch = std::move(*opened);
    m_watch_failed = false;
  }
  constexpr std::uint32_t mask = IN_MOVED_TO | IN_CREATE | IN_DELETE;
  // What cannot be watched is found by the rescan. Old epochs hardly ever change.
  const auto first = repositories.size() - std::min<std::size_t>(repositories.size(), 4);
  for (std::size_t i = first; i < repositories.size(); ++i) {
    [[maybe_unused]] const auto refs = m_watch->add(repositories[i] / "refs" / "heads", mask);
    [[maybe_unused]] const auto packed = m_watch->add(repositories[i], IN_MOVED_TO);
  }
  [[maybe_unused]] const auto epochs = m_watch->add(repositories.front().parent_path(), mask);
}

Result<std::vector<std::unique_ptr<Source>>> InboxFolderFeed::open(Positions&, Waiter&) {
  PM_TRY_ASSIGN(const auto found, repositories());
  if (m_watch && m_watch->take().incomplete) {
    m_watch.reset();
  }
  watch(found);
  const auto now = SteadyClock::now();
  const bool retry = now >= m_next_retry;
  m_next_retry = retry ? now + m_retry : m_next_retry;
  std::vector<std::unique_ptr<Source>> sources;
  for (const auto& repository : found) {
    auto stamp = refs_stamp(repository);
    auto& seen = m_seen[repository];
    if (seen != stamp || (retry && m_left_out.any(repository.string()))) {
      m_left_out.forget(repository.string());
      sources.push_back(open_inbox_repository(repository, "inbox:" + repository.string()));
      seen = std::move(stamp);
    }
  }
  return sources;
}

Result<void> InboxFolderFeed::wait(Waiter& waiter) {
  std::array<pollfd, 1> watched{{{m_watch ? m_watch->fd() : -1, POLLIN, 0}}};
  if (waiter.wait(m_watch ? m_rescan : rescan_epochs, watched) == Waiter::Woken::asked) {
    m_next_retry = {};
  }
  return {};
}

}  // namespace

std::unique_ptr<Feed> follow_inbox_folder(fs::path folder, std::chrono::milliseconds rescan) {
  return std::make_unique<InboxFolderFeed>(std::move(folder), rescan);
}

}  // namespace patchmill::intake
