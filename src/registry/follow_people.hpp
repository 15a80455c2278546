#pragma once
// People by their address, made when first seen.

#include "mail/address.hpp"
#include "registry/follow_rules.hpp"
#include "registry/model.hpp"
#include "store/bulk_insert.hpp"
#include "store/database.hpp"

#include <set>
#include <span>
#include <string>
#include <unordered_map>

namespace patchmill::registry {

// For one transaction, in a turn: load(), then of() for those loaded, then flush().
class FollowPeople {
 public:
  FollowPeople(store::Database& database, const FollowRules& rules);

  void load(std::span<const mail::Address> people);
  enum class Name { newest, any };
  // An address is one person in any case and keeps its first form. The newest name wins, unless
  // any will do.
  Id of(const mail::Address& address, Name name);
  void flush();

 private:
  struct Known {
    Id id = 0;  // 0: not in the store yet
    std::string name;
    bool renamed = false;
  };
  store::Database& m_database;
  const FollowRules& m_rules;
  std::unordered_map<std::string, Known> m_known;  // by address in lower case
  store::BulkInsert m_fresh;
  Id m_next = 0;
};

}  // namespace patchmill::registry
