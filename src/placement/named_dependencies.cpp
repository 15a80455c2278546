#include "placement/prerequisites.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace patchmill::placement {

namespace {

constexpr int k_max_named = 16;
constexpr std::size_t k_max_patches = 500;
// Following one reads all revisions of its work.
constexpr int k_max_followed = 200;

void add_sentence(std::string& text, std::string_view sentence) {
  text += text.empty() ? "" : "; ";
  text += sentence;
}

// The version a change-id asks for ("…:v3"), if it does.
std::optional<int> pinned_version(const mail::Dependency& dependency) {
  const std::size_t colon = dependency.target.rfind(":v");
  if (dependency.kind != mail::DependencyKind::prerequisite_change || colon == std::string::npos) {
    return std::nullopt;
  }
  const auto version = parse_uint(std::string_view(dependency.target).substr(colon + 2));
  return version && *version < 1000 ? std::optional(static_cast<int>(*version)) : std::nullopt;
}

// The newest revision of the same work that existed, or the version asked for.
tracker::Series follow(tracker::Queries& queries, tracker::Series start, std::optional<int> version,
                       std::optional<Timestamp> as_of) {
  const bool other_wanted = version ? start.version != *version : start.superseded;
  if (!other_wanted || start.work == 0) {
    return start;
  }
  tracker::Series best = start;
  bool is_newer = false;
  for (const std::int64_t number : queries.revisions(start.number)) {
    if (number == start.number) {
      is_newer = true;
      continue;
    }
    if (!version && !is_newer) {
      continue;
    }
    auto other = queries.series(number);
    if (!other || (as_of && other->date > *as_of) || !other->received_all()) {
      continue;
    }
    if (!version || other->version == *version) {
      best = *std::move(other);
    }
  }
  return best;
}

class Collector {
 public:
  Collector(tracker::Queries& queries, std::optional<Timestamp> as_of,
            const IsUpstream& is_upstream)
      : m_queries(queries), m_as_of(as_of), m_is_upstream(is_upstream) {}

  Result<void> collect(const tracker::Series& series, int depth) {
    m_path.insert(series.number);
    for (const auto& dependency : series.dependencies) {
      PM_TRY(add(dependency, depth));
    }
    m_path.erase(series.number);
    return {};
  }

  NamedDependencies take() { return std::move(m_result); }

 private:
  Result<void> add(const tracker::ResolvedDependency& dependency, int depth) {
    const std::string target = escape_terminal(ellipsize(dependency.dependency.target, 200));
    if (dependency.reason == tracker::k_names_itself) {
      add_sentence(
          m_result.explanation,
          fmt::format("its dependency on {} names the series itself and was passed over", target));
      return {};
    }
    std::optional<tracker::Series> found;
    if (dependency.series) {
      found = m_queries.series(*dependency.series);
    }
    if (!found || (m_as_of && found->date > *m_as_of)) {
      if (dependency.dependency.kind == mail::DependencyKind::prerequisite_patch) {
        m_result.unknown_patch = true;
        add_sentence(m_result.explanation,
                     fmt::format("prerequisite patch {} is in no series known", target));
      } else {
        m_result.waiting = true;
        add_sentence(m_result.explanation,
                     fmt::format("it depends on {}, which has not arrived", target));
      }
      return {};
    }
    const tracker::Series needed =
        follow(m_queries, std::move(*found), pinned_version(dependency.dependency), m_as_of);
    if (m_path.contains(needed.number)) {
      add_sentence(m_result.explanation,
                   fmt::format("its dependency on {} goes in a circle and was passed over",
                               describe_series(needed)));
      return {};
    }
    if (!m_done.insert(needed.number).second) {
      return {};
    }
    if (!needed.received_all()) {
      m_result.waiting = true;
      m_result.waiting_for = needed.number;
      add_sentence(m_result.explanation,
                   fmt::format("it depends on {}, of which only {} of {} "
                               "patches have arrived",
                               describe_series(needed), needed.received_total(), needed.total));
      return {};
    }
    if (depth >= k_max_named) {
      add_sentence(m_result.explanation,
                   fmt::format("dependencies below {} are too deep and were passed over",
                               describe_series(needed)));
      return {};
    }
    PM_TRY_ASSIGN(auto patches, load_patches(m_queries, needed));
    if (m_is_upstream(needed, patches)) {
      add_sentence(
          m_result.explanation,
          fmt::format("{}, which it depends on, is in the tree already", describe_series(needed)));
      return {};
    }
    PM_TRY(collect(needed, depth + 1));
    auto& into = m_result.prerequisites;
    if (into.inputs.size() + patches.inputs.size() > k_max_patches) {
      add_sentence(m_result.explanation,
                   fmt::format("it depends on more than {} patches, and those of {} were passed "
                               "over",
                               k_max_patches, describe_series(needed)));
      return {};
    }
    into.series.push_back(needed.number);
    std::move(patches.inputs.begin(), patches.inputs.end(), std::back_inserter(into.inputs));
    into.mails.insert(into.mails.end(), needed.patches.begin(), needed.patches.end());
    into.described += (into.described.empty() ? "" : ", ") + describe_series(needed);
    return {};
  }

  tracker::Queries& m_queries;
  std::optional<Timestamp> m_as_of;
  const IsUpstream& m_is_upstream;
  std::set<std::int64_t> m_path;  // from the series down to the one looked at
  std::set<std::int64_t> m_done;
  NamedDependencies m_result;
};

}  // namespace

std::string describe_series(const tracker::Series& series) {
  return fmt::format("series {} ({})", series.number, escape_terminal(ellipsize(series.name, 100)));
}

Result<NamedDependencies> named_dependencies(tracker::Queries& queries,
                                             const tracker::Series& series,
                                             std::optional<Timestamp> as_of,
                                             const IsUpstream& is_upstream) {
  Collector collector(queries, as_of, is_upstream);
  PM_TRY(collector.collect(series, 0));
  return collector.take();
}

std::vector<tracker::Series> followed_dependencies(tracker::Queries& queries,
                                                   const tracker::Series& series) {
  std::vector<tracker::Series> found;
  std::set<std::int64_t> seen = {series.number};
  int left = k_max_followed;
  const auto add_named_by = [&](const tracker::Series& by) {
    for (const auto& dependency : by.dependencies) {
      auto named =
          dependency.series && left-- > 0 ? queries.series(*dependency.series) : std::nullopt;
      if (!named) {
        continue;
      }
      auto needed =
          follow(queries, *std::move(named), pinned_version(dependency.dependency), std::nullopt);
      if (seen.insert(needed.number).second) {
        found.push_back(std::move(needed));
      }
    }
  };
  add_named_by(series);
  std::size_t begin = 0;
  for (int depth = 1; depth < k_max_named && begin < found.size(); ++depth) {
    const std::size_t end = found.size();
    for (; begin < end; ++begin) {
      add_named_by(tracker::Series(found[begin]));  // a copy: `found` moves as it grows
    }
  }
  return found;
}

}  // namespace patchmill::placement
