#include "tracker/rerolls.hpp"

#include "tracker/posting_slips.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

namespace patchmill::tracker {

namespace {

// Postings that a reroll is put together from, besides its base.
constexpr std::size_t most_older_postings = 8;

class RerollFinder {
 public:
  RerollFinder(const std::vector<MailFact>& facts, const Ancestry& ancestry,
               std::vector<PostingSet>& sets)
      : m_facts(facts),
        m_ancestry(ancestry),
        m_sets(sets),
        m_owner(facts.size(), 0),
        m_family(sets.size()),
        m_found(sets.size()),
        m_held(sets.size()) {
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
      } else if (const auto elsewhere = older_elsewhere(set)) {
        unite(set, *elsewhere);
        if (is_stray_part(m_facts[m_sets[set].head()])) {
          m_found[set] = Reroll{*elsewhere, {}};
        }
      }
      m_members[root(set)].push_back(set);
      m_held[set] = own_numbers(set);
      if (m_found[set]) {
        Reroll& reroll = *m_found[set];
        const std::size_t named = reroll.base;
        reroll.base = newest_before(set, named).value_or(named);
        reroll.rest = postings_before(reroll.base);
        take_from_base(set, named);
      }
    }
    return std::move(m_found);
  }

 private:
  // What a series holds, with what it carries over: all that must be known to tell whether there is
  // a patch of another number.
  struct Held {
    std::optional<int> lowest, highest;
    bool cover = false;

    void add(const Held& other) {
      cover = cover || other.cover;
      if (other.lowest) {
        lowest = std::min(lowest.value_or(*other.lowest), *other.lowest);
        highest = std::max(highest.value_or(*other.highest), *other.highest);
      }
    }
    [[nodiscard]] bool any_but(int number) const {
      return cover || (lowest && (*lowest != number || *highest != number));
    }
  };

  Held own_numbers(std::size_t set) const {
    Held held;
    held.cover = m_sets[set].cover.has_value();
    for (const std::size_t patch : m_sets[set].patches) {
      const int number =
          m_found[set] && m_found[set]->number ? *m_found[set]->number : m_facts[patch].number();
      held.add({number, number, false});
    }
    return held;
  }

  // `named`: the posting that made it a reroll.
  void take_from_base(std::size_t set, std::size_t named) {
    Reroll& reroll = *m_found[set];
    Held carried = m_held[reroll.base];
    for (const std::size_t older : reroll.rest) {
      carried.add(m_held[older]);
    }
    if (reroll.number && !carried.any_but(*reroll.number)) {
      reroll = {named, std::nullopt, {}, true};
      m_held[set] = own_numbers(set);
    } else {
      m_held[set].add(carried);
    }
  }

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

