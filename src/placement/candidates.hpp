#pragma once
// The commits a series may be tried on, ranked, each with its reasons in words.

#include "placement/base_search.hpp"
#include "placement/placement.hpp"
#include "placement/prerequisites.hpp"
#include "placement/tree.hpp"
#include "placement/tree_choice.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::placement {

// A candidate on its way to being tried.
struct Attempt {
  Candidate candidate;
  std::size_t tree = 0;                     // index into the trees
  git::ObjectId base;                       // of the tree's history
  std::shared_ptr<const Prerequisites> on;  // applied onto `base` first; may be null
  bool usable = true;                       // false: shown, never tried
  bool last_resort = false;                 // a guess without evidence: only when all else fails
};

// Collects the attempts on one tree.
class TreeCandidates {
 public:
  TreeCandidates(Tree& tree, const TreeAffinity& affinity, const TreeView& view,
                 const tracker::Series& series);

  // `images`: the pre-images of `on` and the series together. Files that all match are evidence
  // enough for a tree that needs some.
  void add_from_images(const std::vector<PreImage>& images,
                       const std::shared_ptr<const Prerequisites>& on);
  void add_implied(const ImpliedDependency& implied);
  void add_base_commit(const std::string& commit, std::shared_ptr<const Prerequisites> on);
  void add_last_good(Ordinal ordinal, std::shared_ptr<const Prerequisites> on);

  // The best match of the last add_from_images(), if the tree holds any of it.
  [[nodiscard]] const std::optional<BaseMatch>& match() const { return m_match; }
  [[nodiscard]] std::optional<Ordinal> posted() const { return m_posted; }
  std::vector<Attempt> take() { return std::move(m_attempts); }

 private:
  void add(const git::ObjectId& commit, Reason reason, double score, std::string why,
           std::shared_ptr<const Prerequisites> on);
  void add_ordinal(Ordinal ordinal, Reason reason, double score, std::string why,
                   std::shared_ptr<const Prerequisites> on);
  void add_steps_back(const std::vector<PreImage>& images,
                      const std::shared_ptr<const Prerequisites>& on);

  Tree& m_tree;
  const TreeAffinity& m_affinity;
  TreeView m_view;
  std::optional<Ordinal> m_posted;  // the tip of the day the series was posted
  std::optional<BaseSearch> m_search;
  std::vector<PreImage> m_images;
  std::optional<BaseMatch> m_match;
  std::vector<Attempt> m_attempts;
};

// Highest score first; equal ones as they came.
void rank(std::vector<Attempt>& attempts);

}  // namespace patchmill::placement
