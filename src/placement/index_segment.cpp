#include "placement/index_segment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <type_traits>

namespace patchmill::placement {

namespace {

constexpr std::array<char, 8> k_magic{'P', 'M', 'B', 'L', 'O', 'B', 'S', '\n'};

struct Header {
  std::array<char, 8> magic{};
  std::uint32_t version = 0;
  std::uint32_t id_bytes = 0;
  std::uint32_t first = 0;
  std::uint32_t commits = 0;
  std::uint32_t paths = 0;
  std::uint32_t events = 0;
  std::uint64_t path_bytes = 0;
};
static_assert(std::is_trivially_copyable_v<Header> && sizeof(Header) == 40);

int nibble(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  if (c >= 'A' && c <= 'F') {
    return c - 'A' + 10;
  }
  return -1;
}

template <class T>
void append_array(std::string& out, std::span<const T> values) {
  static_assert(std::is_trivially_copyable_v<T>);
  out.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  out.resize((out.size() + 7) / 8 * 8, '\0');
}

// Walks over the parts of a mapped file, refusing to leave it.
class PartReader {
 public:
  explicit PartReader(std::string_view file) : m_file(file) {}

  template <class T>
  std::span<const T> take(std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    if (m_failed || bytes > m_file.size() - m_pos) {
      m_failed = true;
      return {};
    }
    // The mapping is page-aligned and every part starts at a multiple of 8.
    const auto* data = reinterpret_cast<const T*>(m_file.data() + m_pos);
    m_pos = std::min((m_pos + bytes + 7) / 8 * 8, m_file.size());
    return {data, count};
  }
  [[nodiscard]] bool failed() const { return m_failed; }

 private:
  std::string_view m_file;
  std::size_t m_pos = 0;
  bool m_failed = false;
};

bool never_falls(std::span<const std::uint32_t> offsets, std::size_t last) {
  return std::is_sorted(offsets.begin(), offsets.end()) && !offsets.empty() &&
         offsets.front() == 0 && offsets.back() == last;
}

std::string bytes_of(std::string_view hex) {
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(nibble(hex[i]) << 4 | nibble(hex[i + 1])));
  }
  return bytes;
}

}  // namespace

