#include "placement/attempt_runner.hpp"

#include "placement/prefixes.hpp"

#include <tuple>

namespace patchmill::placement {

namespace {

constexpr std::size_t k_max_tries = 14;

class Runner {
 public:
  Runner(const SeriesPatches& patches, const RepositoryOf& repository_of)
      : m_patches(patches), m_repository_of(repository_of) {
    // The failing hunk is named anyway; the search for the commit in conflict is kept for the
    // one candidate that people look at.
    m_options.explain = false;
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
      attempt.candidate.tree_commit = attempt.base;
      attempt.candidate.below = attempt.on->mails;
    }
    PM_TRY_ASSIGN(attempt.candidate.outcome,
                  git::apply_series(*repository, base, m_patches.inputs, m_options));
    m_series_failed = m_series_failed || !attempt.candidate.outcome->ok();
    return attempt.candidate.outcome->ok();
  }

  // Says of a failed attempt, as well, which commit is in its way.
  Result<void> explain(Attempt& attempt) {
    auto& outcome = attempt.candidate.outcome;
    const bool below = attempt.on && attempt.candidate.commit == attempt.base;
    PM_TRY_ASSIGN(git::Repository * repository, m_repository_of(attempt.tree));
    git::ApplyOptions options;
    options.explain = true;
    PM_TRY_ASSIGN(outcome,
                  git::apply_series(*repository, outcome->base,
                                    below ? attempt.on->inputs : m_patches.inputs, options));
    if (!below) {
      mention_missing_prefixes(*outcome, m_patches);
    }
    return {};
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
  Runner runner(patches, repository_of);
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
  if (explain && result.nearest) {
    PM_TRY(runner.explain(attempts[*result.nearest]));
  }
  result.only_prerequisites_failed = runner.only_prerequisites_failed();
  return result;
}

}  // namespace patchmill::placement
