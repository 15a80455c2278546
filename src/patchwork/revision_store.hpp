#pragma once
// Revisions of series at instances of the freedesktop edition.

#include "store/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::patchwork {

struct KnownRevision {
  std::string instance;  // Instance::name()
  std::int64_t series = 0;
  int version = 0;
  // The first patch that came with it, by its number there; of a revision that only repeats another
  // one, for another test of it, that one's.
  std::int64_t patch = 0;
};

// Replaces what is known of it. Throws DatabaseError, as everything here.
void remember_revision(store::Database& database, const KnownRevision& revision);
// The newest one that this patch stands for.
std::optional<KnownRevision> revision_of(store::Database& database, std::string_view instance,
                                         std::int64_t patch);

}  // namespace patchmill::patchwork
