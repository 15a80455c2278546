#include "tracker/superseding.hpp"

#include <algorithm>

namespace patchmill::tracker {

namespace {

// Where so many in a row do not take over, the rest is not asked: chains without end are made by
// robots and by people who mean harm.
constexpr std::size_t most_asked = 64;

class Successor {
 public:
  Successor(std::span<const Revision> chain, const AreRelated& related)
      : m_chain(chain),
        m_related(related),
        m_next_used(chain.size() + 1, chain.size()),
        m_next_complete(chain.size() + 1, chain.size()),
        m_next_version(chain.size(), chain.size()) {
    for (std::size_t i = chain.size(); i-- > 0;) {
      const bool used = chain[i].received > 0;
      m_next_used[i] = used ? i : m_next_used[i + 1];
      m_next_complete[i] = used && chain[i].complete ? i : m_next_complete[i + 1];
      if (i + 1 < chain.size()) {
        const bool same = chain[i].fact.version == chain[i + 1].fact.version &&
                          !counts_higher(chain[i + 1].fact, chain[i].fact);
        m_next_version[i] = same ? m_next_version[i + 1] : i + 1;
      }
    }
  }

  std::vector<Succession> run() const {
    std::vector<Succession> result;
    result.reserve(m_chain.size());
    for (std::size_t i = 0; i < m_chain.size(); ++i) {
      result.push_back(succession(i));
    }
    return result;
  }

 private:
  // The first from `at` on that could take over from `of` by what it holds.
  std::size_t candidate(std::size_t of, std::size_t at) const {
    const std::size_t newer = m_next_version[of];
    const std::size_t complete = at < newer ? m_next_complete[at] : m_chain.size();
    if (complete < newer) {
      return complete;
    }
    // What is whole is tested until something whole takes its place.
    const auto& next = m_chain[of].complete ? m_next_complete : m_next_used;
    return next[std::max(at, newer)];
  }

  Succession succession(std::size_t of) const {
    Succession result;
    std::size_t at = candidate(of, of + 1);
    for (std::size_t asked = 0; at < m_chain.size() && asked < most_asked; ++asked) {
      if (takes_over(m_chain[at], m_chain[of])) {
        if (m_chain[at].fact.author == m_chain[of].fact.author || m_related(at, of)) {
          return {at, std::nullopt};
        }
        result.stranger = result.stranger ? result.stranger : at;
      }
      at = candidate(of, at + 1);
    }
    return result;
  }

  static bool takes_over(const Revision& later, const Revision& earlier) {
    const bool same_change = !later.change_id.empty() && later.change_id == earlier.change_id;
    const bool named = later.names_previous && later.previous == earlier.fact.series;
    const bool continues = later.previous == earlier.fact.series;
    const bool only_counts = continues && earlier.received <= 1 && !earlier.fact.has_cover;
    if (drops_patches(later.fact, earlier.fact) && !same_change && !named && !only_counts) {
      return false;
    }
    return continues || tags_fit(later.fact, earlier.fact);
  }

  std::span<const Revision> m_chain;
  const AreRelated& m_related;
  // By index, the nearest from there on that has patches; that is complete; the first of a higher
  // version. m_chain.size() where there is none.
  std::vector<std::size_t> m_next_used, m_next_complete, m_next_version;
};

}  // namespace

std::vector<Succession> successions(std::span<const Revision> chain, const AreRelated& related) {
  return Successor(chain, related).run();
}

}  // namespace patchmill::tracker
