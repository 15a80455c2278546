#include "reports/undecided.hpp"

#include "util/log.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace patchmill::reports {
namespace {

namespace json = boost::json;

std::string to_text(const VerdictContext& context) {
  json::array maintainers;
  for (const auto& person : context.maintainers) {
    maintainers.push_back({{"name", mend_utf8(person.name)}, {"email", mend_utf8(person.email)}});
  }
  return json::serialize(json::object{{"project", mend_utf8(context.project)},
                                      {"base_commit", context.base_commit},
                                      {"base_described", mend_utf8(context.base_described)},
                                      {"maintainers", std::move(maintainers)}});
}

VerdictContext from_text(std::string_view text) {
  const json::value all = json::parse(text);
  const auto string = [](const json::value& map, std::string_view key) {
    return std::string(map.at(key).as_string());
  };
  VerdictContext context{
      string(all, "project"), string(all, "base_commit"), string(all, "base_described"), {}};
  for (const auto& person : all.at("maintainers").as_array()) {
    context.maintainers.push_back({string(person, "name"), string(person, "email")});
  }
  return context;
}

}  // namespace

Undecided::Undecided(store::Database& database, const Clock& clock)
    : m_database(database), m_clock(clock) {}

std::chrono::seconds Undecided::retry_after(int attempts) {
  constexpr std::chrono::seconds longest = std::chrono::hours(1);
  std::chrono::seconds delay{30};
  for (int i = 1; i < attempts && delay < longest; ++i) {
    delay *= 2;
  }
  return std::min(delay, longest);
}

void Undecided::add(std::int64_t series, const VerdictContext& context) {
  const auto now = to_micros(m_clock.now());
  m_database.exec(
      "INSERT INTO report_undecided (series, stamp, context, attempts, due, reason, created) "
      "VALUES (?, 1, ?, 0, ?, '', ?) ON CONFLICT (series) DO UPDATE SET stamp = "
      "report_undecided.stamp + 1, context = excluded.context, attempts = 0, due = excluded.due, "
      "reason = '', created = excluded.created",
      series, to_text(context), now, now);
}

std::int64_t Undecided::count() {
  return m_database.value<std::int64_t>("SELECT COUNT(*) FROM report_undecided");
}

std::optional<Undecided::Item> Undecided::next_due() {
  const auto row =
      m_database.one<std::int64_t, std::int64_t, std::string, int, std::string, std::int64_t>(
          "SELECT series, stamp, context, attempts, reason, created FROM report_undecided "
          // Set back, the clock would have it wait for years.
          "WHERE due <= ? OR created > ? ORDER BY due, series LIMIT 1",
          to_micros(m_clock.now()), to_micros(m_clock.now() + std::chrono::minutes(1)));
  if (!row) {
    return std::nullopt;
  }
  const auto& [series, stamp, context, attempts, reason, created] = *row;
  return Item{series, stamp, from_text(context), attempts, reason, from_micros(created)};
}

int Undecided::decide(Reporter& reporter, tracker::Queries& queries) {
  int count = 0;
  while (const auto item = next_due()) {
    std::string fault;
    try {
      const auto decided = decide_one(*item, reporter, queries);
      fault = decided ? "" : decided.error().message;
    } catch (const std::exception& problem) {
      // Also of the store: a mail that it does not take must not stand in the way of all others.
      // When it is the store itself, writing that down fails as well, and the caller hears of it.
      fault = problem.what();
    }
    if (fault.empty()) {
      ++count;
    } else {
      postpone(*item, reporter, fault);
    }
  }
  return count;
}

Result<void> Undecided::decide_one(const Item& item, Reporter& reporter,
                                   tracker::Queries& queries) {
  // Mail and "decided" together, so that a crash leaves both or none.
  store::Transaction transaction(m_database);
  if (const auto series = queries.series(item.series)) {
    PM_TRY_ASSIGN(const auto decision, reporter.report(*series, item.context));
    log::info("series {}: {}", item.series, join(decision.reasons, "; "));
  }
  remove(item);
  transaction.commit();
  return {};
}

void Undecided::remove(const Item& item) {
  m_database.exec("DELETE FROM report_undecided WHERE series = ? AND stamp = ?", item.series,
                  item.stamp);
}

void Undecided::postpone(const Item& item, Reporter& reporter, const std::string& reason) {
  const bool last = m_clock.now() - item.created > k_give_up_after;
  const std::string text =
      fmt::format("{}: {}", last ? "given up" : "not decided yet, tried again later",
                  ellipsize(mend_utf8(reason), 1000));
  // Once for each fault, not for each try.
  if (last || reason != item.reason) {
    log::error("the mail about series {}: {}", item.series, text);
  }
  Decision decision;
  decision.not_before = m_clock.now();
  decision.reasons = {text};
  store::Transaction transaction(m_database);
  reporter.mails().set_decision(item.series, decision_json(decision));
  if (last) {
    remove(item);
  } else {
    m_database.exec(
        "UPDATE report_undecided SET attempts = ?, due = ?, reason = ? WHERE series = ? AND "
        "stamp = ?",
        item.attempts + 1, to_micros(m_clock.now() + retry_after(item.attempts + 1)),
        mend_utf8(reason), item.series, item.stamp);
  }
  transaction.commit();
}

}  // namespace patchmill::reports
