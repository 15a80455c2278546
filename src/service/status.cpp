#include "service/status.hpp"

#include "app/run_lock.hpp"
#include "git/mirror.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <system_error>

namespace patchmill::service {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::hours k_long_wait{24};
constexpr std::chrono::hours k_long_pause{7 * 24};
constexpr std::uint64_t k_low_disk = 2ull << 30;
constexpr std::chrono::hours k_old_fetch{24};

// git writes FETCH_HEAD with every fetch, whether anything came or not.
std::optional<Timestamp> fetched_at(const fs::path& mirror) {
  for (const auto* name : {"FETCH_HEAD", "packed-refs", "HEAD"}) {
    std::error_code error;
    const auto time = fs::last_write_time(mirror / name, error);
    if (!error) {
      return std::chrono::time_point_cast<std::chrono::microseconds>(
          std::chrono::file_clock::to_sys(time));
    }
  }
  return std::nullopt;
}

std::int64_t number_of(const Status& status, reports::MailState state) {
  for (const auto& mails : status.mails) {
    if (mails.state == state) {
      return mails.count;
    }
  }
  return 0;
}

void look_at_mail(Status& status) {
  const auto say = [&](reports::MailState state, std::string_view words) {
    if (const auto count = number_of(status, state); count > 0) {
      status.attention.push_back(fmt::format("{} {}; `patchmill mail list --state {}` shows them",
                                             count_of(count, "mail"), words,
                                             reports::to_string(state)));
    }
  };
  say(reports::MailState::in_doubt, "may or may not have arrived, and only a person can find out");
  say(reports::MailState::failed, "could not be delivered to anybody");
  say(reports::MailState::held, "wait to be released");
  for (const auto& outbox : status.outbox) {
    // What is given up of mails is counted above, by mail.
    if (outbox.given_up > 0 && outbox.kind != reports::k_outbox_kind) {
      status.attention.push_back(fmt::format("{} {} could not be delivered: {}", outbox.given_up,
                                             outbox.kind, outbox.last_error));
    }
  }
}

void look_at_work(Status& status, store::Database& database) {
  for (const auto& project : status.queue) {
    const bool paused = pipeline::pause_of(status.pauses, project.project, "") != nullptr;
    if (project.longest_since && status.now - *project.longest_since > k_long_wait && !paused) {
      const auto hours =
          std::chrono::duration_cast<std::chrono::hours>(status.now - *project.longest_since);
      status.attention.push_back(fmt::format(
          "node {} of series {} ({}) has waited for {}: {}", project.longest_node,
          project.longest_series, project.project, count_of(hours.count(), "hour"),
          project.longest_note.empty() ? "is `patchmill serve` running?" : project.longest_note));
    }
  }
  for (const auto& pause : status.pauses) {
    if (status.now - pause.time > k_long_pause) {
      status.attention.push_back(
          fmt::format("{} has been paused by {} for more than a week; `patchmill resume` ends it",
                      to_string(pause.scope), pause.who));
    }
  }
  if (const auto count = pipeline::series_without_tool(database); count > 0) {
    status.attention.push_back(
        fmt::format("{} series {} incomplete because a tool is missing; `patchmill doctor` names "
                    "it, then `patchmill retry` them",
                    count, count == 1 ? "is" : "are"));
  }
}

void look_at_health(Status& status, const app::Config& config) {
  const auto& seen = status.health.seen;
  // A service that ended in order has taken its sign of life back; a process that died has no lock.
  if (!status.health.running(status.now) && seen && *seen > Timestamp{}) {
    status.silent = app::runs_locked(config);
    if (status.silent) {
      status.attention.push_back(fmt::format(
          "the service has written nothing into the store for {}: the disk is "
          "full, the store is in trouble, or it hangs; `journalctl -u patchmill -n 100`",
          count_of(std::chrono::duration_cast<std::chrono::minutes>(status.now - *seen).count(),
                   "minute")));
    }
  }
  if (!status.health.running(status.now)) {
    return;  // what it said last is no news any more
  }
  for (const auto& part : status.health.parts) {
    if (part.state == PartState::down) {
      status.attention.push_back(fmt::format("{} is down: {}{}{}", to_string(part.part),
                                             part.message, part.todo.empty() ? "" : "; ",
                                             part.todo));
    }
  }
  for (const auto& tree : status.trees) {
    if (tree.fetched && status.now - *tree.fetched > k_old_fetch) {
      status.attention.push_back(
          fmt::format("the tree {} was last fetched more than a day ago; `patchmill doctor` tries "
                      "its address",
                      tree.name));
    }
  }
}

}  // namespace

