#include "tracker/posting_slips.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <tuple>

namespace patchmill::tracker {

namespace {

class SlipJoiner {
 public:
  SlipJoiner(const std::vector<MailFact>& facts, const Ancestry& ancestry,
             std::vector<PostingSet>& sets)
      : m_facts(facts), m_ancestry(ancestry), m_sets(sets), m_owner(facts.size(), 0) {
    for (std::size_t i = 0; i < sets.size(); ++i) {
      own(i);
    }
  }

  void run() {
    // By the head's date, so that the nearest posting comes first.
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < m_sets.size(); ++i) {
      if (!m_sets[i].cover && m_facts[m_sets[i].head()].is_numbered()) {
        order.push_back(i);
      }
    }
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return m_sets[a].head() < m_sets[b].head(); });
    for (const std::size_t i : order) {
      const auto target = answered_set(i);
      if (!target || *target == i) {
        continue;
      }
      if (m_sets[*target].patches.empty()) {
        adopt_cover(*target, i);
      } else {
        join_parts(*target, i);
      }
    }
    join_runs();
    std::erase_if(m_sets, [](const PostingSet& set) { return !set.cover && set.patches.empty(); });
  }

 private:
  void own(std::size_t set) {
    if (m_sets[set].cover) {
      m_owner[*m_sets[set].cover] = set;
    }
    for (const std::size_t patch : m_sets[set].patches) {
      m_owner[patch] = set;
    }
  }

  // The set of the mail that the head of `set` answers directly, by the same author; where that
  // mail is not known, the first set that answers it, too.
  std::optional<std::size_t> answered_set(std::size_t set) {
    const std::size_t head = m_sets[set].head();
    if (m_facts[head].parents.empty()) {
      return std::nullopt;
    }
    const auto parent = m_ancestry.find(m_facts[head].parents.front());
    if (!parent) {
      const auto sibling =
          m_by_unknown.try_emplace({m_ancestry.author(head), m_facts[head].parents.front()}, head)
              .first->second;
      return m_owner[sibling];
    }
    if (m_ancestry.author(*parent) != m_ancestry.author(head) || m_owner[*parent] == set ||
        !m_facts[*parent].is_numbered()) {
      return std::nullopt;
    }
    return m_owner[*parent];
  }

  std::int64_t gap(const PostingSet& a, const PostingSet& b) const {
    return std::abs((a.first - b.first).count());
  }

  void adopt_cover(std::size_t into, std::size_t from) {
    PostingSet& target = m_sets[into];
    PostingSet& patches = m_sets[from];
    const mail::Subject& cover = m_facts[*target.cover].subject;
    const mail::Subject& patch = m_facts[patches.head()].subject;
    const bool same_version = target.version == patches.version;
    if (!same_version && cover.version_given && patch.version_given) {
      return;
    }
    const std::chrono::microseconds window = same_version || !patch.version_given
                                                 ? std::chrono::microseconds(std::chrono::days(1))
                                                 : std::chrono::microseconds(same_posting_window);
    if (gap(target, patches) > window.count()) {
      return;
    }
    if (!same_version) {
      target.version = cover.version_given ? target.version : patches.version;
      add_note(target.note, "Cover letter and patches name different versions.");
    }
    if (target.total != patches.total) {
      add_note(target.note, fmt::format("The cover letter counts {}, the patches {}.",
                                        count_of(target.total, "patch", "patches"), patches.total));
      target.total = patches.total;
    }
    take(into, from);
  }

  // Whether parts with these versions may be one posting. A newer version answering an older one
  // is a reroll, unless one run sent both.
  bool versions_fit(const PostingSet& target, const PostingSet& other) const {
    const MailFact& mail = m_facts[other.head()];
    const std::string run = posting_run(mail.msgid);
    return other.version <= target.version || !mail.subject.version_given ||
           (!run.empty() && run == posting_run(m_facts[target.head()].msgid));
  }

  void join_parts(std::size_t into, std::size_t from) {
    PostingSet& target = m_sets[into];
    PostingSet& other = m_sets[from];
    if ((target.total == other.total && target.version == other.version) ||
        gap(target, other) > std::chrono::microseconds(same_posting_window).count() ||
        !versions_fit(target, other) || missing_numbers(m_facts, target, 1).empty() ||
        missing_numbers(m_facts, other, 1).empty()) {
      return;
    }
    std::set<int> numbers;
    for (const std::size_t patch : target.patches) {
      numbers.insert(m_facts[patch].number());
    }
    for (const std::size_t patch : other.patches) {
      if (numbers.contains(m_facts[patch].number())) {
        return;
      }
    }
    if (target.total != other.total) {
      add_note_once(target.note, fmt::format("Its patches count differently: {} and {}.",
                                             target.total, other.total));
    }
    if (target.version != other.version) {
      add_note_once(target.note, "Its mails name different versions.");
    }
    if (!target.cover) {
      target.total = other.patches.size() > target.patches.size() ? other.total : target.total;
      if (!m_facts[target.head()].subject.version_given) {
        target.version = other.version;
      }
    }
    take(into, from);
  }

  // What git format-patch --thread makes of commits of several people: one run, one thread, and a
  // From: for each. Only the Message-IDs tell it from somebody else's patch in the same thread.
  void join_runs() {
    using Key = std::tuple<std::int64_t, std::string, Version, int>;  // thread, run, version, total
    std::map<Key, std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < m_sets.size(); ++i) {
      const PostingSet& set = m_sets[i];
      if (!set.cover && (set.patches.empty() || !m_facts[set.patches.front()].is_numbered())) {
        continue;  // joined to another set, or a patch that stands for itself
      }
      const MailFact& head = m_facts[set.head()];
      if (std::string run = posting_run(head.msgid); !run.empty()) {
        groups[{head.thread, std::move(run), set.version, set.total}].push_back(i);
      }
    }
    for (auto& [_, group] : groups) {
      std::sort(group.begin(), group.end(),
                [&](std::size_t a, std::size_t b) { return m_sets[a].head() < m_sets[b].head(); });
      for (std::size_t i = 1; i < group.size(); ++i) {
        if (repeats_no_number(group[0], group[i])) {
          add_note_once(m_sets[group[0]].note, "Its mails name different senders.");
          take(group[0], group[i]);
        }
      }
    }
  }

  bool repeats_no_number(std::size_t into, std::size_t from) const {
    const PostingSet& target = m_sets[into];
    const auto before = [&](std::size_t a, int number) { return m_facts[a].number() < number; };
    return !(target.cover && m_sets[from].cover) &&
           std::none_of(
               m_sets[from].patches.begin(), m_sets[from].patches.end(), [&](std::size_t patch) {
                 const int number = m_facts[patch].number();
                 const auto at =
                     std::lower_bound(target.patches.begin(), target.patches.end(), number, before);
                 return at != target.patches.end() && m_facts[*at].number() == number;
               });
  }

  static void add_note_once(std::string& note, std::string_view sentence) {
    if (note.find(sentence) == std::string::npos) {
      add_note(note, sentence);
    }
  }

  void take(std::size_t into, std::size_t from) {
    PostingSet& target = m_sets[into];
    PostingSet& source = m_sets[from];
    if (source.cover) {
      target.cover = source.cover;
      m_owner[*source.cover] = into;
    }
    for (const std::size_t patch : source.patches) {
      m_owner[patch] = into;
    }
    const auto size = static_cast<std::ptrdiff_t>(target.patches.size());
    target.patches.insert(target.patches.end(), source.patches.begin(), source.patches.end());
    std::inplace_merge(target.patches.begin(), target.patches.begin() + size, target.patches.end(),
                       [&](std::size_t a, std::size_t b) {
                         return std::pair(m_facts[a].number(), a) <
                                std::pair(m_facts[b].number(), b);
                       });
    target.first = std::min(target.first, source.first);
    source = {};
  }

  const std::vector<MailFact>& m_facts;
  const Ancestry& m_ancestry;
  std::vector<PostingSet>& m_sets;
  std::vector<std::size_t> m_owner;
  // Author and a Message-ID that is no patch or cover -> the first fact that answers it.
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> m_by_unknown;
};

}  // namespace

void join_slips(const std::vector<MailFact>& facts, const Ancestry& ancestry,
                std::vector<PostingSet>& sets) {
  SlipJoiner(facts, ancestry, sets).run();
}

std::vector<int> missing_numbers(const std::vector<MailFact>& facts, const PostingSet& set,
                                 std::size_t max) {
  std::vector<int> result;
  int next = 1;
  for (const std::size_t patch : set.patches) {
    for (; next < facts[patch].number() && next <= set.total && result.size() < max; ++next) {
      result.push_back(next);
    }
    next = std::max(next, facts[patch].number() + 1);
  }
  for (; next <= set.total && result.size() < max; ++next) {
    result.push_back(next);
  }
  return result;
}

}  // namespace patchmill::tracker
