#include "patchwork/post_delegate.hpp"

#include "http/target.hpp"
#include "patchwork/answer.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

namespace patchmill::patchwork {
namespace json = boost::json;
namespace {

constexpr int most_user_pages = 100;  // one is what a name gives

PostOutcome find_user(Instance& instance, const std::string& username,
                      std::map<std::string, std::int64_t>& users) {
  int status = 0;
  std::string path = fmt::format("users/?q={}&per_page=250", http::percent_encode(username));
  for (int i = 0; i < most_user_pages && !path.empty(); ++i) {
    const auto page = instance.get_with_token(path).wait(&status);
    if (!page) {
      return failure_of(page.error(), status);
    }
    const auto* list = page->value.if_array();
    for (const auto& one : list != nullptr ? *list : json::array()) {
      const auto* user = one.if_object();
      const auto id = user != nullptr ? id_of(*user, "id") : std::nullopt;
      if (id && iequals(text_of(*user, "username"), username)) {
        users[username] = *id;
        return {};
      }
    }
    path = page->next;
  }
  return {Posting::unfit, fmt::format("nobody is called '{}' at {}; correct 'set-delegates'",
                                      escape_terminal(username), instance.name())};
}

}  // namespace

PostOutcome post_delegate(Instance& instance, std::int64_t patch, const std::string& username,
                          std::map<std::string, std::int64_t>& users) {
  if (const auto known = instance.discover(); !known) {
    return {Posting::later, known.error().message};
  }
  if (instance.edition() == Edition::freedesktop) {
    return {
        Posting::gone,
        "the freedesktop edition lets no program set delegates; remove patchwork.set-delegates"};
  }
  const auto path = fmt::format("patches/{}/", patch);
  int status = 0;
  const auto now = instance.get(path).wait(&status);
  if (!now) {
    return failure_of(now.error(), status);
  }
  const auto* object = now->value.if_object();
  const auto* delegate = object != nullptr ? object->if_contains("delegate") : nullptr;
  if (delegate == nullptr) {
    return {Posting::later, fmt::format("patch {} does not say who has it", patch)};
  }
  if (!delegate->is_null()) {
    return {};
  }
  if (!users.contains(username)) {
    if (auto found = find_user(instance, username, users); found.posting != Posting::done) {
      return found;
    }
  }
  const auto answer =
      instance.patch(path, json::object{{"delegate", users.at(username)}}).wait(&status);
  return answer ? PostOutcome{} : failure_of(answer.error(), status);
}

}  // namespace patchmill::patchwork
