#include "app/patchwork_place.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <cstddef>

namespace patchmill::app {

std::string PatchworkPlace::cursor(const patchwork::Instance& instance,
                                   patchwork::MailKind kind) const {
  return fmt::format("patchwork-import:{}#{} {}", instance.name(), there, to_string(kind));
}

PatchworkReached PatchworkReached::from(const std::string& cursor) {
  PatchworkReached reached;
  const auto words = split(cursor, ' ');
  for (std::size_t at = 0; at < words.size(); ++at) {
    const auto number = parse_uint(words[at]).value_or(0);
    const auto id = static_cast<std::int64_t>(number);
    if (at == 0) {
      reached.page = number;
    } else if (at == 1) {
      reached.above = id;
    } else if (id > 0) {
      reached.missed.push_back(id);
    }
  }
  return reached;
}

std::string PatchworkReached::text() const {
  std::string text = fmt::format("{} {}", page, above);
  for (const auto id : missed) {
    text += fmt::format(" {}", id);
  }
  return text;
}

}  // namespace patchmill::app
