#include "tracker/posting_sets.hpp"

#include "tracker/posting_slips.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

namespace patchmill::tracker {

namespace {

// Mails that may be one posting by their subjects alone.
using BucketKey = std::tuple<std::string_view, Version, int>;  // author, version, total

// A growing set of mails of one bucket.
struct Cluster {
  std::vector<std::size_t> mails;  // by (date, msgid), that is by index
  std::set<int> numbers;
  bool absorbed = false;
};

class BucketSplitter {
 public:
  BucketSplitter(const std::vector<MailFact>& facts, const Ancestry& ancestry,
                 std::vector<std::size_t> mails)
      : m_facts(facts), m_ancestry(ancestry), m_mails(std::move(mails)) {}

  std::vector<Cluster> split() {
    for (const std::size_t mail : m_mails) {
      m_cluster_of[mail] = m_clusters.size();
      m_clusters.push_back({{mail}, {m_facts[mail].number()}});
    }
    if (m_mails.size() > 1) {
      join_children();
      join_groups([this](const Cluster& c) { return outside_parent(c); }, Match::any_time);
      join_groups([this](const Cluster& c) { return thread_of(c); }, Match::any_time);
      join_groups([](const Cluster&) { return std::string("*"); }, Match::same_posting);
    }
    std::vector<Cluster> result;
    for (Cluster& cluster : m_clusters) {
      if (!cluster.absorbed) {
        result.push_back(std::move(cluster));
      }
    }
    return result;
  }

 private:
  enum class Match { any_time, same_posting };

  static bool disjoint(const Cluster& a, const Cluster& b) {
    const Cluster& small = a.numbers.size() <= b.numbers.size() ? a : b;
    const Cluster& large = &small == &a ? b : a;
    return std::none_of(small.numbers.begin(), small.numbers.end(),
                        [&](int number) { return large.numbers.contains(number); });
  }

  void join(std::size_t into, std::size_t from) {
    Cluster& target = m_clusters[into];
    Cluster& source = m_clusters[from];
    for (const std::size_t mail : source.mails) {
      m_cluster_of[mail] = into;
    }
    target.mails.insert(target.mails.end(), source.mails.begin(), source.mails.end());
    target.numbers.merge(source.numbers);
    source = {};
    source.absorbed = true;
  }

  // A patch belongs with the mail of its bucket that it answers, if that has a lower number:
  // the cover, the first patch or the one before. One that answers its own number is a resend.
  void join_children() {
    for (const std::size_t mail : m_mails) {
      for (const std::string& parent : m_facts[mail].parents) {
        const auto found = m_ancestry.find(parent);
        if (!found || !m_cluster_of.contains(*found)) {
          continue;
        }
        const std::size_t a = m_cluster_of[*found];
        const std::size_t b = m_cluster_of[mail];
        if (m_facts[*found].number() < m_facts[mail].number() && a != b &&
            disjoint(m_clusters[a], m_clusters[b])) {
          const bool first_is_larger = m_clusters[a].mails.size() >= m_clusters[b].mails.size();
          join(first_is_larger ? a : b, first_is_larger ? b : a);
        }
        break;
      }
    }
  }

  // What the head of a cluster answers, when that is not in the bucket (a cover that is lost or
  // still to come, or the previous version).
  std::string outside_parent(const Cluster& cluster) const {
    const std::size_t head = head_of(cluster);
    if (m_facts[head].parents.empty()) {
      return {};
    }
    const std::string& parent = m_facts[head].parents.front();
    const auto found = m_ancestry.find(parent);
    return found && m_cluster_of.contains(*found) ? std::string() : parent;
  }

  std::string thread_of(const Cluster& cluster) const {
    return std::to_string(m_facts[cluster.mails.front()].thread);
  }

  std::size_t head_of(const Cluster& cluster) const {
    return *std::min_element(
        cluster.mails.begin(), cluster.mails.end(), [&](std::size_t a, std::size_t b) {
          return std::pair(m_facts[a].number(), a) < std::pair(m_facts[b].number(), b);
        });
  }

  // How well `later` continues `earlier`; smaller is better.
  std::tuple<bool, bool, std::int64_t> distance(const Cluster& earlier,
                                                const Cluster& later) const {
    const MailFact& a = m_facts[earlier.mails.front()];
    const MailFact& b = m_facts[later.mails.front()];
    const std::int64_t gap = std::abs((b.when() - a.when()).count());
    return {!same_run(a.msgid, b.msgid), !same_prefixes(a, b), gap};
  }

  static bool same_run(std::string_view a, std::string_view b) {
    const std::string run = posting_run(a);
    return !run.empty() && run == posting_run(b);
  }

