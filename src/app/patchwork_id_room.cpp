#include "app/patchwork_id_room.hpp"

#include "app/patchwork_lists.hpp"
#include "patchwork/answer.hpp"
#include "registry/adopt.hpp"
#include "registry/turn.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace patchmill::app {
namespace {

constexpr std::int64_t k_headroom = 10'000;  // ids for what comes there meanwhile
// Where nobody tells how far ids have got: above all there are, and still 32 bits.
constexpr std::int64_t k_far_away = 1 << 30;
constexpr std::array k_kept_free = {"registry_patches",        "registry_covers",
                                    "registry_series",         "registry_checks",
                                    "registry_patch_comments", "registry_cover_comments"};

// The id of what the newest event of a category is about; nothing: it cannot be had.
Result<std::optional<std::int64_t>> newest_told(patchwork::Instance& instance,
                                                std::string_view category, std::string_view thing) {
  int status = 0;
  auto answer = instance.get(fmt::format("events/?category={}&order=-date&per_page=1", category))
                    .wait(&status);
  if (!answer && status >= 400) {
    return std::nullopt;  // it tells no events
  }
  PM_TRY(answer);
  const auto* list = answer->value.if_array();
  const auto* event = list != nullptr && !list->empty() ? list->front().if_object() : nullptr;
  const auto* payload = event != nullptr && patchwork::text_of(*event, "category") == category
                            ? patchwork::object_of(*event, "payload")
                            : nullptr;
  const auto* object = payload != nullptr ? patchwork::object_of(*payload, thing) : nullptr;
  return object != nullptr ? patchwork::id_of(*object, "id") : std::nullopt;
}

}  // namespace

Result<void> keep_ids_free(store::Database& database, patchwork::Instance& instance) {
  const auto keep = [&](std::string_view table, std::int64_t newest) {
    store::Transaction transaction(database);
    registry::wait_for_turn(database);
    registry::keep_free(database, table, newest);
    transaction.commit();
  };
  for (const auto& [path, table] : {std::pair{"patches/", "registry_patches"},
                                    {"covers/", "registry_covers"},
                                    {"series/", "registry_series"}}) {
    int status = 0;
    auto answer = instance.get(fmt::format("{}?order=-id&per_page=1", path)).wait(&status);
    if (!answer && only_this(answer.error(), status)) {
      continue;  // there is no such list
    }
    PM_TRY(answer);
    PM_TRY_ASSIGN(const auto list, list_of(std::move(*answer)));
    if (const auto newest = id_at(list, false); newest > 0) {
      keep(table, newest + k_headroom);
    }
  }
  // There are no lists of all checks and comments; the newest event tells of the newest one.
  for (const auto& [category, thing, table] :
       {std::array{"check-created", "check", "registry_checks"},
        {"patch-comment-created", "comment", "registry_patch_comments"},
        {"cover-comment-created", "comment", "registry_cover_comments"}}) {
    PM_TRY_ASSIGN(const auto newest, newest_told(instance, category, thing));
    keep(table, newest ? *newest + k_headroom : k_far_away);
  }
  return {};
}

void release_kept_ids(store::Database& database) {
  store::Transaction transaction(database);
  registry::wait_for_turn(database);
  for (const auto table : k_kept_free) {
    registry::release_kept(database, table);
  }
  transaction.commit();
}

}  // namespace patchmill::app
