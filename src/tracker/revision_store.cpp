#include "tracker/revision_store.hpp"

#include "mail/subject.hpp"
#include "tracker/message_store.hpp"
#include "tracker/posting_sets.hpp"
#include "tracker/revisions.hpp"
#include "tracker/series_store.hpp"
#include "tracker/superseding.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

namespace patchmill::tracker {

namespace {

using Number = std::int64_t;

// More series than this with a title of one author are not compared one by one.
constexpr std::size_t most_sharing = 256;
constexpr std::size_t most_neighbours = 16;

class RevisionUpdate {
 public:
  RevisionUpdate(store::Database& database, SeriesChanges& changes)
      : m_database(database), m_changes(changes) {}

  void run() {
    std::set<Number> recompute;  // their predecessor may be any
    for (const auto& [number, _] : m_changes.changed) {
      recompute.insert(number);
      add_followers(number, recompute);
    }
    for (const auto& [number, removal] : m_changes.removed) {
      add_followers(number, recompute);
      m_works.insert(removal.work);  // has lost a member
    }
    for (const Number number : recompute) {
      choose(number, all_candidates(number));
    }
    // Series which a changed one may precede better than what they have.
    for (const auto& [number, _] : m_changes.changed) {
      for (const Number other : sharing(number)) {
        if (!recompute.contains(other)) {
          std::vector<Number> candidates{number};
          if (const auto present = previous(other)) {
            candidates.push_back(*present);
          }
          choose(other, candidates);
        }
      }
    }
    for (const Number work : std::set<Number>(m_works)) {
      renumber(work);
    }
  }

 private:
  std::optional<Number> number_of(std::string_view sql, Number key) {
    const auto row = m_database.one<std::optional<Number>>(sql, key);
    return row ? std::get<0>(*row) : std::nullopt;
  }
  std::optional<Number> previous(Number number) {
    return number_of("SELECT previous FROM series WHERE number = ?", number);
  }

  // Series that name this one, or mails of it, as what they continue.
  void add_followers(Number number, std::set<Number>& into) {
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
          m_database.one<Number>("SELECT 1 FROM series WHERE supersedes <> '' LIMIT 1").has_value();
    }
    return *m_any_supersedes;
  }

  // Series with a key in common. Where they are very many (a robot that posts one title for ever),
  // only the nearest before and after in the order of revisions.
  const std::vector<Number>& sharing(Number number) {
    const auto [it, fresh] = m_sharing.try_emplace(number);
    std::vector<Number>& result = it->second;
    if (!fresh) {
      return result;
    }
    auto add = [&](const store::Row& row) { result.push_back(row.integer(0)); };
    m_database.each(
        "SELECT DISTINCT b.series FROM series_keys a JOIN series_keys b ON b.key = a.key"
        " WHERE a.series = ? AND b.series <> a.series LIMIT ?",
        add, number, most_sharing + 1);
    if (result.size() > most_sharing) {
      result.clear();
      for (const RevisionKey& key : fact_of(number).keys) {
        add_nearest(number, key, add);
      }
      std::sort(result.begin(), result.end());
      result.erase(std::unique(result.begin(), result.end()), result.end());
    }
    return result;
  }

  template <class Add>
  void add_nearest(Number number, const RevisionKey& key, Add& add) {
    const RevisionFact& fact = fact_of(number);
    const std::int64_t rank = version_rank(fact.version);
    const std::int64_t date = to_micros(fact.date);
    m_database.each(
        "SELECT series FROM series_keys WHERE key = ? AND (rank, date) <= (?, ?) AND series <> ?"
        " ORDER BY rank DESC, date DESC LIMIT ?",
        add, key.key, rank, date, number, most_neighbours);
    m_database.each(
        "SELECT series FROM series_keys WHERE key = ? AND (rank, date) >= (?, ?) AND series <> ?"
        " ORDER BY rank, date LIMIT ?",
        add, key.key, rank, date, number, most_neighbours);
  }

  std::vector<Number> all_candidates(Number number) {
    std::vector<Number> candidates = sharing(number);
    const RevisionFact& fact = fact_of(number);
    for (const auto& named : {fact.rerolls, fact.answers, fact.supersedes}) {
      if (named) {
        candidates.push_back(*named);
      }
    }
    return candidates;
  }

  void choose(Number number, const std::vector<Number>& candidates) {
    std::vector<RevisionFact> facts;
    for (const Number candidate : candidates) {
      facts.push_back(fact_of(candidate));
    }
    const auto before = previous(number);
    const auto now = previous_of(fact_of(number), facts);
    if (before != now) {
      m_database.exec("UPDATE series SET previous = ? WHERE number = ?", now, number);
    }
    const auto change = m_changes.changed.find(number);
    const bool changed = change != m_changes.changed.end();
    // A new series without predecessor is a work of its own, as inserted.
    if (before != now || (changed && (!change->second.created || now))) {
      m_works.insert(work_of(number));
      if (now) {
        m_works.insert(work_of(*now));
      }
    }
  }

