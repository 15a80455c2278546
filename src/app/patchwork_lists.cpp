#include "app/patchwork_lists.hpp"

#include "patchwork/answer.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

namespace patchmill::app {
namespace {

constexpr int k_most_list_pages = 1000;  // of one thing's comments, checks, and of bundles

}  // namespace

Result<boost::json::array> list_of(patchwork::Pending::Answer answer) {
  auto* list = answer.value.if_array();
  if (list == nullptr) {
    return fail(ErrorKind::infrastructure,
                fmt::format("{}: no list", escape_terminal(ellipsize(answer.address, 300))));
  }
  return std::move(*list);
}

Result<boost::json::array> read_list(patchwork::Instance& instance, patchwork::Pending first,
                                     int* status) {
  PM_TRY_ASSIGN(auto answer, first.wait(status));
  std::string next = answer.next;
  PM_TRY_ASSIGN(auto all, list_of(std::move(answer)));
  for (int page = 1; page < k_most_list_pages && !next.empty(); ++page) {
    PM_TRY_ASSIGN(answer, instance.get(next).wait(status));
    next = answer.next;
    PM_TRY_ASSIGN(const auto more, list_of(std::move(answer)));
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

bool only_this(const Error& error, int status) {
  return error.kind == ErrorKind::not_found || error.kind == ErrorKind::limit || status == 500 ||
         (status >= 200 && status < 300);
}

std::vector<std::int64_t> ids_above(const boost::json::array& list, std::int64_t above) {
  std::vector<std::int64_t> ids;
  for (const auto& one : list) {
    const auto* object = one.if_object();
    const auto id = object != nullptr ? patchwork::id_of(*object, "id") : std::nullopt;
    if (id && *id > above) {
      ids.push_back(*id);
    }
  }
  return ids;
}

std::int64_t id_at(const boost::json::array& list, bool last) {
  const auto* object = list.empty() ? nullptr : (last ? list.back() : list.front()).if_object();
  return object != nullptr ? patchwork::id_of(*object, "id").value_or(0) : 0;
}

}  // namespace patchmill::app
