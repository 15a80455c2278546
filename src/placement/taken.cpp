#include "placement/taken.hpp"

#include "mail/diff.hpp"
#include "placement/tree_choice.hpp"
#include "placement/upstream.hpp"
#include "store/cursors.hpp"
#include "tracker/taken.hpp"
#include "util/cancel.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace patchmill::placement {
namespace {

constexpr std::chrono::days k_open_for{56};
// The very same diff may be in the tree long before its author posts it; another one of the same
// subject, author and files is an earlier one.
constexpr std::chrono::days k_same_window{60};
constexpr std::chrono::days k_clock_slack{1};

// Where the last look ended.
struct Place {
  std::string tip;
  std::int64_t mail = 0;  // later ones are new
};

std::optional<Place> place_from(std::string_view text) {
  const auto words = split(text, ' ');
  const auto mail = words.size() == 2 ? parse_uint(words[1]) : std::nullopt;
  return mail ? std::optional(Place{std::string(words[0]), static_cast<std::int64_t>(*mail)})
              : std::nullopt;
}

class Look {
 public:
  Look(store::Database& database, std::span<const TreeSpec> specs,
       std::span<const std::unique_ptr<Tree>> forest, std::size_t tree, tracker::Queries& queries,
       Timestamp now, PathsOfMails& paths)
      : m_database(database),
        m_specs(specs),
        m_tree(*forest[tree]),
        m_number(tree),
        m_queries(queries),
        m_now(now),
        m_paths(paths) {}

  Result<std::size_t> run() {
    PM_TRY_ASSIGN(m_view, m_tree.view(std::nullopt));
    if (m_view.until == 0) {
      return 0;
    }
    const std::string key = "taken:" + m_specs[m_number].name;
    const auto kept = store::cursor(m_database, key);
    const auto before = kept ? place_from(*kept) : std::nullopt;
    const std::string tip = m_view.index->commit(m_view.tip());
    const auto open = tracker::open_patches(m_database, m_now - k_open_for);
    std::int64_t newest = before ? before->mail : 0;
    for (const auto& patch : open) {
      newest = std::max(newest, patch.mail);
    }
    if (before && before->tip == tip && before->mail == newest) {
      return 0;
    }
    forget_others(open);
    // A branch that was made anew is looked through as for new patches.
    const auto last = before ? m_view.index->find(before->tip) : std::nullopt;
    std::size_t found = 0;
    for (auto at = open.begin(); at != open.end();) {
      const auto end = std::find_if(at, open.end(),
                                    [&](const auto& patch) { return patch.series != at->series; });
      const bool is_new = std::any_of(
          at, end, [&](const auto& patch) { return !before || patch.mail > before->mail; });
      PM_TRY_ASSIGN(const std::size_t taken,
                    look_at(std::span(at, end), is_new || !last ? std::nullopt : last));
      found += taken;
      at = end;
      if (CancelScope::called_off()) {
        return fail(ErrorKind::infrastructure, "called off");
      }
    }
    store::set_cursor(m_database, key, fmt::format("{} {}", tip, newest));
    return found;
  }

 private:
  void forget_others(std::span<const tracker::OpenPatch> open) {
    std::set<std::int64_t> mails;
    for (const auto& patch : open) {
      mails.insert(patch.mail);
    }
    std::erase_if(m_paths, [&](const auto& entry) { return !mails.contains(entry.first); });
  }

  const std::vector<std::string>& paths_of(std::int64_t mail) {
    const auto [entry, is_new] = m_paths.try_emplace(mail);
    if (is_new) {
      if (const auto message = m_queries.parsed(mail)) {
        entry->second = mail::touched_paths(message->diff);
      }
    }
    return entry->second;
  }

  bool touched_since(std::int64_t mail, Ordinal first) {
    return std::ranges::any_of(paths_of(mail), [&](const std::string& path) {
      const auto history = m_view.index->history(path);
      return !history.empty() && history.back().ordinal >= first;
    });
  }

  // `last`: it was looked for up to there already.
  Result<std::size_t> look_at(std::span<const tracker::OpenPatch> open,
                              std::optional<Ordinal> last) {
    std::optional<tracker::Series> series;
    Ordinal first = last ? *last + 1 : 0;
    if (!last) {
      series = m_queries.series(open.front().series);
      const auto older = series ? m_view.index->at(series->date - k_same_window) : std::nullopt;
      first = older ? *older + 1 : 0;
    }
    if (std::ranges::none_of(open,
                             [&](const auto& patch) { return touched_since(patch.mail, first); })) {
      return 0;
    }
    series = series ? series : m_queries.series(open.front().series);
    if (!series || !may_belong(*series)) {
      return 0;
    }
    const auto patches = load_patches(m_queries, *series);
    if (!patches) {
      log::debug("not looked for in {}: {}", m_specs[m_number].name, patches.error().message);
      return 0;
    }
    PM_TRY_ASSIGN(git::Repository * repository, m_tree.repository());
    PM_TRY_ASSIGN(const auto found, find_upstream(*repository, m_view, *patches, first));
    std::vector<tracker::TakenPatch> taken;
    for (std::size_t i = 0; i < found.size(); ++i) {
      const auto& patch = series->patches[i];
      if (found[i] && !patch.carried_over &&
          (found[i]->how == UpstreamMatch::patch_id ||
           found[i]->committed >= series->date - k_clock_slack)) {
        taken.push_back({patch.message, m_specs[m_number].name, found[i]->commit});
      }
    }
    store::Transaction transaction(m_database);
    tracker::note_taken(m_database, m_now, series->number, taken);
    transaction.commit();
    return taken.size();
  }

  bool may_belong(const tracker::Series& series) {
    std::set<std::string> unique;
    for (const auto& patch : series.patches) {
      const auto& paths = paths_of(patch.message);
      unique.insert(paths.begin(), paths.end());
    }
    const std::vector<std::string> paths(unique.begin(), unique.end());
    const auto ranked =
        rank_trees(m_specs, series, paths, [&](std::size_t tree, const std::string& path) {
          return tree == m_number ? m_tree.maintainers_section(path) : std::nullopt;
        });
    return std::ranges::any_of(ranked, [&](const TreeAffinity& affinity) {
      return affinity.tree == m_number && !affinity.needs_evidence;
    });
  }

  store::Database& m_database;
  std::span<const TreeSpec> m_specs;
  Tree& m_tree;
  std::size_t m_number;
  tracker::Queries& m_queries;
  Timestamp m_now;
  PathsOfMails& m_paths;
  TreeView m_view;
};

}  // namespace

Result<std::size_t> look_for_taken(store::Database& database, std::span<const TreeSpec> specs,
                                   std::span<const std::unique_ptr<Tree>> forest, std::size_t tree,
                                   tracker::Queries& queries, Timestamp now, PathsOfMails& paths) {
  return Look(database, specs, forest, tree, queries, now, paths).run();
}

}  // namespace patchmill::placement
