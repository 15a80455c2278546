#pragma once
// Which blob every path had at every commit of a branch's first-parent line.
//
// The index is a folder: immutable segments (index_segment.hpp) and a manifest that names them,
// replaced atomically. index_builder.hpp writes it; any number of processes read it meanwhile.

#include "placement/index_segment.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::placement {

// Ordinals from <= o < until.
struct Interval {
  Ordinal from = 0, until = 0;
  friend bool operator==(const Interval&, const Interval&) = default;
};

struct ManifestEntry {
  std::string file;   // within the folder of the index
  Ordinal from = 0;   // the first commit it holds
  Ordinal until = 0;  // commits and events from here on do not count any more
};
// Without a manifest: an empty list. Errors: invalid when it is not ours.
Result<std::vector<ManifestEntry>> read_manifest(const std::filesystem::path& folder);
Result<void> write_manifest(const std::filesystem::path& folder,
                            const std::vector<ManifestEntry>& entries);

class BlobIndex {
 public:
  // An index that was never built is empty. Errors: invalid (damaged; the next refresh builds it
  // anew) or infrastructure.
  static Result<BlobIndex> open(const std::filesystem::path& folder);

  [[nodiscard]] Ordinal size() const { return m_size; }  // commits on the line
  [[nodiscard]] git::ObjectId commit(Ordinal ordinal) const;
  // Committer date in seconds, raised where needed so that it never falls along the line.
  [[nodiscard]] std::int64_t date(Ordinal ordinal) const;
  [[nodiscard]] std::optional<Ordinal> find(std::string_view commit_id) const;
  // The newest commit not newer than this moment; empty when all are newer.
  [[nodiscard]] std::optional<Ordinal> at(Timestamp time) const;

  // Every change of a path, oldest first.
  [[nodiscard]] std::vector<BlobEvent> history(std::string_view path) const;
  // When the path had a blob beginning with these digits (several blobs may); ascending, disjoint.
  [[nodiscard]] std::vector<Interval> with_blob(std::string_view path, std::string_view hex) const;
  // When the path existed, or (exists = false) did not.
  [[nodiscard]] std::vector<Interval> with_presence(std::string_view path, bool exists) const;

 private:
  struct Part {
    Segment segment;
    Ordinal until = 0;
  };
  [[nodiscard]] const Part& part_of(Ordinal ordinal) const;
  template <class Wanted>
  [[nodiscard]] std::vector<Interval> intervals(std::string_view path, Wanted wanted) const;

  std::vector<Part> m_parts;
  Ordinal m_size = 0;
};

}  // namespace patchmill::placement
