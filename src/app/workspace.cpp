#include "app/workspace.hpp"

#include "store/migrations.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace patchmill::app {
namespace {

namespace fs = std::filesystem;

// The part of a store URL that may be shown: no password.
std::string shown_url(const std::string& url) {
  const auto start = url.find("://");
  const auto at = url.rfind('@');
  if (start == std::string::npos || at == std::string::npos) {
    return url;
  }
  return url.substr(0, start + 3) + "…" + url.substr(at);
}

// Made for us alone, or there already.
Result<void> make_folder(const fs::path& folder) {
  std::error_code error;
  if (folder.has_parent_path()) {
    fs::create_directories(folder.parent_path(), error);
  }
  if (!error && ::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    error = std::error_code(errno, std::generic_category());
  }
  if (!error && !fs::is_directory(folder, error) && !error) {
    error = std::make_error_code(std::errc::not_a_directory);
  }
  if (error) {
    return fail(ErrorKind::infrastructure,
                fmt::format("cannot make the data folder {}: {}; choose another with --data",
                            folder.string(), error.message()));
  }
  return {};
}

// Whoever can write there decides what is run and written in our name.
Result<void> refuse_foreign(const fs::path& folder) {
  struct stat info{};
  if (::stat(folder.c_str(), &info) != 0) {
    return fail(ErrorKind::infrastructure,
                fmt::format("cannot look at the data folder {}: {}", folder.string(),
                            std::generic_category().message(errno)));
  }
  const uid_t self = ::geteuid();
  if (info.st_uid != self && info.st_uid != 0) {
    return fail(ErrorKind::invalid,
                fmt::format("the data folder {} belongs to user {}, not to you (user {}); run as "
                            "that user, or choose another folder with --data",
                            folder.string(), info.st_uid, self));
  }
  if ((info.st_mode & S_IWOTH) != 0) {
    return fail(ErrorKind::invalid,
                fmt::format("anybody may write into the data folder {}; look at what is in it, "
                            "then `chmod o-w` it, or choose another with --data",
                            folder.string()));
  }
  return {};
}

}  // namespace

Result<void> make_data_folder(const fs::path& folder) {
  PM_TRY(make_folder(folder));
  return refuse_foreign(folder);
}

Result<std::unique_ptr<Workspace>> Workspace::open(Config config) {
  PM_TRY(make_data_folder(config.data));
  try {
    auto database = store::Database::open(config.store_url);
    store::migrate(*database);
    return std::unique_ptr<Workspace>(new Workspace(std::move(config), std::move(database)));
  } catch (const store::DatabaseError& problem) {
    return fail(
        ErrorKind::infrastructure,
        fmt::format("cannot open the store {}: {}", shown_url(config.store_url), problem.what()));
  }
}

Workspace::Workspace(Config config, std::unique_ptr<store::Database> database)
    : m_config(std::move(config)),
      m_database(std::move(database)),
      m_blobs(m_config.data / "blobs"),
      m_queries(*m_database, m_blobs),
      m_nodes(*m_database, m_clock) {}

placement::Placer& Workspace::placer() {
  if (!m_placer) {
    m_placer =
        std::make_unique<placement::Placer>(*m_database, m_config.data, m_config.trees, m_clock);
  }
  return *m_placer;
}

}  // namespace patchmill::app
