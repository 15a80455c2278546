#include "git/index_file.hpp"

#include "git/raw_tree.hpp"
#include "util/hash.hpp"

#include <algorithm>

namespace patchmill::git {

namespace {

constexpr std::size_t kStat = 40;  // ten 32-bit fields: times, device, inode, mode, owner, size

void put32(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((value >> shift) & 0xff));
  }
}

std::uint32_t get32(std::string_view data, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = (value << 8) | static_cast<unsigned char>(data[at + i]);
  }
  return value;
}

}  // namespace

std::string write_index(std::vector<TreeEntry> entries, std::size_t id_bytes) {
  std::ranges::stable_sort(entries, {}, &TreeEntry::path);
  const auto repeated = std::ranges::unique(entries, {}, &TreeEntry::path);
  entries.erase(repeated.begin(), repeated.end());

  std::string out = "DIRC";
  put32(out, 2);
  put32(out, static_cast<std::uint32_t>(entries.size()));
  for (const TreeEntry& entry : entries) {
    const std::size_t start = out.size();
    out.append(24, '\0');  // no file was ever looked at, so there are no times
    put32(out, entry.mode);
    out.append(12, '\0');
    out += from_hex(entry.id);
    const auto flags = static_cast<std::uint32_t>(std::min<std::size_t>(entry.path.size(), 0xfff));
    out.push_back(static_cast<char>(flags >> 8));
    out.push_back(static_cast<char>(flags & 0xff));
    out += entry.path;
    // One to eight NULs, to a multiple of eight.
    out.append(8 - (out.size() - start) % 8, '\0');
  }
  out += from_hex(id_bytes == 20 ? sha1_hex(out) : sha256_hex(out));
  return out;
}

std::optional<std::vector<IndexEntry>> read_index(std::string_view data, std::size_t id_bytes) {
  if (data.size() < 12 + id_bytes || !data.starts_with("DIRC")) {
    return std::nullopt;
  }
  const std::uint32_t version = get32(data, 4);
  const std::uint32_t count = get32(data, 8);
  if (version != 2 && version != 3) {
    return std::nullopt;
  }
  std::vector<IndexEntry> entries;
  std::size_t at = 12;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::size_t fixed = kStat + id_bytes + 2;
    if (data.size() < at + fixed + 1) {
      return std::nullopt;
    }
    IndexEntry entry;
    entry.mode = get32(data, at + 24);
    entry.id = to_hex(data.substr(at + kStat, id_bytes));
    const auto flags = get32(data, at + fixed - 4) & 0xffff;
    entry.stage = static_cast<int>((flags >> 12) & 3);
    const bool extended = (flags & 0x4000) != 0;
    const std::size_t name_at = at + fixed + (extended ? 2 : 0);
    const std::size_t end = data.find('\0', name_at);
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    entry.path = data.substr(name_at, end - name_at);
    at += (end - at + 8) / 8 * 8;
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace patchmill::git
