#include "service/backup.hpp"

#include "service/blob_references.hpp"
#include "store/migrations.hpp"
#include "store/snapshot.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <system_error>

namespace patchmill::service {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> fail_at(const fs::path& path, const std::error_code& error) {
  return fail(ErrorKind::infrastructure,
              fmt::format("cannot write {}: {}", escape_terminal(path.string()), error.message()));
}

std::string compact_time(Timestamp time) {
  std::string text = to_iso(time).substr(0, 19);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text + "Z";
}

// A backup's folder, ours to write: made, or begun or finished by an earlier backup.
Result<void> open_folder(const fs::path& folder) {
  std::error_code error;
  const bool marked = fs::exists(folder / k_backup_mark, error);
  if (!marked) {
    if (fs::exists(folder, error) &&
        (!fs::is_directory(folder, error) ||
         fs::directory_iterator(folder, error) != fs::directory_iterator())) {
      return fail(ErrorKind::invalid,
                  fmt::format("{} is neither empty nor a backup; name another folder, or a file "
                              "that ends in .tar.zst",
                              escape_terminal(folder.string())));
    }
    if (!fs::exists(folder, error)) {
      fs::create_directories(folder, error);
      // Mails of private lists and logs are in it.
      fs::permissions(folder, fs::perms::owner_all, error);
    }
    if (error) {
      return fail_at(folder, error);
    }
    PM_TRY(write_file_atomic(folder / k_backup_mark,
                             "A backup of patchmill. Without manifest.json it was never finished. "
                             "`patchmill restore` reads it.\n"));
  }
  return {};
}

class Backup {
 public:
  Backup(const app::Config& config, fs::path folder, ProcessRunner& processes,
         const Progress& progress)
      : m_config(config),
        m_folder(std::move(folder)),
        m_processes(processes),
        m_progress(progress) {}

  Result<BackupResult> run(Timestamp now) {
    PM_TRY(open_folder(m_folder));
    auto lock = LockFile::acquire(m_folder / "lock", false);
    if (!lock) {
      return fail_with("another backup is being written", lock.error());
    }
    PM_TRY_ASSIGN(const auto maintenance, lock_maintenance(m_config.data));
    remove_leftovers();
    m_stamp = free_stamp(now);
    m_result.manifest.version = PATCHMILL_VERSION;
    m_result.manifest.made = to_iso(now) + "Z";
    PM_TRY(copy_store());
    PM_TRY(copy_blobs());
    PM_TRY(copy_config());
    PM_TRY(sync_file_system(m_folder));
    PM_TRY(write_file_atomic(m_folder / k_manifest, write_manifest(m_result.manifest)));
    remove_leftovers();
    remove_old_blobs();
    return std::move(m_result);
  }

 private:
  void tell(std::string_view what, std::uint64_t done, std::uint64_t total) const {
    if (m_progress) {
      m_progress(what, done, total);
    }
  }

  // No file of an earlier backup has it, however close that was.
  [[nodiscard]] std::string free_stamp(Timestamp now) const {
    std::error_code error;
    for (int i = 1;; ++i) {
      std::string stamp = fmt::format("{}-{}", compact_time(now), i);
      if (!fs::exists(m_folder / ("store-" + stamp + ".sqlite"), error) &&
          !fs::exists(m_folder / ("store-" + stamp + ".pgdump"), error)) {
        return stamp;
      }
    }
  }

  // Stores and lists that no manifest names: of backups that died, or older ones.
  void remove_leftovers() {
    const auto manifest = read_manifest(m_folder);
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(m_folder, error)) {
      const std::string name = entry.path().filename().string();
      const bool ours = name.starts_with("store-") || name.starts_with("blobs-");
      const bool named =
          manifest && (name == manifest->store.file || name == manifest->blob_list.file);
      if (ours && !named) {
        std::error_code ignored;
        fs::remove(entry.path(), ignored);
      }
    }
  }

