#include "web/query_value.hpp"

#include "util/text.hpp"

namespace patchmill::web {
namespace {

constexpr std::size_t k_longest = 200;

}  // namespace

std::string bounded_value(std::string_view value) {
  std::string text = mend_utf8(trim(value));
  return text.size() > k_longest ? ellipsize(text, k_longest - 3).substr(0, k_longest) : text;
}

}  // namespace patchmill::web
