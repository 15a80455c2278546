#include "placement/index_builder.hpp"

#include "git/repository.hpp"
#include "placement/blob_index.hpp"
#include "placement/raw_log.hpp"
#include "util/log.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace patchmill::placement {

namespace {

// A whole history is read in one go; even a slow disk does a Linux in minutes.
constexpr auto k_build_timeout = std::chrono::hours(6);

class Builder {
 public:
  Builder(std::filesystem::path folder, std::filesystem::path git_dir, std::string tip,
          const BuildOptions& options)
      : m_folder(std::move(folder)),
        m_git_dir(std::move(git_dir)),
        m_tip(std::move(tip)),
        m_options(options) {}

  Result<BuildOutcome> run() {
    PM_TRY(open());
    PM_TRY_ASSIGN(const auto fork, common_ancestor());
    PM_TRY(cut_to(fork ? *fork + 1 : 0));
    PM_TRY(append(fork ? std::optional(m_index.commit(*fork)) : std::nullopt));
    remove_unnamed_segments();
    return m_outcome;
  }

 private:
  // A damaged index is worth nothing: it is derived from the mirror.
  Result<void> open() {
    auto entries = read_manifest(m_folder);
    auto index = BlobIndex::open(m_folder);
    if (entries && index) {
      m_entries = std::move(*entries);
      m_index = std::move(*index);
      return {};
    }
    log::warning("blob index thrown away: {}",
                 entries ? index.error().message : entries.error().message);
    m_outcome.rebuilt = true;
    return write_manifest(m_folder, {});
  }

  Result<void> git(std::vector<std::string> args, std::function<void(std::string_view)> sink) {
    Command command;
    command.argv = {"git", "--git-dir", m_git_dir.string()};
    command.argv.insert(command.argv.end(), args.begin(), args.end());
    command.inherit_env = true;
    command.env = git::git_environment();
    command.timeout = k_build_timeout;
    command.on_output = std::move(sink);
    SystemProcessRunner runner;
    PM_TRY_ASSIGN(const Completed done, runner.run(command));
    if (!done.ok()) {
      return fail(ErrorKind::infrastructure,
                  fmt::format("reading the history of {}: git {}: {}", m_git_dir.string(), args[0],
                              escape_terminal(ellipsize(joined_lines(done.err), 500))));
    }
    return {};
  }

  // The newest indexed commit on the line of the new tip.
  Result<std::optional<Ordinal>> common_ancestor() {
    if (m_index.size() == 0) {
      return std::optional<Ordinal>{};
    }
    if (const auto found = m_index.find(m_tip)) {
      return found;
    }
    // Fast-forwards are answered by a short list; only a rewritten history is read in full.
    for (const std::string& limit : {std::string("--max-count=20000"), std::string()}) {
      std::optional<Ordinal> fork;
      std::string pending;
      std::vector<std::string> args{"rev-list", "--first-parent"};
      if (!limit.empty()) {
        args.push_back(limit);
      }
      args.insert(args.end(), {"--end-of-options", m_tip, "--"});
      PM_TRY(git(std::move(args), [&](std::string_view bytes) {
        if (fork) {
          return;
        }
        pending += bytes;
        std::size_t start = 0;
        for (std::size_t end = 0; !fork && (end = pending.find('\n', start)) != std::string::npos;
             start = end + 1) {
          fork = m_index.find(std::string_view(pending).substr(start, end - start));
        }
        pending.erase(0, start);
      }));
      if (fork) {
        return fork;
      }
    }
    return std::optional<Ordinal>{};
  }

  Result<void> cut_to(Ordinal size) {
    if (size >= m_index.size()) {
      return {};
    }
    m_outcome.dropped = m_index.size() - size;
    while (!m_entries.empty() && m_entries.back().from >= size) {
      m_entries.pop_back();
    }
    if (!m_entries.empty()) {
      m_entries.back().until = std::min(m_entries.back().until, size);
    }
    return write_manifest(m_folder, m_entries);
  }

