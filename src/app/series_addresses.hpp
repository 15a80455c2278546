#pragma once
// Dependencies on addresses of series, "https://SITE/project/NAME/list/?series=N": those that
// `http.url` has given here, and those of the Patchworks among the sources.

#include "app/config.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"

#include <cstddef>

namespace patchmill::app {

// Whether this configuration names any place whose addresses can be resolved.
bool resolves_series_addresses(const Config& config);

// Resolves what has become known, in a transaction of its own; at most a thousand dependencies, of
// the newest series, are looked at. Returns how many were resolved.
std::size_t resolve_series_addresses(store::Database& database, const Config& config,
                                     Timestamp now);

}  // namespace patchmill::app
