#include "patchwork/position.hpp"

#include "patchwork/answer.hpp"
#include "util/text.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace patchmill::patchwork {
namespace json = boost::json;

void Position::done_with(const Event& event) {
  if (event.date != date) {
    date = event.date;
    events.clear();
  }
  if (!is_done(event)) {
    events.push_back(event.id);
  }
}

bool Position::is_done(const Event& event) const {
  return event.date == date && std::ranges::find(events, event.id) != events.end();
}

std::string to_text(const Position& position) {
  json::object object{{"date", mend_utf8(position.date)}};
  object["events"] = json::array(position.events.begin(), position.events.end());
  if (position.patches_above) {
    object["patches_above"] = *position.patches_above;
  }
  if (position.covers_above) {
    object["covers_above"] = *position.covers_above;
  }
  json::array missed;
  for (const auto& ref : position.missed) {
    missed.push_back(json::object{{"kind", to_string(ref.kind)}, {"id", ref.id}});
  }
  object["missed"] = std::move(missed);
  return json::serialize(object);
}

std::optional<Position> position_from(std::string_view text) {
  const auto value = parse_answer(text);
  const auto* object = value ? value->if_object() : nullptr;
  if (object == nullptr) {
    return std::nullopt;
  }
  Position position;
  position.date = text_of(*object, "date");
  position.patches_above = number_of(*object, "patches_above");
  position.covers_above = number_of(*object, "covers_above");
  if (const auto* events = array_of(*object, "events")) {
    for (const auto& id : *events) {
      if (id.is_int64()) {
        position.events.push_back(id.get_int64());
      }
    }
  }
  if (const auto* missed = array_of(*object, "missed")) {
    for (const auto& one : *missed) {
      const auto* ref = one.if_object();
      const auto id = ref != nullptr ? id_of(*ref, "id") : std::nullopt;
      if (id) {
        const bool cover = text_of(*ref, "kind") == "cover";
        position.missed.push_back({cover ? MailKind::cover : MailKind::patch, *id, {}});
      }
    }
  }
  return position;
}

std::optional<std::string> days_before(std::string_view date, unsigned days) {
  const auto part = [&](std::size_t at, std::size_t size) {
    return date.size() >= at + size ? parse_uint(date.substr(at, size)) : std::nullopt;
  };
  const auto year = part(0, 4);
  const auto month = part(5, 2);
  const auto day = part(8, 2);
  if (!year || !month || !day || date.size() < 19 || date[10] != 'T') {
    return std::nullopt;
  }
  using namespace std::chrono;
  const year_month_day given{std::chrono::year(static_cast<int>(*year)),
                             std::chrono::month(static_cast<unsigned>(*month)),
                             std::chrono::day(static_cast<unsigned>(*day))};
  if (!given.ok()) {
    return std::nullopt;
  }
  const year_month_day before{sys_days(given) - std::chrono::days(days)};
  return fmt::format("{:04}-{:02}-{:02}{}", static_cast<int>(before.year()),
                     static_cast<unsigned>(before.month()), static_cast<unsigned>(before.day()),
                     date.substr(10, 9));
}

}  // namespace patchmill::patchwork
