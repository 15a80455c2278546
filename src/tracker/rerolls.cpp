#include "tracker/rerolls.hpp"

#include "tracker/posting_slips.hpp"

#include <algorithm>
#include <numeric>

namespace patchmill::tracker {

namespace {

class RerollFinder {
 public:
  RerollFinder(const std::vector<MailFact>& facts, const Ancestry& ancestry,
               std::vector<PostingSet>& sets)
      : m_facts(facts),
        m_ancestry(ancestry),
        m_sets(sets),
        m_owner(facts.size(), 0),
        m_family(sets.size()),
        m_found(sets.size()) {
    for (std::size_t i = 0; i < sets.size(); ++i) {
      if (sets[i].cover) {
        m_owner[*sets[i].cover] = i;
      }
      for (const std::size_t patch : sets[i].patches) {
        m_owner[patch] = i;
      }
    }
    std::iota(m_family.begin(), m_family.end(), std::size_t{0});
  }

  std::vector<std::optional<Reroll>> run() {
    find_singles();
    std::vector<std::size_t> order(m_sets.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return is_older(m_facts, m_sets[a], m_sets[b]);
    });
    link_families();
    for (const std::size_t set : order) {
      if (m_found[set]) {
        unite(set, m_found[set]->base);
      } else if (const auto answered = rerolled_by(set)) {
        m_found[set] = Reroll{*answered, {}};
      }
      m_members[root(set)].push_back(set);
      if (m_found[set]) {
        m_found[set]->base = newest_before(set, m_found[set]->base);
      }
    }
    return std::move(m_found);
  }

 private:
  // Series of one author and length whose heads answer each other are one family.
  void link_families() {
    for (std::size_t i = 0; i < m_sets.size(); ++i) {
      if (const auto parent = m_ancestry.nearest_own(m_sets[i].head())) {
        const std::size_t other = m_owner[*parent];
        if (m_sets[other].total == m_sets[i].total) {
          unite(i, other);
        }
      }
    }
  }

  std::size_t root(std::size_t set) {
    while (m_family[set] != set) {
      m_family[set] = m_family[m_family[set]];
      set = m_family[set];
    }
    return set;
  }
  void unite(std::size_t a, std::size_t b) {
    a = root(a);
    b = root(b);
    if (a == b) {
      return;
    }
    m_family[b] = a;
    auto moved = m_members.extract(b);
    if (!moved.empty()) {
      auto& members = m_members[a];
      members.insert(members.end(), moved.mapped().begin(), moved.mapped().end());
    }
  }

  std::optional<std::size_t> rerolled_by(std::size_t index) {
    const PostingSet& set = m_sets[index];
    if (set.cover || !m_facts[set.head()].is_numbered()) {
      return std::nullopt;
    }
    if (missing_numbers(m_facts, set, 1).empty()) {
      return std::nullopt;
    }
    const bool may_be_the_beginning = m_facts[set.patches.front()].number() == 1;
    std::optional<std::size_t> base;
    for (const std::size_t patch : set.patches) {
      const auto answered = m_ancestry.nearest_own(patch);
      const bool fits = answered && answers_series(index, patch, *answered, may_be_the_beginning);
      if (fits && (!base || is_older(m_facts, m_sets[*base], m_sets[m_owner[*answered]]))) {
        base = m_owner[*answered];
      }
      if (!fits && may_be_the_beginning) {
        return std::nullopt;
      }
    }
    return base;
  }

  bool answers_series(std::size_t index, std::size_t patch, std::size_t answered,
                      bool exactly) const {
    const PostingSet& set = m_sets[index];
    const PostingSet& base = m_sets[m_owner[answered]];
    if (m_owner[answered] == index || base.total != set.total || base.patches.empty() ||
        !is_older(m_facts, base, set)) {
      return false;
    }
    const MailFact& mail = m_facts[patch];
    const bool same_number = m_facts[answered].number() == mail.number();
    if (exactly && !same_number) {
      return false;
    }
    if (base.version < set.version) {
      return true;
    }
    // The same version again: only what says that it is the same patch.
    return std::any_of(base.patches.begin(), base.patches.end(), [&](std::size_t other) {
      return m_facts[other].number() == mail.number() &&
             (mail.subject.is_resend || same_title(patch, other));
    });
  }

  // Patches without a counter, oldest first, so that one may answer another.
  void find_singles() {
    std::vector<std::size_t> singles;
    for (std::size_t i = 0; i < m_sets.size(); ++i) {
      if (!m_sets[i].cover && !m_facts[m_sets[i].head()].is_numbered()) {
        singles.push_back(i);
      }
    }
    std::sort(singles.begin(), singles.end(),
              [&](std::size_t a, std::size_t b) { return m_sets[a].head() < m_sets[b].head(); });
    for (const std::size_t single : singles) {
      find_single(single);
    }
  }

  void find_single(std::size_t index) {
    PostingSet& set = m_sets[index];
    const std::size_t patch = set.head();
    const auto answered = m_ancestry.nearest_own(patch);
    if (!answered || m_facts[*answered].is_cover() || !same_title(patch, *answered)) {
      return;
    }
    const std::size_t base = m_owner[*answered];
    std::optional<int> number;
    if (!m_facts[*answered].is_numbered()) {
      number = m_found[base] ? m_found[base]->number : std::nullopt;
    } else if (m_facts[*answered].total() > 1) {
      number = m_facts[*answered].number();
    }
    if (!number) {
      return;
    }
    const Version own = set.version;
    if (!m_facts[patch].subject.version_given) {
      set.version = std::max(own, m_sets[base].version);
    }
    if (is_older(m_facts, m_sets[base], set)) {
      m_found[index] = Reroll{base, number};
    } else {
      set.version = own;
    }
  }

  bool same_title(std::size_t a, std::size_t b) const {
    return mail::normalize_title(m_facts[a].subject.title) ==
           mail::normalize_title(m_facts[b].subject.title);
  }

  // Among the family of `base`, the newest that is older than `set`.
  std::size_t newest_before(std::size_t set, std::size_t base) {
    std::size_t best = base;
    for (const std::size_t member : m_members[root(base)]) {
      // Members whose mails stand for themselves count only once they are known to be rerolls.
      const bool has_place = m_facts[m_sets[member].head()].is_numbered() || m_found[member];
      if (member != set && has_place && is_older(m_facts, m_sets[best], m_sets[member]) &&
          is_older(m_facts, m_sets[member], m_sets[set]) && !m_sets[member].patches.empty()) {
        best = member;
      }
    }
    return best;
  }

  const std::vector<MailFact>& m_facts;
  const Ancestry& m_ancestry;
  std::vector<PostingSet>& m_sets;
  std::vector<std::size_t> m_owner;
  std::vector<std::size_t> m_family;
  std::unordered_map<std::size_t, std::vector<std::size_t>> m_members;  // by root, oldest first
  std::vector<std::optional<Reroll>> m_found;
};

}  // namespace

bool is_older(const std::vector<MailFact>& facts, const PostingSet& a, const PostingSet& b) {
  return std::tuple(a.version, a.first, std::string_view(facts[a.head()].msgid)) <
         std::tuple(b.version, b.first, std::string_view(facts[b.head()].msgid));
}

std::vector<std::optional<Reroll>> find_rerolls(const std::vector<MailFact>& facts,
                                                const Ancestry& ancestry,
                                                std::vector<PostingSet>& sets) {
  return RerollFinder(facts, ancestry, sets).run();
}

}  // namespace patchmill::tracker
