#include "patchwork/post_check.hpp"

#include "patchwork/post_result.hpp"

#include <fmt/format.h>

namespace patchmill::patchwork {
namespace json = boost::json;
namespace {

bool is_same(const Check& check, const CheckWish& wish) {
  return check.context == wish.context && check.state == wish.state &&
         check.target_url == wish.target_url && check.description == wish.description;
}

}  // namespace

PostOutcome failure_of(const Error& error, int status) {
  if (error.kind == ErrorKind::not_found) {
    return {Posting::gone, error.message};
  }
  if (status >= 300 && status < 400) {
    return {Posting::refused, error.message + "; configure the address that the instance has now"};
  }
  // The token may be unreadable: nothing was sent.
  const bool ours = status == 0 && error.kind == ErrorKind::invalid;
  if (ours || status == 401 || status == 403) {
    return {Posting::refused, error.message};
  }
  // 400: a body it does not take. Everything else may pass.
  const bool unfit = status >= 400 && status < 429 && error.kind != ErrorKind::infrastructure;
  return {unfit ? Posting::unfit : Posting::later, error.message};
}

PostOutcome post_check(Instance& instance, const CheckWish& wish, bool may_be_there) {
  if (const auto known = instance.discover(); !known) {
    return {Posting::later, known.error().message};
  }
  if (wish.version > 0) {
    return post_result(instance, wish, may_be_there);
  }
  const auto path = fmt::format("patches/{}/checks/", wish.patch);
  int status = 0;
  if (may_be_there) {
    const auto newest =
        instance.get(fmt::format("{}?context={}&order=-date&per_page=1", path, wish.context))
            .wait(&status);
    if (!newest) {
      return failure_of(newest.error(), status);
    }
    const auto* list = newest->value.if_array();
    if (list != nullptr && !list->empty()) {
      const auto check = read_check(list->front());
      if (check && is_same(*check, wish)) {
        return {};
      }
    }
  }
  json::object body{{"state", wish.state}, {"context", wish.context}};
  // Fields that are empty may not be "" in every version.
  if (!wish.target_url.empty()) {
    body["target_url"] = wish.target_url;
  }
  if (!wish.description.empty()) {
    body["description"] = wish.description;
  }
  const auto answer = instance.post(path, body).wait(&status);
  if (answer && answer->value.is_object()) {
    return {};
  }
  // 201 without readable content has been done, too.
  if (status == 201) {
    return {};
  }
  return answer ? PostOutcome{Posting::later, "an answer that is no check"}
                : failure_of(answer.error(), status);
}

}  // namespace patchmill::patchwork
