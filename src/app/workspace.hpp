#pragma once
// The data directory, opened: store, large objects, trees. Everything a subcommand works with.

#include "app/config.hpp"
#include "pipeline/node_store.hpp"
#include "placement/placement.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "tracker/queries.hpp"
#include "util/clock.hpp"
#include "util/file.hpp"

#include <functional>
#include <memory>

namespace patchmill::app {

// Makes the data folder for us alone, unless it is there; errors as Workspace::open().
Result<void> make_data_folder(const std::filesystem::path& folder);

class Workspace {
 public:
  // Makes the folder (mode 0700) and brings the schema up to date.
  // Errors: infrastructure, naming the folder or the store; invalid when the folder belongs to
  // neither us nor root, or anybody may write into it.
  static Result<std::unique_ptr<Workspace>> open(Config config);

  [[nodiscard]] const Config& config() const { return m_config; }
  store::Database& database() { return *m_database; }
  store::BlobStore& blobs() { return m_blobs; }
  tracker::Queries& queries() { return m_queries; }
  pipeline::NodeStore& nodes() { return m_nodes; }
  [[nodiscard]] const Clock& clock() const { return m_clock; }
  // Made when first asked for: it opens the mirrors.
  placement::Placer& placer();

  // Called with each verdict that was judged, inside the transaction that sets it.
  void on_verdict(std::function<void(const tracker::Series&)> listener) {
    m_on_verdict = std::move(listener);
  }
  void announce_verdict(const tracker::Series& series) const {
    if (m_on_verdict) {
      m_on_verdict(series);
    }
  }

 private:
  Workspace(Config config, std::unique_ptr<store::Database> database);

  Config m_config;
  SystemClock m_clock;
  std::unique_ptr<store::Database> m_database;
  store::BlobStore m_blobs;
  tracker::Queries m_queries;
  pipeline::NodeStore m_nodes;
  std::unique_ptr<placement::Placer> m_placer;
  std::function<void(const tracker::Series&)> m_on_verdict;
};

}  // namespace patchmill::app
