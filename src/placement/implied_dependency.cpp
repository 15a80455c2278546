#include "placement/post_images.hpp"
#include "placement/prerequisites.hpp"

#include <algorithm>
#include <set>

namespace patchmill::placement {

namespace {

constexpr int k_max_implied = 5;
constexpr std::size_t k_max_looked_at = 6;  // series looked at for one step

// A stack of patches and how much of it the line does not explain.
struct State {
  Prerequisites prerequisites;
  std::vector<PreImage> images;
  std::optional<BaseMatch> match;
  std::size_t left = 0;  // blobs that are nowhere, and patches that do not join
};

class Search {
 public:
  Search(store::Database& database, tracker::Queries& queries, const tracker::Series& series,
         const SeriesPatches& patches, const BlobIndex& index, Ordinal until,
         std::optional<Ordinal> posted)
      : m_database(database),
        m_queries(queries),
        m_series(series),
        m_patches(patches),
        m_index(index),
        m_until(until),
        m_posted(posted) {
    m_used.insert(series.number);
  }

  State look_at(Prerequisites prerequisites) const {
    State state;
    std::vector<git::PatchInput> stack = prerequisites.inputs;
    stack.insert(stack.end(), m_patches.inputs.begin(), m_patches.inputs.end());
    Images images = read_images(stack);
    state.prerequisites = std::move(prerequisites);
    state.images = std::move(images.before);
    state.match = BaseSearch(m_index, state.images).best(m_until, m_posted);
    state.left = images.breaks + unmatched(state).size();
    return state;
  }

  // The state with one more series below, the one that leaves least; empty when none helps.
  Result<std::optional<State>> step(const State& from) {
    std::optional<State> best;
    std::size_t looked_at = 0;
    for (const auto& provider : find_providers(m_database, unmatched(from), m_series.date)) {
      if (m_used.contains(provider.series) || looked_at == k_max_looked_at) {
        continue;
      }
      ++looked_at;
      PM_TRY_ASSIGN(auto longer, put_below(from.prerequisites, provider));
      if (!longer) {
        continue;
      }
      State state = look_at(std::move(*longer));
      // As much may be left when the series below is itself on top of another one.
      if (state.left <= from.left && (!best || state.left < best->left)) {
        best = std::move(state);
      }
    }
    if (best) {
      m_used.insert(best->prerequisites.series.front());
    }
    return best;
  }

 private:
  static std::vector<PreImage> unmatched(const State& state) {
    std::vector<PreImage> result;
    for (std::size_t i = 0; i < state.images.size(); ++i) {
      const bool holds = state.match && !std::binary_search(state.match->unmatched.begin(),
                                                            state.match->unmatched.end(), i);
      if (!holds && state.images[i].kind == PreImage::Kind::blob) {
        result.push_back(state.images[i]);
      }
    }
    return result;
  }

  Result<std::optional<Prerequisites>> put_below(const Prerequisites& above,
                                                 const Provider& provider) {
    const auto needed = m_queries.series(provider.series);
    // An older revision of the same work is replaced by this series, not built upon.
    if (!needed || (needed->work != 0 && needed->work == m_series.work)) {
      return std::optional<Prerequisites>{};
    }
    for (std::size_t i = 0; i <= provider.last_patch; ++i) {
      if (i >= needed->patches.size() || needed->patches[i].number != static_cast<int>(i) + 1) {
        return std::optional<Prerequisites>{};  // a patch before the one needed is missing
      }
    }
    PM_TRY_ASSIGN(auto patches, load_patches(m_queries, *needed));
    Prerequisites result;
    result.series.push_back(provider.series);
    result.series.insert(result.series.end(), above.series.begin(), above.series.end());
    patches.inputs.resize(provider.last_patch + 1);
    result.inputs = std::move(patches.inputs);
    result.inputs.insert(result.inputs.end(), above.inputs.begin(), above.inputs.end());
    for (std::size_t i = 0; i <= provider.last_patch; ++i) {
      result.mails.push_back(needed->patches[i]);
    }
    result.mails.insert(result.mails.end(), above.mails.begin(), above.mails.end());
    result.described =
        describe_series(*needed) + (above.described.empty() ? "" : ", ") + above.described;
    return result;
  }

  store::Database& m_database;
  tracker::Queries& m_queries;
  const tracker::Series& m_series;
  const SeriesPatches& m_patches;
  const BlobIndex& m_index;
  Ordinal m_until;
  std::optional<Ordinal> m_posted;
  std::set<std::int64_t> m_used;
};

}  // namespace

Result<std::optional<ImpliedDependency>> implied_dependency(store::Database& database,
                                                            tracker::Queries& queries,
                                                            const tracker::Series& series,
                                                            const SeriesPatches& patches,
                                                            const BlobIndex& index, Ordinal until,
                                                            std::optional<Ordinal> posted) {
  Search search(database, queries, series, patches, index, until, posted);
  State state = search.look_at({});
  std::size_t least = state.left;
  std::optional<ImpliedDependency> best;
  for (int depth = 0; depth < k_max_implied && state.left > 0; ++depth) {
    PM_TRY_ASSIGN(auto next, search.step(state));
    if (!next) {
      break;
    }
    state = std::move(*next);
    if (state.left < least && state.match) {
      least = state.left;
      best = ImpliedDependency{state.prerequisites, *state.match};
    }
  }
  return best;
}

}  // namespace patchmill::placement
