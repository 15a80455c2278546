#include "git/object_id.hpp"

#include <algorithm>

namespace patchmill::git {

namespace {
bool all_of_class(std::string_view text, bool upper_too) {
  return std::ranges::all_of(text, [upper_too](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (upper_too && c >= 'A' && c <= 'F');
  });
}
}  // namespace

bool is_object_id(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) && all_of_class(text, false);
}

bool is_abbreviated_id(std::string_view text) {
  return text.size() >= 4 && text.size() <= 64 && all_of_class(text, true);
}

}  // namespace patchmill::git
