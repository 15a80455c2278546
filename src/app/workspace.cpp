#include "app/workspace.hpp"

#include "store/migrations.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

namespace patchmill::app {
namespace {

// The part of a store URL that may be shown: no password.
std::string shown_url(const std::string& url) {
  const auto start = url.find("://");
  const auto at = url.rfind('@');
  if (start == std::string::npos || at == std::string::npos) {
    return url;
  }
  return url.substr(0, start + 3) + "…" + url.substr(at);
}

}  // namespace

Result<std::unique_ptr<Workspace>> Workspace::open(Config config) {
  std::error_code error;
  const bool existed = std::filesystem::is_directory(config.data, error);
  std::filesystem::create_directories(config.data, error);
  if (error) {
    return fail(ErrorKind::infrastructure,
                fmt::format("cannot make the data folder {}: {}; choose another with --data",
                            config.data.string(), error.message()));
  }
  if (!existed) {
    ::chmod(config.data.c_str(), 0700);
  }
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
