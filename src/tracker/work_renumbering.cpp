#include "tracker/work_renumbering.hpp"

#include "mail/subject.hpp"
#include "tracker/message_store.hpp"
#include "tracker/posting_sets.hpp"
#include "tracker/revisions.hpp"
#include "tracker/superseding.hpp"
#include "util/clock.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace patchmill::tracker {
namespace {

std::string note_on_stranger(const RevisionFact& stranger) {
  return fmt::format(
      "{} posted what claims to be a newer version, but shares no patch with this one; it does"
      " not take over.",
      std::string_view(stranger.author).substr(0, stranger.author.find('\n')));
}

}  // namespace

struct WorkRenumbering::Member : Revision {
  std::optional<std::int64_t> revision_of;
  std::int64_t work = 0;
  bool superseded = false;
  std::string note;
};

void WorkRenumbering::run() {
  for (const std::int64_t work : std::set<std::int64_t>(m_works)) {
    renumber(work);
  }
}

std::int64_t WorkRenumbering::work_of(std::int64_t series) {
  return m_database.value<std::int64_t>("SELECT work FROM series WHERE number = ?", series);
}

void WorkRenumbering::renumber(std::int64_t work) {
  if (!m_works.contains(work)) {
    return;  // done together with another one
  }
  std::map<std::int64_t, Member> members;
  std::vector<std::int64_t> open{work};
  m_works.erase(work);
  while (!open.empty()) {
    const std::int64_t next = open.back();
    open.pop_back();
    for (auto& [number, member] : load_members(next)) {
      if (member.previous && !members.contains(*member.previous)) {
        if (const std::int64_t other = work_of(*member.previous);
            other != next && m_works.erase(other) > 0) {
          open.push_back(other);
        }
      }
      members.emplace(number, std::move(member));
    }
    // Works that follow a member of this one are dirty too; they are marked already.
    for (const std::int64_t other : followers_outside(next)) {
      if (m_works.erase(other) > 0) {
        open.push_back(other);
      }
    }
  }
  if (goes_back(members)) {
    load_diffs(members);
  }
  for (const auto& chain : chains(members)) {
    write_chain(members, chain);
  }
}

std::map<std::int64_t, WorkRenumbering::Member> WorkRenumbering::load_members(std::int64_t work) {
  std::map<std::int64_t, Member> members;
  m_database.each(
      "SELECT s.number, s.previous, s.revision_of, s.superseded, s.version, s.minor, s.date,"
      " i.msgid, s.revision_note, s.work, s.total, (SELECT count(*) FROM series_patches p"
      " WHERE p.series = s.number), s.prefixes, s.list_ids, s.author, s.cover,"
      " s.change_id, s.supersedes, s.is_rfc, s.rerolls,"
      " (SELECT count(*) FROM series_patches p WHERE p.series = s.number AND p.number = 1)"
      " FROM series s JOIN message_ids i ON i.id = s.head WHERE s.work = ?",
      [&](const store::Row& row) {
        Member& member = members[row.integer(0)];
        member.previous = row.get<std::optional<std::int64_t>>(1);
        member.revision_of = row.get<std::optional<std::int64_t>>(2);
        member.superseded = row.get<bool>(3);
        member.fact.series = row.integer(0);
        member.fact.version = {row.get<int>(4), row.get<int>(5)};
        member.fact.date = from_micros(row.integer(6));
        member.fact.head_msgid = row.text(7);
        member.note = row.text(8);
        member.work = row.integer(9);
        member.received = row.integer(11);
        member.complete = row.integer(10) <= row.integer(11);
        // While its mails come in, too: else it would be superseded until the last one is here.
        member.fact.is_whole = row.is_null(19) && (member.fact.has_cover || row.integer(20) > 0);
        member.fact.total = row.get<int>(10);
        member.fact.author = row.text(14);
        member.fact.has_cover = !row.is_null(15);
        member.change_id = row.text(16);
        member.names_previous = !row.text(17).empty();
        member.fact.is_rfc = row.get<bool>(18);
        member.fact.lists = split_words(row.text(13));
        member.fact.tags = work_tags(split_words(row.text(12)), member.fact.lists);
      },
      work);
  return members;
}

