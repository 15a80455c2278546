#include "registry/relations.hpp"

#include "registry/rights.hpp"
#include "registry/writing.hpp"
#include "tracker/bulk_query.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace patchmill::registry {
namespace {

constexpr std::size_t k_most_related = 250;  // lists name all of them with every patch

struct Member {
  Id project = 0;
  std::optional<Id> relation;
};
using Members = std::map<Id, Member>;

void read_members(store::Database& database, std::string_view column, std::span<const Id> ids,
                  Members& members) {
  tracker::each_in<Id>(
      database, fmt::format("SELECT id, project, relation FROM registry_patches WHERE {}", column),
      ids, [&](const store::Row& row) {
        members[row.integer(0)] = {row.integer(1), row.get<std::optional<Id>>(2)};
      });
}

class RelationChange {
 public:
  RelationChange(store::Database& database, Timestamp now, std::int64_t number, const User& who)
      : m_database(database), m_now(now), m_number(number), m_who(who) {}

  // Returns whether it was another one.
  bool set(Id patch, const Member& member, std::optional<Id> relation) {
    if (member.relation == relation) {
      return false;
    }
    m_database.exec("UPDATE registry_patches SET relation = ?, changed = ? WHERE id = ?", relation,
                    m_number, patch);
    NewEvent event;
    event.category = Category::patch_relation_changed;
    event.project = member.project;
    event.actor = m_who.id;
    event.patch = patch;
    add_event(m_database, m_now, event);
    return true;
  }

 private:
  store::Database& m_database;
  Timestamp m_now;
  std::int64_t m_number;
  const User& m_who;
};

}  // namespace

Changed<void> change_relation(store::Database& database, Timestamp now, std::int64_t number,
                              const User& who, Id patch, const std::vector<Id>& related) {
  if (related.size() > k_most_related) {
    return invalid("related", fmt::format("At most {} patches can be related.", k_most_related));
  }
  std::vector<Id> named = related;
  named.push_back(patch);
  Members members;
  read_members(database, "id", named, members);
  for (const Id id : named) {
    if (!members.contains(id)) {
      return invalid("related", fmt::format("Invalid pk \"{}\" - object does not exist.", id));
    }
  }
  std::set<Id> relations;
  for (const auto& [_, member] : members) {
    if (member.relation) {
      relations.insert(*member.relation);
    }
  }
  const std::vector<Id> touched(relations.begin(), relations.end());
  read_members(database, "relation", touched, members);
  for (const auto& [_, member] : members) {
    if (!maintains(database, who.id, member.project)) {
      return forbidden("At least one patch is part of a project you are not a maintainer of.");
    }
  }
  RelationChange change(database, now, number, who);
  if (related.empty()) {
    const bool left = change.set(patch, members.at(patch), std::nullopt);
    members.erase(patch);
    if (left && members.size() == 1) {  // nobody is related to oneself
      change.set(members.begin()->first, members.begin()->second, std::nullopt);
    }
    return {};
  }
  if (members.size() == 1) {
    return {};
  }
  if (relations.size() > 1) {
    return conflict(
        "At least one patch is already part of another relation. You have to explicitly remove a"
        " patch from its existing relation before moving it to this one.");
  }
  if (members.size() > k_most_related) {
    return invalid("related", fmt::format("At most {} patches can be related.", k_most_related));
  }
  const Id relation =
      relations.empty()
          ? database.value<Id>("SELECT COALESCE(MAX(relation), 0) + 1 FROM registry_patches")
          : *relations.begin();
  for (const auto& [id, member] : members) {
    change.set(id, member, relation);
  }
  return {};
}

}  // namespace patchmill::registry
