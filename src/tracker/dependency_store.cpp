#include "tracker/bulk_query.hpp"
#include "tracker/dependencies.hpp"
#include "tracker/revision_facts.hpp"
#include "tracker/series_store.hpp"

#include <map>
#include <set>
#include <vector>

namespace patchmill::tracker {

namespace {

using Number = std::int64_t;

class DependencyUpdate {
 public:
  DependencyUpdate(store::Database& database, SeriesChanges& changes)
      : m_database(database), m_changes(changes) {}

  void run() {
    for (const auto& [number, _] : m_changes.changed) {
      rewrite(number);
    }
    for (const auto& [number, _] : m_changes.removed) {
      m_database.each(
          "SELECT series, position FROM series_dependencies WHERE resolved = ?",
          [&](const store::Row& row) { m_open.emplace(row.integer(0), row.integer(1)); }, number);
    }
    if (m_database.one<Number>("SELECT 1 FROM series_dependencies LIMIT 1")) {
      for (const auto& [number, _] : m_changes.changed) {
        find_dependents(number);
      }
    }
    resolve_open();
  }

  std::vector<Number> resolve_lookup(const std::string& key) {
    add_lookup(key);
    return resolve_open();
  }

 private:
  void rewrite(Number number) {
    // In the order in which series_content() unites them: what was posted now before what was
    // carried over, the cover before the patches.
    std::vector<mail::Dependency> dependencies;
    m_database.each(
        "SELECT d.kind, d.target FROM (SELECT mail, carried_over, number FROM series_patches"
        " WHERE series = ? UNION ALL SELECT cover, CASE WHEN cover = head THEN 0 ELSE 1 END, 0"
        " FROM series WHERE number = ? AND cover IS NOT NULL) AS m"
        " JOIN mail_dependencies d ON d.mail = m.mail"
        " ORDER BY m.carried_over, m.number, d.position",
        [&](const store::Row& row) {
          mail::Dependency dependency{row.get<mail::DependencyKind>(0), row.get<std::string>(1)};
          if (std::find(dependencies.begin(), dependencies.end(), dependency) ==
              dependencies.end()) {
            dependencies.push_back(std::move(dependency));
          }
        },
        number, number);
    std::map<std::string, Number> told;  // by layers above, and not found again here
    if (!m_changes.changed.at(number).created) {
      m_database.each(
          "SELECT lookup, resolved FROM series_dependencies"
          " WHERE series = ? AND resolved IS NOT NULL AND substr(lookup, 1, 2) = 'u:'",
          [&](const store::Row& row) { told[row.get<std::string>(0)] = row.integer(1); }, number);
      m_database.exec("DELETE FROM series_dependencies WHERE series = ?", number);
    }
    std::int64_t position = 0;
    for (const mail::Dependency& dependency : dependencies) {
      const DependencyLookup lookup = lookup_of(dependency);
      const auto known = told.find(lookup.key);
      m_database.exec(
          "INSERT INTO series_dependencies (series, position, kind, target, lookup, resolved,"
          " reason) VALUES (?, ?, ?, ?, ?, ?, ?)",
          number, position, dependency.kind, dependency.target, lookup.key,
          known == told.end() ? std::nullopt : std::optional(known->second), lookup.reason);
      if (!lookup.key.empty()) {
        m_open.emplace(number, position);
      }
      ++position;
    }
  }

  void add_lookup(const std::string& key) {
    m_database.each(
        "SELECT series, position FROM series_dependencies WHERE lookup = ?",
        [&](const store::Row& row) { m_open.emplace(row.integer(0), row.integer(1)); }, key);
  }

  // Dependencies of others that this series may satisfy.
  void find_dependents(Number number) {
    auto add = [&](const store::Row& row) { m_open.emplace(row.integer(0), row.integer(1)); };
    m_database.each(
        "SELECT d.series, d.position FROM series_patches p JOIN message_ids i ON i.id = p.mail"
        " JOIN series_dependencies d ON d.lookup = 'm:' || i.msgid WHERE p.series = ?",
        add, number);
    m_database.each(
        "SELECT d.series, d.position FROM series s JOIN message_ids i ON i.id = s.cover"
        " JOIN series_dependencies d ON d.lookup = 'm:' || i.msgid WHERE s.number = ?",
        add, number);
    m_database.each(
        "SELECT d.series, d.position FROM series_patches p JOIN series_mails m ON m.id = p.mail"
        " JOIN series_dependencies d ON d.lookup = 'p:' || m.patch_id WHERE p.series = ?",
        add, number);
    m_database.each(
        "SELECT d.series, d.position FROM series s JOIN series_dependencies d"
        " ON d.lookup = 'c:' || s.change_id WHERE s.number = ? AND s.change_id <> ''",
        add, number);
    m_database.each("SELECT series, position FROM series_dependencies WHERE resolved = ?", add,
                    number);
  }

  struct Answer {
    std::optional<Number> series;
    std::string reason;
  };

