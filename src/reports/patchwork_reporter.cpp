#include "reports/patchwork_reporter.hpp"

#include "mail/diff.hpp"
#include "reports/patchwork_checks.hpp"
#include "store/cursors.hpp"
#include "store/event_log.hpp"
#include "store/overview.hpp"
#include "tracker/taken.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace patchmill::reports {
namespace {

// Whoever brings mails waits for the store as long as a pass takes.
constexpr std::size_t events_a_pass = 200;
constexpr std::size_t patches_a_pass = 100;

std::int64_t newest_event(store::Database& database) {
  const auto events = store::last_events(database, 1);
  return events.empty() ? 0 : events.back().id;
}

// Its patches, by number, that were posted with an earlier revision.
std::set<int> carried_over(const tracker::Series& series) {
  std::set<int> numbers;
  for (const auto& patch : series.patches) {
    if (patch.carried_over) {
      numbers.insert(patch.number);
    }
  }
  return numbers;
}

template <class Patches>
Patches without(Patches patches, const std::set<int>& numbers) {
  std::erase_if(patches, [&](const auto& patch) { return numbers.contains(patch.first); });
  return patches;
}

}  // namespace

PatchworkReporter::PatchworkReporter(store::Database& database, const store::BlobStore& blobs,
                                     const Clock& clock, PatchworkReporterConfig config)
    : m_database(database),
      m_config(std::move(config)),
      m_queries(database, blobs),
      m_series(database, clock),
      m_checks(database, clock),
      m_states(database, clock),
      m_delegates(database, clock) {}

PatchworkReporter::KnownPatches PatchworkReporter::patches_of(const tracker::Series& series) {
  KnownPatches patches;
  for (const auto& patch : series.patches) {
    for (const auto& known : patchwork::patches_of(m_database, patch.msgid)) {
      if (known.instance == m_config.instance && m_config.projects.contains(known.project)) {
        patches.emplace(patch.number, known);
      }
    }
  }
  return patches;
}

int PatchworkReporter::want_states(const CheckInput& input, const tracker::Series& series,
                                   const KnownPatches& decided) {
  if (m_config.states.empty()) {
    return 0;
  }
  int changed = 0;
  const auto taken = m_config.states.contains("accepted")
                         ? tracker::taken_patches(m_database, series)
                         : std::set<int>();
  for (const auto& [number, known] : decided) {
    const auto wanted = wanted_state(input, taken.contains(number), m_config.states);
    if (!wanted.empty()) {
      changed += m_states.want({known.instance, known.patch, known.project, wanted, known.state});
    }
  }
  return changed;
}

bool PatchworkReporter::want_delegate(const patchwork::KnownPatch& known,
                                      const tracker::Series& series) {
  const auto patch = std::ranges::find_if(
      series.patches, [&](const auto& one) { return one.msgid == known.message_id; });
  const auto mail = patch != series.patches.end()
                        ? m_queries.parsed(patch->message)
                        : Result<mail::Message>(fail(ErrorKind::not_found, ""));
  if (!mail) {
    return false;
  }
  const auto user = patchwork::delegate_of(
      m_config.delegates,
      {mail::touched_paths(mail->diff), series.list_ids, series.prefixes, mail->subject});
  return !user.empty() && m_delegates.want(known, user);
}

std::vector<std::pair<patchwork::KnownRevision, patchwork::KnownPatch>>
PatchworkReporter::revisions_of(const KnownPatches& patches) {
  std::vector<std::pair<patchwork::KnownRevision, patchwork::KnownPatch>> revisions;
  for (const auto& [number, known] : patches) {
    if (const auto revision = patchwork::revision_of(m_database, known.instance, known.patch)) {
      revisions.emplace_back(*revision, known);
    }
  }
  return revisions;
}

