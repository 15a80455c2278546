#include "pipeline/work_store.hpp"

#include <algorithm>

namespace patchmill::pipeline {
namespace {

constexpr std::string_view k_select_run =
    "SELECT series, attempt, checkout, project, content_key, base_commit, base_described, started,"
    " finished FROM series_runs";
constexpr std::string_view k_select_queue =
    "SELECT q.node, q.lane, q.position, q.series, q.attempt, q.project, q.author, q.priority,"
    " q.queued, q.ready_at, q.estimate, q.worker, q.lease_until, q.note, n.tree FROM queue q"
    " LEFT JOIN nodes n ON n.id = q.node";

std::optional<Timestamp> time_of(const store::Row& row, int column) {
  const auto micros = row.get<std::optional<std::int64_t>>(column);
  return micros ? std::optional(from_micros(*micros)) : std::nullopt;
}

std::optional<std::int64_t> micros_of(const std::optional<Timestamp>& time) {
  return time ? std::optional(to_micros(*time)) : std::nullopt;
}

SeriesRun run_from(const store::Row& row) {
  SeriesRun run;
  run.series = row.integer(0);
  run.attempt = row.get<int>(1);
  run.checkout = row.integer(2);
  run.project = row.text(3);
  run.content_key = row.text(4);
  run.base_commit = row.text(5);
  run.base_described = row.text(6);
  run.started = from_micros(row.integer(7));
  run.finished = time_of(row, 8);
  return run;
}

Pending pending_from(const store::Row& row) {
  return {row.integer(0), time_of(row, 1), row.get<int>(2)};
}

QueuedNode queued_from(const store::Row& row) {
  QueuedNode node;
  node.node = row.integer(0);
  node.lane = row.integer(1);
  node.position = row.get<int>(2);
  node.series = row.integer(3);
  node.attempt = row.get<int>(4);
  node.project = row.text(5);
  node.author = row.text(6);
  node.priority = row.get<int>(7);
  node.queued = from_micros(row.integer(8));
  node.ready_at = from_micros(row.integer(9));
  node.estimate = std::chrono::seconds(row.integer(10));
  node.worker = row.text(11);
  node.lease_until = time_of(row, 12);
  node.note = row.text(13);
  node.tree = row.is_null(14) ? "" : row.text(14);
  return node;
}

}  // namespace

void WorkStore::note_pending(const Pending& pending) {
  m_database.exec(
      "INSERT INTO series_pending (series, queued, priority) VALUES (?, ?, ?)"
      " ON CONFLICT (series) DO UPDATE SET"
      " queued = CASE WHEN series_pending.queued <= excluded.queued OR excluded.queued IS NULL"
      " THEN series_pending.queued ELSE excluded.queued END,"
      " priority = CASE WHEN series_pending.priority > excluded.priority"
      " THEN series_pending.priority ELSE excluded.priority END",
      pending.series, micros_of(pending.queued), pending.priority);
}

void WorkStore::clear_pending(std::int64_t series) {
  m_database.exec("DELETE FROM series_pending WHERE series = ?", series);
}

std::vector<Pending> WorkStore::pending() {
  std::vector<Pending> result;
  m_database.each(
      "SELECT series, queued, priority FROM series_pending ORDER BY queued IS NULL, queued, series",
      [&](const store::Row& row) { result.push_back(pending_from(row)); });
  return result;
}

std::optional<Pending> WorkStore::pending_of(std::int64_t series) {
  std::optional<Pending> result;
  m_database.each(
      "SELECT series, queued, priority FROM series_pending WHERE series = ?",
      [&](const store::Row& row) { result = pending_from(row); }, series);
  return result;
}

void WorkStore::open_run(const SeriesRun& run) {
  clear_pending(run.series);
  m_database.exec(
      "INSERT INTO series_runs (series, attempt, checkout, project, content_key, base_commit,"
      " base_described, started, finished) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      run.series, run.attempt, run.checkout, run.project, run.content_key, run.base_commit,
      run.base_described, to_micros(run.started), micros_of(run.finished));
}

std::optional<SeriesRun> WorkStore::run(std::int64_t series, int attempt) {
  std::optional<SeriesRun> result;
  m_database.each(
      std::string(k_select_run) + " WHERE series = ? AND attempt = ?",
      [&](const store::Row& row) { result = run_from(row); }, series, attempt);
  return result;
}

std::optional<SeriesRun> WorkStore::open_run_of(std::int64_t series) {
  std::optional<SeriesRun> result;
  m_database.each(
      std::string(k_select_run) + " WHERE series = ? AND finished IS NULL ORDER BY attempt",
      [&](const store::Row& row) { result = run_from(row); }, series);
  return result;
}

std::vector<SeriesRun> WorkStore::open_runs() {
  std::vector<SeriesRun> result;
  m_database.each(std::string(k_select_run) + " WHERE finished IS NULL ORDER BY started, series",
                  [&](const store::Row& row) { result.push_back(run_from(row)); });
  return result;
}

bool WorkStore::close_run(std::int64_t series, int attempt, Timestamp now) {
  return m_database.exec(
             "UPDATE series_runs SET finished = ? WHERE series = ? AND attempt = ?"
             " AND finished IS NULL",
             to_micros(now), series, attempt) > 0;
}

void WorkStore::enqueue(const QueuedNode& node) {
  m_database.exec(
      "INSERT INTO queue (node, lane, position, series, attempt, project, author, priority, queued,"
      " ready_at, estimate, worker, lease_until, note)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      node.node, node.lane, node.position, node.series, node.attempt, node.project, node.author,
      node.priority, to_micros(node.queued), to_micros(node.ready_at), node.estimate.count(),
      node.worker, micros_of(node.lease_until), node.note);
}

std::vector<QueuedNode> WorkStore::select(std::string_view where, std::int64_t value) {
  std::vector<QueuedNode> result;
  m_database.each(
      std::string(k_select_queue) + std::string(where) + " ORDER BY q.lane, q.position",
      [&](const store::Row& row) { result.push_back(queued_from(row)); }, value);
  return result;
}

std::vector<QueuedNode> WorkStore::all() {
  return select(" WHERE q.node > ?", 0);
}

std::vector<QueuedNode> WorkStore::lane(std::int64_t lane) {
  return select(" WHERE q.lane = ?", lane);
}

std::vector<QueuedNode> WorkStore::of_series(std::int64_t series) {
  return select(" WHERE q.series = ?", series);
}

bool WorkStore::any_of_run(std::int64_t series, int attempt) {
  return m_database
      .one<std::int64_t>("SELECT node FROM queue WHERE series = ? AND attempt = ? LIMIT 1", series,
                         attempt)
      .has_value();
}

bool WorkStore::claim(std::int64_t lane, std::string_view worker, Timestamp lease_until) {
  return m_database.exec(
             "UPDATE queue SET worker = ?, lease_until = ?, note = '' WHERE lane = ?"
             " AND worker = ''",
             worker, to_micros(lease_until), lane) > 0;
}

bool WorkStore::extend(std::int64_t lane, std::string_view worker, Timestamp lease_until) {
  return m_database.exec("UPDATE queue SET lease_until = ? WHERE lane = ? AND worker = ?",
                         to_micros(lease_until), lane, worker) > 0;
}

std::vector<std::int64_t> WorkStore::expired(Timestamp now) {
  std::vector<std::int64_t> lanes;
  m_database.each(
      "SELECT DISTINCT lane FROM queue WHERE worker <> '' AND lease_until < ? ORDER BY lane",
      [&](const store::Row& row) { lanes.push_back(row.integer(0)); }, to_micros(now));
  return lanes;
}

bool WorkStore::remove(std::int64_t node) {
  return m_database.exec("DELETE FROM queue WHERE node = ?", node) > 0;
}

std::optional<std::chrono::seconds> WorkStore::usual_duration(std::string_view job) {
  std::vector<std::int64_t> took;
  m_database.each(
      "SELECT finished - started FROM nodes WHERE name = ? AND state = 'done' AND started IS NOT"
      " NULL AND result IN ('pass', 'warning', 'fail') ORDER BY id DESC LIMIT 8",
      [&](const store::Row& row) { took.push_back(row.integer(0)); }, job);
  if (took.empty()) {
    return std::nullopt;
  }
  // One run during which the clock was set must not count for years.
  const auto middle = took.begin() + static_cast<std::ptrdiff_t>(took.size() / 2);
  std::nth_element(took.begin(), middle, took.end());
  return std::chrono::seconds(std::max<std::int64_t>(1, (*middle + 500'000) / 1'000'000));
}

}  // namespace patchmill::pipeline
