#include "tracker/revisions.hpp"

#include "mail/subject.hpp"
#include "tracker/hash64.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace patchmill::tracker {

namespace {

constexpr std::size_t most_patch_keys = 64;

// Between the end of a count and the beginning of the next.
constexpr std::chrono::hours shortest_pause{12};

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

// Words that say in what state a posting is, not where it belongs.
bool is_state_word(std::string_view word) {
  static constexpr std::array<std::string_view, 14> words = {
      "rfc",       "rft",      "resend", "resent",  "repost", "wip",   "draft",
      "committed", "commited", "pushed", "applied", "merged", "patch", "ping"};
  return std::ranges::find(words, word) != words.end();
}

// "5.10", "6.1.y", "linux-5.15.y": names a branch by its number.
bool names_branch(std::string_view tag) {
  for (std::size_t dot = tag.find('.'); dot != std::string_view::npos;
       dot = tag.find('.', dot + 1)) {
    const auto digit_at = [&](std::size_t at) {
      return at < tag.size() && tag[at] >= '0' && tag[at] <= '9';
    };
    if (dot > 0 && digit_at(dot - 1) && digit_at(dot + 1)) {
      return true;
    }
  }
  return false;
}

bool on_different_branches(const RevisionFact& a, const RevisionFact& b) {
  const auto branches = [](const RevisionFact& fact) {
    std::vector<std::string> result;
    std::ranges::copy_if(fact.tags, std::back_inserter(result), names_branch);
    return result;
  };
  const auto mine = branches(a), others = branches(b);
  return !mine.empty() && !others.empty() && mine != others;
}

// Unknown lists may be any.
bool share_list(const RevisionFact& a, const RevisionFact& b) {
  return a.lists.empty() || b.lists.empty() ||
         std::ranges::find_first_of(a.lists, b.lists) != a.lists.end();
}

bool one_run(const RevisionFact& a, const RevisionFact& b) {
  const std::string run = posting_run(a.head_msgid);
  return !run.empty() && run == posting_run(b.head_msgid);
}

// Of a request for comments and what was posted for real the versions say little when the count
// began anew; then it is the dates.
bool stands_above(const RevisionFact& later, const RevisionFact& earlier) {
  if (later.is_rfc == earlier.is_rfc) {
    return comes_before(earlier, later);
  }
  const bool by_date =
      std::tie(earlier.date, earlier.head_msgid) < std::tie(later.date, later.head_msgid);
  return later.is_rfc ? by_date && comes_before(earlier, later)
                      : by_date || comes_before(earlier, later);
}

enum class Trust { none, other_tags, title, answer, change_id, own_change_id, supersedes, reroll };

Trust trust(const RevisionFact& fact, const RevisionFact& before) {
  if (fact.rerolls == before.series) {
    return Trust::reroll;
  }
  if (fact.supersedes == before.series) {
    return Trust::supersedes;
  }
  if (!stands_above(fact, before)) {
    return Trust::none;
  }
  if (share(fact, before, KeyKind::change_id)) {
    return fact.author == before.author ? Trust::own_change_id : Trust::change_id;
  }
  const bool higher = counts_higher(fact, before);
  if (fact.author != before.author || on_different_branches(fact, before) ||
      (higher && one_run(fact, before))) {
    return Trust::none;
  }
  const bool same_title =
      share(fact, before, KeyKind::title) && (higher || fact.tags == before.tags);
  if (fact.answers == before.series && (same_title || !drops_patches(fact, before)) &&
      (higher || fact.is_resend || same_title)) {
    return Trust::answer;
  }
  const auto gap = fact.date - before.date;
  if (gap > longest_revision_gap || gap < -revision_clock_slack) {
    return Trust::none;
  }
  const bool posted_again =
      fact.version == before.version && fact.total == before.total && share_list(fact, before);
  if ((same_title && (higher || posted_again)) || (higher && share_most_patches(fact, before))) {
    return fact.tags == before.tags ? Trust::title : Trust::other_tags;
  }
  return Trust::none;
}

}  // namespace

