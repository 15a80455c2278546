#pragma once
// One immutable file of the blob index: a run of first-parent commits and the blobs their paths
// got. Read by memory mapping, so that a cold lookup touches a few pages only.
//
// Layout (native byte order, every part aligned to 8 bytes): Header, commit ids (id_bytes each),
// commit dates (int64, seconds, never falling), ordinals sorted by id (uint32), path offsets and
// event offsets (uint32, one more than paths), event ordinals (uint32), event blobs (16 bytes, all
// zero: the path is gone), path bytes. A change of the layout needs a new k_segment_version.

#include "git/object_id.hpp"
#include "util/file.hpp"
#include "util/result.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::placement {

// Place of a commit on the first-parent line of a branch, counted from its root.
using Ordinal = std::uint32_t;

// The first 128 bits of a blob's name; all zero: no such file.
using BlobKey = std::array<std::uint8_t, 16>;
constexpr BlobKey k_no_blob{};

// Errors: invalid when the text is not hexadecimal or shorter than 32 digits.
Result<BlobKey> parse_blob_key(std::string_view hex);
// True when `key` begins with these hexadecimal digits (those beyond 32 are not compared).
bool has_prefix(const BlobKey& key, std::string_view hex);

struct BlobEvent {
  Ordinal ordinal = 0;  // from this commit on ...
  BlobKey blob{};       // ... the path has this blob
  friend bool operator==(const BlobEvent&, const BlobEvent&) = default;
};

constexpr std::uint32_t k_segment_version = 1;

// What a segment is made from; commits are numbered from `first`.
struct SegmentContent {
  Ordinal first = 0;
  std::vector<git::ObjectId> commits;
  std::vector<std::int64_t> dates;                                    // never falling
  std::map<std::string, std::vector<BlobEvent>, std::less<>> events;  // ascending ordinals
  std::size_t event_count = 0;
};

class Segment {
 public:
  // Complete or absent after a crash.
  static Result<void> write(const std::filesystem::path& file, const SegmentContent& content);
  // Errors: infrastructure when it cannot be read, invalid when it is no segment of this version.
  static Result<Segment> open(const std::filesystem::path& file);

  [[nodiscard]] Ordinal first() const { return m_first; }
  [[nodiscard]] std::size_t commit_count() const { return m_dates.size(); }
  [[nodiscard]] std::size_t event_count() const { return m_ordinals.size(); }
  [[nodiscard]] git::ObjectId commit(std::size_t index) const;
  [[nodiscard]] std::int64_t date(std::size_t index) const { return m_dates[index]; }
  [[nodiscard]] std::span<const std::int64_t> dates() const { return m_dates; }
  [[nodiscard]] std::optional<Ordinal> find_commit(std::string_view id) const;
  // Appends the events of a path with ordinals below `until`.
  void events_of(std::string_view path, Ordinal until, std::vector<BlobEvent>& out) const;
  // Everything below `until`, for merging.
  void add_to(SegmentContent& content, Ordinal until) const;

 private:
  [[nodiscard]] std::string_view path_at(std::size_t index) const;
  void events_at(std::size_t index, Ordinal until, std::vector<BlobEvent>& out) const;

  MappedFile m_file;
  Ordinal m_first = 0;
  std::size_t m_id_bytes = 0;
  std::span<const std::uint8_t> m_ids;
  std::span<const std::int64_t> m_dates;
  std::span<const std::uint32_t> m_by_id;
  std::span<const std::uint32_t> m_path_offsets;
  std::span<const std::uint32_t> m_event_offsets;
  std::span<const std::uint32_t> m_ordinals;
  std::span<const BlobKey> m_blobs;
  std::string_view m_path_bytes;
};

}  // namespace patchmill::placement
