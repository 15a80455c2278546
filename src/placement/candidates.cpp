#include "placement/candidates.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace patchmill::placement {

namespace {

// See docs/base-choice.md for the ranking in words.
constexpr double k_base_commit_score = 10'000;
constexpr double k_match_score = 300;  // all files are those the series was made from
constexpr double k_blobs_bonus = 30;
constexpr double k_implied_bonus = 25;
constexpr double k_last_good_bonus = 20;
constexpr double k_posted_bonus = 10;
constexpr double k_tip_bonus = 5;

constexpr std::size_t k_max_steps_back = 8;
constexpr std::int64_t k_step_back_seconds = 400LL * 24 * 3600;

double share(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

// Blobs are proof; the mere presence of files is a hint.
double match_score(const BaseMatch& match) {
  if (match.blobs_total == 0) {
    return k_match_score * 0.3 * share(match.matched, match.total);
  }
  return k_match_score * (0.9 * share(match.blobs_matched, match.blobs_total) +
                          0.1 * share(match.matched, match.total));
}

std::string describe_match(const BaseMatch& match) {
  if (match.blobs_total == 0) {
    return fmt::format("{} of {} {} by name", match.matched, count_of(match.total, "file"),
                       match.matched == 1 ? "fits" : "fit");
  }
  return match.blobs_total == 1
             ? fmt::format("{} of 1 file is exactly the one the series was made from",
                           match.blobs_matched)
             : fmt::format("{} of {} files are exactly those the series was made from",
                           match.blobs_matched, match.blobs_total);
}

}  // namespace

TreeCandidates::TreeCandidates(Tree& tree, const TreeAffinity& affinity, const TreeView& view,
                               const tracker::Series& series)
    : m_tree(tree), m_affinity(affinity), m_view(view) {
  if (const auto posted = view.index->at(series.date)) {
    m_posted = std::min(*posted, view.tip());
  }
}

void TreeCandidates::add_from_images(const std::vector<PreImage>& images,
                                     const std::shared_ptr<const Prerequisites>& on) {
  m_images = images;
  m_search.emplace(*m_view.index, m_images);
  m_match = m_search->best(m_view.until, m_posted);
  const bool proven = m_match && m_match->full() && m_match->blobs_total > 0;
  if (m_affinity.needs_evidence && !proven) {
    return;
  }
  if (m_match && m_match->blobs_matched > 0) {
    std::string why;
    if (m_match->range.until - m_match->range.from > 1) {
      why =
          fmt::format("as in the {} commits from {} on", m_match->range.until - m_match->range.from,
                      m_view.index->commit(m_match->range.from).substr(0, 12));
    }
    add_ordinal(m_match->chosen, Reason::blobs, k_blobs_bonus, std::move(why), on);
  }
  if (m_affinity.needs_evidence) {
    return;
  }
  if (m_posted) {
    add_ordinal(*m_posted, Reason::tip, k_posted_bonus,
                *m_posted == m_view.tip() ? "the newest commit of the branch"
                                          : "the branch on the day the series was posted",
                on);
  }
  add_ordinal(m_view.tip(), Reason::tip, k_tip_bonus, "the newest commit of the branch", on);
  add_steps_back(images, on);
}

// A series made against an older state fits before the change it misses.
void TreeCandidates::add_steps_back(const std::vector<PreImage>& images,
                                    const std::shared_ptr<const Prerequisites>& on) {
  const Ordinal newest = m_posted.value_or(m_view.tip());
  const std::int64_t oldest_date = m_view.index->date(newest) - k_step_back_seconds;
  std::set<Ordinal, std::greater<>> changes;
  for (const auto& image : images) {
    for (const auto& event : m_view.index->history(image.path)) {
      if (event.ordinal > 0 && event.ordinal <= newest &&
          m_view.index->date(event.ordinal) >= oldest_date) {
        changes.insert(event.ordinal);
      }
    }
  }
  std::size_t taken = 0;
  for (const Ordinal change : changes) {
    if (taken++ == k_max_steps_back) {
      break;
    }
    add_ordinal(
        change - 1, Reason::tip, -static_cast<double>(taken),
        fmt::format("before {} changed its files", m_view.index->commit(change).substr(0, 12)), on);
  }
}

void TreeCandidates::add_implied(const ImpliedDependency& implied) {
  const bool proven = implied.match.full();
  if (m_affinity.needs_evidence && !proven) {
    return;
  }
  const auto on = std::make_shared<const Prerequisites>(implied.prerequisites);
  add(m_view.index->commit(implied.match.chosen), Reason::dependency,
      k_implied_bonus + match_score(implied.match),
      fmt::format("its files are as {} leaves them; {}", on->described,
                  describe_match(implied.match)),
      on);
}

void TreeCandidates::add_base_commit(const std::string& commit,
                                     std::shared_ptr<const Prerequisites> on) {
  add(commit, Reason::base_commit, k_base_commit_score, "the mail names it as base-commit",
      std::move(on));
}

void TreeCandidates::add_last_good(Ordinal ordinal, std::shared_ptr<const Prerequisites> on) {
  if (!m_affinity.needs_evidence) {
    add_ordinal(ordinal, Reason::last_good, k_last_good_bonus, "the newest commit known to build",
                std::move(on));
  }
}

void TreeCandidates::add_ordinal(Ordinal ordinal, Reason reason, double score, std::string why,
                                 std::shared_ptr<const Prerequisites> on) {
  if (m_search && !m_images.empty()) {
    const BaseMatch match = m_search->at(ordinal);
    score += match_score(match);
    why = describe_match(match) + (why.empty() ? "" : ", ") + why;
  }
  add(m_view.index->commit(ordinal), reason, score, std::move(why), std::move(on));
}

void TreeCandidates::add(const git::ObjectId& commit, Reason reason, double score, std::string why,
                         std::shared_ptr<const Prerequisites> on) {
  for (auto& attempt : m_attempts) {
    if (attempt.base == commit && attempt.on == on) {
      attempt.candidate.score = std::max(attempt.candidate.score, m_affinity.score + score);
      auto& reasons = attempt.candidate.reasons;
      if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) {
        reasons.push_back(reason);
      }
      return;
    }
  }
  Attempt attempt;
  attempt.tree = m_affinity.tree;
  attempt.base = commit;
  attempt.on = std::move(on);
  auto& candidate = attempt.candidate;
  candidate.tree = m_tree.spec().name;
  candidate.commit = commit;
  candidate.score = m_affinity.score + score;
  candidate.reasons = m_affinity.reasons;
  candidate.reasons.push_back(reason);
  if (attempt.on && reason != Reason::dependency) {
    candidate.reasons.push_back(Reason::dependency);
    why += ", on top of " + attempt.on->described;
  }
  candidate.explanation = std::move(why);
  if (!m_affinity.why.empty()) {
    candidate.explanation += "; " + m_affinity.why;
  }
  m_attempts.push_back(std::move(attempt));
}

void rank(std::vector<Attempt>& attempts) {
  std::stable_sort(attempts.begin(), attempts.end(), [](const Attempt& a, const Attempt& b) {
    return std::tuple(a.usable, !a.last_resort, a.candidate.score) >
           std::tuple(b.usable, !b.last_resort, b.candidate.score);
  });
}

}  // namespace patchmill::placement
