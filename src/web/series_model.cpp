#include "web/series_model.hpp"

#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace patchmill::web {
namespace {

using findings::Verdict;
using pipeline::Node;

constexpr std::size_t k_most_nodes = 2000;
constexpr std::size_t k_most_earlier = 200;
constexpr std::size_t k_findings_a_node = 20;
constexpr std::size_t k_findings_in_all = 1000;
constexpr std::size_t k_most_revisions = 100;
constexpr std::size_t k_most_dependents = 100;
constexpr std::int64_t k_largest_placement = 8 << 20;

struct PatchFact {
  int number = 0;
  std::string title, hash;
};

std::vector<PatchFact> patch_facts(store::Database& database, std::int64_t series) {
  std::vector<PatchFact> facts;
  database.each(
      "SELECT p.number, p.title, coalesce(m.patch_hash, '') FROM series_patches p"
      " JOIN series_mails m ON m.id = p.mail WHERE p.series = ? ORDER BY p.number",
      [&](const store::Row& row) {
        facts.push_back({row.get<int>(0), row.get<std::string>(1), row.get<std::string>(2)});
      },
      series);
  return facts;
}

// By title, and where that changed by the content of the diff.
void compare(SeriesModel& model, const std::vector<PatchFact>& before,
             const std::vector<PatchFact>& after) {
  std::vector<bool> used(before.size(), false);
  const auto take = [&](const auto& same) -> const PatchFact* {
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (!used[i] && same(before[i])) {
        used[i] = true;
        return &before[i];
      }
    }
    return nullptr;
  };
  for (const PatchFact& patch : after) {
    const PatchFact* match = take([&](const PatchFact& b) { return b.title == patch.title; });
    if (match == nullptr && !patch.hash.empty()) {
      match = take([&](const PatchFact& b) { return b.hash == patch.hash; });
    }
    model.changes[patch.number] = match == nullptr            ? PatchChange::added
                                  : match->hash == patch.hash ? PatchChange::unchanged
                                                              : PatchChange::changed;
  }
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (!used[i]) {
      model.dropped.push_back(before[i].title);
    }
  }
}

void read_revisions(store::Database& database, tracker::Queries& queries, SeriesModel& model) {
  auto numbers = queries.revisions(model.series.number);
  if (numbers.size() > k_most_revisions) {
    numbers.erase(numbers.begin(), numbers.end() - static_cast<std::ptrdiff_t>(k_most_revisions));
  }
  model.revisions = read_rows(database, numbers);
  model.previous = model.series.revision_of;
  if (model.previous) {
    compare(model, patch_facts(database, *model.previous),
            patch_facts(database, model.series.number));
  }
  auto dependents = queries.newest_dependents(model.series.number, k_most_dependents + 1);
  model.more_dependents = dependents.size() > k_most_dependents;
  dependents.resize(std::min(dependents.size(), k_most_dependents));
  model.dependents = read_rows(database, dependents);
}

void count(NodeCounts& counts, const Node& node) {
  if (node.state != pipeline::NodeState::done || !node.result) {
    ++counts.open;
    return;
  }
  switch (*node.result) {
    case Verdict::pass:
      ++counts.pass;
      break;
    case Verdict::warning:
      ++counts.warning;
      break;
    case Verdict::fail:
      ++counts.fail;
      break;
    case Verdict::skip:
      ++counts.skip;
      break;
    case Verdict::incomplete:
      ++counts.incomplete;
      break;
  }
}

void read_nodes(store::Database& database, const store::BlobStore& blobs,
                pipeline::NodeStore& store, SeriesModel& model) {
  std::vector<Node> newest = store.of_series(model.series.number);
  int attempt = 0;
  for (const Node& node : newest) {
    attempt = std::max(attempt, node.attempt);
  }
  std::vector<Node> earlier;
  std::copy_if(newest.begin(), newest.end(), std::back_inserter(earlier),
               [&](const Node& node) { return node.attempt != attempt; });
  std::erase_if(newest, [&](const Node& node) { return node.attempt != attempt; });
  for (const Node& node : newest) {
    if (node.patch) {
      count(model.by_patch[*node.patch], node);
    }
  }
  model.nodes = as_tree(std::move(newest));
  if (model.nodes.size() > k_most_nodes) {
    model.more_nodes = model.nodes.size() - k_most_nodes;
    model.nodes.resize(k_most_nodes);
  }
  if (earlier.size() > k_most_earlier) {
    earlier.resize(k_most_earlier);
  }
  model.earlier = as_tree(std::move(earlier));
  std::map<std::int64_t, std::string> waits;
  database.each(
      "SELECT node, note FROM queue WHERE series = ? AND worker = ''",
      [&](const store::Row& row) { waits[row.integer(0)] = row.text(1); }, model.series.number);
  std::set<std::int64_t> logs;
  database.each(
      "SELECT a.node FROM nodes n JOIN node_artifacts a ON a.node = n.id"
      " WHERE n.series = ? AND a.name = 'log'",
      [&](const store::Row& row) { logs.insert(row.integer(0)); }, model.series.number);
  std::size_t left = k_findings_in_all;
  for (NodeRow& row : model.nodes) {
    row.has_log = logs.contains(row.node.id);
    if (const auto found = waits.find(row.node.id); found != waits.end()) {
      row.waits = found->second.empty() ? "waits for a worker" : found->second;
    }
    const bool clean = !row.node.result || *row.node.result == Verdict::pass;
    if (clean || left == 0) {
      continue;
    }
    row.findings = store.findings_of(row.node.id);
    const std::size_t most = std::min(left, k_findings_a_node);
    if (row.findings.size() > most) {
      row.more_findings = row.findings.size() - most;
      row.findings.resize(most);
    }
    left -= row.findings.size();
  }
  for (const NodeRow& row : model.nodes) {
    if (row.node.kind != pipeline::NodeKind::checkout) {
      continue;
    }
    for (const auto& artifact : store.artifacts_of(row.node.id)) {
      if (artifact.name == "placement.json" && artifact.size <= k_largest_placement) {
        if (const auto text = blobs.get(artifact.sha256)) {
          model.placement = parse_placement(*text);
        }
      }
    }
    break;
  }
}

