#include "app/try_series.hpp"

#include "mail/message.hpp"
#include "placement/patch_ids.hpp"
#include "placement/prerequisites.hpp"
#include "tracker/facts.hpp"
#include "tracker/series_addresses.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace patchmill::app {
namespace {

constexpr std::size_t k_most_revisions = 64;  // of one work
constexpr int k_deepest_reply_chain = 64;     // as assembly looks for what a patch answers

bool waits_for_patch_id(const tracker::Series& series) {
  return std::ranges::any_of(series.dependencies, [](const auto& one) {
    return !one.series && one.dependency.kind == mail::DependencyKind::prerequisite_patch;
  });
}

// Empty for a series that was posted without a mail of its own.
std::string own_mail(const tracker::Series& series) {
  for (const auto& patch : series.patches) {
    if (!patch.carried_over) {
      return patch.msgid;
    }
  }
  return series.cover_msgid;
}

std::vector<std::int64_t> mails_of(const tracker::Series& series) {
  std::vector<std::int64_t> mails;
  if (series.cover_message) {
    mails.push_back(*series.cover_message);
  }
  for (const auto& patch : series.patches) {
    mails.push_back(patch.message);
  }
  return mails;
}

// Series in the order in which they are handed over, each once.
class Needed {
 public:
  // No more series than `most`: each has a mail of its own.
  Needed(tracker::Queries& queries, std::size_t most) : m_queries(queries), m_most(most) {}

  void add(const tracker::Series& series) {
    if (note(series)) {
      add_carried_from(series);
    }
  }

  // What a mail names is found in the revision that it names, and followed from there: without
  // those in between the newest might be no revision of it.
  void add_between(const tracker::Series& named, std::int64_t followed) {
    if (named.number == followed) {
      return;
    }
    const auto revisions = m_queries.revisions(named.number);
    const auto one = std::ranges::find(revisions, named.number);
    const auto other = std::ranges::find(revisions, followed);
    if (one == revisions.end() || other == revisions.end()) {
      return;
    }
    const auto [from, to] = std::minmax(one, other);
    std::size_t left = k_most_revisions;
    for (auto at = to; at != from && left > 0; --left) {
      --at;
      if (auto series = m_queries.series(*at)) {
        add(*series);
      }
    }
  }

  [[nodiscard]] const std::vector<tracker::Series>& series() const { return m_series; }

 private:
  bool note(const tracker::Series& series) {
    if (m_series.size() >= m_most || !m_numbers.insert(series.number).second) {
      return false;
    }
    m_series.push_back(series);
    return true;
  }

  // A revision that carries patches over is a reroll of the one before it only while that is there.
  void add_carried_from(const tracker::Series& series) {
    std::set<std::int64_t> missing;
    tracker::Series at = series;
    for (std::size_t depth = 0; depth < k_most_revisions; ++depth) {
      bool carries = false;
      for (const auto& patch : at.patches) {
        if (!patch.carried_over) {
          missing.erase(patch.message);
        } else {
          carries = true;
          if (depth == 0) {
            missing.insert(patch.message);
          }
        }
      }
      auto before = (carries || !missing.empty()) && at.revision_of
                        ? m_queries.series(*at.revision_of)
                        : std::nullopt;
      if (!before) {
        return;
      }
      at = *std::move(before);
      if (!note(at) && missing.empty()) {
        return;  // what it is made of is here already
      }
    }
  }

  tracker::Queries& m_queries;
  std::size_t m_most;
  std::set<std::int64_t> m_numbers;
  std::vector<tracker::Series> m_series;
};

// The raw mails, within limits.
class Collector {
 public:
  Collector(tracker::Queries& queries, const TrySeriesLimits& limits)
      : m_queries(queries), m_limits(limits) {}

  // False: there was no room for it, and nothing of it was taken.
  Result<bool> add(const tracker::Series& series, bool bounded) {
    std::vector<std::pair<std::int64_t, std::string>> fresh;
    std::size_t bytes = m_bytes;
    for (const std::int64_t message : mails_of(series)) {
      if (m_rows.contains(message)) {
        continue;
      }
      PM_TRY_ASSIGN(std::string raw, m_queries.raw(message));
      bytes += raw.size();
      fresh.emplace_back(message, std::move(raw));
      if (bounded && (m_mails.size() + fresh.size() > m_limits.mails || bytes > m_limits.bytes)) {
        return false;
      }
    }
    for (auto& [message, raw] : fresh) {
      m_rows.insert(message);
      take(std::move(raw));
    }
    return true;
  }

  // The replies between a patch and the patch it answers: it is posted in answer to a reviewer as
  // often as to the patch itself.
  void add_replies() {
    const auto answering = std::exchange(m_parents, {});
    for (const auto& parents : answering) {
      for (const std::string& parent : parents) {
        if (m_ids.contains(parent) || follow(parent)) {
          break;
        }
      }
    }
  }

  std::vector<std::string> give() { return std::move(m_mails); }

 private:
  struct Reply {
    std::string raw;
    std::string parent;
  };

  void take(std::string raw) {
    if (const auto parsed = mail::parse_message(raw)) {
      m_ids.insert(parsed->message_id);
      m_parents.push_back(tracker::parents_of(*parsed));
    }
    m_bytes += raw.size();
    m_mails.push_back(std::move(raw));
  }

