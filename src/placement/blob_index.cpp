#include "placement/blob_index.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace patchmill::placement {

namespace {
constexpr std::string_view k_manifest_head = "patchmill blob index 1";
constexpr int k_open_attempts = 5;
}  // namespace

Result<std::vector<ManifestEntry>> read_manifest(const std::filesystem::path& folder) {
  const auto file = folder / "manifest";
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    return std::vector<ManifestEntry>{};
  }
  PM_TRY_ASSIGN(const std::string text, read_file(file, 16u << 20));
  const auto lines = split_lines(text);
  auto broken = [&] {
    return fail(ErrorKind::invalid, file.string() +
                                        ": not a blob index of this version; it will "
                                        "be built anew by the next refresh");
  };
  if (lines.empty() || lines.front() != k_manifest_head) {
    return broken();
  }
  std::vector<ManifestEntry> entries;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto words = split(lines[i], ' ');
    if (words.size() != 3 || !words[0].starts_with("segment-") ||
        words[0].find('/') != std::string_view::npos) {
      return broken();
    }
    const auto from = parse_uint(words[1]);
    const auto until = parse_uint(words[2]);
    const Ordinal expected = entries.empty() ? 0 : entries.back().until;
    if (!from || !until || *from != expected || *until <= *from ||
        *until > std::numeric_limits<Ordinal>::max()) {
      return broken();
    }
    entries.push_back(
        {std::string(words[0]), static_cast<Ordinal>(*from), static_cast<Ordinal>(*until)});
  }
  return entries;
}

Result<void> write_manifest(const std::filesystem::path& folder,
                            const std::vector<ManifestEntry>& entries) {
  std::string text = std::string(k_manifest_head) + '\n';
  for (const auto& entry : entries) {
    text += fmt::format("{} {} {}\n", entry.file, entry.from, entry.until);
  }
  return write_file_atomic(folder / "manifest", text);
}

Result<BlobIndex> BlobIndex::open(const std::filesystem::path& folder) {
  Error last;
  // A writer may remove segments between our reading of the manifest and opening them.
  for (int attempt = 0; attempt < k_open_attempts; ++attempt) {
    PM_TRY_ASSIGN(const auto entries, read_manifest(folder));
    BlobIndex index;
    bool complete = true;
    for (const auto& entry : entries) {
      auto segment = Segment::open(folder / entry.file);
      if (!segment) {
        last = segment.error();
        complete = false;
        break;
      }
      if (segment->first() != entry.from || segment->commit_count() < entry.until - entry.from) {
        last = Error{ErrorKind::invalid,
                     fmt::format("{}: does not hold the commits the manifest says; the index will "
                                 "be built anew by the next refresh",
                                 (folder / entry.file).string())};
        complete = false;
        break;
      }
      index.m_parts.push_back({std::move(*segment), entry.until});
      index.m_size = entry.until;
    }
    if (complete) {
      return index;
    }
  }
  return tl::unexpected(last);
}

const BlobIndex::Part& BlobIndex::part_of(Ordinal ordinal) const {
  return *std::upper_bound(m_parts.begin(), m_parts.end(), ordinal,
                           [](Ordinal o, const Part& part) { return o < part.until; });
}

git::ObjectId BlobIndex::commit(Ordinal ordinal) const {
  const auto& segment = part_of(ordinal).segment;
  return segment.commit(ordinal - segment.first());
}

std::int64_t BlobIndex::date(Ordinal ordinal) const {
  const auto& segment = part_of(ordinal).segment;
  return segment.date(ordinal - segment.first());
}

std::optional<Ordinal> BlobIndex::find(std::string_view commit_id) const {
  for (auto part = m_parts.rbegin(); part != m_parts.rend(); ++part) {
    if (const auto found = part->segment.find_commit(commit_id); found && *found < part->until) {
      return found;
    }
  }
  return std::nullopt;
}

std::optional<Ordinal> BlobIndex::at(Timestamp time) const {
  const std::int64_t seconds =
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  for (auto part = m_parts.rbegin(); part != m_parts.rend(); ++part) {
    const auto dates = part->segment.dates().first(part->until - part->segment.first());
    if (dates.front() <= seconds) {
      const auto after = std::upper_bound(dates.begin(), dates.end(), seconds);
      return part->segment.first() + static_cast<Ordinal>(after - dates.begin()) - 1;
    }
  }
  return std::nullopt;
}

std::vector<BlobEvent> BlobIndex::history(std::string_view path) const {
  std::vector<BlobEvent> events;
  for (const auto& part : m_parts) {
    part.segment.events_of(path, part.until, events);
  }
  return events;
}

template <class Wanted>
std::vector<Interval> BlobIndex::intervals(std::string_view path, Wanted wanted) const {
  std::vector<Interval> result;
  auto add = [&](Ordinal from, Ordinal until, const BlobKey& blob) {
    if (from >= until || !wanted(blob)) {
      return;
    }
    if (!result.empty() && result.back().until == from) {
      result.back().until = until;
    } else {
      result.push_back({from, until});
    }
  };
  const auto events = history(path);
  add(0, events.empty() ? m_size : events.front().ordinal, k_no_blob);
  for (std::size_t i = 0; i < events.size(); ++i) {
    add(events[i].ordinal, i + 1 < events.size() ? events[i + 1].ordinal : m_size, events[i].blob);
  }
  return result;
}

std::vector<Interval> BlobIndex::with_blob(std::string_view path, std::string_view hex) const {
  return intervals(
      path, [hex](const BlobKey& blob) { return blob != k_no_blob && has_prefix(blob, hex); });
}

std::vector<Interval> BlobIndex::with_presence(std::string_view path, bool exists) const {
  return intervals(path, [exists](const BlobKey& blob) { return (blob != k_no_blob) == exists; });
}

}  // namespace patchmill::placement
