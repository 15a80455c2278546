#include "checks/lint_tree.hpp"

#include "checks/tool.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <system_error>

namespace patchmill::checks {
namespace {

// File systems take 255 bytes.
constexpr std::size_t k_longest_component = 200;

// A part of a path that every tool gives back as it got it: yamllint ends a name with a colon.
bool is_clear(std::string_view part) {
  return part.size() <= k_longest_component && part.find(':') == std::string_view::npos &&
         is_valid_utf8(part);
}

// Where a path of the tree stands below our top.
std::filesystem::path place_of(std::string_view path) {
  std::filesystem::path place;
  for (const std::string_view part : split(path, '/')) {
    if (is_clear(part)) {
      place /= part;
      continue;
    }
    // The end is kept: tools judge by the extension.
    std::string end(part.substr(part.size() - std::min<std::size_t>(part.size(), 60)));
    std::replace_if(
        end.begin(), end.end(),
        [](char c) { return c == ':' || static_cast<unsigned char>(c) >= 0x80; }, '_');
    place /= fmt::format("{:x}-{}", std::hash<std::string_view>()(part), end);
  }
  return place;
}

bool is_below(const std::filesystem::path& path, const std::filesystem::path& folder) {
  return path.string().starts_with(folder.string() + "/");
}

}  // namespace

LintTree::LintTree(std::string_view config_folder, bool start_in_config_folder)
    : m_work("patchmill-lint") {
  // Tools that name files by absolute paths have followed the links above.
  const std::filesystem::path work = std::filesystem::canonical(m_work.path());
  m_top = work / "tree";
  m_home = work / "home";
  m_config_folder = config_folder.empty() ? m_top : m_top / place_of(config_folder);
  m_cwd = start_in_config_folder ? m_config_folder : m_top;
  std::filesystem::create_directories(m_config_folder);
  std::filesystem::create_directories(m_home);
}

Result<void> LintTree::add_config(const std::string& path, std::string_view content) {
  const std::filesystem::path place = m_top / place_of(path);
  PM_TRY(write_plain_file(place, content));
  m_paths.emplace(place.string(), "");
  if (!is_below(place, m_cwd)) {
    m_outside.push_back(place.string());
  }
  return {};
}

std::filesystem::path LintTree::free_place(const std::string& path) const {
  std::filesystem::path place = m_top / place_of(path);
  std::error_code error;
  std::filesystem::create_directories(place.parent_path(), error);
  // The patch may turn a file of the configuration into a folder, or change it.
  if (!error && !std::filesystem::exists(place, error) && is_below(place, m_cwd)) {
    return place;
  }
  for (std::size_t n = m_names.size();; ++n) {
    const auto folder = m_config_folder / fmt::format("{}.patched", n);
    if (!std::filesystem::exists(folder, error)) {
      return folder / place.filename();
    }
  }
}

Result<void> LintTree::add(const std::string& path, std::string_view content) {
  const std::filesystem::path place = free_place(path);
  PM_TRY(write_plain_file(place, content));
  m_names.push_back("./" + place.lexically_relative(m_cwd).string());
  m_paths.emplace(place.string(), path);
  return {};
}

std::optional<std::string> LintTree::path_of(std::string_view named) const {
  // An absolute path replaces what is before it.
  const auto found = m_paths.find((m_cwd / named).lexically_normal().string());
  return found == m_paths.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace patchmill::checks