  Number work_of(Number number) {
    return m_database.value<Number>("SELECT work FROM series WHERE number = ?", number);
  }

  const RevisionFact& fact_of(Number number) {
    const auto [it, fresh] = m_facts.try_emplace(number);
    if (!fresh) {
      return it->second;
    }
    RevisionFact& fact = it->second;
    std::optional<Number> answers;
    std::string supersedes;
    m_database.each(
        "SELECT s.author, s.version, s.minor, s.total, s.date, i.msgid, s.is_resend, s.rerolls,"
        " s.answers, s.supersedes, s.prefixes, s.list_ids, s.cover FROM series s JOIN message_ids "
        "i ON i.id "
        "= s.head"
        " WHERE s.number = ?",
        [&](const store::Row& row) {
          fact.series = number;
          fact.author = row.text(0);
          fact.version = {row.get<int>(1), row.get<int>(2)};
          fact.total = row.get<int>(3);
          fact.date = from_micros(row.integer(4));
          fact.head_msgid = row.text(5);
          fact.is_resend = row.get<bool>(6);
          fact.rerolls = row.get<std::optional<Number>>(7);
          answers = row.get<std::optional<Number>>(8);
          supersedes = row.text(9);
          fact.has_cover = !row.is_null(12);
          fact.lists = split_words(row.text(11));
          fact.tags = work_tags(split_words(row.text(10)), fact.lists);
        },
        number);
    m_database.each(
        "SELECT kind, key FROM series_keys WHERE series = ? ORDER BY kind, key",
        [&](const store::Row& row) { fact.keys.push_back({row.get<KeyKind>(0), row.integer(1)}); },
        number);
    if (answers) {
      fact.answers = number_of("SELECT series FROM series_mails WHERE id = ?", *answers);
    }
    if (!supersedes.empty()) {
      const auto row = m_database.one<Number>(
          "SELECT s.series FROM message_ids i JOIN series_mails s ON s.id = i.id WHERE i.msgid = ?",
          supersedes);
      fact.supersedes = row ? std::optional(std::get<0>(*row)) : std::nullopt;
    }
    return fact;
  }

  struct Member : Revision {
    std::optional<Number> revision_of;
    Number work = 0;
    bool superseded = false;
    std::string note;
  };

  // Splits or joins works so that each is a set of series connected by `previous`.
  void renumber(Number work) {
    if (!m_works.contains(work)) {
      return;  // done together with another one
    }
    std::map<Number, Member> members;
    std::vector<Number> open{work};
    m_works.erase(work);
    while (!open.empty()) {
      const Number next = open.back();
      open.pop_back();
      for (auto& [number, member] : load_members(next)) {
        if (member.previous && !members.contains(*member.previous)) {
          if (const Number other = work_of(*member.previous);
              other != next && m_works.erase(other) > 0) {
            open.push_back(other);
          }
        }
        members.emplace(number, std::move(member));
      }
      // Works that follow a member of this one are dirty too; they were marked by choose().
      for (const Number other : followers_outside(next)) {
        if (m_works.erase(other) > 0) {
          open.push_back(other);
        }
      }
    }
    for (const auto& chain : chains(members)) {
      write_chain(members, chain);
    }
  }

  std::map<Number, Member> load_members(Number work) {
    std::map<Number, Member> members;
    m_database.each(
        "SELECT s.number, s.previous, s.revision_of, s.superseded, s.version, s.minor, s.date,"
        " i.msgid, s.revision_note, s.work, s.total, (SELECT count(*) FROM series_patches p"
        " WHERE p.series = s.number), s.prefixes, s.list_ids, s.author, s.cover,"
        " s.change_id, s.supersedes"
        " FROM series s JOIN message_ids i ON i.id = s.head WHERE s.work = ?",
        [&](const store::Row& row) {
          Member& member = members[row.integer(0)];
          member.previous = row.get<std::optional<Number>>(1);
          member.revision_of = row.get<std::optional<Number>>(2);
          member.superseded = row.get<bool>(3);
          member.fact.series = row.integer(0);
          member.fact.version = {row.get<int>(4), row.get<int>(5)};
          member.fact.date = from_micros(row.integer(6));
          member.fact.head_msgid = row.text(7);
          member.note = row.text(8);
          member.work = row.integer(9);
          member.received = row.integer(11);
          member.complete = row.integer(10) <= row.integer(11);
          member.fact.total = row.get<int>(10);
          member.fact.author = row.text(14);
          member.fact.has_cover = !row.is_null(15);
          member.change_id = row.text(16);
          member.names_previous = !row.text(17).empty();
          member.fact.lists = split_words(row.text(13));
          member.fact.tags = work_tags(split_words(row.text(12)), member.fact.lists);
        },
        work);
    return members;
  }

