#include "placement/attempt_runner.hpp"
#include "placement/candidates.hpp"
#include "placement/good_commits.hpp"
#include "placement/placement.hpp"
#include "placement/post_images.hpp"
#include "placement/series_placement.hpp"
#include "placement/taken.hpp"
#include "placement/tree.hpp"
#include "placement/upstream.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::placement {

struct Placer::Impl {
  Impl(store::Database& db, const std::filesystem::path& data_dir, std::vector<TreeSpec> trees,
       const Clock& the_clock)
      : database(db), clock(the_clock), specs(std::move(trees)) {
    for (const auto& spec : specs) {
      forest.push_back(std::make_unique<Tree>(spec, data_dir / "trees"));
    }
  }

  Result<Tree*> find(std::string_view name) {
    std::vector<std::string> names;
    for (const auto& tree : forest) {
      if (tree->spec().name == name) {
        return tree.get();
      }
      names.push_back(tree->spec().name);
    }
    const auto nearest = nearest_name(name, names);
    return fail(ErrorKind::not_found,
                fmt::format("there is no tree \"{}\" in the configuration{}", escape_terminal(name),
                            nearest         ? fmt::format("; did you mean \"{}\"?", *nearest)
                            : names.empty() ? "; add one under `trees:`"
                                            : fmt::format(" (there are: {})", join(names, ", "))));
  }

  store::Database& database;
  const Clock& clock;
  std::vector<TreeSpec> specs;
  std::vector<std::unique_ptr<Tree>> forest;
};

Placer::Placer(store::Database& database, const std::filesystem::path& data_dir,
               std::vector<TreeSpec> trees, const Clock& clock)
    : m_impl(std::make_unique<Impl>(database, data_dir, std::move(trees), clock)) {}

Placer::~Placer() = default;

std::vector<std::pair<std::string, Result<void>>> Placer::refresh() {
  std::vector<std::pair<std::string, Result<void>>> results;
  std::vector<std::filesystem::path> mirrors;
  for (const auto& tree : m_impl->forest) {
    results.emplace_back(tree->spec().name, tree->refresh(mirrors));
    // Later trees may borrow from earlier ones, never the other way round: no circles.
    if (std::filesystem::exists(tree->mirror_dir())) {
      mirrors.push_back(std::filesystem::absolute(tree->mirror_dir()));
    }
  }
  return results;
}

Result<void> Placer::refresh(std::string_view tree) {
  PM_TRY_ASSIGN(Tree * wanted, m_impl->find(tree));
  std::vector<std::filesystem::path> mirrors;
  for (const auto& earlier : m_impl->forest) {
    if (earlier.get() == wanted) {
      break;
    }
    if (std::filesystem::exists(earlier->mirror_dir())) {
      mirrors.push_back(std::filesystem::absolute(earlier->mirror_dir()));
    }
  }
  return wanted->refresh(std::move(mirrors));
}

Result<git::ObjectId> Placer::tip(std::string_view tree) {
  PM_TRY_ASSIGN(Tree * found, m_impl->find(tree));
  PM_TRY_ASSIGN(const TreeView view, found->view(std::nullopt));
  if (view.until == 0) {
    return fail(ErrorKind::not_found,
                fmt::format("tree {} has no commit yet", escape_terminal(tree)));
  }
  return view.index->commit(view.tip());
}

Result<std::size_t> Placer::look_for_taken(std::string_view tree, tracker::Queries& queries,
                                           PathsOfMails& paths) {
  PM_TRY_ASSIGN(const Tree* found, m_impl->find(tree));
  std::size_t number = 0;
  while (m_impl->forest[number].get() != found) {
    ++number;
  }
  return placement::look_for_taken(m_impl->database, m_impl->specs, m_impl->forest, number, queries,
                                   m_impl->clock.now(), paths);
}

Result<Placement> Placer::place(const tracker::Series& series, const SeriesPatches& patches,
                                tracker::Queries& queries, const PlaceOptions& options) {
  if (!options.only_tree.empty()) {
    PM_TRY(m_impl->find(options.only_tree));
  }
  return SeriesPlacement(m_impl->database, m_impl->specs, m_impl->forest, queries, series, patches,
                         options)
      .run();
}

Result<std::vector<std::optional<git::ObjectId>>> Placer::commits_of(std::string_view tree,
                                                                     const tracker::Series& series,
                                                                     const SeriesPatches& patches) {
  PM_TRY_ASSIGN(Tree * found, m_impl->find(tree));
  PM_TRY_ASSIGN(const TreeView view, found->view(std::nullopt));
  PM_TRY_ASSIGN(git::Repository * repository, found->repository());
  PM_TRY_ASSIGN(const auto commits,
                find_upstream(*repository, view, patches, series.date - k_upstream_window));
  std::vector<std::optional<git::ObjectId>> result;
  for (const auto& commit : commits) {
    result.push_back(commit ? std::optional(commit->commit) : std::nullopt);
  }
  return result;
}

void Placer::remember(const tracker::Series& series, const SeriesPatches& patches) {
  if (series.number > 0) {
    record_post_images(m_impl->database, series.number, series.date,
                       read_images(patches.inputs).after);
  }
}

Result<git::Repository*> Placer::repository(std::string_view tree) {
  PM_TRY_ASSIGN(Tree * found, m_impl->find(tree));
  return found->repository();
}

void Placer::record_good(std::string_view tree, const git::ObjectId& commit) {
  record_good_commit(m_impl->database, m_impl->clock.now(), tree, commit);
}

Result<void> Placer::keep(std::string_view tree, std::int64_t series, const git::ObjectId& tip) {
  PM_TRY_ASSIGN(git::Repository * into, repository(tree));
  return into->update_ref(fmt::format("refs/patchmill/series/{}", series), tip);
}

}  // namespace patchmill::placement
