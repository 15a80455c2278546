#pragma once
// Brings the stored series of a thread up to date with its mails.

#include "store/database.hpp"
#include "tracker/component.hpp"
#include "tracker/series_event.hpp"
#include "tracker/series_store.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace patchmill::tracker {

// Reassembles every thread given (and those that hang together with them) once. Series keep their
// number as long as most of their mails stay together.
void reassemble(store::Database& database, std::set<std::int64_t> threads,
                const std::vector<std::string>& list_words, SeriesChanges& changes);

}  // namespace patchmill::tracker
