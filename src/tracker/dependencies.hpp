#pragma once
// What series build on, resolved whenever either side arrives.

#include "mail/trailers.hpp"
#include "store/database.hpp"
#include "tracker/series_event.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchmill::tracker {

// How the target of a dependency is looked up: a Message-ID, a change-id (with a version), a
// patch-id or the address of a series (series_addresses.hpp); or why it cannot be.
struct DependencyLookup {
  std::string key;             // "m:…", "c:…", "p:…", "u:…"; empty: it cannot be
  std::optional<int> version;  // of a change-id
  std::string reason;          // for people, when key is empty
};
inline constexpr std::string_view k_no_series_of_address =
    "no series with this address is known here";
DependencyLookup lookup_of(const mail::Dependency& dependency);

// The Message-ID that a URL of a list archive or a Patchwork names ("/patch/MSGID/",
// "lore.kernel.org/LIST/MSGID/"), percent-decoded; empty when it names none.
std::string msgid_in_url(std::string_view url);

// After reassembly and revisions: rewrites the dependencies of changed series and resolves all
// that may now resolve, or no longer, also those of other series. Adds those to `changes`.
void update_dependencies(store::Database& database, SeriesChanges& changes);

// Tells the git patch-id of a patch (row of its mail), so that "prerequisite-patch-id:" finds it.
// Returns the series whose dependencies this resolved.
std::vector<std::int64_t> set_patch_id(store::Database& database, std::int64_t message,
                                       std::string_view patch_id);

// What builds on what is known: (series, the series it builds on) with one of these on either
// side; of what builds on one of them the k_most_dependents newest. A pair may come twice.
inline constexpr std::size_t k_most_dependents = 1000;
std::vector<std::pair<std::int64_t, std::int64_t>> dependency_links(
    store::Database& database, std::span<const std::int64_t> numbers);

}  // namespace patchmill::tracker
