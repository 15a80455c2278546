#include "cli/command.hpp"
#include "cli/operator.hpp"
#include "cli/output.hpp"
#include "service/backup.hpp"
#include "service/restore.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <optional>

namespace patchmill::cli {
namespace {

struct BackupStorage {
  std::vector<std::string> where;
  bool force = false;
  bool verify = false;
};

// One bar for each thing that is done.
class Bars {
 public:
  explicit Bars(bool quiet) : m_quiet(quiet) {}
  service::Progress watcher() {
    return [this](std::string_view what, std::uint64_t done, std::uint64_t total) {
      if (what != m_what) {
        m_bar.reset();
        m_what = what;
        m_bar.emplace(m_what, m_quiet);
      }
      m_bar->update(done, total);
    };
  }

 private:
  bool m_quiet;
  std::string m_what;
  std::optional<Progress> m_bar;
};

boost::json::object to_json(const service::Manifest& manifest) {
  boost::json::array missing;
  for (const auto& name : manifest.missing) {
    missing.emplace_back(name);
  }
  return {{"made", manifest.made},         {"patchmill", manifest.version},
          {"engine", manifest.engine},     {"schema", manifest.schema},
          {"store", manifest.store.bytes}, {"blobs", manifest.blobs},
          {"bytes", manifest.blob_bytes},  {"missing", std::move(missing)}};
}

std::string blobs_of(const service::Manifest& manifest) {
  return count_of(manifest.blobs, "log or artifact", "logs and artifacts");
}

void tell_missing(const service::Manifest& manifest) {
  for (const auto& name : manifest.missing) {
    fmt::print(stderr, "patchmill: the store refers to {}, which is not in the data folder\n",
               escape_terminal(name));
  }
}

int backup(const Common& common, const BackupStorage& storage) {
  const auto config = common.config();
  if (!config) {
    return report(config.error());
  }
  const SystemClock clock;
  SystemProcessRunner processes;
  Result<service::BackupResult> result;
  {
    Bars bars(common.quiet);
    result = service::make_backup(*config, storage.where.at(0), clock, processes, bars.watcher());
  }
  if (!result) {
    return report(result.error());
  }
  if (common.json) {
    auto out = to_json(result->manifest);
    out["new_blobs"] = result->new_blobs;
    out["new_bytes"] = result->new_bytes;
    print_json(out);
  } else {
    fmt::print("{}: store {}, {} ({}), {} of them new ({})\n", escape_terminal(storage.where[0]),
               human_bytes(result->manifest.store.bytes), blobs_of(result->manifest),
               human_bytes(result->manifest.blob_bytes), result->new_blobs,
               human_bytes(result->new_bytes));
  }
  tell_missing(result->manifest);
  return result->manifest.missing.empty() ? k_pass : k_infrastructure;
}

int restore(const Common& common, const BackupStorage& storage) {
  const auto config = common.config();
  if (!config) {
    return report(config.error());
  }
  const SystemClock clock;
  SystemProcessRunner processes;
  Result<service::RestoreResult> result;
  {
    Bars bars(common.quiet);
    result = service::restore_backup(*config, storage.where.at(0),
                                     {.force = storage.force, .verify_only = storage.verify}, clock,
                                     processes, bars.watcher());
  }
  if (!result) {
    return report(result.error());
  }
  if (common.json) {
    auto out = to_json(result->manifest);
    out["mails_in_doubt"] = result->mails_in_doubt;
    out["kept_aside"] = result->kept_aside.string();
    print_json(out);
    return k_pass;
  }
  if (storage.verify) {
    fmt::print("{} is whole: made {}, store {}, {}\n", escape_terminal(storage.where[0]),
               escape_terminal(result->manifest.made), human_bytes(result->manifest.store.bytes),
               blobs_of(result->manifest));
    return k_pass;
  }
  fmt::print("restored into {}: the state of {}\n", escape_terminal(config->data.string()),
             escape_terminal(result->manifest.made));
  if (!result->kept_aside.empty()) {
    fmt::print("the store that was there is now {}\n",
               escape_terminal(result->kept_aside.string()));
  }
  if (result->mails_in_doubt > 0) {
    fmt::print("{} queued then and may have been sent since: {} in doubt\n",
               count_of(result->mails_in_doubt, "mail was", "mails were"),
               result->mails_in_doubt == 1 ? "it is" : "they are");
  }
  fmt::print("everything is paused; look around (`patchmill status`), then `patchmill resume`\n");
  return k_pass;
}

}  // namespace

Command backup_command() {
  auto storage = std::make_shared<BackupStorage>();
  Command command;
  command.name = "backup";
  command.summary = "Copy the store, logs and artifacts, while the service runs.";
  command.description =
      "Into a folder: a later backup into the same folder adds only what is new. Into a file whose "
      "name ends in .tar, .tar.gz or .tar.zst: all of it. One consistent moment of the store with "
      "everything it refers to, by hard links where the file system allows it. Mirrors and warm "
      "builds are left out: they are fetched and built again. Killed at any moment, what is there "
      "never looks like a whole backup unless it is one.";
  command.arguments = {
      {"TARGET", "The folder or file.", &storage->where, true, false, Complete::folder}};
  command.examples = {{"patchmill backup /srv/backup/patchmill", "every night"},
                      {"patchmill backup before-upgrade.tar.zst", "one file to keep"}};
  command.run = [storage](const Common& common) -> int { return backup(common, *storage); };
  return command;
}

Command restore_command() {
  auto storage = std::make_shared<BackupStorage>();
  Command command;
  command.name = "restore";
  command.summary = "Put a backup back.";
  command.description =
      "Verifies every checksum first. Refuses a data folder that is in use, and one that holds a "
      "store already unless --force is given; then the old SQLite store is kept beside the new "
      "one. Afterwards everything is paused, and mails that were queued when the backup was made "
      "are in doubt, because they may have been sent since.";
  command.arguments = {
      {"SOURCE", "The backup's folder or file.", &storage->where, true, false, Complete::folder}};
  command.options = {{"-f,--force", "", "Replace the store that is there.", &storage->force},
                     {"--verify", "", "Only say whether the backup is whole.", &storage->verify}};
  command.examples = {
      {"patchmill restore /srv/backup/patchmill --data /var/lib/patchmill", "on a new machine"},
      {"patchmill restore --verify /srv/backup/patchmill", "every week, so that it is known"}};
  command.run = [storage](const Common& common) -> int { return restore(common, *storage); };
  return command;
}

}  // namespace patchmill::cli
