#pragma once
// Which trees a series may belong to, and why.

#include "placement/placement.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace patchmill::placement {

// What the tree itself says of a path: the title of the MAINTAINERS section that sends it here.
using MaintainersAnswer =
    std::function<std::optional<std::string>(std::size_t tree, const std::string& path)>;

struct TreeAffinity {
  std::size_t tree = 0;  // index into the specs
  double score = 0;
  std::vector<Reason> reasons;  // subject_tag, list, maintainers, paths
  std::string why;              // for people; may be empty
  // Its own lists do not include the series', or another tree is named in the subject: only a
  // base-commit or files that all match may choose it.
  bool needs_evidence = false;
};

// One entry a tree, best first; equal ones in the order of configuration.
std::vector<TreeAffinity> rank_trees(std::span<const TreeSpec> specs, const tracker::Series& series,
                                     std::span<const std::string> paths,
                                     const MaintainersAnswer& maintainers);

}  // namespace patchmill::placement
