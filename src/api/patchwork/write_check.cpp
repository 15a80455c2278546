#include "api/patchwork/call.hpp"
#include "api/patchwork/fields.hpp"
#include "api/scopes.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

namespace patchmill::api::patchwork {
namespace {

constexpr std::size_t k_longest_context = 255;
constexpr std::size_t k_longest_url = 200;
constexpr std::size_t k_longest_description = 10'000;  // Patchwork has no bound but the body's

std::optional<registry::CheckState> read_state(std::string_view word) {
  using registry::CheckState;
  for (const auto state :
       {CheckState::pending, CheckState::success, CheckState::warning, CheckState::fail}) {
    if (word == check_state_name(state) || word == std::to_string(static_cast<int>(state))) {
      return state;
    }
  }
  return std::nullopt;
}

// Patchwork lets a maintainer post in anybody's name.
void refuse_foreign_user(Fields& fields, const registry::User& who) {
  const auto user = fields.id("user");
  if (user.value && *user.value != who.id) {
    fields.errors().add(
        "user", fmt::format("A check is posted as the owner of the token, '{}' ({}); leave out "
                            "'user', or use a token of that user.",
                            who.username, who.id));
  }
}

registry::NewCheck read_check(Fields& fields) {
  registry::NewCheck check;
  const auto word = fields.word("state");
  const auto state = word ? read_state(*word) : std::nullopt;
  if (state) {
    check.state = *state;
  } else if (fields.is_null("state")) {
    fields.errors().add("state", std::string(k_not_null));
  } else {
    fields.errors().add("state", fmt::format("\"{}\" is not a valid choice.",
                                             ellipsize(fields.printed("state"), 80)));
  }
  auto url = fields.nullable_text("target_url", {});
  if (url.value && !url.value->empty()) {
    if (url.value->size() > k_longest_url) {
      fields.errors().add(
          "target_url",
          fmt::format("Ensure this field has no more than {} characters.", k_longest_url));
    }
    if (!is_web_url(*url.value)) {
      fields.errors().add("target_url", "Enter a valid URL.");
    }
  }
  check.target_url = std::move(url.value);
  if (auto context = fields.text("context", {k_longest_context, false})) {
    if (!is_slug(*context)) {
      fields.errors().add("context",
                          "Enter a valid \"slug\" consisting of letters, numbers, underscores or "
                          "hyphens.");
    }
    check.context = std::move(*context);
  }
  check.description = fields.nullable_text("description", {k_longest_description}).value;
  return check;
}

}  // namespace

http::Response add_check(Call& call) {
  // Who may not post learns of a patch that is not there first, and has the same text whoever it
  // is: both are Patchwork's.
  if (!call.registry.patch(call.place.id)) {
    return not_found();
  }
  if (!call.request.identity) {
    return problem(403, k_forbidden);
  }
  if (auto refused = refuse_write(call, scope::checks)) {
    return std::move(*refused);
  }
  if (!call.registry.may_change(*call.who, call.place.id)) {
    return problem(403, k_forbidden);
  }
  auto fields = Fields::read(call.request);
  if (!fields) {
    return std::move(fields.error());
  }
  if (!fields->has("state") || fields->word("state") == "") {
    fields->errors().add("state", "A check must have a state.");
    return fields->errors().answer();
  }
  refuse_foreign_user(*fields, *call.who);
  const registry::NewCheck check = read_check(*fields);
  if (!fields->errors().empty()) {
    return fields->errors().answer();
  }
  const auto added = call.registry.add_check(*call.who, call.place.id, check);
  if (!added) {
    return problem(added.error());
  }
  call.render.check(*added);
  auto response = rendered(call, 201);
  response.headers.add("Location", call.render.check_url(added->patch, added->id));
  return response;
}

}  // namespace patchmill::api::patchwork
