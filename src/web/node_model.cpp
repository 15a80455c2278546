#include "web/node_model.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

namespace patchmill::web {
namespace {

constexpr std::size_t k_most_node_findings = 1000;
constexpr std::size_t k_most_children = 500;

Result<pipeline::Node> node_of(pipeline::NodeStore& store, std::int64_t id) {
  auto node = store.node(id);
  if (!node) {
    return fail(ErrorKind::not_found, fmt::format("there is no node {}", id));
  }
  return *std::move(node);
}

}  // namespace

std::optional<NodeModel> read_node(store::Database& database, const Clock& clock, std::int64_t id) {
  pipeline::NodeStore store(database, clock);
  auto node = store.node(id);
  if (!node) {
    return std::nullopt;
  }
  NodeModel model;
  model.node = *std::move(node);
  if (const auto series = database.one<std::string, int>(
          "SELECT name, version FROM series WHERE number = ?", model.node.series)) {
    std::tie(model.series_name, model.series_version) = *series;
  }
  model.findings = store.findings_of(id);
  if (model.findings.size() > k_most_node_findings) {
    model.more_findings = model.findings.size() - k_most_node_findings;
    model.findings.resize(k_most_node_findings);
  }
  model.artifacts = store.artifacts_of(id);
  if (model.node.parent) {
    model.parent = store.node(*model.node.parent);
  }
  std::vector<std::int64_t> children;
  database.each(
      "SELECT id FROM nodes WHERE parent = ? ORDER BY id LIMIT ?",
      [&](const store::Row& row) { children.push_back(row.integer(0)); }, id, k_most_children);
  for (const auto child : children) {
    if (auto one = store.node(child)) {
      NodeRow row;
      row.node = *std::move(one);
      model.children.push_back(std::move(row));
    }
  }
  database.each(
      "SELECT id, attempt FROM nodes WHERE series = ? AND name = ? AND patch = ?"
      " ORDER BY attempt DESC, id DESC LIMIT 20",
      [&](const store::Row& row) { model.attempts.emplace_back(row.integer(0), row.get<int>(1)); },
      model.node.series, model.node.name, model.node.patch.value_or(0));
  if (const auto note = database.one<std::string, std::string>(
          "SELECT note, worker FROM queue WHERE node = ?", id)) {
    const auto& [why, worker] = *note;
    if (worker.empty()) {
      model.waits = why.empty() ? "it waits for a worker" : why;
    }
  }
  return model;
}

Result<LogPlace> find_log(store::Database& database, const store::BlobStore& blobs,
                          const Clock& clock, const std::filesystem::path& live, std::int64_t id) {
  pipeline::NodeStore store(database, clock);
  LogPlace place;
  PM_TRY_ASSIGN(place.node, node_of(store, id));
  for (const auto& artifact : store.artifacts_of(id)) {
    if (artifact.name == "log") {
      PM_TRY_ASSIGN(place.file, blobs.path_of(artifact.sha256));
      place.key = artifact.sha256;
      return place;
    }
  }
  if (place.node.state == pipeline::NodeState::done) {
    return fail(ErrorKind::not_found,
                place.node.kind == pipeline::NodeKind::check
                    ? fmt::format("node {} is a check; it has findings, but no log", id)
                    : fmt::format("node {} left no log", id));
  }
  place.file = live / fmt::format("{}.log", id);
  place.live = true;
  std::error_code error;
  if (!std::filesystem::is_regular_file(std::filesystem::symlink_status(place.file, error))) {
    return fail(ErrorKind::not_found,
                place.node.started ? fmt::format("node {} runs and has written nothing yet", id)
                                   : fmt::format("node {} has not started yet", id));
  }
  return place;
}

Result<pipeline::Artifact> find_artifact(store::Database& database, const Clock& clock,
                                         std::int64_t id, std::string_view name) {
  pipeline::NodeStore store(database, clock);
  PM_TRY_ASSIGN(const auto node, node_of(store, id));
  std::vector<std::string> names;
  for (auto& artifact : store.artifacts_of(id)) {
    if (artifact.name == name) {
      return std::move(artifact);
    }
    names.push_back(artifact.name);
  }
  const auto near = nearest_name(name, names);
  return fail(ErrorKind::not_found,
              fmt::format("node {} ({}) left no artifact '{}'{}", id, node.name, name,
                          near ? fmt::format("; did you mean '{}'?", *near) : ""));
}

}  // namespace patchmill::web
