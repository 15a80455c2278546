#include "service/retention.hpp"

#include "git/repository.hpp"
#include "pipeline/artifact_blobs.hpp"
#include "runtimes/scratch_folder.hpp"
#include "runtimes/slot.hpp"
#include "service/backup.hpp"
#include "service/blob_references.hpp"
#include "store/cursors.hpp"
#include "store/event_log.hpp"
#include "store/outbox.hpp"
#include "tracker/queries.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

namespace patchmill::service {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t k_series_at_once = 200;
constexpr std::int64_t k_nodes_at_once = 500;
constexpr std::int64_t k_events_at_once = 5000;
constexpr std::int64_t k_outbox_at_once = 2000;
constexpr unsigned k_folders_at_once = 8;
constexpr std::string_view k_cursor = "service/retention";

// Whose key cannot come again, because a stamp or a cursor elsewhere stays. The keys of mails and
// delegates guard against a second one themselves. Webhooks remove what was sent.
bool may_be_forgotten(std::string_view kind, bool sent) {
  return kind.starts_with("patchwork-check ") || kind.starts_with("patchwork-state ") ||
         (!sent && kind.starts_with("webhook "));
}

std::optional<Timestamp> used_last(const fs::path& slot) {
  std::optional<Timestamp> newest;
  for (const fs::path& place : {slot, slot / "state", slot / "git", slot / "git" / "index"}) {
    std::error_code error;
    const auto time = fs::last_write_time(place, error);
    if (!error) {
      const auto used = std::chrono::time_point_cast<std::chrono::microseconds>(
          std::chrono::file_clock::to_sys(time));
      newest = newest ? std::max(*newest, used) : used;
    }
  }
  return newest;
}

std::uint64_t bytes_in(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  const auto skip = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator it(folder, skip, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code ignored;
    if (it->is_regular_file(ignored) && !it->is_symlink(ignored)) {
      const auto size = it->file_size(ignored);
      bytes += ignored ? 0 : size;
    }
  }
  return bytes;
}

}  // namespace

Retention::Retention(store::Database& database, const app::Config& config, const Clock& clock,
                     ProcessRunner& processes, bool dry_run)
    : m_database(database),
      m_config(config),
      m_clock(clock),
      m_processes(processes),
      m_dry_run(dry_run) {}

std::optional<Timestamp> Retention::limit(std::chrono::seconds age) const {
  return age.count() == 0 ? std::nullopt : std::optional(m_clock.now() - age);
}

void Retention::next() {
  m_phase = static_cast<Phase>(static_cast<int>(m_phase) + 1);
}

Result<bool> Retention::step() {
  switch (m_phase) {
    case Phase::begin: {
      PM_TRY_ASSIGN(auto lock, lock_maintenance(m_config.data));
      m_lock.emplace(std::move(lock));
      next();
      break;
    }
    case Phase::superseded:
      drop_superseded();
      break;
    case Phase::artifacts:
      drop_old();
      break;
    case Phase::events:
      drop_events();
      break;
    case Phase::outbox:
      drop_posted();
      break;
    case Phase::mark:
      m_referenced = referenced_blobs(m_database);
      next();
      break;
    case Phase::sweep:
      sweep();
      break;
    case Phase::builds:
      empty_builds();
      break;
    case Phase::mirrors:
      collect_mirror();
      break;
    case Phase::end:
      m_lock.reset();
      return false;
  }
  return true;
}

void Retention::drop_superseded() {
  const auto before = limit(m_config.retention.superseded);
  if (!before) {
    return next();
  }
  const store::BlobStore blobs(m_config.data / "blobs");
  const auto numbers =
      tracker::Queries(m_database, blobs).superseded_series(m_series, k_series_at_once);
  store::Transaction transaction(m_database);
  for (const std::int64_t number : numbers) {
    m_series = number;
    m_result.artifacts += pipeline::drop_artifacts_of(m_database, number, *before, m_dry_run).count;
  }
  transaction.commit();
  if (numbers.size() < static_cast<std::size_t>(k_series_at_once)) {
    next();
  }
}

void Retention::drop_old() {
  const auto before = limit(m_config.retention.artifacts);
  if (!before || !m_node) {
    return next();
  }
  store::Transaction transaction(m_database);
  m_result.artifacts +=
      pipeline::drop_old_artifacts(m_database, m_node, *before, k_nodes_at_once, m_dry_run).count;
  transaction.commit();
}

void Retention::drop_events() {
  const auto before = limit(m_config.retention.events);
  if (!before) {
    return next();
  }
  const auto dropped = store::drop_old_events(m_database, *before, k_events_at_once, m_dry_run);
  m_result.events += dropped;
  if (m_dry_run || dropped == 0) {
    next();
  }
}

void Retention::drop_posted() {
  const auto before = limit(m_config.retention.events);
  if (!before || !m_outbox) {
    return next();
  }
  m_result.posted += store::drop_finished(m_database, m_outbox, *before, k_outbox_at_once,
                                          m_dry_run, may_be_forgotten);
}

