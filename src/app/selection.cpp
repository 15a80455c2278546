#include "app/selection.hpp"

#include "patchwork/instance.hpp"
#include "patchwork/patch_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace patchmill::app {
namespace {

using tracker::Trait;

bool looks_at(const std::vector<tracker::Clause>& clauses, Trait trait) {
  return std::ranges::any_of(clauses, [&](const tracker::Clause& clause) {
    return std::ranges::any_of(
        clause, [&](const tracker::Condition& condition) { return condition.trait == trait; });
  });
}

void add(std::vector<std::string>& values, const std::string& value) {
  if (!value.empty() && std::ranges::find(values, value) == values.end()) {
    values.push_back(value);
  }
}

class Selector {
 public:
  Selector(Workspace& workspace, const tracker::Series& series)
      : m_workspace(workspace), m_series(series) {
    for (const auto& patch : series.patches) {
      for (auto& known : patchwork::patches_of(workspace.database(), patch.msgid)) {
        m_known.push_back(std::move(known));
      }
    }
  }

  // Nothing: it has no say.
  std::optional<tracker::Selection> select(const intake::SourceSpec& source) {
    const auto known = known_to(source);
    if (source.take.empty() || !brings(source, !known.empty())) {
      return std::nullopt;
    }
    return tracker::select(source.take, traits(source, known));
  }

 private:
  std::vector<patchwork::KnownPatch> known_to(const intake::SourceSpec& source) const {
    std::vector<patchwork::KnownPatch> known;
    const auto* spec = std::get_if<intake::PatchworkSpec>(&source.kind);
    const auto name = spec != nullptr ? patchwork::front_page_of(spec->url) : Result<std::string>();
    for (const auto& one : m_known) {
      if (spec != nullptr && name && one.instance == *name &&
          std::ranges::find(spec->projects, one.project) != spec->projects.end()) {
        known.push_back(one);
      }
    }
    return known;
  }

  bool brings(const intake::SourceSpec& source, bool knows_it) const {
    if (std::holds_alternative<intake::PatchworkSpec>(source.kind)) {
      return knows_it;
    }
    if (!source.list_id.empty()) {
      return std::ranges::find(m_series.list_ids, source.list_id) != m_series.list_ids.end();
    }
    return std::ranges::none_of(m_workspace.config().sources,
                                [&](const auto& other) { return !known_to(other).empty(); });
  }

  tracker::SeriesTraits traits(const intake::SourceSpec& source,
                               const std::vector<patchwork::KnownPatch>& known) {
    tracker::SeriesTraits traits;
    traits[Trait::tag].values = m_series.prefixes;
    traits[Trait::list].values = m_series.list_ids;
    add(traits[Trait::submitter].values, m_series.submitter.email);
    add(traits[Trait::submitter].values, m_series.submitter.name);
    for (const auto& one : known) {
      add(traits[Trait::project].values, one.project);
      add(traits[Trait::state].values, one.state);
      add(traits[Trait::delegate].values, one.delegate);
      if (one.state.empty()) {
        traits[Trait::state].missing = traits[Trait::delegate].missing =
            "the Patchwork has not told it of every patch";
      }
    }
    if (looks_at(source.take, Trait::path)) {
      add_paths(traits[Trait::path]);
    }
    return traits;
  }

  void add_paths(tracker::TraitValues& paths) {
    if (!m_series.received_all()) {
      paths.missing =
          fmt::format("only {} of {} patches are here", m_series.received_total(), m_series.total);
    }
    const auto patches = placement::load_patches(m_workspace.queries(), m_series);
    if (!patches) {
      paths.missing = patches.error().message;
      return;
    }
    for (const auto& of_patch : patches->paths) {
      paths.values.insert(paths.values.end(), of_patch.begin(), of_patch.end());
    }
  }

  Workspace& m_workspace;
  const tracker::Series& m_series;
  std::vector<patchwork::KnownPatch> m_known;
};

}  // namespace

tracker::Selection select_series(Workspace& workspace, const tracker::Series& series) {
  const auto& sources = workspace.config().sources;
  if (std::ranges::all_of(sources, [](const auto& source) { return source.take.empty(); })) {
    return {tracker::Taking::taken, "no source has 'take'"};
  }
  Selector selector(workspace, series);
  std::optional<tracker::Selection> found;
  for (const auto& source : sources) {
    if (auto one = selector.select(source)) {
      const auto told = fmt::format("source {}: {}", source.name, one->reason);
      if (one->taking == tracker::Taking::taken) {
        return {one->taking, told};
      }
      found = tracker::Selection{found ? std::min(found->taking, one->taking) : one->taking,
                                 found ? found->reason + "; " + told : told};
    }
  }
  return found ? *found
               : tracker::Selection{tracker::Taking::taken, "no source that brings it has 'take'"};
}

}  // namespace patchmill::app
