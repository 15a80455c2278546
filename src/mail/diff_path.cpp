#include "mail/diff.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace patchmill::mail {

namespace {

// Code points that HFS+ leaves out when it compares names.
std::size_t ignorable_length(std::string_view text) {
  static constexpr std::array<std::string_view, 16> ignorable = {
      "\xE2\x80\x8C", "\xE2\x80\x8D", "\xE2\x80\x8E", "\xE2\x80\x8F",
      "\xE2\x80\xAA", "\xE2\x80\xAB", "\xE2\x80\xAC", "\xE2\x80\xAD",
      "\xE2\x80\xAE", "\xE2\x81\xAA", "\xE2\x81\xAB", "\xE2\x81\xAC",
      "\xE2\x81\xAD", "\xE2\x81\xAE", "\xE2\x81\xAF", "\xEF\xBB\xBF"};
  for (const std::string_view one : ignorable) {
    if (text.starts_with(one)) {
      return one.size();
    }
  }
  return 0;
}

// The name as the least strict of the common file systems compares it: HFS+ drops ignorable code
// points, NTFS cuts at ':' (streams) and drops dots and spaces at the end, both fold case.
std::string folded(std::string_view component) {
  std::string name;
  for (std::size_t i = 0; i < component.size();) {
    const std::size_t skip =
        static_cast<unsigned char>(component[i]) < 0x80 ? 0 : ignorable_length(component.substr(i));
    if (skip > 0) {
      i += skip;
    } else {
      name += component[i++];
    }
  }
  name.resize(std::min(name.size(), name.find(':')));
  while (!name.empty() && (name.back() == '.' || name.back() == ' ')) {
    name.pop_back();
  }
  return to_lower(name);
}

}  // namespace

std::string unsafe_path(std::string_view path) {
  if (path.empty()) {
    return "the path is empty";
  }
  if (path.size() > 4096) {
    return "the path is longer than 4096 bytes";
  }
  if (path.find('\0') != std::string_view::npos) {
    return "the path has a NUL byte";
  }
  if (path[0] == '/' || path[0] == '\\') {
    return "the path is absolute";
  }
  if (path.size() > 1 && path[1] == ':' &&
      ((path[0] >= 'a' && path[0] <= 'z') || (path[0] >= 'A' && path[0] <= 'Z'))) {
    return "the path names a drive";
  }
  std::size_t start = 0;
  while (start <= path.size()) {
    // A backslash separates on Windows, where a clone of the result may be checked out.
    const std::size_t end = std::min(path.find_first_of("/\\", start), path.size());
    const std::string_view component = path.substr(start, end - start);
    if (component.empty()) {
      return "the path has an empty component";
    }
    if (component == "." || component == "..") {
      return "the path has a component \"" + std::string(component) + "\"";
    }
    const std::string name = folded(component);
    if (name == ".git" || name == "git~1") {
      return "the path leads into a .git folder";
    }
    if (name.empty() && component.find_first_not_of(". ") == std::string_view::npos) {
      return "the path has a component of dots and spaces";
    }
    start = end + 1;
  }
  return {};
}

}  // namespace patchmill::mail