  Result<void> copy_store() {
    tell("copying the store", 0, 0);
    Manifest& manifest = m_result.manifest;
    std::unique_ptr<store::Database> live;
    try {
      live = store::Database::open(m_config.store_url);
      const bool sqlite = live->engine() == store::Engine::sqlite;
      manifest.engine = sqlite ? "sqlite" : "postgresql";
      manifest.schema_name = store::schema_name(*live);
      manifest.schema = store::schema_of(*live);
      manifest.store.file = fmt::format("store-{}.{}", m_stamp, sqlite ? "sqlite" : "pgdump");
      const fs::path file = m_folder / manifest.store.file;
      if (!sqlite) {
        // A dump cannot be asked what it refers to; who has a reference before or after the dump
        // may be in it.
        m_blobs = referenced_blobs(*live);
        PM_TRY(store::write_snapshot(m_config.store_url, file, m_processes));
        referenced_blobs(*live).each([&](const std::string& name) { m_blobs.add(name); });
        m_blobs.settle();
      } else {
        PM_TRY(store::write_snapshot(m_config.store_url, file, m_processes));
        m_blobs = referenced_blobs(*store::Database::open(file.string()));
        PM_TRY(store::settle_sqlite_file(file));
      }
    } catch (const store::DatabaseError& problem) {
      return fail(ErrorKind::infrastructure, problem.what());
    }
    const fs::path file = m_folder / manifest.store.file;
    std::error_code error;
    manifest.store.bytes = fs::file_size(file, error);
    PM_TRY_ASSIGN(manifest.store.sha256, sha256_of_file(file));
    return {};
  }

  Result<void> copy_blobs() {
    Manifest& manifest = m_result.manifest;
    const fs::path from = m_config.data / "blobs", to = m_folder / "blobs";
    Result<void> outcome;
    std::string list;
    std::uint64_t done = 0;
    m_blobs.each([&](const std::string& name) {
      if (outcome) {
        outcome = copy_blob(blob_path(from, name), blob_path(to, name), name, list);
      }
      if (++done % 256 == 0) {
        tell("copying logs and artifacts", done, m_blobs.size());
      }
    });
    PM_TRY(outcome);
    manifest.blob_list.file = fmt::format("blobs-{}.list", m_stamp);
    manifest.blob_list.bytes = list.size();
    PM_TRY(write_file_atomic(m_folder / manifest.blob_list.file, list));
    PM_TRY_ASSIGN(manifest.blob_list.sha256, sha256_of_file(m_folder / manifest.blob_list.file));
    return {};
  }

  Result<void> copy_blob(const fs::path& from, const fs::path& to, const std::string& name,
                         std::string& list) {
    Manifest& manifest = m_result.manifest;
    std::error_code error;
    auto size = fs::file_size(from, error);
    bool usable = !error;
    // What an earlier backup took was read then.
    if (usable && (fs::file_size(to, error) != size || error)) {
      const auto hash = sha256_of_file(from);
      usable = hash && *hash == name;
      if (usable) {
        fs::remove(to, error);
        fs::create_directories(to.parent_path(), error);
        if (error) {
          return fail_at(to, error);
        }
        PM_TRY(link_or_copy_blob(from, to, name));
        ++m_result.new_blobs;
        m_result.new_bytes += size;
      } else if (const auto copy = sha256_of_file(to); copy && *copy == name) {
        // The better one of the two must not go.
        size = fs::file_size(to, error);
        usable = !error;
      }
    }
    if (!usable) {
      // The store is what matters; one lost or damaged log must not make backups impossible for
      // ever.
      if (manifest.missing.size() < 100) {
        manifest.missing.push_back(name);
      }
      return {};
    }
    ++manifest.blobs;
    manifest.blob_bytes += size;
    list += name + "\n";
    return {};
  }

  Result<void> copy_config() {
    if (m_config.file.empty()) {
      return {};
    }
    PM_TRY_ASSIGN(const std::string text, read_file(m_config.file, 4u << 20));
    return write_file_atomic(m_folder / "patchmill.yaml", text);
  }

  // Blobs of earlier backups that this one does not refer to.
  void remove_old_blobs() {
    (void)store::sweep_blobs(m_folder / "blobs", m_blobs,
                             std::chrono::system_clock::now() + std::chrono::hours(1),
                             std::chrono::seconds(0), false);
  }

