#include "git/path_rules.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::git {

namespace {

constexpr std::size_t k_longest_name = 255;     // NAME_MAX of every file system there is
constexpr std::size_t k_longest_target = 4096;  // PATH_MAX
constexpr int k_most_folders = 512;

// Code points that HFS+ ignores in file names (git's utf8.c calls them so too): U+200C..200F,
// U+202A..202E, U+206A..206F, U+FEFF.
std::string without_hfs_ignorables(std::string_view name) {
  std::string kept;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto at = [&](std::size_t k) -> unsigned { return static_cast<unsigned char>(name[k]); };
    if (i + 2 < name.size()) {
      const unsigned point = (at(i) << 16) | (at(i + 1) << 8) | at(i + 2);
      if ((point >= 0xE2808C && point <= 0xE2808F) || (point >= 0xE280AA && point <= 0xE280AE) ||
          (point >= 0xE281AA && point <= 0xE281AF) || point == 0xEFBBBF) {
        i += 2;
        continue;
      }
    }
    kept.push_back(name[i]);
  }
  return kept;
}

// NTFS drops trailing dots and spaces and reads "name:stream" as the file itself; git~1 is the
// short name of .git there.
std::string_view without_ntfs_tail(std::string_view name) {
  name = name.substr(0, name.find(':'));
  while (!name.empty() && (name.back() == '.' || name.back() == ' ')) {
    name.remove_suffix(1);
  }
  return name;
}

bool is_dot_git(std::string_view component) {
  const std::string plain = without_hfs_ignorables(component);
  // A backslash separates folders on NTFS, so each part counts on its own.
  for (std::string_view part : split(plain, '\\')) {
    const std::string_view base = without_ntfs_tail(part);
    if (iequals(base, ".git") || iequals(base, "git~1")) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string path_problem(std::string_view path) {
  if (path.empty()) {
    return "the file name is empty";
  }
  if (path.size() > 4096) {
    return "the file name is longer than 4096 bytes";
  }
  if (path.front() == '/') {
    return "the path is absolute";
  }
  if (path.find('\0') != std::string_view::npos) {
    return "the path contains a NUL byte";
  }
  if (std::ranges::count(path, '/') > k_most_folders) {
    return fmt::format("the path has more than {} folders", k_most_folders);
  }
  for (std::string_view component : split(path, '/')) {
    if (component.empty()) {
      return "the path has an empty component";
    }
    if (component.size() > k_longest_name) {
      return fmt::format("a name in the path is longer than {} bytes, and no file can be called so",
                         k_longest_name);
    }
    if (component == "." || component == "..") {
      return component == ".." ? "the path leads out of the tree" : "the path contains \".\"";
    }
    if (is_dot_git(component)) {
      return "the path leads into the .git folder";
    }
  }
  return {};
}

std::string link_problem(std::string_view target) {
  if (target.empty()) {
    return "a symbolic link leads to a file, and this one names none";
  }
  if (target.size() >= k_longest_target) {
    return fmt::format("what a symbolic link names is {} bytes or longer", k_longest_target);
  }
  return target.find('\0') == std::string_view::npos ? std::string()
                                                     : "what a symbolic link names has a NUL byte";
}

bool is_valid_ref(std::string_view name) {
  if (!name.starts_with("refs/") || name.size() > 1024 || name.back() == '/' ||
      name.back() == '.' || name.find("..") != std::string_view::npos ||
      name.find("@{") != std::string_view::npos) {
    return false;
  }
  std::size_t components = 0;
  for (std::string_view component : split(name, '/')) {
    if (component.empty() || component.front() == '.' || component.ends_with(".lock")) {
      return false;
    }
    ++components;
  }
  for (char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f ||
        std::string_view("~^:?*[\\").find(c) != std::string_view::npos) {
      return false;
    }
  }
  return components >= 2;
}

bool is_valid_branch(std::string_view name) {
  return !name.empty() && name.front() != '-' && name != "HEAD" &&
         is_valid_ref("refs/heads/" + std::string(name));
}

std::optional<Unquoted> unquote(std::string_view text) {
  if (text.empty() || text.front() != '"') {
    return std::nullopt;
  }
  Unquoted result;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      result.consumed = i + 1;
      return result;
    }
    if (text[i] != '\\') {
      result.value.push_back(text[i]);
      continue;
    }
    if (++i >= text.size()) {
      return std::nullopt;
    }
    constexpr std::string_view kLetters = "abfnrtv\\\"";
    constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\\"";
    if (const auto at = kLetters.find(text[i]); at != std::string_view::npos) {
      result.value.push_back(kValues[at]);
      continue;
    }
    if (i + 2 >= text.size() || text[i] < '0' || text[i] > '3' || text[i + 1] < '0' ||
        text[i + 1] > '7' || text[i + 2] < '0' || text[i + 2] > '7') {
      return std::nullopt;
    }
    result.value.push_back(
        static_cast<char>((text[i] - '0') * 64 + (text[i + 1] - '0') * 8 + (text[i + 2] - '0')));
    i += 2;
  }
  return std::nullopt;
}

}  // namespace patchmill::git
