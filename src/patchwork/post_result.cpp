#include "patchwork/post_result.hpp"

#include "patchwork/answer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::patchwork {
namespace json = boost::json;
namespace {

json::object result_of(const CheckWish& wish) {
  json::object result{{"test_name", wish.context},
                      {"state", wish.state == "fail" ? "failure" : wish.state},
                      {"summary", wish.description}};
  // A field that is left out keeps what it had; "" is no address for some versions.
  result["url"] = wish.target_url.empty() ? json::value(nullptr)
                                          : json::value(std::string_view(wish.target_url));
  return result;
}

bool is_same(const json::value& there, const json::object& wanted) {
  const auto* result = there.if_object();
  return result != nullptr && std::ranges::all_of(wanted, [&](const auto& field) {
           return text_of(*result, field.key()) == text_of(wanted, field.key());
         });
}

}  // namespace

PostOutcome post_result(Instance& instance, const CheckWish& wish, bool may_be_there) {
  const auto path = fmt::format("series/{}/revisions/{}/test-results/", wish.patch, wish.version);
  const auto result = result_of(wish);
  int status = 0;
  if (may_be_there) {
    const auto all = instance.get(path).wait(&status);
    if (!all) {
      return failure_of(all.error(), status);
    }
    const auto* list = all->list();
    if (list != nullptr &&
        std::ranges::any_of(*list, [&](const auto& there) { return is_same(there, result); })) {
      return {};
    }
  }
  const auto answer = instance.post(path, result).wait(&status);
  // 201 without readable content has been done, too.
  if (answer || status == 201) {
    return {};
  }
  return failure_of(answer.error(), status);
}

}  // namespace patchmill::patchwork