  Result<void> append(const std::optional<git::ObjectId>& after) {
    if (after && *after == m_tip) {
      return {};
    }
    const Ordinal size = m_entries.empty() ? 0 : m_entries.back().until;
    if (size > 0) {
      m_newest_date = m_index.date(size - 1);
    }
    m_content.first = size;
    Result<void> flushed;
    RawLogReader reader({
        .commit =
            [&](std::string_view id, std::int64_t date) {
              if (flushed && m_content.event_count >= m_options.events_per_segment) {
                flushed = flush();
              }
              m_newest_date = std::max(m_newest_date, date);
              m_content.commits.emplace_back(id);
              m_content.dates.push_back(m_newest_date);
            },
        .change =
            [&](std::string_view path, const BlobKey& blob) {
              if (m_content.commits.empty()) {
                return;
              }
              const auto ordinal =
                  static_cast<Ordinal>(m_content.first + m_content.commits.size() - 1);
              auto place = m_content.events.find(path);
              if (place == m_content.events.end()) {
                place = m_content.events.try_emplace(std::string(path)).first;
              }
              place->second.push_back({ordinal, blob});
              ++m_content.event_count;
            },
    });
    PM_TRY(git({"log", "-z", "--raw", "--no-abbrev", "--first-parent", "-m", "--no-renames",
                "--root", "--reverse", "--no-show-signature", "--no-notes", "--no-ext-diff",
                std::string(k_raw_log_format), "--end-of-options",
                after ? *after + ".." + m_tip : m_tip, "--"},
               [&](std::string_view bytes) { reader.feed(bytes); }));
    PM_TRY(std::move(flushed));
    if (!reader.complete()) {
      return fail(ErrorKind::infrastructure,
                  "reading the history of " + m_git_dir.string() + ": git log broke off");
    }
    return flush();
  }

  // Writes what was read as a segment, joined with the newest ones while those are not much
  // larger, so that their number grows with the logarithm of the history.
  Result<void> flush() {
    if (m_content.commits.empty()) {
      return {};
    }
    m_outcome.added += m_content.commits.size();
    auto until = static_cast<Ordinal>(m_content.first + m_content.commits.size());
    auto entries = m_entries;
    while (!entries.empty()) {
      PM_TRY_ASSIGN(const Segment newest, Segment::open(m_folder / entries.back().file));
      const bool small = newest.event_count() <= 2 * m_content.event_count + 1000;
      if (!small || newest.event_count() + m_content.event_count > m_options.events_per_segment) {
        break;
      }
      SegmentContent joined;
      joined.first = newest.first();
      newest.add_to(joined, entries.back().until);
      append_content(joined, std::move(m_content));
      m_content = std::move(joined);
      entries.pop_back();
    }
    const std::string name = unused_name(until);
    PM_TRY(Segment::write(m_folder / name, m_content));
    entries.push_back({name, m_content.first, until});
    PM_TRY(write_manifest(m_folder, entries));
    m_entries = std::move(entries);
    m_content = SegmentContent{};
    m_content.first = until;
    return {};
  }

  static void append_content(SegmentContent& target, SegmentContent newer) {
    std::move(newer.commits.begin(), newer.commits.end(), std::back_inserter(target.commits));
    target.dates.insert(target.dates.end(), newer.dates.begin(), newer.dates.end());
    target.event_count += newer.event_count;
    for (auto& [path, events] : newer.events) {
      auto& into = target.events[path];
      into.insert(into.end(), events.begin(), events.end());
    }
  }

  [[nodiscard]] std::string unused_name(Ordinal until) const {
    for (unsigned serial = 0;; ++serial) {
      std::string name = fmt::format("segment-{}-{}-{}", m_content.first, until, serial);
      if (!std::filesystem::exists(m_folder / name)) {
        return name;
      }
    }
  }

  void remove_unnamed_segments() {
    std::set<std::string> named;
    for (const auto& entry : m_entries) {
      named.insert(entry.file);
    }
    std::error_code error;
    for (const auto& item : std::filesystem::directory_iterator(m_folder, error)) {
      const std::string name = item.path().filename().string();
      if (name.starts_with("segment-") && !named.contains(name)) {
        std::filesystem::remove(item.path(), error);
      }
    }
  }

  std::filesystem::path m_folder, m_git_dir;
  std::string m_tip;
  BuildOptions m_options;
  std::vector<ManifestEntry> m_entries;
  BlobIndex m_index;
  SegmentContent m_content;
  std::int64_t m_newest_date = 0;
  BuildOutcome m_outcome;
};

}  // namespace

Result<BuildOutcome> update_index(const std::filesystem::path& folder,
                                  const std::filesystem::path& git_dir, std::string_view tip,
                                  const BuildOptions& options) {
  if (!git::is_object_id(tip)) {
    return fail(ErrorKind::invalid, "the tip of a branch is a full commit id");
  }
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return fail(ErrorKind::infrastructure,
                fmt::format("{}: cannot be made: {}", folder.string(), error.message()));
  }
  PM_TRY_ASSIGN(const auto lock, LockFile::acquire(folder / "lock", true));
  return Builder(folder, git_dir, std::string(tip), options).run();
}

}  // namespace patchmill::placement
