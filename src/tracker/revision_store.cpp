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
      if (const auto before = previous(number)) {
        add_followers_of(*before, recompute);  // it may be why they follow
      }
    }
    for (const auto& [number, removal] : m_changes.removed) {
      add_followers(number, recompute);
      add_newer_versions(removal.work, recompute);
      m_works.mark(removal.work);  // has lost a member
    }
    for (const std::int64_t number : recompute) {
      choose(number, m_facts.candidates(number));
    }
    // Series which a changed one may precede better than what they have.
    std::set<std::int64_t> others;
    for (const auto& [number, _] : m_changes.changed) {
      for (const std::int64_t other : m_facts.sharing(number)) {
        if (!recompute.contains(other)) {
          others.insert(other);
          std::vector<std::int64_t> candidates{number};
          if (const auto present = previous(other)) {
            candidates.push_back(*present);
          }
          choose(other, candidates);
        }
      }
    }
    // Series which one that was looked at may show the place of.
    others.insert(recompute.begin(), recompute.end());
    std::set<std::int64_t> between;
    for (const std::int64_t number : others) {
      if (const RevisionFact& fact = m_facts.of(number); fact.answers && fact.version > Version{}) {
        for (const std::int64_t other : m_facts.sharing(number)) {
          if (!recompute.contains(other) &&
              may_stand_between(m_facts.of(other), m_facts.of(number))) {
            between.insert(other);
          }
        }
      }
    }
    for (const std::int64_t number : between) {
      choose(number, m_facts.candidates(number));
    }
    m_works.run();
  }

 private:
  std::optional<std::int64_t> previous(std::int64_t number) {
    const auto row = m_database.one<std::optional<std::int64_t>>(
        "SELECT previous FROM series WHERE number = ?", number);
    return row ? std::get<0>(*row) : std::nullopt;
  }

  void add_followers_of(std::int64_t number, std::set<std::int64_t>& into) {
    m_database.each(
        "SELECT number FROM series WHERE previous = ?",
        [&](const store::Row& row) { into.insert(row.integer(0)); }, number);
  }

  // Of a work that has lost a member: what may have had its place by the answer of that one.
  void add_newer_versions(std::int64_t work, std::set<std::int64_t>& into) {
    m_database.each(
        "SELECT number FROM series WHERE work = ? AND (version > 1 OR minor > 0) AND previous IS "
        "NOT NULL",
        [&](const store::Row& row) { into.insert(row.integer(0)); }, work);
  }

  // Series that name this one, or mails of it, as what they continue.
  void add_followers(std::int64_t number, std::set<std::int64_t>& into) {
    auto add = [&](const store::Row& row) { into.insert(row.integer(0)); };
    add_followers_of(number, into);
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

  std::optional<std::int64_t> found(std::int64_t number,
                                    const std::vector<std::int64_t>& candidates) {
    std::vector<RevisionFact> facts;
    for (const std::int64_t candidate : candidates) {
      facts.push_back(m_facts.of(candidate));
    }
    return previous_of(m_facts.of(number), facts);
  }

  std::optional<std::int64_t> found_by_answers(std::int64_t number) {
    const RevisionFact& fact = m_facts.of(number);
    std::vector<Answer> answers;
    if (fact.version > Version{}) {
      for (const std::int64_t other : m_facts.sharing(number)) {
        const RevisionFact& newer = m_facts.of(other);
        if (may_stand_between(fact, newer) &&
            found(other, m_facts.candidates(other)) == newer.answers) {
          answers.push_back({&newer, &m_facts.of(*newer.answers)});
        }
      }
    }
    return previous_by_answers(fact, answers);
  }

  void choose(std::int64_t number, const std::vector<std::int64_t>& candidates) {
    const auto before = previous(number);
    auto now = found(number, candidates);
    now = now ? now : found_by_answers(number);
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
