#pragma once
// From the pre-images of a series to the commits it was made from.

#include "git/apply.hpp"
#include "placement/blob_index.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::placement {

// What a series expects of one path before its first patch that touches it.
struct PreImage {
  enum class Kind {
    blob,     // it has this blob
    present,  // it exists (the diff names no blob)
    absent,   // it does not exist
  };
  std::string path;
  Kind kind = Kind::present;
  std::string blob;       // hexadecimal, maybe abbreviated, lower case
  std::size_t patch = 0;  // index of the patch that says so
  friend bool operator==(const PreImage&, const PreImage&) = default;
};

struct PostImage {
  std::string path;
  std::string blob;
  std::size_t patch = 0;
};

struct Images {
  std::vector<PreImage> before;  // one a path
  std::vector<PostImage> after;  // every blob a patch of the series makes, in order
  // Times a patch expects of a path another blob than the patches before it leave.
  std::size_t breaks = 0;
};
// Diffs that cannot be parsed say nothing.
Images read_images(std::span<const git::PatchInput> patches);

// True when one of the abbreviations begins with the other (at least 7 digits in common).
bool same_blob(std::string_view a, std::string_view b);

struct BaseMatch {
  Ordinal chosen = 0;
  Interval range;           // around `chosen`, where exactly as much matches
  std::size_t matched = 0;  // pre-images that hold at `chosen`
  std::size_t total = 0;
  std::size_t blobs_matched = 0;  // of these, the ones that name a blob
  std::size_t blobs_total = 0;
  std::vector<std::size_t> unmatched;  // indices of pre-images that do not hold

  [[nodiscard]] bool full() const { return total > 0 && matched == total; }
};

// Where on the line each pre-image holds; computed once, asked for many commits.
class BaseSearch {
 public:
  BaseSearch(const BlobIndex& index, std::span<const PreImage> pre_images);

  // The commit at which most pre-images hold, blobs before mere presence; among equals the newest
  // not newer than `posted`, else the oldest after it. Only commits below `until`. Empty without
  // pre-images or when nothing holds anywhere.
  [[nodiscard]] std::optional<BaseMatch> best(Ordinal until, std::optional<Ordinal> posted) const;
  // How much holds at this commit.
  [[nodiscard]] BaseMatch at(Ordinal ordinal) const;

 private:
  std::span<const PreImage> m_pre_images;
  std::vector<std::vector<Interval>> m_intervals;  // one list a pre-image
};

}  // namespace patchmill::placement