std::vector<DiskState::Use> disk_uses(const fs::path& data, std::chrono::milliseconds limit) {
  std::vector<DiskState::Use> uses;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(data, error)) {
    std::error_code ignored;
    if (!entry.is_directory(ignored) || entry.is_symlink(ignored)) {
      continue;
    }
    DiskState::Use use;
    use.what = entry.path().filename().string();
    const auto deadline = std::chrono::steady_clock::now() + limit;
    const auto skip = fs::directory_options::skip_permission_denied;
    std::error_code walking;
    for (fs::recursive_directory_iterator it(entry.path(), skip, walking), end;
         !walking && it != end; it.increment(walking)) {
      if (it->is_regular_file(ignored) && !it->is_symlink(ignored)) {
        const auto bytes = it->file_size(ignored);
        use.bytes += ignored ? 0 : bytes;
      }
      if (std::chrono::steady_clock::now() > deadline) {
        use.at_least = true;
        break;
      }
    }
    use.at_least = use.at_least || walking;
    uses.push_back(std::move(use));
  }
  std::sort(uses.begin(), uses.end(), [](const auto& a, const auto& b) { return a.what < b.what; });
  return uses;
}

Status read_status(store::Database& database, const app::Config& config, Timestamp now,
                   const StatusOptions& options) {
  Status status;
  status.now = now;
  // No transaction: that would make a question wait for writers.
  status.health = saved_health(database);
  status.verdicts = pipeline::verdict_counts(database);
  status.running = pipeline::running_nodes(database);
  status.queue = pipeline::queue_by_project(database, now);
  status.mails = reports::mail_counts(database);
  status.outbox = store::outbox_counts(database);
  status.cursors = store::all_cursors(database);
  // The service's own notes are no sources.
  std::erase_if(status.cursors,
                [](const store::CursorRow& row) { return row.source.starts_with("service/"); });
  status.store_bytes = store::store_bytes(database);
  status.events = store::last_events(database, options.events);
  const SystemClock clock;
  status.pauses = pipeline::Pauses(database, clock).list();
  status.requests = pipeline::Requests(database, clock).list();
  const store::BlobStore blobs(config.data / "blobs");
  const auto series = tracker::Queries(database, blobs).series_count();
  std::int64_t judged = 0;
  for (const auto& [verdict, count] : status.verdicts) {
    judged += count;
  }
  status.untested = std::max<std::int64_t>(0, series - judged);
  look_at_mail(status);
  look_at_work(status, database);
  for (const auto& tree : config.trees) {
    status.trees.push_back(
        {tree.name, fetched_at(git::mirror_path(config.data / "trees", tree.name))});
  }
  look_at_health(status, config);
  status.disk.folder = config.data;
  std::error_code error;
  if (const auto space = fs::space(config.data, error); !error) {
    status.disk.free = space.available;
    status.disk.size = space.capacity;
    if (space.available < k_low_disk) {
      status.attention.push_back(
          fmt::format("only {} MiB are free for {}; `patchmill prune` and docs/operate.md say what "
                      "may go",
                      space.available >> 20, config.data.string()));
    }
  }
  if (options.disk_use) {
    status.disk.uses = disk_uses(config.data, std::chrono::seconds(2));
  }
  return status;
}

}  // namespace patchmill::service
