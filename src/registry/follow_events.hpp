#pragma once
// The registry's events, gathered in order and written together, in a turn.

#include "registry/model.hpp"
#include "store/bulk_insert.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"

#include <optional>

namespace patchmill::registry {

class FollowEvents {
 public:
  FollowEvents(store::Database& database, Timestamp now);

  struct About {
    std::optional<Id> patch = {}, cover = {}, series = {}, comment = {};
  };
  void tell(Category category, Id project, const About& about);
  // Ids and dates grow in the order of telling, and are above those of the events there are.
  void flush();

 private:
  store::Database& m_database;
  store::BulkInsert m_fresh;
  Timestamp m_now;
  Id m_next_id = 0;
  Timestamp m_next{};  // its date
};

}  // namespace patchmill::registry
