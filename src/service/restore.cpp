#include "service/restore.hpp"

#include "app/run_lock.hpp"
#include "app/workspace.hpp"
#include "pipeline/pauses.hpp"
#include "service/doubt_mails.hpp"
#include "service/health_state.hpp"
#include "store/migrations.hpp"
#include "store/snapshot.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>

namespace patchmill::service {
namespace {

namespace fs = std::filesystem;

bool is_name(std::string_view line) {
  return line.size() == 64 && line.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

tl::unexpected<Error> no_backup(const fs::path& file, std::string_view why) {
  return fail(ErrorKind::invalid,
              fmt::format("{} is not a backup made by `patchmill backup`: {}; name the file or "
                          "folder that it wrote, or use another backup",
                          escape_terminal(file.string()), ellipsize(escape_terminal(why), 300)));
}

class Restore {
 public:
  Restore(const app::Config& config, fs::path folder, const RestoreOptions& options,
          const Clock& clock, ProcessRunner& processes, const Progress& progress)
      : m_config(config),
        m_folder(std::move(folder)),
        m_options(options),
        m_clock(clock),
        m_processes(processes),
        m_progress(progress),
        m_sqlite(!config.store_url.starts_with("postgres")) {}

  Result<RestoreResult> run() {
    PM_TRY_ASSIGN(m_result.manifest, read_manifest(m_folder));
    PM_TRY(verify());
    if (m_options.verify_only) {
      return std::move(m_result);
    }
    PM_TRY(check_fit());
    PM_TRY(app::make_data_folder(m_config.data));
    // Whoever runs jobs or serves holds this one.
    PM_TRY_ASSIGN(const auto running, app::lock_runs(m_config, false));
    PM_TRY_ASSIGN(const auto maintenance, lock_maintenance(m_config.data));
    PM_TRY(check_target());
    PM_TRY(copy_blobs());
    PM_TRY(m_sqlite ? put_file() : put_dump());
    PM_TRY(calm_down());
    return std::move(m_result);
  }

 private:
  void tell(std::string_view what, std::uint64_t done, std::uint64_t total) const {
    if (m_progress) {
      m_progress(what, done, total);
    }
  }

  Result<void> check_hash(const fs::path& file, std::string_view sha256) const {
    PM_TRY_ASSIGN(const std::string found, sha256_of_file(file));
    if (found != sha256) {
      return fail(ErrorKind::invalid,
                  fmt::format("{} is damaged: its SHA-256 is not the one noted when the backup was "
                              "made; use another backup",
                              escape_terminal(file.string())));
    }
    return {};
  }

  Result<void> verify() {
    const Manifest& manifest = m_result.manifest;
    tell("verifying", 0, manifest.blobs);
    PM_TRY(check_hash(m_folder / manifest.store.file, manifest.store.sha256));
    PM_TRY(check_hash(m_folder / manifest.blob_list.file, manifest.blob_list.sha256));
    PM_TRY_ASSIGN(const std::string list,
                  read_file(m_folder / manifest.blob_list.file, std::size_t{4} << 30));
    for (const auto line : split_lines(list)) {
      if (!is_name(line)) {
        return fail(ErrorKind::invalid,
                    fmt::format("{} is damaged; use another backup", manifest.blob_list.file));
      }
      m_blobs.emplace_back(line);
    }
    std::uint64_t done = 0;
    std::vector<std::string> whole;
    for (const std::string& name : m_blobs) {
      if (const auto good = check_hash(blob_path(m_folder / "blobs", name), name)) {
        whole.push_back(name);
      } else if (m_options.verify_only) {
        return good;
      } else {
        // It may be the only backup there is, and all of the rest is good.
        log::warning("{} is not restored: {}", name, good.error().message);
        m_result.manifest.missing.push_back(name);
      }
      if (++done % 64 == 0) {
        tell("verifying", done, m_blobs.size());
      }
    }
    m_blobs = std::move(whole);
    return {};
  }

  [[nodiscard]] Result<void> check_fit() const {
    const Manifest& manifest = m_result.manifest;
    if ((manifest.engine == "sqlite") != m_sqlite) {
      return fail(ErrorKind::invalid,
                  fmt::format("the backup holds a store of {}, and the configuration names one of "
                              "{}; correct store.url",
                              manifest.engine == "sqlite" ? "SQLite" : "PostgreSQL",
                              m_sqlite ? "SQLite" : "PostgreSQL"));
    }
    if (manifest.schema > store::newest_schema()) {
      return fail(
          ErrorKind::invalid,
          fmt::format("the backup is of patchmill {}, which is newer than this one; restore "
                      "it with that version",
                      manifest.version));
    }
    return {};
  }

  Result<void> check_target() {
    std::error_code error;
    if (m_sqlite && !fs::exists(m_config.store_url, error)) {
      return {};
    }
    try {
      const auto database = store::Database::open(m_config.store_url);
      const int schema = store::schema_of(*database);
      if (!m_sqlite && m_result.manifest.schema_name != store::schema_name(*database)) {
        return fail(ErrorKind::invalid,
                    fmt::format("the backup is of the PostgreSQL schema '{}', and this user's is "
                                "'{}'; set search_path accordingly",
                                m_result.manifest.schema_name, store::schema_name(*database)));
      }
      m_occupied = schema > 0;
      if (m_occupied && !m_options.force) {
        return fail(ErrorKind::conflict,
                    fmt::format("there is a store in {} already; choose an empty data folder, or "
                                "--force to replace it",
                                m_sqlite ? m_config.store_url : "the PostgreSQL database"));
      }
    } catch (const store::DatabaseError& problem) {
      // A store that cannot even be opened is what restoring is for.
      if (!m_options.force || !m_sqlite) {
        return fail(ErrorKind::infrastructure,
                    fmt::format("{}{}", problem.what(),
                                m_sqlite ? "; --force puts it aside and restores" : ""));
      }
      m_broken = true;
    }
    return {};
  }

  Result<void> copy_blobs() {
    const fs::path to = m_config.data / "blobs";
    std::uint64_t done = 0;
    for (const std::string& name : m_blobs) {
      const fs::path target = blob_path(to, name);
      std::error_code error;
      if (fs::exists(target, error)) {
        // What was there may be why somebody restores.
        if (const auto hash = sha256_of_file(target); !hash || *hash != name) {
          fs::remove(target, error);
        }
      }
      if (!fs::exists(target, error)) {
        fs::create_directories(target.parent_path(), error);
        if (error) {
          return fail(ErrorKind::infrastructure,
                      fmt::format("cannot write {}: {}", escape_terminal(target.string()),
                                  error.message()));
        }
        PM_TRY(link_or_copy_blob(blob_path(m_folder / "blobs", name), target, name));
      }
      if (++done % 64 == 0) {
        tell("copying logs and artifacts", done, m_blobs.size());
      }
    }
    return sync_file_system(m_config.data);
  }

  // The store that is there goes on being the store until one rename replaces it.
  Result<void> put_file() {
    const fs::path store = m_config.store_url;
    const fs::path part = store.string() + ".restoring";
    std::error_code error;
    fs::create_directories(store.parent_path(), error);
    fs::remove(part, error);
    tell("copying the store", 0, 0);
    fs::copy_file(m_folder / m_result.manifest.store.file, part, error);
    if (error) {
      return fail(
          ErrorKind::infrastructure,
          fmt::format("cannot write {}: {}", escape_terminal(part.string()), error.message()));
    }
    fs::permissions(part, fs::perms::owner_read | fs::perms::owner_write, error);
    PM_TRY(store::check_sqlite_file(part));
    PM_TRY(store::settle_sqlite_file(part));
    PM_TRY(sync_file_system(m_config.data));
    if (fs::exists(store, error)) {
      if (!m_broken) {
        PM_TRY(store::settle_sqlite_file(store));
      }
      PM_TRY(keep_aside(store));
    }
    // A log of the other store must not be replayed into this one.
    fs::remove(store.string() + "-wal", error);
    fs::remove(store.string() + "-shm", error);
    if (::rename(part.c_str(), store.c_str()) != 0) {
      return fail(ErrorKind::infrastructure,
                  fmt::format("cannot write {}: {}", escape_terminal(store.string()),
                              std::generic_category().message(errno)));
    }
    return sync_file_system(m_config.data);
  }

  Result<void> keep_aside(const fs::path& store) {
    for (int i = 1; i < 1000; ++i) {
      const fs::path aside = fmt::format("{}.before-restore-{}", store.string(), i);
      if (::link(store.c_str(), aside.c_str()) == 0) {
        m_result.kept_aside = aside;
        std::error_code error;
        if (m_broken && fs::exists(store.string() + "-wal", error)) {
          fs::copy_file(store.string() + "-wal", aside.string() + "-wal", error);
        }
        return {};
      }
      if (errno != EEXIST) {
        break;
      }
    }
    return fail(
        ErrorKind::infrastructure,
        fmt::format("cannot keep {} aside: {}; move it away yourself",
                    escape_terminal(store.string()), std::generic_category().message(errno)));
  }

  Result<void> put_dump() {
    tell("loading the store", 0, 0);
    return store::load_dump(m_config.store_url, m_folder / m_result.manifest.store.file, m_occupied,
                            m_processes);
  }

  // What happened after the backup was made is not known any more: nothing may go out or start on
  // its own.
  Result<void> calm_down() {
    PM_TRY_ASSIGN(const auto workspace, app::Workspace::open(m_config));
    store::Database& database = workspace->database();
    store::Transaction transaction(database);
    PM_TRY(pipeline::Pauses(database, m_clock)
               .pause(pipeline::PauseScope::everything(), "restore",
                      fmt::format("restored from the backup of {}; look around, then `patchmill "
                                  "resume`",
                                  m_result.manifest.made)));
    forget_sign_of_life(database);
    transaction.commit();
    m_result.mails_in_doubt = doubt_mails(*workspace, m_clock);
    return {};
  }

  const app::Config& m_config;
  const fs::path m_folder;
  const RestoreOptions& m_options;
  const Clock& m_clock;
  ProcessRunner& m_processes;
  const Progress& m_progress;
  const bool m_sqlite;
  bool m_occupied = false, m_broken = false;
  std::vector<std::string> m_blobs;
  RestoreResult m_result;
};

}  // namespace

Result<RestoreResult> restore_backup(const app::Config& config, const fs::path& source,
                                     const RestoreOptions& options, const Clock& clock,
                                     ProcessRunner& processes, const Progress& progress) {
  std::error_code error;
  if (!fs::exists(source, error)) {
    return fail(ErrorKind::not_found,
                fmt::format("there is no {}", escape_terminal(source.string())));
  }
  if (fs::is_directory(source, error)) {
    return Restore(config, source, options, clock, processes, progress).run();
  }
  if (!is_tar_name(source)) {
    return no_backup(source, "its name ends in none of .tar, .tar.gz and .tar.zst");
  }
  if (progress) {
    progress("unpacking", 0, 0);
  }
  // Beside the data folder: the same disk, so that blobs need not be copied again.
  fs::path parent = fs::absolute(config.data).parent_path();
  fs::create_directories(parent, error);
  if (::access(parent.c_str(), W_OK) != 0) {
    parent = config.data;
    PM_TRY(app::make_data_folder(parent));
  }
  const TempDir folder(".patchmill-restore", parent);
  Command command;
  command.argv = {"tar",
                  "--extract",
                  "--file=" + fs::absolute(source).string(),
                  "--directory=" + folder.path().string(),
                  "--no-same-owner",
                  "--no-same-permissions"};
  for (auto& word : tar_compression(source)) {
    command.argv.push_back(std::move(word));
  }
  command.timeout = std::chrono::hours(24);
  command.merge_stderr = true;
  PM_TRY_ASSIGN(const auto done, processes.run(command));
  if (!done.ok() && done.out.find("No space left on device") != std::string::npos) {
    return fail(ErrorKind::infrastructure,
                fmt::format("there is no room to unpack {} in {}: make room there",
                            escape_terminal(source.string()), escape_terminal(parent.string())));
  }
  if (!done.ok()) {
    return no_backup(source, collapse_whitespace(trim(done.out)));
  }
  if (!fs::is_directory(folder.path() / "patchmill-backup", error)) {
    return no_backup(source, "it holds other files");
  }
  return Restore(config, folder.path() / "patchmill-backup", options, clock, processes, progress)
      .run();
}

}  // namespace patchmill::service
