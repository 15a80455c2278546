#include "app/series_view.hpp"

#include "mail/subject.hpp"
#include "util/hash.hpp"

#include <fmt/format.h>

namespace patchmill::app {

Result<std::unique_ptr<LoadedSeries>> LoadedSeries::load(tracker::Queries& queries,
                                                         const tracker::Series& series) {
  auto loaded = std::unique_ptr<LoadedSeries>(new LoadedSeries());
  checks::SeriesView& view = loaded->m_view;
  Sha256 hash;
  const auto add_to_hash = [&](std::string_view text) {
    hash.update(fmt::format("{}:", text.size()));
    hash.update(text);
  };
  view.version = series.version;
  view.total = series.total;
  view.tags = series.prefixes;
  if (series.cover_message) {
    auto cover = queries.parsed(*series.cover_message);
    if (!cover) {
      return fail_with(fmt::format("the cover letter <{}>", series.cover_msgid), cover.error());
    }
    loaded->m_cover = std::make_unique<mail::Message>(std::move(*cover));
    view.cover = loaded->m_cover.get();
    add_to_hash(loaded->m_cover->subject);
    add_to_hash(loaded->m_cover->text);
  }
  for (const tracker::PatchRef& patch : series.patches) {
    auto message = queries.parsed(patch.message);
    if (!message) {
      return fail_with(fmt::format("patch {} <{}>", patch.number, patch.msgid), message.error());
    }
    loaded->m_messages.push_back(std::make_unique<mail::Message>(std::move(*message)));
    const mail::Message& mail = *loaded->m_messages.back();
    view.pull_request = view.pull_request || !mail.pull_url.empty();
    checks::PatchView one;
    one.number = patch.number;
    one.label = mail.subject;
    one.message = &mail;
    one.text = mail::commit_text(mail);
    // A diff too broken to be split is reported by applying; the checks see no files then.
    if (auto files = mail::parse_diff(mail.diff)) {
      one.files = std::move(*files);
    }
    view.patches.push_back(std::move(one));
    add_to_hash(patch.msgid);
    add_to_hash(mail.subject);
    add_to_hash(mail.text);
    add_to_hash(mail.diff);
  }
  loaded->m_content_hash = hash.hex();
  return loaded;
}

void LoadedSeries::set_placement(const placement::Placement& placement,
                                 const std::vector<placement::TreeSpec>& trees) {
  if (!placement.chosen) {
    return;
  }
  const placement::Candidate& candidate = placement.candidates[*placement.chosen];
  m_view.tree = candidate.tree;
  for (const auto& tree : trees) {
    if (tree.name == candidate.tree) {
      m_view.tree_tags = tree.subject_tags;
    }
  }
  if (!candidate.outcome) {
    return;
  }
  m_view.base = candidate.outcome->base;
  git::ObjectId parent = m_view.base;
  const auto& applied = candidate.outcome->applied;
  for (std::size_t i = 0; i < m_view.patches.size() && i < applied.size(); ++i) {
    m_view.patches[i].parent = parent;
    m_view.patches[i].commit = applied[i].commit;
    parent = applied[i].commit;
  }
}

}  // namespace patchmill::app
