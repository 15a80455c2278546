#pragma once
// What happened to series, gathered while a batch is read and told when it is done.

#include <cstdint>
#include <map>

namespace patchmill::tracker {

// Changes of one batch, by series.
struct SeriesChanges {
  struct Change {
    bool created = false;
    bool completed = false;  // was not complete before
  };
  std::map<std::int64_t, Change> changed;
  struct Removal {
    std::int64_t heir = 0;  // the series that has its mails now
    std::int64_t work = 0;  // where it was a revision
  };
  std::map<std::int64_t, Removal> removed;
  std::map<std::int64_t, std::int64_t> superseded;  // -> by which
};

}  // namespace patchmill::tracker