  static bool same_prefixes(const MailFact& a, const MailFact& b) {
    const auto words = [](const MailFact& fact) {
      std::set<std::string> result;
      for (const std::string& word : fact.subject.prefixes) {
        result.insert(to_lower(word));
      }
      return result;
    };
    return a.subject.prefixes == b.subject.prefixes || words(a) == words(b);
  }

  bool may_follow(const Cluster& earlier, const Cluster& later, Match match) const {
    if (match == Match::same_posting) {
      const MailFact& a = m_facts[earlier.mails.front()];
      const MailFact& b = m_facts[later.mails.front()];
      if (!a.date || !b.date || *b.date - *a.date > same_posting_window || !same_prefixes(a, b)) {
        return false;
      }
    }
    return disjoint(earlier, later);
  }

  // Among clusters with the same key, oldest first: each joins the best of those before it whose
  // numbers it does not repeat, or stands for itself. Clusters without a key stand aside.
  template <class Key>
  void join_groups(Key&& key, Match match) {
    std::map<std::string, std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < m_clusters.size(); ++i) {
      if (!m_clusters[i].absorbed) {
        std::sort(m_clusters[i].mails.begin(), m_clusters[i].mails.end());
        if (std::string k = key(m_clusters[i]); !k.empty()) {
          groups[std::move(k)].push_back(i);
        }
      }
    }
    for (auto& [_, group] : groups) {
      std::sort(group.begin(), group.end(), [&](std::size_t a, std::size_t b) {
        return m_clusters[a].mails.front() < m_clusters[b].mails.front();
      });
      join_group(group, match);
    }
  }

  void join_group(const std::vector<std::size_t>& group, Match match) {
    std::vector<std::size_t> kept;
    for (const std::size_t later : group) {
      std::optional<std::size_t> best;
      // Only the newest few can be continued: hostile threads repeat a number without end.
      const std::size_t from = kept.size() > 32 ? kept.size() - 32 : 0;
      for (std::size_t i = from; i < kept.size(); ++i) {
        const Cluster& earlier = m_clusters[kept[i]];
        if (may_follow(earlier, m_clusters[later], match) &&
            (!best || distance(earlier, m_clusters[later]) <
                          distance(m_clusters[*best], m_clusters[later]))) {
          best = kept[i];
        }
      }
      if (best) {
        const auto size = static_cast<std::ptrdiff_t>(m_clusters[*best].mails.size());
        join(*best, later);
        std::vector<std::size_t>& mails = m_clusters[*best].mails;
        std::inplace_merge(mails.begin(), mails.begin() + size, mails.end());
      } else {
        kept.push_back(later);
      }
    }
  }

  const std::vector<MailFact>& m_facts;
  const Ancestry& m_ancestry;
  std::vector<std::size_t> m_mails;
  std::vector<Cluster> m_clusters;
  std::unordered_map<std::size_t, std::size_t> m_cluster_of;
};

PostingSet to_set(const std::vector<MailFact>& facts, const Cluster& cluster) {
  PostingSet set;
  for (const std::size_t mail : cluster.mails) {
    if (facts[mail].is_cover()) {
      set.cover = mail;
    } else {
      set.patches.push_back(mail);
    }
  }
  std::sort(set.patches.begin(), set.patches.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(facts[a].number(), a) < std::pair(facts[b].number(), b);
  });
  const MailFact& head = facts[set.head()];
  set.version = version_of(head.subject);
  set.total = head.total();
  set.first = facts[*std::min_element(cluster.mails.begin(), cluster.mails.end())].when();
  return set;
}

}  // namespace

void add_note(std::string& note, std::string_view sentence) {
  if (!note.empty()) {
    note += ' ';
  }
  note += sentence;
}

std::vector<PostingSet> posting_sets(const std::vector<MailFact>& facts, const Ancestry& ancestry) {
  std::vector<PostingSet> sets;
  std::map<BucketKey, std::vector<std::size_t>> buckets;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    if (facts[i].is_numbered()) {
      buckets[{ancestry.author(i), version_of(facts[i].subject), facts[i].total()}].push_back(i);
    } else {
      sets.push_back(to_set(facts, Cluster{{i}, {1}}));
    }
  }
  for (auto& [_, mails] : buckets) {
    for (const Cluster& cluster : BucketSplitter(facts, ancestry, std::move(mails)).split()) {
      sets.push_back(to_set(facts, cluster));
    }
  }
  join_slips(facts, ancestry, sets);
  std::sort(sets.begin(), sets.end(),
            [](const PostingSet& a, const PostingSet& b) { return a.head() < b.head(); });
  return sets;
}

}  // namespace patchmill::tracker
