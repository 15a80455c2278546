#include "registry/list_columns.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

using namespace patchmill::registry;

namespace {

constexpr std::size_t k_rows = 20'000;  // of which a key has thousands

std::string name_of(Id id) {
  return "thing " + std::to_string(id * 7919 % 211);
}

struct Columns {
  Columns() {
    std::mt19937 random(20260101);
    const auto below = [&](unsigned number) { return static_cast<Id>(random() % number); };
    for (std::size_t i = 1; i <= k_rows; ++i) {
      ListColumns::Row row;
      row.id = static_cast<Id>(i);
      row.date = static_cast<std::int64_t>(below(300)) * 1'000'000;
      row.project = 1 + below(3);
      row.submitter = 1 + below(4);
      row.user = below(3);
      row.kind = 1 + below(2);
      row.flag = below(10) == 0;
      REQUIRE(columns.put(row));
      rows.push_back(row);
    }
    columns.settle();
    ListColumns::NameSource names;
    names.all = [&] {
      std::vector<Id> ids;
      for (const auto& row : rows) {
        ids.push_back(row.id);
      }
      std::ranges::stable_sort(ids, {}, name_of);
      return ids;
    };
    names.name = name_of;
    columns.place_names(names);
  }

  // Smaller comes first; people and ids of projects, users and kinds are their own places.
  static int compare(const ListColumns::Row& a, const ListColumns::Row& b, ListKey key) {
    const auto of = [&](auto member) { return (a.*member > b.*member) - (a.*member < b.*member); };
    switch (key) {
      case ListKey::id:
        return of(&ListColumns::Row::id);
      case ListKey::date:
        return of(&ListColumns::Row::date);
      case ListKey::name:
        return name_of(a.id).compare(name_of(b.id));
      case ListKey::project:
        return of(&ListColumns::Row::project);
      case ListKey::submitter:
      case ListKey::submitter_name:
        return of(&ListColumns::Row::submitter);
      case ListKey::user_name:
        return of(&ListColumns::Row::user);
      case ListKey::kind:
        return of(&ListColumns::Row::kind);
      case ListKey::flag:
        return of(&ListColumns::Row::flag);
    }
    return 0;
  }

  ListColumns columns;
  std::vector<ListColumns::Row> rows;
};

}  // namespace

TEST_CASE("registry::ListColumns: orders of several keys, each with thousands of rows") {
  const Columns world;
  std::mt19937 random(7);
  const auto pick = [&](std::size_t number) { return random() % number; };
  const std::vector<std::uint32_t> people = {0, 1, 2, 3, 4};
  const ListColumns::Ranks ranks = {{0, 0}, {1, 1}, {2, 2}, {3, 3}};
  const std::vector<ListKey> keys = {
      ListKey::date,           ListKey::project, ListKey::kind,      ListKey::submitter,
      ListKey::submitter_name, ListKey::flag,    ListKey::user_name, ListKey::id};
  for (int round = 0; round < 120; ++round) {
    std::vector<ListColumns::Ordering> order;
    for (std::size_t i = 2 + pick(3); i > 0; --i) {
      order.push_back({keys[pick(keys.size())], pick(2) == 0, ranks});
    }
    if (pick(4) == 0) {
      order.back().key = ListKey::name;
    }
    ListQuery query;
    if (pick(3) == 0) {
      query.projects = {1, 2};
    }
    std::vector<ListColumns::Row> expected;
    std::ranges::copy_if(world.rows, std::back_inserter(expected), [&](const auto& row) {
      return query.projects.empty() || row.project != 3;
    });
    std::ranges::sort(expected, [&](const auto& a, const auto& b) {
      for (const auto& one : order) {
        if (const int way = Columns::compare(a, b, one.key); way != 0) {
          return (way < 0) != one.descending;
        }
      }
      return (a.id < b.id) != order.back().descending;
    });
    const std::size_t limit = 1 + pick(round % 10 == 0 ? k_rows : 250);
    const std::size_t offset = pick(expected.size());
    const auto found = world.columns.select(query, order, people, {offset, limit});
    REQUIRE(found);
    REQUIRE(found->total == expected.size());
    std::vector<Id> wanted;
    for (std::size_t i = offset; i < std::min(offset + limit, expected.size()); ++i) {
      wanted.push_back(expected[i].id);
    }
    CAPTURE(round);
    REQUIRE(found->ids == wanted);
  }
}
