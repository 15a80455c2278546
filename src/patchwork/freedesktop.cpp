#include "patchwork/freedesktop.hpp"

#include "patchwork/answer.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace patchmill::patchwork::freedesktop {
namespace json = boost::json;
namespace {

constexpr std::size_t most_patches = 5000;  // of a revision
constexpr std::size_t longest_time = 40;
constexpr std::size_t longest_state = 100;  // of the field there

Result<const json::object*> object_of_answer(const json::value& value, std::string_view what) {
  const auto* object = value.if_object();
  if (object == nullptr) {
    return fail(ErrorKind::invalid,
                fmt::format("something else than {} in the answer of Patchwork", what));
  }
  return object;
}

tl::unexpected<Error> event_lacks(std::string_view what, std::string_view field) {
  return fail(ErrorKind::invalid,
              fmt::format("{} without a usable \"{}\" in the answer of Patchwork", what, field));
}

int version_of(const json::object& object, std::string_view key) {
  const auto number = id_of(object, key).value_or(0);
  return number <= std::numeric_limits<int>::max() ? static_cast<int>(number) : 0;
}

}  // namespace

std::string slug_of(std::string_view name) {
  std::string slug = to_lower(trim(name));
  std::ranges::replace(slug, ' ', '-');
  return slug.size() <= longest_state ? slug : std::string();
}

Result<Event> read_event(const json::value& value) {
  PM_TRY_ASSIGN(const auto* object, object_of_answer(value, "an event"));
  Event event;
  event.name = text_of(*object, "name");
  event.time = text_of(*object, "event_time");
  if (event.time.empty() || event.time.size() > longest_time) {
    return event_lacks("an event", "event_time");
  }
  event.series = id_of(*object, "series").value_or(0);
  event.patch = id_of(*object, "patch").value_or(0);
  if (const auto* parameters = object_of(*object, "parameters")) {
    event.version = version_of(*parameters, "revision");
    event.state = slug_of(text_of(*parameters, "new_state"));
  }
  return event;
}

Result<Revision> read_revision(const json::value& value) {
  PM_TRY_ASSIGN(const auto* object, object_of_answer(value, "a revision"));
  Revision revision;
  revision.version = version_of(*object, "version");
  if (revision.version == 0) {
    return event_lacks("a revision", "version");
  }
  const auto* patches = array_of(*object, "patches");
  if (patches == nullptr) {
    return event_lacks(fmt::format("revision {}", revision.version), "patches");
  }
  if (patches->size() > most_patches) {
    return fail(ErrorKind::limit,
                fmt::format("revision {} has {} patches; more than {} are not read",
                            revision.version, patches->size(), most_patches));
  }
  for (const auto& patch : *patches) {
    const auto id = patch.is_int64() ? patch.get_int64() : 0;
    if (id <= 0) {
      return event_lacks(fmt::format("revision {}", revision.version), "patches");
    }
    revision.patches.push_back(id);
  }
  revision.cover = text_of(*object, "cover_letter");
  return revision;
}

Result<Series> read_series(const json::value& value) {
  PM_TRY_ASSIGN(const auto* object, object_of_answer(value, "a series"));
  Series series;
  series.id = id_of(*object, "id").value_or(0);
  if (series.id == 0) {
    return event_lacks("a series", "id");
  }
  series.name = text_of(*object, "name");
  const auto* summary = array_of(*object, "state_summary");
  if (summary != nullptr && summary->size() == 1 && summary->front().is_object()) {
    series.state = slug_of(text_of(summary->front().get_object(), "name"));
  }
  return series;
}

std::string state_of_patch(const json::value& value) {
  const auto* patch = value.if_object();
  const auto* state = patch != nullptr ? object_of(*patch, "state") : nullptr;
  return state != nullptr ? slug_of(text_of(*state, "name")) : std::string();
}

}  // namespace patchmill::patchwork::freedesktop
