#pragma once
// One node, for its pages.

#include "web/series_model.hpp"

#include <filesystem>

namespace patchmill::web {

struct NodeModel {
  pipeline::Node node;
  std::string series_name;
  int series_version = 1;
  std::vector<findings::Finding> findings;  // at most 1000
  std::size_t more_findings = 0;
  std::vector<pipeline::Artifact> artifacts;
  std::vector<NodeRow> children;  // at most 500
  std::optional<pipeline::Node> parent;
  std::vector<std::pair<std::int64_t, int>> attempts;  // of the same work: node, attempt
  std::string waits;                                   // in the queue: why, for people
};
std::optional<NodeModel> read_node(store::Database& database, const Clock& clock, std::int64_t id);

// Where the log of a node is.
struct LogPlace {
  pipeline::Node node;
  std::filesystem::path file;
  std::string key;    // names the content: for caches and ETags; empty: it grows
  bool live = false;  // being written
};
// Error not_found says why there is none, for people.
Result<LogPlace> find_log(store::Database& database, const store::BlobStore& blobs,
                          const Clock& clock, const std::filesystem::path& live, std::int64_t id);

// A file a node left. Error not_found, with the nearest name there is.
Result<pipeline::Artifact> find_artifact(store::Database& database, const Clock& clock,
                                         std::int64_t id, std::string_view name);

}  // namespace patchmill::web