  const app::Config& m_config;
  const fs::path m_folder;
  ProcessRunner& m_processes;
  const Progress& m_progress;
  std::string m_stamp;
  store::BlobNames m_blobs;
  BackupResult m_result;
};

Result<BackupResult> make_tar(const app::Config& config, const fs::path& file, Timestamp now,
                              ProcessRunner& processes, const Progress& progress) {
  const fs::path parent = fs::absolute(file).parent_path();
  std::error_code error;
  fs::create_directories(parent, error);
  if (error) {
    return fail_at(parent, error);
  }
  // What a killed one left behind: its lock, inside, is free.
  for (const auto& entry : fs::directory_iterator(parent, error)) {
    if (entry.path().filename().string().starts_with(".patchmill-backup-") &&
        LockFile::acquire(entry.path() / "lock", false)) {
      std::error_code ignored;
      fs::remove_all(entry.path(), ignored);
    }
  }
  const TempDir folder(".patchmill-backup", parent);
  PM_TRY_ASSIGN(const auto lock, LockFile::acquire(folder.path() / "lock", false));
  const fs::path inner = folder.path() / "patchmill-backup";
  PM_TRY_ASSIGN(auto result, Backup(config, inner, processes, progress).run(now));
  fs::remove(inner / "lock", error);
  if (progress) {
    progress("packing", 0, 0);
  }
  const fs::path part = folder.path() / "tar";
  Command command;
  command.argv = {"tar", "--create", "--file=" + part.string(),
                  "--directory=" + folder.path().string()};
  for (auto& word : tar_compression(file)) {
    command.argv.push_back(std::move(word));
  }
  command.argv.emplace_back("patchmill-backup");
  command.timeout = std::chrono::hours(24);
  command.merge_stderr = true;
  PM_TRY_ASSIGN(const auto done, processes.run(command));
  if (!done.ok()) {
    return fail(ErrorKind::infrastructure,
                fmt::format("tar failed: {}{}", ellipsize(escape_terminal(trim(done.out)), 500),
                            file.extension() == ".zst" && !find_program("zstd")
                                ? "; run: apt-get install zstd, or choose a name with .tar.gz"
                                : ""));
  }
  fs::permissions(part, fs::perms::owner_read | fs::perms::owner_write, error);
  PM_TRY(sync_file_system(folder.path()));
  fs::rename(part, file, error);
  if (error) {
    return fail_at(file, error);
  }
  PM_TRY(sync_file_system(parent));
  return result;
}

}  // namespace

bool is_tar_name(const fs::path& file) {
  const std::string name = file.filename().string();
  return name.ends_with(".tar") || name.ends_with(".tar.gz") || name.ends_with(".tar.zst");
}

std::vector<std::string> tar_compression(const fs::path& file) {
  const std::string name = file.filename().string();
  if (name.ends_with(".tar.gz")) {
    return {"--gzip"};
  }
  if (name.ends_with(".tar.zst")) {
    return {"--zstd"};
  }
  return {};
}

Result<LockFile> lock_maintenance(const fs::path& data) {
  auto lock = LockFile::acquire(data / "maintenance.lock", false);
  if (!lock && lock.error().kind == ErrorKind::conflict) {
    return fail(ErrorKind::conflict,
                fmt::format("a backup or prune of {} is under way; try again later",
                            escape_terminal(data.string())));
  }
  return lock;
}

Result<BackupResult> make_backup(const app::Config& config, const fs::path& target,
                                 const Clock& clock, ProcessRunner& processes,
                                 const Progress& progress) {
  std::error_code error;
  const fs::path absolute = fs::absolute(target).lexically_normal();
  const auto relative = absolute.lexically_relative(config.data);
  if (!relative.empty() && *relative.begin() != "..") {
    return fail(ErrorKind::invalid,
                fmt::format("{} is inside the data folder; a backup belongs elsewhere",
                            escape_terminal(absolute.string())));
  }
  if (is_tar_name(target) && !fs::is_directory(target, error)) {
    return make_tar(config, absolute, clock.now(), processes, progress);
  }
  return Backup(config, absolute, processes, progress).run(clock.now());
}

}  // namespace patchmill::service