  // For a newer version, or parts of it, posted outside the thread of the older: that one.
  std::optional<std::size_t> older_elsewhere(std::size_t index) const {
    const PostingSet& set = m_sets[index];
    const std::size_t patch = set.head();
    if (set.cover || !is_stray(m_facts[patch])) {
      return std::nullopt;
    }
    const auto others = m_titled.find(titled(patch));
    if (others == m_titled.end()) {
      return std::nullopt;
    }
    std::optional<std::size_t> newest;
    for (const std::size_t other : others->second) {
      const std::size_t base = m_owner[other];
      if (m_sets[base].version < set.version && m_sets[base].total == set.total &&
          m_facts[other].number() == m_facts[patch].number() && within_reach(other, patch) &&
          !same_run(other, patch) &&
          (!newest || is_older(m_facts, m_sets[*newest], m_sets[base]))) {
        newest = base;
      }
    }
    return newest;
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

  // Patches that stand for themselves: "[PATCH v2] x" and "[PATCH v2 1/1] x".
  bool is_single(std::size_t set) const {
    return !m_sets[set].cover && m_sets[set].total == 1 && m_sets[set].patches.size() == 1 &&
           m_facts[m_sets[set].head()].number() == 1;
  }

  struct Place {
    std::size_t base = 0;  // a set
    int number = 0;
  };

  // Oldest first, so that one may answer another.
  void find_singles() {
    std::vector<std::size_t> singles;
    for (std::size_t i = 0; i < m_sets.size(); ++i) {
      if (is_single(i)) {
        singles.push_back(i);
      } else if (m_sets[i].total > 1) {
        for (const std::size_t patch : m_sets[i].patches) {
          if (m_facts[patch].number() <= most_rerolled_by_title) {
            m_titled[titled(patch)].push_back(patch);
          }
        }
      }
    }
    std::sort(singles.begin(), singles.end(),
              [&](std::size_t a, std::size_t b) { return m_sets[a].head() < m_sets[b].head(); });
    for (const std::size_t single : singles) {
      const auto place = place_of(single);
      if (place && !is_whole_branch(single, place->base)) {
        find_single(single, *place);
      }
      m_singles[titled(m_sets[single].head())].push_back(single);
    }
  }

  // b4 sends all that is on a branch, which the change-id names: what is not sent is not there.
  bool is_whole_branch(std::size_t single, std::size_t base) const {
    const std::string& change_id = m_facts[m_sets[single].head()].change_id;
    return !change_id.empty() && change_id == m_facts[m_sets[base].head()].change_id;
  }

  std::string titled(std::size_t fact) const {
    return m_ancestry.author(fact) + '\n' + mail::normalize_title(m_facts[fact].subject.title);
  }

  std::optional<Place> place_of(std::size_t single) const {
    const std::size_t patch = m_sets[single].head();
    const auto answered = m_ancestry.nearest_own(patch);
    if (answered && m_owner[*answered] != single && !same_run(patch, *answered)) {
      if (const auto place = place_by_answered_title(patch, *answered)) {
        return place;
      }
      if (const auto place = place_by_title(single)) {
        return place;
      }
      return place_by_answer(single, *answered);
    }
    return place_by_title(single);
  }

  // The patch of the same title in the series that is answered, whichever of its mails is.
  std::optional<Place> place_by_answered_title(std::size_t patch, std::size_t answered) const {
    const std::size_t base = m_owner[answered];
    if (same_title(patch, answered) && !m_facts[answered].is_cover()) {
      return place_held_by(answered);
    }
    const std::vector<std::size_t>& patches = m_sets[base].patches;
    const auto found =
        std::ranges::find_if(patches, [&](std::size_t other) { return same_title(patch, other); });
    return found != patches.end() ? place_held_by(*found) : std::nullopt;
  }

  // Wherever it was posted: what has this title and was the newest of a lower version, if that is a
  // patch of a series or already its reroll. A patch that went on by itself stays by itself.
  std::optional<Place> place_by_title(std::size_t single) const {
    const std::size_t patch = m_sets[single].head();
    if (!m_facts[patch].subject.version_given) {
      return std::nullopt;
    }
    std::optional<std::size_t> newest;  // its head or patch
    const auto consider = [&](std::size_t other) {
      const std::size_t set = m_owner[other];
      if (m_sets[set].version < m_sets[single].version && within_reach(other, patch) &&
          !same_run(other, patch) &&
          (!newest || is_older(m_facts, m_sets[m_owner[*newest]], m_sets[set]))) {
        newest = other;
      }
    };
    const std::string title = titled(patch);
    const auto others = m_titled.find(title);
    if (others == m_titled.end()) {
      return std::nullopt;
    }
    std::ranges::for_each(others->second, consider);
    if (const auto singles = m_singles.find(title); singles != m_singles.end()) {
      for (const std::size_t other : singles->second) {
        consider(m_sets[other].head());
      }
    }
    return newest ? place_held_by(*newest) : std::nullopt;
  }

  // Of a patch in its series; none for one that is no part of a series of several.
  std::optional<Place> place_held_by(std::size_t patch) const {
    const std::size_t set = m_owner[patch];
    if (!is_single(set)) {
      return m_sets[set].total > 1 && !m_facts[patch].is_cover()
                 ? std::optional(Place{set, m_facts[patch].number()})
                 : std::nullopt;
    }
    return m_found[set] && m_found[set]->number ? std::optional(Place{set, *m_found[set]->number})
                                                : std::nullopt;
  }

  bool within_reach(std::size_t earlier, std::size_t later) const {
    const MailFact& a = m_facts[earlier];
    const MailFact& b = m_facts[later];
    if (!a.date || !b.date) {
      return false;
    }
    const auto gap = *b.date - *a.date;
    return gap <= longest_revision_gap && gap >= -revision_clock_slack;
  }

  // A newer version under another title in answer to one patch: that patch, unless it continues
  // another single patch.
  std::optional<Place> place_by_answer(std::size_t single, std::size_t answered) const {
    const std::size_t base = m_owner[answered];
    const std::size_t patch = m_sets[single].head();
    if (m_facts[answered].is_cover() || !m_facts[patch].subject.version_given ||
        m_sets[single].version <= m_sets[base].version) {
      return std::nullopt;
    }
    const auto twins = m_singles.find(titled(patch));
    if (twins != m_singles.end() && std::ranges::any_of(twins->second, [&](std::size_t twin) {
          return !m_found[twin] && m_facts[m_sets[twin].head()].thread == m_facts[patch].thread &&
                 m_sets[twin].version < m_sets[single].version;
        })) {
      return std::nullopt;
    }
    return place_held_by(answered);
  }

  void find_single(std::size_t index, Place place) {
    PostingSet& set = m_sets[index];
    const Version own = set.version;
    if (!m_facts[set.head()].subject.version_given) {
      set.version = std::max(own, m_sets[place.base].version);
    }
    if (is_older(m_facts, m_sets[place.base], set)) {
      m_found[index] = Reroll{place.base, place.number};
    } else {
      set.version = own;
    }
  }

  bool same_run(std::size_t a, std::size_t b) const {
    const std::string run = posting_run(m_facts[a].msgid);
    return !run.empty() && run == posting_run(m_facts[b].msgid);
  }

  bool same_title(std::size_t a, std::size_t b) const {
    return mail::normalize_title(m_facts[a].subject.title) ==
           mail::normalize_title(m_facts[b].subject.title);
  }

  // Among the family of `relative`, the newest with patches that is older than `set`.
  std::optional<std::size_t> newest_before(std::size_t set, std::size_t relative) {
    std::optional<std::size_t> best;
    for (const std::size_t member : m_members[root(relative)]) {
      // Members whose mails stand for themselves count only once they are known to be rerolls.
      const bool has_place =
          !is_single(member) || (m_found[member] && !m_found[member]->stands_alone);
      if (member != set && has_place && !m_sets[member].patches.empty() &&
          is_older(m_facts, m_sets[member], m_sets[set]) &&
          (!best || is_older(m_facts, m_sets[*best], m_sets[member]))) {
        best = member;
      }
    }
    return best;
  }

  // Only some patches of a version, and nothing says that they reroll an older one. With a cover it
  // was posted as a whole: an older patch would stand where the newer one was lost.
  bool is_part(std::size_t set) const {
    return !m_found[set] && !m_sets[set].cover && !missing_numbers(m_facts, m_sets[set], 1).empty();
  }

  // Patches came or went between the two: the numbers of one say nothing about the other.
  bool numbers_moved(std::size_t newer, std::size_t older) const {
    std::map<std::string, std::set<int>> numbers;
    for (const std::size_t patch : m_sets[older].patches) {
      numbers[titled(patch)].insert(m_facts[patch].number());
    }
    return std::ranges::any_of(m_sets[newer].patches, [&](std::size_t patch) {
      const auto found = numbers.find(titled(patch));
      return found != numbers.end() && !found->second.contains(m_facts[patch].number());
    });
  }

  std::vector<std::size_t> postings_before(std::size_t base) {
    std::vector<std::size_t> postings;
    std::optional<std::size_t> at = base;
    while (postings.size() < most_older_postings && is_part(*at)) {
      const auto older = newest_before(*at, *at);
      const auto moved = [&](std::size_t newer) { return numbers_moved(newer, *older); };
      if (!older || moved(base) || std::ranges::any_of(postings, moved)) {
        break;
      }
      at = older;
      postings.push_back(*at);
    }
    return postings;
  }

  const std::vector<MailFact>& m_facts;
  const Ancestry& m_ancestry;
  std::vector<PostingSet>& m_sets;
  std::vector<std::size_t> m_owner;
  std::vector<std::size_t> m_family;
  std::unordered_map<std::size_t, std::vector<std::size_t>> m_members;  // by root, oldest first
  std::vector<std::optional<Reroll>> m_found;
  std::vector<Held> m_held;
  std::unordered_map<std::string, std::vector<std::size_t>> m_titled;   // patches of real series
  std::unordered_map<std::string, std::vector<std::size_t>> m_singles;  // sets
};

}  // namespace

bool is_single_patch(const MailFact& fact) {
  return fact.total() == 1 && fact.number() == 1 && fact.date;
}

bool is_stray_part(const MailFact& fact) {
  return is_stray(fact) && fact.number() > 1;
}

bool is_stray(const MailFact& fact) {
  return fact.is_numbered() && fact.total() > 1 && fact.number() > 0 &&
         fact.number() <= most_rerolled_by_title && fact.subject.version_given &&
         fact.parents.empty() && fact.date;
}

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
