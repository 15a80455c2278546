#include "runtimes/slot.hpp"

#include "util/hash.hpp"

namespace patchmill::runtimes {
namespace {

constexpr std::string_view k_warm_prefix = "warm-";

}  // namespace

std::string folder_name(std::string_view name) {
  std::string result;
  for (const char c : name.substr(0, 100)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-' || (c == '.' && !result.empty());
    result.push_back(plain ? c : '_');
  }
  // Names that had to be changed get a mark, so that no two of them meet.
  return result == name && !name.empty() ? result : result + "-" + sha256_hex(name).substr(0, 12);
}

std::filesystem::path Slot::beginning() const {
  return home.parent_path() / (tree() + ".beginning");
}

std::filesystem::path Slot::warm(std::string_view name) const {
  return home / (std::string(k_warm_prefix) + folder_name(name));
}

bool Slot::is_warm(const std::filesystem::path& folder) {
  return folder.filename().string().starts_with(k_warm_prefix);
}

}  // namespace patchmill::runtimes
