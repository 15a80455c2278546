#include "pipeline/requests.hpp"

#include "pipeline/remark_limits.hpp"
#include "store/event_log.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <array>
#include <utility>

namespace patchmill::pipeline {
namespace {

constexpr std::array k_names = {
    std::pair{RequestKind::retry_series, std::string_view("retry-series")},
    std::pair{RequestKind::retry_node, std::string_view("retry-node")},
    std::pair{RequestKind::cancel_series, std::string_view("cancel-series")},
    std::pair{RequestKind::cancel_node, std::string_view("cancel-node")},
};

std::string_view event_of(RequestKind kind) {
  return kind == RequestKind::retry_series || kind == RequestKind::retry_node ? "retry-requested"
                                                                              : "cancel-requested";
}

Request request_from(const store::Row& row) {
  Request request;
  request.id = row.integer(0);
  request.kind = request_kind_from(row.text(1)).value_or(RequestKind::retry_series);
  request.target = row.integer(2);
  request.who = row.text(3);
  request.reason = row.text(4);
  request.time = from_micros(row.integer(5));
  return request;
}

void append(store::Database& database, Timestamp now, std::string_view kind,
            const Request& request) {
  std::optional<std::int64_t> series, node;
  if (is_about_node(request.kind)) {
    node = request.target;
    if (const auto row =
            database.one<std::int64_t>("SELECT series FROM nodes WHERE id = ?", request.target)) {
      series = std::get<0>(*row);
    }
  } else {
    series = request.target;
  }
  boost::json::object payload;
  payload["request"] = request.id;
  payload["kind"] = to_string(request.kind);
  payload["who"] = request.who;
  payload["reason"] = request.reason;
  store::append_event(database, now, kind, series, node, boost::json::serialize(payload));
}

}  // namespace

std::string_view to_string(RequestKind kind) {
  for (const auto& [value, name] : k_names) {
    if (value == kind) {
      return name;
    }
  }
  return "unknown";
}

std::optional<RequestKind> request_kind_from(std::string_view text) {
  for (const auto& [value, name] : k_names) {
    if (name == text) {
      return value;
    }
  }
  return std::nullopt;
}

Requests::Requests(store::Database& database, const Clock& clock)
    : m_database(database), m_clock(clock) {}

Result<Request> Requests::add(RequestKind kind, std::int64_t target, std::string_view who,
                              std::string_view reason) {
  store::Transaction transaction(m_database);
  if (is_about_node(kind) &&
      !m_database.one<std::int64_t>("SELECT id FROM nodes WHERE id = ?", target)) {
    transaction.commit();  // so that a transaction of the caller's can still commit
    return fail(ErrorKind::not_found,
                fmt::format("there is no node {}; `patchmill show SERIES` lists those of a series",
                            target));
  }
  std::optional<Request> waiting;
  m_database.each(
      "SELECT id, kind, target, who, reason, time FROM requests WHERE kind = ? AND target = ? "
      "ORDER BY id LIMIT 1",
      [&](const store::Row& row) { waiting = request_from(row); }, to_string(kind), target);
  if (waiting) {
    transaction.commit();
    return *waiting;
  }
  Request request;
  request.kind = kind;
  request.target = target;
  request.who = ellipsize(mend_utf8(who), k_max_who);
  request.reason = ellipsize(mend_utf8(reason), k_max_reason);
  request.time = m_clock.now();
  request.id = m_database.value<std::int64_t>(
      "INSERT INTO requests (kind, target, who, reason, time) VALUES (?, ?, ?, ?, ?) RETURNING id",
      to_string(kind), target, request.who, request.reason, to_micros(request.time));
  append(m_database, request.time, event_of(kind), request);
  transaction.commit();
  return request;
}

std::optional<Request> Requests::take() {
  // PostgreSQL: two takers must not wait for, and then take, the same row. SQLite has one writer.
  static constexpr std::string_view sqlite =
      "DELETE FROM requests WHERE id = (SELECT id FROM requests WHERE kind IN (?, ?, ?, ?) "
      "ORDER BY id LIMIT 1) RETURNING id, kind, target, who, reason, time";
  static constexpr std::string_view postgresql =
      "DELETE FROM requests WHERE id = (SELECT id FROM requests WHERE kind IN (?, ?, ?, ?) "
      "ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, kind, target, who, reason, time";
  store::Transaction transaction(m_database);
  std::optional<Request> taken;
  m_database.each(
      m_database.engine() == store::Engine::sqlite ? sqlite : postgresql,
      [&](const store::Row& row) { taken = request_from(row); }, k_names[0].second,
      k_names[1].second, k_names[2].second, k_names[3].second);
  if (taken) {
    append(m_database, m_clock.now(), "request-taken", *taken);
  }
  transaction.commit();
  return taken;
}

std::vector<Request> Requests::list(std::size_t limit) {
  std::vector<Request> all;
  m_database.each(
      "SELECT id, kind, target, who, reason, time FROM requests WHERE kind IN (?, ?, ?, ?) "
      "ORDER BY id LIMIT ?",
      [&](const store::Row& row) { all.push_back(request_from(row)); }, k_names[0].second,
      k_names[1].second, k_names[2].second, k_names[3].second, limit);
  return all;
}

}  // namespace patchmill::pipeline
