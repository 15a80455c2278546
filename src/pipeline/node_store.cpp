#include "pipeline/node_store.hpp"

#include "pipeline/node_event.hpp"
#include "pipeline/node_rows.hpp"
#include "store/event_log.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>

#include <limits>
#include <map>
#include <utility>

namespace patchmill::pipeline {
namespace {

// Enough for people; more of the same is in the log.
constexpr std::size_t max_findings = 5000;
// A verdict that is further in the future was given before the clock was set back.
constexpr std::chrono::minutes k_clock_slack{1};

}  // namespace

NodeStore::NodeStore(store::Database& database, const Clock& clock)
    : m_database(database), m_clock(clock) {}

Node NodeStore::create(Node node) {
  store::Transaction transaction(m_database);
  const std::string key_where =
      " WHERE series = ? AND name = ? AND patch = ? AND commit_id = ? AND attempt = ?";
  const int patch = node.patch.value_or(0);
  if (!node.created) {
    node.created = m_clock.now();
  }
  // A parallel process may insert the same node between a look and an insert: let the key decide.
  const auto inserted = m_database.one<std::int64_t>(
      "INSERT INTO nodes (parent, series, kind, name, patch, state, result, summary, runtime, "
      "attempt, tree, commit_id, reproducer, created, started, finished) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (series, name, patch, commit_id, attempt) DO NOTHING RETURNING id",
      node.parent, node.series, to_string(node.kind), node.name, patch, to_string(node.state),
      result_column(node), node.summary, node.runtime, node.attempt, node.tree, node.commit,
      node.reproducer, to_micros(*node.created), time_column(node.started),
      time_column(node.finished));
  if (!inserted) {
    Node existing;
    m_database.each(
        std::string(select_nodes) + key_where,
        [&](const store::Row& row) { existing = node_from(row); }, node.series, node.name, patch,
        node.commit, node.attempt);
    transaction.commit();
    return existing;
  }
  node.id = std::get<0>(*inserted);
  store::append_event(m_database, m_clock.now(), "node-created", node.series, node.id,
                      node_event_payload(node));
  transaction.commit();
  return node;
}

void NodeStore::start(Node& node) {
  node.state = NodeState::running;
  node.started = m_clock.now();
  store::Transaction transaction(m_database);
  const auto changed = m_database.exec(
      "UPDATE nodes SET state = ?, started = ?, runtime = ?, reproducer = ? WHERE id = ? AND "
      "state <> 'done'",
      to_string(node.state), to_micros(*node.started), node.runtime, node.reproducer, node.id);
  if (changed != 0) {
    store::append_event(m_database, *node.started, "node-started", node.series, node.id,
                        node_event_payload(node));
  }
  transaction.commit();
}

void NodeStore::finish(Node& node, findings::Verdict result, std::string summary,
                       const std::vector<findings::Finding>& findings,
                       const std::vector<Artifact>& artifacts) {
  node.state = NodeState::done;
  node.result = result;
  node.summary = ellipsize(mend_utf8(summary), 1024);
  node.finished = m_clock.now();
  if (!node.started) {
    node.started = node.finished;
  }
  store::Transaction transaction(m_database);
  m_database.exec(
      "UPDATE nodes SET state = ?, result = ?, summary = ?, started = ?, finished = ?, "
      "runtime = ?, reproducer = ?, cause = ? WHERE id = ?",
      to_string(node.state), findings::to_string(result), node.summary, to_micros(*node.started),
      to_micros(*node.finished), node.runtime, node.reproducer,
      node.cause ? std::optional(static_cast<int>(*node.cause)) : std::nullopt, node.id);
  m_database.exec("DELETE FROM node_findings WHERE node = ?", node.id);
  m_database.exec("DELETE FROM node_artifacts WHERE node = ?", node.id);
  for (std::size_t i = 0; i < std::min(findings.size(), max_findings); ++i) {
    insert_finding(m_database, node.id, i, findings[i]);
  }
  for (std::size_t i = 0; i < artifacts.size(); ++i) {
    m_database.exec(
        "INSERT INTO node_artifacts (node, position, name, sha256, size) VALUES (?, ?, ?, ?, ?)",
        node.id, i, artifacts[i].name, artifacts[i].sha256, artifacts[i].size);
  }
  store::append_event(m_database, *node.finished, "node-done", node.series, node.id,
                      node_event_payload(node));
  transaction.commit();
}

std::optional<Node> NodeStore::node(std::int64_t id) {
  std::optional<Node> result;
  m_database.each(
      std::string(select_nodes) + " WHERE id = ?",
      [&](const store::Row& row) { result = node_from(row); }, id);
  return result;
}

std::vector<Node> NodeStore::of_series(std::int64_t series) {
  std::vector<Node> nodes;
  m_database.each(
      std::string(select_nodes) + " WHERE series = ? ORDER BY id",
      [&](const store::Row& row) { nodes.push_back(node_from(row)); }, series);
  // A parent is created before its children, so the order of ids would do; a parent set by hand
  // in the other order must not hide a child, though.
  return parents_first(std::move(nodes));
}

std::vector<findings::Finding> NodeStore::findings_of(std::int64_t node) {
  return read_findings(m_database, node);
}

std::vector<Artifact> NodeStore::artifacts_of(std::int64_t node) {
  std::vector<Artifact> result;
  m_database.each(
      "SELECT name, sha256, size FROM node_artifacts WHERE node = ? ORDER BY position",
      [&](const store::Row& row) {
        result.push_back({row.get<std::string>(0), row.get<std::string>(1), row.integer(2)});
      },
      node);
  return result;
}

int NodeStore::close_orphans() {
  std::vector<Node> orphans;
  m_database.each(
      std::string(select_nodes) + " WHERE state = 'running' OR state = 'closing' ORDER BY id",
      [&](const store::Row& row) { orphans.push_back(node_from(row)); });
  for (Node& orphan : orphans) {
    finish(orphan, findings::Verdict::incomplete,
           "patchmill ended while this was running; it says nothing about the patch");
  }
  return static_cast<int>(orphans.size());
}

void NodeStore::set_verdict(std::int64_t series, const SeriesVerdict& verdict) {
  store::Transaction transaction(m_database);
  m_database.exec(
      "INSERT INTO series_verdicts (series, verdict, reason, time, content_key, attempts, "
      "retry_at) "
      "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (series) DO UPDATE SET verdict = excluded.verdict, "
      "reason = excluded.reason, time = excluded.time, content_key = excluded.content_key, "
      "attempts = excluded.attempts, retry_at = excluded.retry_at",
      series, findings::to_string(verdict.verdict), ellipsize(mend_utf8(verdict.reason), 1024),
      to_micros(verdict.time), verdict.content_key, verdict.attempts,
      verdict.retry_at ? std::optional(to_micros(*verdict.retry_at)) : std::nullopt);
  boost::json::object object;
  object["verdict"] = findings::to_string(verdict.verdict);
  object["reason"] = mend_utf8(verdict.reason);
  store::append_event(m_database, m_clock.now(), "series-verdict", series, std::nullopt,
                      boost::json::serialize(object));
  transaction.commit();
}

bool NodeStore::SeriesVerdict::retry_due(Timestamp now) const {
  return retry_at && (*retry_at <= now || time > now + k_clock_slack);
}

// What waits for something to come is due at the moment it was judged (SeriesVerdict::retry_at).
std::vector<std::int64_t> NodeStore::retries_due(Timestamp now, std::size_t limit) {
  std::vector<std::int64_t> result;
  m_database.each(
      "SELECT series FROM series_verdicts v WHERE retry_at IS NOT NULL AND (retry_at <= ? OR"
      " time > ?) AND retry_at > time AND NOT EXISTS (SELECT 1 FROM series_runs r WHERE r.series = "
      "v.series AND r.finished IS NULL) ORDER BY retry_at LIMIT ?",
      [&](const store::Row& row) { result.push_back(row.integer(0)); }, to_micros(now),
      to_micros(now + k_clock_slack), limit);
  return result;
}

void NodeStore::put_off_retry(std::int64_t series, Timestamp now, Timestamp until) {
  // A verdict of a time to come is due always (see retry_due()), until it has another time.
  m_database.exec(
      "UPDATE series_verdicts SET retry_at = ?, time = CASE WHEN time > ? THEN ? ELSE time END"
      " WHERE series = ? AND retry_at > time AND (retry_at <= ? OR time > ?)",
      to_micros(until), to_micros(now), to_micros(now), series, to_micros(now),
      to_micros(now + k_clock_slack));
}

void NodeStore::make_retry_due(std::int64_t series, Timestamp now) {
  m_database.exec("UPDATE series_verdicts SET retry_at = ? WHERE series = ?", to_micros(now),
                  series);
}

void NodeStore::end_retries(std::int64_t series) {
  m_database.exec(
      "UPDATE series_verdicts SET retry_at = NULL WHERE series = ? AND retry_at IS NOT NULL",
      series);
}

std::optional<Timestamp> NodeStore::next_retry(Timestamp now) {
  const auto next = m_database.one<std::int64_t>(
      "SELECT retry_at FROM series_verdicts WHERE retry_at IS NOT NULL AND retry_at > ?"
      " ORDER BY retry_at LIMIT 1",
      to_micros(now));
  return next ? std::optional(from_micros(std::get<0>(*next))) : std::nullopt;
}

std::vector<std::int64_t> NodeStore::skipped_later_than(Timestamp now, std::size_t limit) {
  std::vector<std::int64_t> result;
  m_database.each(
      "SELECT series FROM series_verdicts WHERE time > ? AND verdict = 'skip' ORDER BY time LIMIT "
      "?",
      [&](const store::Row& row) { result.push_back(row.integer(0)); },
      to_micros(now + k_clock_slack), limit);
  return result;
}

std::vector<std::int64_t> NodeStore::waiting_for_news(std::size_t limit,
                                                      std::optional<std::int64_t> below) {
  std::vector<std::int64_t> result;
  m_database.each(
      "SELECT series FROM series_verdicts WHERE retry_at IS NOT NULL AND retry_at <= time"
      " AND series < ? ORDER BY series DESC LIMIT ?",
      [&](const store::Row& row) { result.push_back(row.integer(0)); },
      below.value_or(std::numeric_limits<std::int64_t>::max()), limit);
  return result;
}

std::optional<NodeStore::SeriesVerdict> NodeStore::verdict(std::int64_t series) {
  std::optional<SeriesVerdict> result;
  m_database.each(
      "SELECT verdict, reason, time, content_key, attempts, retry_at FROM series_verdicts "
      "WHERE series = ?",
      [&](const store::Row& row) {
        SeriesVerdict verdict;
        verdict.verdict =
            findings::verdict_from(row.text(0)).value_or(findings::Verdict::incomplete);
        verdict.reason = row.text(1);
        verdict.time = from_micros(row.integer(2));
        verdict.content_key = row.text(3);
        verdict.attempts = row.get<int>(4);
        if (const auto retry_at = row.get<std::optional<std::int64_t>>(5)) {
          verdict.retry_at = from_micros(*retry_at);
        }
        result = std::move(verdict);
      },
      series);
  return result;
}

}  // namespace patchmill::pipeline