std::vector<RevisionKey> revision_keys(const std::string& author, const std::string& change_id,
                                       const std::string& title,
                                       const std::vector<std::string>& patch_titles) {
  std::vector<RevisionKey> keys;
  if (!change_id.empty()) {
    keys.push_back({KeyKind::change_id, Hash64().add("change").add(change_id).value()});
  }
  if (const std::string normal = mail::normalize_title(title); !normal.empty()) {
    keys.push_back({KeyKind::title, Hash64().add("title").add(author).add(normal).value()});
  }
  for (std::size_t i = 0; i < std::min(patch_titles.size(), most_patch_keys); ++i) {
    if (!mail::normalize_title(patch_titles[i]).empty()) {
      keys.push_back(patch_title_key(author, patch_titles[i]));
    }
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

RevisionKey patch_title_key(const std::string& author, std::string_view title) {
  return {KeyKind::patch_title,
          Hash64().add("patch").add(author).add(mail::normalize_title(title)).value()};
}

RevisionKey single_key(const std::string& author, std::string_view title) {
  return {KeyKind::single,
          Hash64().add("single").add(author).add(mail::normalize_title(title)).value()};
}

std::vector<std::string> work_tags(const std::vector<std::string>& prefixes,
                                   const std::vector<std::string>& list_ids) {
  std::vector<std::string> tags;
  for (const std::string& prefix : prefixes) {
    std::string word = to_lower(prefix);
    const bool names_list = std::ranges::any_of(list_ids, [&](const std::string& list) {
      return iequals(word, std::string_view(list).substr(0, list.find('.')));
    });
    if (!names_list && !is_state_word(word)) {
      tags.push_back(std::move(word));
    }
  }
  std::ranges::sort(tags);
  tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
  return tags;
}

bool drops_patches(const RevisionFact& later, const RevisionFact& earlier) {
  return later.total == 1 && earlier.total > 1 && !later.has_cover;
}

bool tags_fit(const RevisionFact& later, const RevisionFact& earlier) {
  return later.version == earlier.version ? later.tags == earlier.tags
                                          : !on_different_branches(later, earlier);
}

bool comes_before(const RevisionFact& a, const RevisionFact& b) {
  return std::tie(a.version, a.date, a.head_msgid) < std::tie(b.version, b.date, b.head_msgid);
}

bool counts_higher(const RevisionFact& later, const RevisionFact& earlier) {
  return later.version > earlier.version || (earlier.is_rfc && !later.is_rfc);
}

namespace {

bool is_before(const RevisionFact* a, const RevisionFact* b) {
  return comes_before(*a, *b);
}

// A count that begins anew: v1 to v5, then two months later v1 again.
bool begins_anew(const RevisionFact& fact, const RevisionFact& before) {
  return fact.is_whole && fact.version < before.version && fact.tags == before.tags &&
         fact.date - before.date > shortest_pause;
}

// By count, each by version. Returns how many counts there are.
int sort_by_counts(std::vector<const RevisionFact*>& real) {
  std::ranges::sort(real, [](const RevisionFact* a, const RevisionFact* b) {
    return std::tie(a->date, a->head_msgid) < std::tie(b->date, b->head_msgid);
  });
  int counts = 0;
  auto first = real.begin();          // of the count
  const RevisionFact* top = nullptr;  // its highest version, the latest
  std::set<std::string_view> known;   // its diffs
  for (auto at = real.begin(); at != real.end(); ++at) {
    const RevisionFact& fact = **at;
    const bool is_copy = top != nullptr && !fact.diffs.empty() && fact.diffs != top->diffs &&
                         known.contains(fact.diffs);
    if (top == nullptr || (begins_anew(fact, *top) && !is_copy)) {
      std::sort(first, at, is_before);
      first = at;
      top = &fact;
      known.clear();
      ++counts;
    } else if (fact.version >= top->version) {
      top = &fact;
    }
    known.insert(fact.diffs);
  }
  std::sort(first, real.end(), is_before);
  return counts;
}

}  // namespace

void sort_revisions(std::vector<const RevisionFact*>& revisions) {
  std::vector<const RevisionFact*> real;
  std::ranges::copy_if(revisions, std::back_inserter(real),
                       [](const RevisionFact* fact) { return !fact->is_rfc; });
  const bool one_count = sort_by_counts(real) <= 1;
  std::unordered_map<const RevisionFact*, std::ptrdiff_t> places;
  std::vector<Timestamp> latest;  // of each and those before it
  for (const RevisionFact* fact : real) {
    places.emplace(fact, static_cast<std::ptrdiff_t>(places.size()));
    latest.push_back(latest.empty() ? fact->date : std::max(latest.back(), fact->date));
  }
  // A request stands before the first that was posted for real after it, and at most where its
  // version puts it, if that can be told.
  const auto place = [&](const RevisionFact* fact) {
    if (const auto known = places.find(fact); known != places.end()) {
      return std::pair(known->second, true);
    }
    const auto by_date = std::ranges::upper_bound(latest, fact->date) - latest.begin();
    const auto by_version =
        one_count ? std::ranges::lower_bound(real, fact, is_before) - real.begin() : by_date;
    return std::pair(std::min(by_version, by_date), false);
  };
  std::ranges::sort(revisions, [&](const RevisionFact* a, const RevisionFact* b) {
    const auto mine = place(a), others = place(b);
    return mine != others ? mine < others : comes_before(*a, *b);
  });
}

std::optional<std::int64_t> previous_of(const RevisionFact& fact,
                                        std::span<const RevisionFact> candidates) {
  const auto nearer = [&](const RevisionFact& one, const RevisionFact& other) {
    return fact.is_rfc || one.is_rfc == other.is_rfc ? comes_before(other, one) : other.is_rfc;
  };
  const RevisionFact* best = nullptr;
  Trust best_trust = Trust::none;
  for (const RevisionFact& candidate : candidates) {
    if (candidate.series == fact.series) {
      continue;
    }
    const Trust found = trust(fact, candidate);
    if (found != Trust::none &&
        (found > best_trust || (found == best_trust && nearer(candidate, *best)))) {
      best = &candidate;
      best_trust = found;
    }
  }
  return best == nullptr ? std::nullopt : std::optional(best->series);
}

bool may_stand_between(const RevisionFact& fact, const RevisionFact& newer) {
  return newer.answers && newer.version > fact.version && newer.author == fact.author &&
         share(newer, fact, KeyKind::title) && trust(newer, fact) >= Trust::other_tags;
}

std::optional<std::int64_t> previous_by_answers(const RevisionFact& fact,
                                                std::span<const Answer> answers) {
  const Answer* best = nullptr;
  for (const Answer& one : answers) {
    const bool fits = may_stand_between(fact, *one.newer) &&
                      one.newer->answers == one.answered->series &&
                      one.answered->author == fact.author && one.answered->version < fact.version &&
                      tags_fit(fact, *one.answered);
    if (fits && (best == nullptr || comes_before(*one.newer, *best->newer))) {
      best = &one;
    }
  }
  return best == nullptr ? std::nullopt : std::optional(best->answered->series);
}

}  // namespace patchmill::tracker
