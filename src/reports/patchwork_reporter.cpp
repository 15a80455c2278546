#include "reports/patchwork_reporter.hpp"

#include "mail/diff.hpp"
#include "patchwork/revision_store.hpp"
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

// By number within the series; one mail may be in several projects there.
std::multimap<int, patchwork::KnownPatch> PatchworkReporter::patches_of(
    const tracker::Series& series, const std::function<bool(const tracker::PatchRef&)>& wanted) {
  std::multimap<int, patchwork::KnownPatch> patches;
  for (const auto& patch : series.patches) {
    if (!wanted(patch)) {
      continue;
    }
    for (const auto& known : patchwork::patches_of(m_database, patch.msgid)) {
      if (known.instance == m_config.instance && m_config.projects.contains(known.project)) {
        patches.emplace(patch.number, known);
      }
    }
  }
  return patches;
}

int PatchworkReporter::want_states(const CheckInput& input, const tracker::Series& series) {
  if (m_config.states.empty()) {
    return 0;
  }
  int changed = 0;
  const auto elsewhere = carried_on(m_queries, series);
  const auto taken = m_config.states.contains("accepted")
                         ? tracker::taken_patches(m_database, series)
                         : std::set<int>();
  for (const auto& [number, known] : patches_of(series, [&](const tracker::PatchRef& patch) {
         return !elsewhere.contains(patch.message);
       })) {
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

std::vector<patchwork::CheckWish> PatchworkReporter::wishes(
    const CheckInput& input, const std::multimap<int, patchwork::KnownPatch>& patches) {
  std::vector<patchwork::CheckWish> all;
  const auto wish = [&](const CheckLine& line, const patchwork::KnownPatch& known,
                        std::int64_t patch, int version) {
    all.push_back({known.instance, patch, version, known.project, line.context, input.series,
                   input.attempt, line.state, line.target_url, line.description});
  };
  const auto lines = check_lines(input);
  std::vector<std::pair<patchwork::KnownRevision, patchwork::KnownPatch>> revisions;
  for (const auto& [number, known] : patches) {
    if (const auto revision = patchwork::revision_of(m_database, known.instance, known.patch)) {
      revisions.emplace_back(*revision, known);
    }
  }
  if (!revisions.empty()) {
    for (const auto& line : of_revision(lines)) {
      for (const auto& [revision, known] : revisions) {
        wish(line, known, revision.series, revision.version);
      }
    }
    return all;
  }
  for (const auto& line : lines) {
    const auto [from, to] =
        line.patch ? patches.equal_range(*line.patch) : std::pair(patches.begin(), patches.end());
    for (auto at = from; at != to; ++at) {
      wish(line, at->second, at->second.patch, 0);
    }
  }
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
  const auto posted = [](const tracker::PatchRef& patch) { return !patch.carried_over; };
  const auto patches =
      series ? patches_of(*series, posted) : std::multimap<int, patchwork::KnownPatch>();
  if (!patches.empty()) {
    auto input = m_series.of(*series);
    input.prefix = m_config.prefix;
    input.links = m_config.links;
    changed += want_states(input, *series);
    for (const auto& wish :
         m_config.checks ? wishes(input, patches) : std::vector<patchwork::CheckWish>()) {
      if (wanted.insert(key_of(wish)).second) {
        changed += m_checks.want(wish);
      }
    }
  }
  const bool superseded = series && series->superseded;
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
