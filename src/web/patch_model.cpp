#include "web/patch_model.hpp"

namespace patchmill::web {
namespace {

constexpr std::size_t k_most_patch_nodes = 500;
constexpr std::size_t k_most_patch_findings = 2000;
constexpr int k_most_steps = 50;  // up a thread

}  // namespace

std::optional<PatchModel> read_patch(store::Database& database, const store::BlobStore& blobs,
                                     const Clock& clock, std::int64_t series_number,
                                     int patch_number) {
  tracker::Queries queries(database, blobs);
  auto series = queries.series(series_number);
  if (!series) {
    return std::nullopt;
  }
  const tracker::PatchRef* patch = nullptr;
  for (const auto& candidate : series->patches) {
    if (candidate.number == patch_number) {
      patch = &candidate;
    }
  }
  if (patch == nullptr) {
    return std::nullopt;
  }
  PatchModel model{*series, *patch, queries.parsed(patch->message), {}, {}, {}};
  pipeline::NodeStore store(database, clock);
  auto nodes = store.of_series(series_number);
  int attempt = 0;
  for (const auto& node : nodes) {
    attempt = std::max(attempt, node.attempt);
  }
  std::erase_if(nodes, [&](const pipeline::Node& node) {
    return node.attempt != attempt || (node.patch && *node.patch != patch_number);
  });
  for (auto& node : nodes) {
    const bool own = node.patch.has_value();
    if (model.nodes.size() == k_most_patch_nodes) {
      break;
    }
    std::vector<findings::Finding> found;
    if (node.result && *node.result != findings::Verdict::pass &&
        model.about.size() < k_most_patch_findings) {
      found = store.findings_of(node.id);
      found.resize(std::min(found.size(), k_most_patch_findings));
      for (const auto& finding : found) {
        if (finding.line > 0 && model.about.size() < k_most_patch_findings) {
          model.about.push_back(finding);
        }
      }
    }
    if (own) {
      NodeRow row;
      row.node = std::move(node);
      row.findings = std::move(found);
      model.nodes.push_back(std::move(row));
    }
  }
  return model;
}

std::optional<MailPlace> find_mail(store::Database& database, const store::BlobStore& blobs,
                                   std::string_view msgid) {
  tracker::Queries queries(database, blobs);
  const auto mail = queries.message(msgid);
  if (!mail) {
    return std::nullopt;
  }
  MailPlace place;
  place.message = mail->id;
  std::int64_t at = mail->id;
  for (int step = 0; step < k_most_steps; ++step) {
    const auto found = database.one<std::int64_t, std::int64_t>(
        "SELECT f.number, coalesce((SELECT p.number FROM series_patches p WHERE p.series = f.number"
        " AND p.mail = ?), 0) FROM (SELECT series AS number FROM series_patches WHERE mail = ?"
        " UNION SELECT number FROM series WHERE cover = ?) f ORDER BY f.number DESC LIMIT 1",
        at, at, at);
    if (found) {
      place.series = std::get<0>(*found);
      if (std::get<1>(*found) > 0) {
        place.patch = static_cast<int>(std::get<1>(*found));
      }
      return place;
    }
    const auto parent =
        database.one<std::optional<std::int64_t>>("SELECT parent FROM messages WHERE id = ?", at);
    if (!parent || !std::get<0>(*parent)) {
      return place;
    }
    at = *std::get<0>(*parent);
  }
  return place;
}

}  // namespace patchmill::web
