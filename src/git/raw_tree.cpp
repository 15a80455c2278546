#include "git/raw_tree.hpp"

#include <algorithm>

namespace patchmill::git {

namespace {

struct Cursor {
  std::uint32_t mode = 0;
  std::string_view name, id;
};

// Reads one entry off the front of `data`.
bool next(std::string_view& data, std::size_t id_bytes, Cursor& entry) {
  entry.mode = 0;
  std::size_t i = 0;
  for (; i < data.size() && i < 7 && data[i] != ' '; ++i) {
    if (data[i] < '0' || data[i] > '7') {
      return false;
    }
    entry.mode = entry.mode * 8 + static_cast<std::uint32_t>(data[i] - '0');
  }
  if (i == 0 || i >= data.size() || data[i] != ' ') {
    return false;
  }
  const std::size_t nul = data.find('\0', i + 1);
  if (nul == std::string_view::npos || nul == i + 1 || data.size() - nul - 1 < id_bytes) {
    return false;
  }
  entry.name = data.substr(i + 1, nul - i - 1);
  entry.id = data.substr(nul + 1, id_bytes);
  data.remove_prefix(nul + 1 + id_bytes);
  return true;
}

// git compares folders as if their name ended in '/'.
bool tree_order(const RawEntry& a, const RawEntry& b) {
  const std::size_t common = std::min(a.name.size(), b.name.size());
  if (const int cmp = a.name.compare(0, common, b.name, 0, common); cmp != 0) {
    return cmp < 0;
  }
  const auto tail = [common](const RawEntry& e) {
    if (e.name.size() > common) {
      return static_cast<unsigned char>(e.name[common]);
    }
    return static_cast<unsigned char>(e.mode == kModeTree ? '/' : '\0');
  };
  return tail(a) < tail(b);
}

}  // namespace

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 15]);
  }
  return hex;
}

std::string from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1])));
  }
  return bytes;
}

std::optional<std::vector<RawEntry>> parse_tree(std::string_view data, std::size_t id_bytes) {
  std::vector<RawEntry> entries;
  Cursor entry;
  while (!data.empty()) {
    if (!next(data, id_bytes, entry)) {
      return std::nullopt;
    }
    entries.push_back({entry.mode, std::string(entry.name), to_hex(entry.id)});
  }
  return entries;
}

std::optional<RawEntry> find_in_tree(std::string_view data, std::size_t id_bytes,
                                     std::string_view name) {
  Cursor entry;
  while (!data.empty() && next(data, id_bytes, entry)) {
    if (entry.name == name) {
      return RawEntry{entry.mode, std::string(name), to_hex(entry.id)};
    }
  }
  return std::nullopt;
}

std::string serialize_tree(std::vector<RawEntry> entries) {
  std::ranges::sort(entries, tree_order);
  std::string data;
  for (const RawEntry& entry : entries) {
    char mode[8];
    std::size_t length = 0;
    for (std::uint32_t rest = entry.mode; rest != 0; rest /= 8) {
      mode[length++] = static_cast<char>('0' + rest % 8);
    }
    while (length > 0) {
      data.push_back(mode[--length]);
    }
    data.push_back(' ');
    data += entry.name;
    data.push_back('\0');
    data += from_hex(entry.id);
  }
  return data;
}

}  // namespace patchmill::git
