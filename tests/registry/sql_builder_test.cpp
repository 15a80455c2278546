#include "registry/sql_builder.hpp"

#include "registry/support.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

using namespace patchmill;
using namespace patchmill::registry;
using namespace patchmill::registry::test;

// SQLite 3.40 does not see the index on substr(msgid, 1, 200) beside "msgid = ?" alone.
TEST_CASE("registry::Conditions::any_msgid: is answered by the index") {
  TestStore store(store::Engine::sqlite);
  for (const std::size_t count : {1u, 2u, 5u}) {
    Conditions conditions(store::Engine::sqlite);
    conditions.any_msgid("t.msgid", std::vector<std::string>(count, "a@x"));
    std::string plan;
    store.database().each_with(
        "EXPLAIN QUERY PLAN SELECT COUNT(*) FROM registry_patches t" + conditions.sql(),
        conditions.values(), [&](const store::Row& row) { plan += row.text(3); });
    CHECK(plan.find("registry_patches_msgid") != std::string::npos);
  }
}

TEST_CASE("registry::slice_of: whatever is asked, a page of 1 to 250 rows or none") {
  CHECK(slice_of({1, 30}).offset == 0);
  CHECK(slice_of({1, 30}).limit == 30);
  CHECK(slice_of({3, 30}).offset == 60);
  CHECK(slice_of({0, 0}).offset == 0);
  CHECK(slice_of({0, 0}).limit == 1);
  CHECK(slice_of({2, 9'999}).offset == 250);
  CHECK(slice_of({~std::uint64_t{0}, ~std::uint64_t{0}}).limit == 0);
}

TEST_CASE("registry::order_by: several keys, then ids in the direction of the last one") {
  static constexpr std::array<SortKey, 4> keys = {{{"id", "t.id", false, ListKey::id},
                                                   {"name", "t.name", true, ListKey::name},
                                                   {"date", "t.date", false, ListKey::date},
                                                   {"odd", "t.odd"}}};
  const auto sorted = [](Order order) { return order_by(store::Engine::sqlite, order, keys); };
  CHECK(sorted({}).sql == " ORDER BY t.id");
  CHECK(sorted({"date", true, {}}).sql == " ORDER BY t.date DESC, t.id DESC");
  CHECK(sorted({"date", true, {}}).keys.size() == 1);
  CHECK(sorted({"date", true, {{"id", true, {}}}}).keys.size() == 1);
  CHECK(sorted({"date", false, {{"id", true, {}}}}).sql == " ORDER BY t.date, t.id DESC");
  CHECK(sorted({"date", false, {{"id", true, {}}}}).keys.size() == 2);
  CHECK(sorted({"date", true, {{"bogus", false, {}}, {"name", false, {}}}}).sql ==
        " ORDER BY t.date DESC, t.name, t.id");
  CHECK(sorted({"id", true, {{"date", false, {}}}}).sql == " ORDER BY t.id DESC");
  CHECK(sorted({"name", false, {{"date", true, {}}}}).sql == " ORDER BY t.name, t.id");
  CHECK(sorted({"odd", false, {{"date", true, {}}}}).sql ==
        " ORDER BY t.odd, t.date DESC, t.id DESC");
  CHECK(sorted({"odd", false, {{"date", true, {}}}}).keys.empty());
}