  std::optional<Reply> reply(const std::string& id) {
    const auto row = m_queries.message(id);
    if (!row || row->kind != tracker::MessageKind::reply) {
      return std::nullopt;
    }
    auto raw = m_queries.raw(row->id);
    const auto parsed =
        raw ? mail::parse_message(*raw) : Result<mail::Message>(tl::unexpected(raw.error()));
    if (!parsed) {
      return std::nullopt;
    }
    auto parents = tracker::parents_of(*parsed);
    return Reply{*std::move(raw), parents.empty() ? std::string() : std::move(parents.front())};
  }

  // True when the chain of replies ends at a mail that is handed over; then it is, too.
  bool follow(std::string id) {
    std::vector<std::pair<std::string, std::string>> chain;  // ids and mails
    std::size_t bytes = m_bytes;
    for (int step = 0; step < k_deepest_reply_chain && !m_ids.contains(id); ++step) {
      auto found = m_dead_ends.insert(id).second ? reply(id) : std::nullopt;
      bytes += found ? found->raw.size() : 0;
      if (!found || m_mails.size() + chain.size() >= m_limits.mails || bytes > m_limits.bytes) {
        return false;
      }
      chain.emplace_back(std::exchange(id, std::move(found->parent)), std::move(found->raw));
    }
    if (!m_ids.contains(id)) {
      return false;
    }
    for (auto& [reply_id, raw] : chain) {
      m_ids.insert(reply_id);
      take(std::move(raw));
    }
    return true;
  }

  tracker::Queries& m_queries;
  TrySeriesLimits m_limits;
  std::set<std::int64_t> m_rows;                    // of patches and covers
  std::set<std::string> m_ids;                      // of all mails
  std::set<std::string> m_dead_ends;                // followed before
  std::vector<std::vector<std::string>> m_parents;  // of mails not looked at yet
  std::vector<std::string> m_mails;
  std::size_t m_bytes = 0;
};

// What only this data folder knows: which series the address of one is about.
std::map<std::string, std::string> addresses_in(tracker::Queries& queries,
                                                const std::vector<tracker::Series>& all) {
  std::map<std::string, std::string> addresses;
  for (const auto& series : all) {
    for (const auto& one : series.dependencies) {
      const auto address = tracker::series_address(one.dependency.target);
      const auto target = address && one.series ? queries.series(*one.series) : std::nullopt;
      if (target) {
        addresses.emplace(address->key(), own_mail(*target));
      }
    }
  }
  return addresses;
}

Needed everything_for(tracker::Queries& queries, const tracker::Series& series,
                      const std::vector<tracker::Series>& followed, std::size_t most) {
  Needed needed(queries, most);
  needed.add(series);
  std::map<std::int64_t, std::vector<const tracker::Series*>> by_work;
  by_work[series.work].push_back(&series);
  for (const auto& one : followed) {
    by_work[one.work].push_back(&one);
  }
  const auto add_named_by = [&](const tracker::Series& by) {
    std::set<std::int64_t> seen;
    for (const auto& one : by.dependencies) {
      const auto named = one.series && seen.insert(*one.series).second ? queries.series(*one.series)
                                                                       : std::nullopt;
      const auto instead = named ? by_work.find(named->work) : by_work.end();
      if (instead == by_work.end()) {
        continue;  // beyond what is followed
      }
      needed.add(*named);
      for (const tracker::Series* revision : instead->second) {
        needed.add(*revision);
        needed.add_between(*named, revision->number);
      }
    }
  };
  add_named_by(series);
  for (const auto& one : followed) {
    add_named_by(one);
  }
  return needed;
}

}  // namespace

Result<TryInput> try_series(Workspace& workspace, git::Repository& checkout,
                            const tracker::Series& series, const TrySeriesLimits& limits) {
  tracker::Queries& queries = workspace.queries();
  tracker::Series now = series;
  auto followed = placement::followed_dependencies(queries, now);
  if (waits_for_patch_id(now) || std::ranges::any_of(followed, waits_for_patch_id)) {
    PM_TRY(placement::learn_patch_ids(workspace.database(), queries, checkout));
    now = queries.series(series.number).value_or(series);
    followed = placement::followed_dependencies(queries, now);
  }
  const Needed needed = everything_for(queries, now, followed, limits.mails + 1);
  Collector collector(queries, limits);
  std::size_t left_out = 0;
  for (const auto& one : needed.series()) {
    PM_TRY_ASSIGN(const bool taken, collector.add(one, one.number != now.number));
    left_out += taken ? 0 : 1;
  }
  collector.add_replies();
  TryInput input;
  input.mails = collector.give();
  input.asked = own_mail(now);
  input.addresses = addresses_in(queries, needed.series());
  if (left_out > 0) {
    input.note = fmt::format(
        "{} of the series it builds on or carries patches over from {} left out: at most {} mails "
        "and {} MiB are tried at once",
        left_out, left_out == 1 ? "is" : "are", limits.mails, limits.bytes >> 20);
  }
  return input;
}

}  // namespace patchmill::app
