#include "placement/post_images.hpp"
#include "placement/prerequisites.hpp"

#include <algorithm>
#include <set>

namespace patchmill::placement {

namespace {

constexpr int k_max_depth = 5;

class Search {
 public:
  Search(store::Database& database, tracker::Queries& queries, const tracker::Series& series)
      : m_database(database), m_queries(queries), m_series(series) {
    m_used.insert(series.number);
  }

  // Puts before `inputs` the patches of one more series that makes what is not on the line.
  Result<bool> add_provider(const std::vector<PreImage>& unmatched) {
    for (const auto& provider : find_providers(m_database, unmatched, m_series.date)) {
      if (m_used.contains(provider.series)) {
        continue;
      }
      const auto needed = m_queries.series(provider.series);
      // An older revision of the same work is replaced by this series, not built upon.
      if (!needed || (needed->work != 0 && needed->work == m_series.work)) {
        continue;
      }
      PM_TRY_ASSIGN(auto patches, load_patches(m_queries, *needed));
      if (provider.last_patch >= patches.inputs.size()) {
        continue;
      }
      patches.inputs.resize(provider.last_patch + 1);
      m_used.insert(provider.series);
      m_found.series.insert(m_found.series.begin(), provider.series);
      m_found.inputs.insert(m_found.inputs.begin(), patches.inputs.begin(), patches.inputs.end());
      m_found.described =
          describe_series(*needed) + (m_found.described.empty() ? "" : ", ") + m_found.described;
      return true;
    }
    return false;
  }

  [[nodiscard]] const Prerequisites& found() const { return m_found; }

 private:
  store::Database& m_database;
  tracker::Queries& m_queries;
  const tracker::Series& m_series;
  std::set<std::int64_t> m_used;
  Prerequisites m_found;
};

std::vector<PreImage> unmatched_of(const std::vector<PreImage>& images,
                                   const std::optional<BaseMatch>& match) {
  if (!match) {
    return images;
  }
  std::vector<PreImage> result;
  for (const std::size_t i : match->unmatched) {
    result.push_back(images[i]);
  }
  return result;
}

// Everything left to explain; fewer is better.
std::size_t unexplained(const std::vector<PreImage>& images,
                        const std::optional<BaseMatch>& match) {
  const auto left = unmatched_of(images, match);
  return static_cast<std::size_t>(std::count_if(left.begin(), left.end(), [](const auto& image) {
    return image.kind == PreImage::Kind::blob;
  }));
}

}  // namespace

Result<std::optional<ImpliedDependency>> implied_dependency(
    store::Database& database, tracker::Queries& queries, const tracker::Series& series,
    const SeriesPatches& patches, const BlobIndex& index, Ordinal until,
    std::optional<Ordinal> posted, const std::optional<BaseMatch>& direct) {
  Search search(database, queries, series);
  std::vector<PreImage> images = read_images(patches.inputs).before;
  std::optional<BaseMatch> match = direct;
  std::size_t left = unexplained(images, match);
  std::optional<ImpliedDependency> best;
  for (int depth = 0; depth < k_max_depth && left > 0; ++depth) {
    PM_TRY_ASSIGN(const bool added, search.add_provider(unmatched_of(images, match)));
    if (!added) {
      break;
    }
    std::vector<git::PatchInput> stack = search.found().inputs;
    stack.insert(stack.end(), patches.inputs.begin(), patches.inputs.end());
    images = read_images(stack).before;
    match = BaseSearch(index, images).best(until, posted);
    const std::size_t now_left = unexplained(images, match);
    if (now_left < left && match) {
      best = ImpliedDependency{search.found(), *match};
    }
    left = std::min(left, now_left);
  }
  return best;
}

}  // namespace patchmill::placement