  Answer find(Number of, mail::DependencyKind kind, const std::string& target,
              const std::string& key, std::optional<Number> before) {
    const std::string_view value = std::string_view(key).substr(2);
    Answer answer;
    if (key.starts_with("m:")) {
      if (const auto id =
              m_database.one<Number>("SELECT id FROM message_ids WHERE msgid = ?", value)) {
        answer.series = newest_series_of(m_database, std::get<0>(*id));
      }
      answer.reason = "no patch or cover letter with this Message-ID has arrived";
    } else if (key.starts_with("p:")) {
      // Of those posted in the same second, or without a date, never the one that arrived last.
      const auto mail = m_database.one<Number>(
          "SELECT m.id FROM series_mails m JOIN message_ids i ON i.id = m.id WHERE m.patch_id = ?"
          " ORDER BY CASE WHEN m.date IS NULL THEN 1 ELSE 0 END, m.date DESC, i.msgid DESC LIMIT 1",
          value);
      if (mail) {
        answer.series = newest_series_of(m_database, std::get<0>(*mail));
      }
      answer.reason = "no patch with this patch-id is known";
    } else if (key.starts_with("u:")) {
      if (before && m_database.one<Number>("SELECT 1 FROM series WHERE number = ?", *before)) {
        answer.series = before;
      }
      answer.reason = k_no_series_of_address;
    } else {
      const auto version = lookup_of({kind, target}).version;
      const auto known = revision_numbers(
          m_database,
          "SELECT s.number, s.version, s.minor, s.date, i.msgid, s.is_rfc FROM series s"
          " JOIN message_ids i ON i.id = s.head"
          " WHERE s.change_id = ? AND (s.version = ? OR ? < 0) AND s.number <> ?",
          value, version.value_or(-1), version.value_or(-1), of);
      answer.series = known.empty() ? std::nullopt : std::optional(known.back());
      answer.reason = "no series with this change-id and version has arrived";
    }
    if (answer.series == of) {
      return {std::nullopt, std::string(k_names_itself)};
    }
    return answer.series ? Answer{answer.series, ""} : answer;
  }

  std::vector<Number> resolve_open() {
    std::set<Number> touched;
    for (const auto& [series, position] : m_open) {
      const auto row = m_database.one<mail::DependencyKind, std::string, std::string,
                                      std::optional<Number>, std::string>(
          "SELECT kind, target, lookup, resolved, reason FROM series_dependencies"
          " WHERE series = ? AND position = ?",
          series, position);
      if (!row) {
        continue;
      }
      const auto& [kind, target, key, before, reason] = *row;
      const Answer now = find(series, kind, target, key, before);
      if (now.series == before && now.reason == reason) {
        continue;
      }
      m_database.exec(
          "UPDATE series_dependencies SET resolved = ?, reason = ? WHERE series = ? AND position = "
          "?",
          now.series, now.reason, series, position);
      if (now.series != before) {
        touched.insert(series);
        m_changes.changed.try_emplace(series);
      }
    }
    m_open.clear();
    return {touched.begin(), touched.end()};
  }

  store::Database& m_database;
  SeriesChanges& m_changes;
  std::set<std::pair<Number, std::int64_t>> m_open;  // dependencies to look at
};

}  // namespace

void update_dependencies(store::Database& database, SeriesChanges& changes) {
  DependencyUpdate(database, changes).run();
}

std::vector<std::int64_t> set_patch_id(store::Database& database, std::int64_t message,
                                       std::string_view patch_id) {
  store::Transaction transaction(database);
  database.exec("UPDATE series_mails SET patch_id = ? WHERE id = ?", patch_id, message);
  SeriesChanges changes;
  auto resolved = DependencyUpdate(database, changes).resolve_lookup("p:" + std::string(patch_id));
  transaction.commit();
  return resolved;
}

std::vector<std::pair<std::int64_t, std::int64_t>> dependency_links(
    store::Database& database, std::span<const std::int64_t> numbers) {
  std::vector<std::pair<std::int64_t, std::int64_t>> links;
  auto add = [&](const store::Row& row) { links.emplace_back(row.integer(0), row.integer(1)); };
  each_in<std::int64_t>(database,
                        "SELECT series, resolved FROM series_dependencies"
                        " WHERE resolved IS NOT NULL AND series",
                        numbers, add);
  // Anybody may send mails that name the same series.
  std::set<Number> named;
  each_in<Number>(database, "SELECT DISTINCT resolved FROM series_dependencies WHERE resolved",
                  numbers, [&](const store::Row& row) { named.insert(row.integer(0)); });
  for (const Number number : named) {
    database.each(
        "SELECT DISTINCT series FROM series_dependencies WHERE resolved = ? ORDER BY series DESC"
        " LIMIT ?",
        [&](const store::Row& row) { links.emplace_back(row.integer(0), number); }, number,
        k_most_dependents);
  }
  return links;
}

}  // namespace patchmill::tracker
