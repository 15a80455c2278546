#pragma once
// Which id a new series of a project gets.

#include "registry/model.hpp"
#include "store/database.hpp"

#include <cstdint>
#include <map>

namespace patchmill::registry {

// For one transaction, in a turn (turn.hpp).
//
// A series of a project has the tracker's number as its id, so that "/series/7/" and
// "/series/7/mbox/" are about the same one, wherever that id is nobody's and above all that another
// Patchwork has given. The same series in a second project gets one from 2^30 on: the numbers
// between are those of series to come. Everything else follows the largest id below.
class SeriesIds {
 public:
  explicit SeriesIds(store::Database& database);

  // For a new row of the tracker's series `number`.
  Id of(std::int64_t number);
  // The next one whatever the number.
  Id next();
  // The row with this id is another Patchwork's: numbers up to there are ids no more.
  void adopted(Id id);

 private:
  void load();
  bool held(Id id, std::int64_t& by) const;
  Id far();

  store::Database& m_database;
  Id m_floor = 0;  // up to there ids are not numbers
  Id m_kept = 0;   // by keep_free()
  Id m_next = 0;   // from there on, and below the far ones, all are free; 0: not known yet
  Id m_far = 0;    // the next far one; 0: not known yet
  std::map<Id, std::int64_t> m_given;  // in this transaction, with the tracker's numbers
};

}  // namespace patchmill::registry
