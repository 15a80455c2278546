#include "intake/source.hpp"

namespace patchmill::intake {

std::string_view without_from_line(std::string_view raw) {
  if (!raw.starts_with("From ") && !raw.starts_with(">From ")) {
    return raw;
  }
  const auto end = raw.find('\n');
  return end == std::string_view::npos ? std::string_view() : raw.substr(end + 1);
}

}  // namespace patchmill::intake
