#include "patchwork/post_state.hpp"

#include "patchwork/answer.hpp"

#include <fmt/format.h>

namespace patchmill::patchwork {
namespace json = boost::json;
namespace {

std::string state_of(const json::value& patch) {
  const auto* object = patch.if_object();
  return object != nullptr ? text_of(*object, "state") : std::string();
}

}  // namespace

StateOutcome post_state(Instance& instance, StateStore& states, const StateStore::Due& due) {
  if (const auto known = instance.discover(); !known) {
    return {{Posting::later, known.error().message}, {}};
  }
  if (instance.edition() == Edition::freedesktop) {
    return {{Posting::gone,
             "the freedesktop edition lets no program set states; remove patchwork.set-states"},
            {}};
  }
  const auto path = fmt::format("patches/{}/", due.wish.patch);
  int status = 0;
  const auto now = instance.get(path).wait(&status);
  if (!now) {
    return {failure_of(now.error(), status), {}};
  }
  const auto state = state_of(now->value);
  if (state.empty()) {
    return {{Posting::later, fmt::format("patch {} has no state", due.wish.patch)}, {}};
  }
  switch (states.found(due, state)) {
    case StateStore::Standing::as_wanted:
      return {};
    case StateStore::Standing::too_late:
      return {{Posting::gone,
               fmt::format("the patch is {} since an attempt whose answer was lost", state)},
              {}};
    case StateStore::Standing::somebodys:
      return {{}, state};
    case StateStore::Standing::as_seen:
      break;
  }
  states.about_to_set(due);
  const auto answer = instance.patch(path, json::object{{"state", due.wish.wanted}}).wait(&status);
  if (!answer) {
    return {failure_of(answer.error(), status), {}};
  }
  return {};
}

}  // namespace patchmill::patchwork
