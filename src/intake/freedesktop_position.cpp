#include "intake/freedesktop_position.hpp"

#include "patchwork/answer.hpp"
#include "util/text.hpp"

#include <boost/json/serialize.hpp>

namespace patchmill::intake {
namespace json = boost::json;

std::string to_text(const FreedesktopPosition& position) {
  json::array missed;
  for (const auto& [series, version] : position.missed) {
    missed.push_back(json::object{{"series", series}, {"version", version}});
  }
  return json::serialize(json::object{{"since", mend_utf8(position.since)},
                                      {"begin", mend_utf8(position.begin)},
                                      {"missed", std::move(missed)}});
}

std::optional<FreedesktopPosition> freedesktop_position_from(std::string_view text) {
  const auto value = patchwork::parse_answer(text);
  const auto* object = value ? value->if_object() : nullptr;
  if (object == nullptr) {
    return std::nullopt;
  }
  FreedesktopPosition position{
      patchwork::text_of(*object, "since"), patchwork::text_of(*object, "begin"), {}};
  if (const auto* missed = patchwork::array_of(*object, "missed")) {
    for (const auto& one : *missed) {
      const auto* of = one.if_object();
      const auto series = of != nullptr ? patchwork::id_of(*of, "series") : std::nullopt;
      const auto version = of != nullptr ? patchwork::id_of(*of, "version") : std::nullopt;
      if (series && version) {
        position.missed.emplace_back(*series, static_cast<int>(*version));
      }
    }
  }
  return position;
}

}  // namespace patchmill::intake