// Only then it matters what was posted twice.
bool WorkRenumbering::goes_back(const std::map<std::int64_t, Member>& members) {
  std::vector<const RevisionFact*> by_date;
  for (const auto& [_, member] : members) {
    by_date.push_back(&member.fact);
  }
  std::ranges::sort(by_date, {}, &RevisionFact::date);
  return !std::ranges::is_sorted(by_date, {}, &RevisionFact::version);
}

void WorkRenumbering::load_diffs(std::map<std::int64_t, Member>& members) {
  std::set<std::int64_t> works;
  for (const auto& [_, member] : members) {
    works.insert(member.work);
  }
  for (const std::int64_t work : works) {
    m_database.each(
        "SELECT p.series, COALESCE(m.patch_hash, '') FROM series s JOIN series_patches p"
        " ON p.series = s.number JOIN series_mails m ON m.id = p.mail WHERE s.work = ?"
        " ORDER BY p.series, p.number",
        [&](const store::Row& row) {
          members.at(row.integer(0)).fact.diffs += std::string(row.text(1)) + ' ';
        },
        work);
  }
}

std::vector<std::int64_t> WorkRenumbering::followers_outside(std::int64_t work) {
  std::vector<std::int64_t> result;
  m_database.each(
      "SELECT DISTINCT f.work FROM series s JOIN series f ON f.previous = s.number"
      " WHERE s.work = ? AND f.work <> s.work",
      [&](const store::Row& row) { result.push_back(row.integer(0)); }, work);
  return result;
}

std::vector<std::vector<std::int64_t>> WorkRenumbering::chains(
    const std::map<std::int64_t, Member>& members) {
  std::unordered_map<std::int64_t, std::int64_t> above;
  const auto root = [&](std::int64_t number) {
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
      const std::int64_t a = root(number);
      const std::int64_t b = root(*member.previous);
      above[std::max(a, b)] = std::min(a, b);
    }
  }
  std::map<std::int64_t, std::vector<std::int64_t>> groups;
  for (const auto& [number, _] : members) {
    groups[root(number)].push_back(number);
  }
  std::vector<std::vector<std::int64_t>> result;
  for (auto& [_, group] : groups) {
    std::vector<const RevisionFact*> facts;
    facts.reserve(group.size());
    for (const std::int64_t number : group) {
      facts.push_back(&members.at(number).fact);
    }
    sort_revisions(facts);
    std::ranges::transform(facts, group.begin(), &RevisionFact::series);
    result.push_back(std::move(group));
  }
  return result;
}

const WorkRenumbering::Contents& WorkRenumbering::contents_of(std::int64_t number) {
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

bool WorkRenumbering::are_related(std::int64_t a, std::int64_t b) {
  const auto common = [](const std::set<std::string>& one, const std::set<std::string>& other) {
    return std::ranges::any_of(one, [&](const std::string& word) { return other.contains(word); });
  };
  const Contents& mine = contents_of(a);
  const Contents& others = contents_of(b);
  return common(mine.titles, others.titles) || common(mine.authors, others.authors);
}

void WorkRenumbering::write_chain(const std::map<std::int64_t, Member>& members,
                                  const std::vector<std::int64_t>& chain) {
  const std::int64_t work = *std::min_element(chain.begin(), chain.end());
  std::vector<Revision> revisions;
  revisions.reserve(chain.size());
  for (const std::int64_t number : chain) {
    revisions.push_back(members.at(number));
  }
  const auto fates = successions(
      revisions, [&](std::size_t a, std::size_t b) { return are_related(chain[a], chain[b]); });
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const Member& member = members.at(chain[i]);
    std::optional<std::int64_t> revision_of;
    if (i > 0) {
      revision_of = chain[i - 1];
    }
    const bool superseded = fates[i].heir.has_value();
    const bool same_version = i > 0 && member.fact.version == revisions[i - 1].fact.version &&
                              !counts_higher(member.fact, revisions[i - 1].fact);
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

}  // namespace patchmill::tracker
