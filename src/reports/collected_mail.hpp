#pragma once
// What is to be mailed but is no mail yet: undecided verdicts, and reports collected for digests.

#include "store/database.hpp"

#include <cstdint>
#include <vector>

namespace patchmill::reports {

// Whatever time each was to wait for.
void make_undecided_due(store::Database& database);
void make_digests_due(store::Database& database);

struct DroppedMail {
  std::vector<std::int64_t> series;  // whose verdicts were undecided
  std::int64_t collected = 0;        // reports that were to go into digests
};
// Nothing of it will be mailed: also a later report of the same series to the same person goes into
// no digest.
DroppedMail drop_collected_mail(store::Database& database);

}  // namespace patchmill::reports