// One of each target and context. `posted`: its own patches; `decided`: those whose newest revision
// it is.
std::vector<patchwork::CheckWish> PatchworkReporter::wishes(const CheckInput& input,
                                                            const KnownPatches& posted,
                                                            const KnownPatches& decided) {
  std::vector<patchwork::CheckWish> all;
  const auto wish = [&](const CheckLine& line, const patchwork::KnownPatch& known,
                        std::int64_t patch, int version) {
    all.push_back({known.instance, patch, version, known.project, line.context, input.series,
                   input.attempt, line.state, line.target_url, line.description});
  };
  const auto lines = check_lines(input);
  const auto revisions = revisions_of(posted);
  if (!revisions.empty()) {
    for (const auto& line : of_revision(lines)) {
      for (const auto& [revision, known] : revisions) {
        wish(line, known, revision.series, revision.version);
      }
    }
    keep_worst(all);
    return all;
  }
  if (!revisions_of(decided).empty()) {
    return all;  // the number of this revision has not been told yet
  }
  for (const auto& line : lines) {
    const auto [from, to] =
        line.patch ? decided.equal_range(*line.patch) : std::pair(decided.begin(), decided.end());
    for (auto at = from; at != to; ++at) {
      wish(line, at->second, at->second.patch, 0);
    }
  }
  keep_worst(all);
  return all;
}

int PatchworkReporter::look_at(std::int64_t number) {
  int changed = 0;
  using Key = std::tuple<std::int64_t, int, std::string>;
  const auto key_of = [](const patchwork::CheckWish& wish) {
    return Key(wish.patch, wish.version, wish.context);
  };
  std::set<Key> wanted;
  const auto series = m_queries.series(number);
  const auto known = series ? patches_of(*series) : KnownPatches();
  const auto posted = series ? without(known, carried_over(*series)) : KnownPatches();
  if (!posted.empty()) {
    auto input = m_series.of(*series);
    input.prefix = m_config.prefix;
    input.links = m_config.links;
    const auto decided = without(known, carried_on(m_queries, *series));
    changed += want_states(input, *series, decided);
    for (const auto& wish :
         m_config.checks ? wishes(input, posted, decided) : std::vector<patchwork::CheckWish>()) {
      wanted.insert(key_of(wish));
      changed += m_checks.want(wish);
    }
  }
  const bool superseded = series && series->superseded;
  // What a newer revision has taken over is that one's.
  for (auto& wish : m_checks.of_series(number)) {
    if (wish.instance == m_config.instance && m_config.projects.contains(wish.project) &&
        wish.state == "pending" && !wanted.contains(key_of(wish))) {
      retire(wish, superseded);
      changed += m_checks.want(wish);
    }
  }
  return changed;
}

int PatchworkReporter::pass(bool& more) {
  const std::string key = "patchwork-checks:" + m_config.name;
  store::Transaction transaction(m_database);
  int changed = 0;
  std::set<std::int64_t> series;
  const auto cursor = store::cursor(m_database, key);
  std::int64_t last = cursor ? static_cast<std::int64_t>(parse_uint(*cursor).value_or(0))
                             : newest_event(m_database);
  const auto events = store::events_after(m_database, last, events_a_pass);
  for (const auto& event : events) {
    if (event.series && changes_state(event.kind)) {
      series.insert(*event.series);
    }
    last = event.id;
  }
  const auto fresh =
      patchwork::new_patches(m_database, m_config.instance, m_config.projects, patches_a_pass);
  for (const auto& patch : fresh) {
    if (const auto number = m_queries.series_of(patch.message_id)) {
      series.insert(*number);
      const auto of_patch = m_config.delegates.empty() ? std::nullopt : m_queries.series(*number);
      changed += of_patch && want_delegate(patch, *of_patch) ? 1 : 0;
    }
  }
  for (const auto number : series) {
    changed += look_at(number);
  }
  patchwork::set_looked_at(m_database, fresh);
  if (!cursor || !events.empty()) {
    store::set_cursor(m_database, key, std::to_string(last));
  }
  transaction.commit();
  more = events.size() == events_a_pass || fresh.size() == patches_a_pass;
  return changed;
}

}  // namespace patchmill::reports
