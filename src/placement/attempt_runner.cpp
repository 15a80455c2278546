#include "placement/attempt_runner.hpp"

#include <tuple>

namespace patchmill::placement {

namespace {

constexpr std::size_t k_max_tries = 14;

class Runner {
 public:
  Runner(const SeriesPatches& patches, const RepositoryOf& repository_of, bool explain)
      : m_patches(patches), m_repository_of(repository_of) {
    // A failing candidate is the rule only when all fail, so explaining each as it fails costs
    // the common case nothing.
    m_options.explain = explain;
  }

  // True when the series applies.
  Result<bool> run(Attempt& attempt) {
    PM_TRY_ASSIGN(git::Repository * repository, m_repository_of(attempt.tree));
    attempt.candidate.tried = true;
    git::ObjectId base = attempt.base;
    if (attempt.on && !attempt.on->empty()) {
      PM_TRY_ASSIGN(const git::ApplyOutcome* below, prerequisites(*repository, attempt));
      if (!below->ok()) {
        attempt.candidate.outcome = *below;
        attempt.candidate.explanation += "; what it depends on does not apply there";
        m_prerequisite_failed = true;
        return false;
      }
      base = below->tip();
      attempt.candidate.commit = base;
    }
    PM_TRY_ASSIGN(attempt.candidate.outcome,
                  git::apply_series(*repository, base, m_patches.inputs, m_options));
    m_series_failed = m_series_failed || !attempt.candidate.outcome->ok();
    return attempt.candidate.outcome->ok();
  }

  [[nodiscard]] bool only_prerequisites_failed() const {
    return m_prerequisite_failed && !m_series_failed;
  }

 private:
  Result<const git::ApplyOutcome*> prerequisites(git::Repository& repository,
                                                 const Attempt& attempt) {
    const Key key{attempt.tree, attempt.base, attempt.on.get()};
    auto found = m_below.find(key);
    if (found == m_below.end()) {
      PM_TRY_ASSIGN(auto outcome,
                    git::apply_series(repository, attempt.base, attempt.on->inputs, m_options));
      found = m_below.emplace(key, std::move(outcome)).first;
    }
    return &found->second;
  }

  using Key = std::tuple<std::size_t, git::ObjectId, const Prerequisites*>;
  const SeriesPatches& m_patches;
  const RepositoryOf& m_repository_of;
  git::ApplyOptions m_options;
  std::map<Key, git::ApplyOutcome> m_below;
  bool m_prerequisite_failed = false;
  bool m_series_failed = false;
};

}  // namespace

Result<RunOutcome> run_attempts(std::vector<Attempt>& attempts, const SeriesPatches& patches,
                                const RepositoryOf& repository_of, const GoOn& go_on,
                                bool explain) {
  Runner runner(patches, repository_of, explain);
  RunOutcome result;
  std::size_t tries = 0;
  std::size_t most_applied = 0;
  bool asked = false;
  for (std::size_t i = 0; i < attempts.size() && tries < k_max_tries; ++i) {
    if (!attempts[i].usable) {
      continue;
    }
    if (attempts[i].last_resort && !asked) {
      asked = true;
      PM_TRY_ASSIGN(const bool goes_on, go_on());
      if (!goes_on) {
        break;
      }
    }
    ++tries;
    PM_TRY_ASSIGN(const bool applies, runner.run(attempts[i]));
    if (applies) {
      result.applied = i;
      return result;
    }
    const auto& candidate = attempts[i].candidate;
    // A conflict below the series says nothing about its own patches.
    const bool own = candidate.commit != attempts[i].base || !attempts[i].on;
    const std::size_t applied = own ? candidate.outcome->applied.size() : 0;
    if (!result.nearest || applied > most_applied) {
      result.nearest = i;
      most_applied = applied;
    }
  }
  result.only_prerequisites_failed = runner.only_prerequisites_failed();
  return result;
}

}  // namespace patchmill::placement