void Retention::sweep() {
  const unsigned end = m_folder + k_folders_at_once;
  const auto swept = store::sweep_blobs(m_config.data / "blobs", m_referenced, m_clock.now(),
                                        k_grace, m_dry_run, m_folder, end);
  if (swept) {
    m_result.blobs.kept += swept->kept;
    m_result.blobs.removed += swept->removed;
    m_result.blobs.bytes_removed += swept->bytes_removed;
    m_result.blobs.leftovers += swept->leftovers;
  } else {
    m_result.troubles.push_back(swept.error().message);
  }
  m_folder = end;
  if (m_folder >= 256) {
    m_referenced = {};
    next();
  }
}

// A slot is emptied under its own locks; the lock files stay, because somebody may just be waiting
// with them open.
void Retention::empty_builds() {
  next();
  const auto before = limit(m_config.retention.builds);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(m_config.data / "source", error)) {
    std::error_code ignored;
    const runtimes::Slot slot{entry.path()};
    const auto used = used_last(slot.home);
    if (!before || !used || *used >= *before || !fs::exists(slot.checkout().source(), ignored)) {
      continue;
    }
    const auto lock = LockFile::acquire(slot.lock(), false);
    if (!lock) {
      continue;
    }
    const auto busy = LockFile::acquire(slot.busy(), false);
    if (!busy) {
      continue;
    }
    m_result.build_bytes += bytes_in(slot.home);
    m_result.builds.push_back(slot.home.filename().string());
    if (m_dry_run) {
      continue;
    }
    for (const auto& inner : fs::directory_iterator(slot.home, ignored)) {
      if (inner.path() != slot.lock() && inner.path() != slot.busy()) {
        runtimes::ScratchFolder::remove(inner.path());
      }
    }
  }
  if (m_dry_run) {
    return;
  }
  for (const auto& entry : fs::directory_iterator(m_config.data / "trees", error)) {
    std::error_code ignored;
    if (fs::exists(entry.path() / "objects", ignored)) {
      m_mirrors.push_back(entry.path());
    }
  }
}

void Retention::collect_mirror() {
  if (m_mirrors.empty()) {
    return next();
  }
  const fs::path mirror = m_mirrors.back();
  m_mirrors.pop_back();
  Command command;
  // Other mirrors borrow objects from this one without it knowing: packed anew, but never thrown
  // away.
  command.argv = {"git",
                  "-c",
                  "gc.auto=6700",
                  "-c",
                  "gc.autoDetach=false",
                  "-c",
                  "gc.pruneExpire=never",
                  "-C",
                  mirror.string(),
                  "gc",
                  "--auto",
                  "--quiet"};
  command.env = git::git_environment();
  command.inherit_env = false;
  command.timeout = std::chrono::hours(1);
  command.max_output = 64u << 10;
  const auto done = m_processes.run(command);
  if (!done || !done->ok()) {
    m_result.troubles.push_back(
        fmt::format("git gc of {} failed: {}", mirror.filename().string(),
                    done ? ellipsize(escape_terminal(joined_lines(mend_utf8(done->err))), 300)
                         : done.error().message));
  }
}

DailyRetention::DailyRetention(store::Database& database, const app::Config& config,
                               const Clock& clock, ProcessRunner& processes)
    : m_database(database), m_config(config), m_clock(clock), m_processes(processes) {}

bool DailyRetention::step() {
  const Timestamp now = m_clock.now();
  if (!m_due) {
    const auto last = store::cursor(m_database, k_cursor);
    const auto micros = last ? parse_uint(*last) : std::nullopt;
    const Timestamp done = micros ? from_micros(static_cast<std::int64_t>(*micros)) : Timestamp{};
    // A clock that was wrong once must not stop this for years.
    m_due = done > now ? now : done + std::chrono::hours(24);
  }
  if (now < *m_due) {
    return false;
  }
  if (!m_round) {
    m_round.emplace(m_database, m_config, m_clock, m_processes);
  }
  const auto more = m_round->step();
  if (!more) {
    // A backup is under way.
    m_round.reset();
    m_due = now + std::chrono::minutes(10);
    return false;
  }
  if (*more) {
    return true;
  }
  const PruneResult& result = m_round->result();
  log::info(
      "retention: {} artifacts, {} events, {} rows of what was posted, {} files ({} bytes), {} "
      "build folders let go",
      result.artifacts, result.events, result.posted, result.blobs.removed,
      result.blobs.bytes_removed, result.builds.size());
  for (const auto& trouble : result.troubles) {
    log::warning("retention: {}", trouble);
  }
  m_round.reset();
  store::set_cursor(m_database, k_cursor, std::to_string(to_micros(now)));
  m_due = now + std::chrono::hours(24);
  return false;
}

}  // namespace patchmill::service