  std::vector<Number> followers_outside(Number work) {
    std::vector<Number> result;
    m_database.each(
        "SELECT DISTINCT f.work FROM series s JOIN series f ON f.previous = s.number"
        " WHERE s.work = ? AND f.work <> s.work",
        [&](const store::Row& row) { result.push_back(row.integer(0)); }, work);
    return result;
  }

  static std::vector<std::vector<Number>> chains(const std::map<Number, Member>& members) {
    std::unordered_map<Number, Number> above;
    const auto root = [&](Number number) {
      while (above.at(number) != number) {
        above[number] = above.at(above.at(number));
        number = above.at(number);
      }
      return number;
    };
    for (const auto& [number, _] : members) {
      above[number] = number;
    }
    for (const auto& [number, member] : members) {
      if (member.previous && members.contains(*member.previous)) {
        const Number a = root(number);
        const Number b = root(*member.previous);
        above[std::max(a, b)] = std::min(a, b);
      }
    }
    std::map<Number, std::vector<Number>> groups;
    for (const auto& [number, _] : members) {
      groups[root(number)].push_back(number);
    }
    std::vector<std::vector<Number>> result;
    for (auto& [_, group] : groups) {
      std::sort(group.begin(), group.end(), [&](Number a, Number b) {
        return comes_before(members.at(a).fact, members.at(b).fact);
      });
      result.push_back(std::move(group));
    }
    return result;
  }

  // What two series of different people may have in common.
  struct Contents {
    std::set<std::string> titles, authors;
  };
  const Contents& contents_of(Number number) {
    const auto [it, fresh] = m_contents.try_emplace(number);
    if (fresh) {
      m_database.each(
          "SELECT p.title, m.author_email, s.submitter_email FROM series_patches p"
          " JOIN series_mails m ON m.id = p.mail JOIN series s ON s.number = p.series"
          " WHERE p.series = ?",
          [&](const store::Row& row) {
            it->second.titles.insert(mail::normalize_title(row.text(0)));
            it->second.authors.insert(to_lower(row.text(1)));
            it->second.authors.insert(to_lower(row.text(2)));
          },
          number);
      it->second.titles.erase("");
    }
    return it->second;
  }

  bool are_related(Number a, Number b) {
    const auto common = [](const std::set<std::string>& one, const std::set<std::string>& other) {
      return std::ranges::any_of(one,
                                 [&](const std::string& word) { return other.contains(word); });
    };
    const Contents& mine = contents_of(a);
    const Contents& others = contents_of(b);
    return common(mine.titles, others.titles) || common(mine.authors, others.authors);
  }

  static std::string note_on_stranger(const RevisionFact& stranger) {
    return fmt::format(
        "{} posted what claims to be a newer version, but shares no patch with this one; it does"
        " not take over.",
        std::string_view(stranger.author).substr(0, stranger.author.find('\n')));
  }

  void write_chain(const std::map<Number, Member>& members, const std::vector<Number>& chain) {
    const Number work = *std::min_element(chain.begin(), chain.end());
    std::vector<Revision> revisions;
    revisions.reserve(chain.size());
    for (const Number number : chain) {
      revisions.push_back(members.at(number));
    }
    const auto fates = successions(
        revisions, [&](std::size_t a, std::size_t b) { return are_related(chain[a], chain[b]); });
    for (std::size_t i = 0; i < chain.size(); ++i) {
      const Member& member = members.at(chain[i]);
      std::optional<Number> revision_of;
      if (i > 0) {
        revision_of = chain[i - 1];
      }
      const bool superseded = fates[i].heir.has_value();
      const bool same_version =
          i > 0 && members.at(chain[i - 1]).fact.version == member.fact.version;
      std::string note = same_version ? "This version was posted before." : "";
      if (fates[i].stranger) {
        add_note(note, note_on_stranger(revisions[*fates[i].stranger].fact));
      }
      if (member.work == work && member.revision_of == revision_of &&
          member.superseded == superseded && member.note == note) {
        continue;
      }
      m_database.exec(
          "UPDATE series SET work = ?, revision_of = ?, superseded = ?, revision_note = ?"
          " WHERE number = ?",
          work, revision_of, superseded, note, chain[i]);
      m_changes.changed.try_emplace(chain[i]);
      if (superseded && !member.superseded) {
        m_changes.superseded[chain[i]] = chain[*fates[i].heir];
      }
    }
  }

  store::Database& m_database;
  SeriesChanges& m_changes;
  std::set<Number> m_works;  // to be renumbered
  std::unordered_map<Number, RevisionFact> m_facts;
  std::unordered_map<Number, std::vector<Number>> m_sharing;
  std::unordered_map<Number, Contents> m_contents;
  std::optional<bool> m_any_supersedes;
};

}  // namespace

void update_revisions(store::Database& database, SeriesChanges& changes) {
  RevisionUpdate(database, changes).run();
}

}  // namespace patchmill::tracker