void read_mails(reports::MailStore& store, SeriesModel& model) {
  for (auto& mail : store.of_series(model.series.number)) {
    MailRow row;
    row.subject = std::move(mail.subject);
    row.state = reports::to_string(mail.state);
    row.reason = std::move(mail.reason);
    row.verdict = std::move(mail.verdict);
    row.msgid = std::move(mail.msgid);
    row.created = mail.created;
    row.finished = mail.finished;
    for (const auto& recipient : mail.recipients) {
      row.recipients.push_back(
          fmt::format("{}: {}", recipient.address, reports::to_string(recipient.state)));
    }
    model.mails.push_back(std::move(row));
  }
  const auto decision = store.decision(model.series.number);
  if (!decision) {
    return;
  }
  boost::system::error_code error;
  const auto value = boost::json::parse(*decision, error);
  const auto* reasons =
      !error && value.is_object() ? value.as_object().if_contains("reasons") : nullptr;
  if (reasons != nullptr && reasons->is_array()) {
    for (const auto& reason : reasons->as_array()) {
      if (reason.is_string()) {
        model.decision.emplace_back(reason.as_string());
      }
    }
  }
}

}  // namespace

std::string_view to_string(PatchChange change) {
  switch (change) {
    case PatchChange::unchanged:
      return "unchanged";
    case PatchChange::changed:
      return "changed";
    case PatchChange::added:
      return "new";
  }
  return "?";
}

std::vector<NodeRow> as_tree(std::vector<Node> nodes) {
  std::map<std::int64_t, std::size_t> index;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    index[nodes[i].id] = i;
  }
  std::vector<std::vector<std::size_t>> children(nodes.size());
  std::vector<std::pair<std::size_t, std::size_t>> stack;  // node, depth
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto parent = nodes[i].parent ? index.find(*nodes[i].parent) : index.end();
    if (parent == index.end() || parent->second >= i) {  // a root; parents come first
      stack.emplace_back(i, 0);
    } else {
      children[parent->second].push_back(i);
    }
  }
  std::reverse(stack.begin(), stack.end());
  std::vector<NodeRow> rows;
  rows.reserve(nodes.size());
  while (!stack.empty()) {
    const auto [at, depth] = stack.back();
    stack.pop_back();
    for (auto child = children[at].rbegin(); child != children[at].rend(); ++child) {
      stack.emplace_back(*child, depth + 1);
    }
    NodeRow row;
    row.node = std::move(nodes[at]);
    row.depth = depth;
    rows.push_back(std::move(row));
  }
  return rows;
}

std::optional<SeriesModel> read_series(store::Database& database, const store::BlobStore& blobs,
                                       const Clock& clock, std::int64_t number) {
  tracker::Queries queries(database, blobs);
  auto series = queries.series(number);
  if (!series) {
    return std::nullopt;
  }
  SeriesModel model;
  model.series = std::move(*series);
  read_revisions(database, queries, model);
  pipeline::NodeStore nodes(database, clock);
  model.verdict = nodes.verdict(number);
  read_nodes(database, blobs, nodes, model);
  database.each(
      "SELECT base_commit, base_described, finished FROM series_runs WHERE series = ?"
      " ORDER BY attempt DESC LIMIT 1",
      [&](const store::Row& row) {
        model.base_commit = row.text(0);
        model.base_described = row.text(1);
        model.running = row.is_null(2);
      },
      number);
  reports::MailStore mails(database, clock);
  read_mails(mails, model);
  return model;
}

}  // namespace patchmill::web
