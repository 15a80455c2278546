#pragma once
// Which id a new series of a project gets.

#include "registry/model.hpp"
#include "store/database.hpp"

#include <cstdint>

namespace patchmill::registry {

// For one transaction, in a turn (turn.hpp).
//
// Ids rise in the order of arrival, as lists and clients take for granted. A series has the
// tracker's number as its id where that is above all there are, so that "/series/7/" and
// "/series/7/mbox/" are about the same one. The same series in a second project takes the next id,
// and who comes after it is ahead of his number until some number is no series of any project.
class SeriesIds {
 public:
  explicit SeriesIds(store::Database& database) : m_database(database) {}

  // For a new row of the tracker's series `number`.
  Id of(std::int64_t number);

 private:
  store::Database& m_database;
  Id m_next = 0;  // from there on all are free; 0: not known yet
};

}  // namespace patchmill::registry
