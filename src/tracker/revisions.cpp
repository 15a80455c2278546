#include "tracker/revisions.hpp"

#include "mail/subject.hpp"
#include "tracker/hash64.hpp"

#include <algorithm>
#include <chrono>
#include <tuple>

namespace patchmill::tracker {

namespace {

constexpr std::size_t most_patch_keys = 64;
constexpr std::chrono::days longest_gap{365};
// Clocks of senders differ, and so does the order in which a mailer writes Date headers.
constexpr std::chrono::hours clock_slack{24};

bool share(const RevisionFact& a, const RevisionFact& b, KeyKind kind) {
  return std::any_of(a.keys.begin(), a.keys.end(), [&](const RevisionKey& key) {
    return key.kind == kind && std::binary_search(b.keys.begin(), b.keys.end(), key);
  });
}

// At least half of the patches of the longer one have titles of the other.
bool share_most_patches(const RevisionFact& a, const RevisionFact& b) {
  const auto count = [](const RevisionFact& fact) {
    return std::count_if(fact.keys.begin(), fact.keys.end(),
                         [](const RevisionKey& key) { return key.kind == KeyKind::patch_title; });
  };
  const auto common = std::count_if(a.keys.begin(), a.keys.end(), [&](const RevisionKey& key) {
    return key.kind == KeyKind::patch_title &&
           std::binary_search(b.keys.begin(), b.keys.end(), key);
  });
  return common > 0 && common * 2 >= std::max(count(a), count(b));
}

enum class Trust { none, title, answer, change_id, supersedes, reroll };

Trust trust(const RevisionFact& fact, const RevisionFact& before) {
  if (fact.rerolls == before.series) {
    return Trust::reroll;
  }
  if (fact.supersedes == before.series) {
    return Trust::supersedes;
  }
  const bool newer = comes_before(before, fact);
  if (!newer) {
    return Trust::none;
  }
  if (share(fact, before, KeyKind::change_id)) {
    return Trust::change_id;
  }
  if (fact.author != before.author) {
    return Trust::none;
  }
  const bool higher = fact.version > before.version;
  const bool same_title = share(fact, before, KeyKind::title);
  if (fact.answers == before.series && (higher || fact.is_resend || same_title)) {
    return Trust::answer;
  }
  const auto gap = fact.date - before.date;
  if (gap > longest_gap || gap < -clock_slack) {
    return Trust::none;
  }
  if (same_title && (higher || (fact.version == before.version && fact.total == before.total))) {
    return Trust::title;
  }
  return higher && share_most_patches(fact, before) ? Trust::title : Trust::none;
}

}  // namespace

std::vector<RevisionKey> revision_keys(const std::string& author, const std::string& change_id,
                                       const std::string& title,
                                       const std::vector<std::string>& patch_titles) {
  std::vector<RevisionKey> keys;
  if (!change_id.empty()) {
    keys.push_back({KeyKind::change_id, Hash64().add("change").add(change_id).value()});
  }
  const auto add = [&](KeyKind kind, std::string_view word, std::string_view text) {
    const std::string normal = mail::normalize_title(text);
    if (!normal.empty()) {
      keys.push_back({kind, Hash64().add(word).add(author).add(normal).value()});
    }
  };
  add(KeyKind::title, "title", title);
  for (std::size_t i = 0; i < std::min(patch_titles.size(), most_patch_keys); ++i) {
    add(KeyKind::patch_title, "patch", patch_titles[i]);
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

bool comes_before(const RevisionFact& a, const RevisionFact& b) {
  return std::tie(a.version, a.date, a.head_msgid) < std::tie(b.version, b.date, b.head_msgid);
}

std::optional<std::int64_t> previous_of(const RevisionFact& fact,
                                        std::span<const RevisionFact> candidates) {
  const RevisionFact* best = nullptr;
  Trust best_trust = Trust::none;
  for (const RevisionFact& candidate : candidates) {
    if (candidate.series == fact.series) {
      continue;
    }
    const Trust found = trust(fact, candidate);
    if (found != Trust::none &&
        (found > best_trust || (found == best_trust && comes_before(*best, candidate)))) {
      best = &candidate;
      best_trust = found;
    }
  }
  return best == nullptr ? std::nullopt : std::optional(best->series);
}

}  // namespace patchmill::tracker
