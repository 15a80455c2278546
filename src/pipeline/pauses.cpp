#include "pipeline/pauses.hpp"

#include "pipeline/remark_limits.hpp"
#include "store/event_log.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace patchmill::pipeline {
namespace {

constexpr std::string_view k_project = "project ";
constexpr std::string_view k_tree = "tree ";
constexpr std::size_t k_max_name = 200;

void append(store::Database& database, Timestamp now, std::string_view kind,
            const std::string& scope, std::string_view who, std::string_view reason) {
  boost::json::object payload;
  payload["scope"] = scope;
  payload["who"] = who;
  if (!reason.empty()) {
    payload["reason"] = reason;
  }
  store::append_event(database, now, kind, std::nullopt, std::nullopt,
                      boost::json::serialize(payload));
}

}  // namespace

std::string to_string(const PauseScope& scope) {
  switch (scope.kind) {
    case PauseScope::Kind::all:
      break;
    case PauseScope::Kind::project:
      return std::string(k_project) + scope.name;
    case PauseScope::Kind::tree:
      return std::string(k_tree) + scope.name;
  }
  return "all";
}

std::optional<PauseScope> pause_scope_from(std::string_view text) {
  if (text == "all") {
    return PauseScope::everything();
  }
  if (text.size() > k_project.size() && text.starts_with(k_project)) {
    return PauseScope::project(std::string(text.substr(k_project.size())));
  }
  if (text.size() > k_tree.size() && text.starts_with(k_tree)) {
    return PauseScope::tree(std::string(text.substr(k_tree.size())));
  }
  return std::nullopt;
}

Pauses::Pauses(store::Database& database, const Clock& clock)
    : m_database(database), m_clock(clock) {}

Result<Pause> Pauses::pause(const PauseScope& scope, std::string_view who,
                            std::string_view reason) {
  if (scope.kind != PauseScope::Kind::all &&
      (scope.name.empty() || scope.name.size() > k_max_name || !is_valid_utf8(scope.name) ||
       scope.name.find('\0') != std::string::npos)) {
    return fail(ErrorKind::invalid, "a pause names one project or tree, of at most 200 characters");
  }
  Pause pause{scope, ellipsize(mend_utf8(who), k_max_who),
              ellipsize(mend_utf8(reason), k_max_reason), m_clock.now()};
  const std::string key = to_string(scope);
  store::Transaction transaction(m_database);
  pause.time = from_micros(m_database.value<std::int64_t>(
      "INSERT INTO pauses (scope, who, reason, time) VALUES (?, ?, ?, ?) ON CONFLICT (scope) "
      "DO UPDATE SET who = excluded.who, reason = excluded.reason RETURNING time",
      key, pause.who, pause.reason, to_micros(pause.time)));
  append(m_database, m_clock.now(), "work-paused", key, pause.who, pause.reason);
  transaction.commit();
  return pause;
}

bool Pauses::resume(const PauseScope& scope, std::string_view who) {
  const std::string key = to_string(scope);
  if (!is_valid_utf8(key) || key.find('\0') != std::string::npos) {
    return false;
  }
  store::Transaction transaction(m_database);
  const bool was_paused = m_database.exec("DELETE FROM pauses WHERE scope = ?", key) != 0;
  if (was_paused) {
    append(m_database, m_clock.now(), "work-resumed", key, ellipsize(mend_utf8(who), k_max_who),
           {});
  }
  transaction.commit();
  return was_paused;
}

std::vector<Pause> Pauses::list() {
  std::vector<Pause> all;
  m_database.each("SELECT scope, who, reason, time FROM pauses ORDER BY scope",
                  [&](const store::Row& row) {
                    // A scope of a newer version holds nothing back that this one starts.
                    if (auto scope = pause_scope_from(row.text(0))) {
                      all.push_back({*std::move(scope), row.get<std::string>(1),
                                     row.get<std::string>(2), from_micros(row.integer(3))});
                    }
                  });
  // The engines disagree about the order of text.
  std::sort(all.begin(), all.end(), [](const Pause& a, const Pause& b) {
    return std::pair(a.scope.kind, a.scope.name) < std::pair(b.scope.kind, b.scope.name);
  });
  return all;
}

const Pause* pause_of(const std::vector<Pause>& pauses, std::string_view project,
                      std::string_view tree) {
  for (const Pause& pause : pauses) {
    const bool holds =
        pause.scope.kind == PauseScope::Kind::all ||
        (pause.scope.kind == PauseScope::Kind::project && pause.scope.name == project) ||
        (pause.scope.kind == PauseScope::Kind::tree && pause.scope.name == tree);
    if (holds) {
      return &pause;
    }
  }
  return nullptr;
}

}  // namespace patchmill::pipeline