Result<BlobKey> parse_blob_key(std::string_view hex) {
  BlobKey key{};
  if (hex.size() < 2 * key.size()) {
    return fail(ErrorKind::invalid, "a full object name has at least 32 digits");
  }
  for (std::size_t i = 0; i < key.size(); ++i) {
    const int high = nibble(hex[2 * i]);
    const int low = nibble(hex[2 * i + 1]);
    if (high < 0 || low < 0) {
      return fail(ErrorKind::invalid, "an object name has hexadecimal digits only");
    }
    key[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return key;
}

bool has_prefix(const BlobKey& key, std::string_view hex) {
  const std::size_t digits = std::min(hex.size(), 2 * key.size());
  for (std::size_t i = 0; i < digits; ++i) {
    const int have = i % 2 == 0 ? key[i / 2] >> 4 : key[i / 2] & 0xf;
    if (nibble(hex[i]) != have) {
      return false;
    }
  }
  return true;
}

Result<void> Segment::write(const std::filesystem::path& file, const SegmentContent& content) {
  Header header;
  header.magic = k_magic;
  header.version = k_segment_version;
  header.id_bytes =
      static_cast<std::uint32_t>(content.commits.empty() ? 20 : content.commits.front().size() / 2);
  header.first = content.first;
  header.commits = static_cast<std::uint32_t>(content.commits.size());
  header.paths = static_cast<std::uint32_t>(content.events.size());
  header.events = static_cast<std::uint32_t>(content.event_count);

  std::string ids;
  for (const auto& id : content.commits) {
    ids += bytes_of(id);
  }
  std::vector<std::uint32_t> by_id(content.commits.size());
  std::iota(by_id.begin(), by_id.end(), 0U);
  std::sort(by_id.begin(), by_id.end(),
            [&](auto a, auto b) { return content.commits[a] < content.commits[b]; });

  std::vector<std::uint32_t> path_offsets{0};
  std::vector<std::uint32_t> event_offsets{0};
  std::vector<std::uint32_t> ordinals;
  std::vector<BlobKey> blobs;
  std::string paths;
  ordinals.reserve(content.event_count);
  blobs.reserve(content.event_count);
  for (const auto& [path, events] : content.events) {
    paths += path;
    path_offsets.push_back(static_cast<std::uint32_t>(paths.size()));
    for (const auto& event : events) {
      ordinals.push_back(event.ordinal);
      blobs.push_back(event.blob);
    }
    event_offsets.push_back(static_cast<std::uint32_t>(ordinals.size()));
  }
  header.path_bytes = paths.size();

  std::string out;
  out.reserve(sizeof(Header) + ids.size() + paths.size() + content.commits.size() * 12 +
              content.event_count * 20 + path_offsets.size() * 8 + 64);
  append_array<Header>(out, {&header, 1});
  append_array<char>(out, ids);
  append_array<std::int64_t>(out, content.dates);
  append_array<std::uint32_t>(out, by_id);
  append_array<std::uint32_t>(out, path_offsets);
  append_array<std::uint32_t>(out, event_offsets);
  append_array<std::uint32_t>(out, ordinals);
  append_array<BlobKey>(out, blobs);
  append_array<char>(out, paths);
  return write_file_atomic(file, out);
}

Result<Segment> Segment::open(const std::filesystem::path& file) {
  Segment segment;
  PM_TRY_ASSIGN(segment.m_file, MappedFile::open(file));
  const std::string_view view = segment.m_file.view();
  Header header;
  auto broken = [&] {
    return fail(ErrorKind::invalid,
                fmt::format("{}: not a blob index of this version; it will be built anew by the "
                            "next refresh",
                            file.string()));
  };
  if (view.size() < sizeof(header)) {
    return broken();
  }
  std::memcpy(&header, view.data(), sizeof(header));
  if (header.magic != k_magic || header.version != k_segment_version ||
      (header.id_bytes != 20 && header.id_bytes != 32)) {
    return broken();
  }
  PartReader parts(view);
  parts.take<Header>(1);
  segment.m_first = header.first;
  segment.m_id_bytes = header.id_bytes;
  segment.m_ids = parts.take<std::uint8_t>(std::size_t{header.commits} * header.id_bytes);
  segment.m_dates = parts.take<std::int64_t>(header.commits);
  segment.m_by_id = parts.take<std::uint32_t>(header.commits);
  segment.m_path_offsets = parts.take<std::uint32_t>(std::size_t{header.paths} + 1);
  segment.m_event_offsets = parts.take<std::uint32_t>(std::size_t{header.paths} + 1);
  segment.m_ordinals = parts.take<std::uint32_t>(header.events);
  segment.m_blobs = parts.take<BlobKey>(header.events);
  const auto bytes = parts.take<char>(header.path_bytes);
  segment.m_path_bytes = {bytes.data(), bytes.size()};
  if (parts.failed() || !never_falls(segment.m_path_offsets, header.path_bytes) ||
      !never_falls(segment.m_event_offsets, header.events)) {
    return broken();
  }
  return segment;
}

git::ObjectId Segment::commit(std::size_t index) const {
  std::string hex;
  hex.reserve(2 * m_id_bytes);
  for (const std::uint8_t byte : m_ids.subspan(index * m_id_bytes, m_id_bytes)) {
    constexpr std::string_view digits = "0123456789abcdef";
    hex.push_back(digits[byte >> 4]);
    hex.push_back(digits[byte & 0xf]);
  }
  return hex;
}

std::optional<Ordinal> Segment::find_commit(std::string_view id) const {
  if (id.size() != 2 * m_id_bytes) {
    return std::nullopt;
  }
  auto found = std::lower_bound(m_by_id.begin(), m_by_id.end(), id,
                                [&](std::uint32_t index, std::string_view wanted) {
                                  return index < commit_count() && commit(index) < wanted;
                                });
  if (found == m_by_id.end() || *found >= commit_count() || commit(*found) != id) {
    return std::nullopt;
  }
  return m_first + *found;
}

std::string_view Segment::path_at(std::size_t index) const {
  return m_path_bytes.substr(m_path_offsets[index],
                             m_path_offsets[index + 1] - m_path_offsets[index]);
}

void Segment::events_at(std::size_t index, Ordinal until, std::vector<BlobEvent>& out) const {
  for (std::size_t i = m_event_offsets[index]; i < m_event_offsets[index + 1]; ++i) {
    if (m_ordinals[i] >= until) {
      break;
    }
    out.push_back({m_ordinals[i], m_blobs[i]});
  }
}

void Segment::events_of(std::string_view path, Ordinal until, std::vector<BlobEvent>& out) const {
  std::size_t low = 0;
  std::size_t high = m_path_offsets.size() - 1;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (path_at(middle) < path) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low + 1 < m_path_offsets.size() && path_at(low) == path) {
    events_at(low, until, out);
  }
}

void Segment::add_to(SegmentContent& content, Ordinal until) const {
  for (std::size_t i = 0; i < commit_count() && m_first + i < until; ++i) {
    content.commits.push_back(commit(i));
    content.dates.push_back(m_dates[i]);
  }
  for (std::size_t i = 0; i + 1 < m_path_offsets.size(); ++i) {
    std::vector<BlobEvent> events;
    events_at(i, until, events);
    if (!events.empty()) {
      auto& target = content.events[std::string(path_at(i))];
      target.insert(target.end(), events.begin(), events.end());
      content.event_count += events.size();
    }
  }
}

}  // namespace patchmill::placement
