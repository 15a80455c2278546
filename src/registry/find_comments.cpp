#include "registry/find.hpp"
#include "registry/rows.hpp"
#include "registry/sql_builder.hpp"

#include <array>

namespace patchmill::registry {
namespace {

constexpr std::array<SortKey, 2> k_comment_keys = {{{"id", "t.id"}, {"date", "t.date"}}};

}  // namespace

Page<Comment> find_patch_comments(store::Database& database, Id patch, const Order& order,
                                  PageAsked page) {
  Conditions conditions(database.engine());
  conditions.add("t.patch = ?", patch);
  const auto selection = select(database, "registry_patch_comments", conditions,
                                order_by(database.engine(), order, k_comment_keys).sql, page);
  return {in_order(patch_comments_by_id(database, selection.ids), selection.ids), selection.total};
}

Page<Comment> find_cover_comments(store::Database& database, Id cover, const Order& order,
                                  PageAsked page) {
  Conditions conditions(database.engine());
  conditions.add("t.cover = ?", cover);
  const auto selection = select(database, "registry_cover_comments", conditions,
                                order_by(database.engine(), order, k_comment_keys).sql, page);
  return {in_order(cover_comments_by_id(database, selection.ids), selection.ids), selection.total};
}

}  // namespace patchmill::registry
