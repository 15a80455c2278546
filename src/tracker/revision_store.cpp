#include "tracker/revision_store.hpp"

#include "tracker/revision_facts.hpp"
#include "tracker/revisions.hpp"
#include "tracker/work_renumbering.hpp"

#include <optional>
#include <tuple>

namespace patchmill::tracker {
namespace {

// Finds the predecessor of each series that may have got another one.
class RevisionUpdate {
 public:
  RevisionUpdate(store::Database& database, SeriesChanges& changes)
      : m_database(database), m_changes(changes), m_facts(database), m_works(database, changes) {}

  void run() {
    std::set<std::int64_t> recompute;  // their predecessor may be any
    for (const auto& [number, _] : m_changes.changed) {
      recompute.insert(number);
      add_followers(number, recompute);
    }
    for (const auto& [number, removal] : m_changes.removed) {
      add_followers(number, recompute);
      m_works.mark(removal.work);  // has lost a member
    }
    for (const std::int64_t number : recompute) {
      choose(number, m_facts.candidates(number));
    }
    // Series which a changed one may precede better than what they have.
    for (const auto& [number, _] : m_changes.changed) {
      for (const std::int64_t other : m_facts.sharing(number)) {
        if (!recompute.contains(other)) {
          std::vector<std::int64_t> candidates{number};
          if (const auto present = previous(other)) {
            candidates.push_back(*present);
          }
          choose(other, candidates);
        }
      }
    }
    m_works.run();
  }

 private:
  std::optional<std::int64_t> previous(std::int64_t number) {
    const auto row = m_database.one<std::optional<std::int64_t>>(
        "SELECT previous FROM series WHERE number = ?", number);
    return row ? std::get<0>(*row) : std::nullopt;
  }

  // Series that name this one, or mails of it, as what they continue.
  void add_followers(std::int64_t number, std::set<std::int64_t>& into) {
    auto add = [&](const store::Row& row) { into.insert(row.integer(0)); };
    m_database.each("SELECT number FROM series WHERE previous = ?", add, number);
    m_database.each(
        "SELECT s.number FROM series_patches p JOIN series s ON s.answers = p.mail"
        " WHERE p.series = ? AND s.number <> p.series",
        add, number);
    m_database.each(
        "SELECT s.number FROM series t JOIN series s ON s.answers = t.cover"
        " WHERE t.number = ? AND t.cover IS NOT NULL AND s.number <> t.number",
        add, number);
    if (any_supersedes()) {
      m_database.each(
          "SELECT s.number FROM series_patches p JOIN message_ids i ON i.id = p.mail"
          " JOIN series s ON s.supersedes = i.msgid AND s.supersedes <> '' WHERE p.series = ?",
          add, number);
      m_database.each(
          "SELECT s.number FROM series t JOIN message_ids i ON i.id = t.cover"
          " JOIN series s ON s.supersedes = i.msgid AND s.supersedes <> '' WHERE t.number = ?",
          add, number);
    }
  }

  bool any_supersedes() {
    if (!m_any_supersedes) {
      m_any_supersedes =
          m_database.one<std::int64_t>("SELECT 1 FROM series WHERE supersedes <> '' LIMIT 1")
              .has_value();
    }
    return *m_any_supersedes;
  }

  void choose(std::int64_t number, const std::vector<std::int64_t>& candidates) {
    std::vector<RevisionFact> facts;
    for (const std::int64_t candidate : candidates) {
      facts.push_back(m_facts.of(candidate));
    }
    const auto before = previous(number);
    const auto now = previous_of(m_facts.of(number), facts);
    if (before != now) {
      m_database.exec("UPDATE series SET previous = ? WHERE number = ?", now, number);
    }
    const auto change = m_changes.changed.find(number);
    const bool changed = change != m_changes.changed.end();
    // A new series without predecessor is a work of its own, as inserted.
    if (before != now || (changed && (!change->second.created || now))) {
      m_works.mark_work_of(number);
      if (now) {
        m_works.mark_work_of(*now);
      }
    }
  }

  store::Database& m_database;
  SeriesChanges& m_changes;
  RevisionFacts m_facts;
  WorkRenumbering m_works;
  std::optional<bool> m_any_supersedes;
};

}  // namespace

void update_revisions(store::Database& database, SeriesChanges& changes) {
  RevisionUpdate(database, changes).run();
}

}  // namespace patchmill::tracker
