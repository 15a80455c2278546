#pragma once
// By what numbers instances know the patches we have.

#include "store/database.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::patchwork {

struct KnownPatch {
  std::string instance;  // Instance::name()
  std::int64_t patch = 0;
  std::string project;     // as the configuration calls it
  std::string message_id;  // without angle brackets
  std::int64_t series = 0;
  std::string state = {};     // a slug, as last told; empty: not told yet
  std::string delegate = {};  // a username; empty: nobody
};

// What is known already is replaced; the rest is new. Call it in the transaction that stores the
// mails. Throws DatabaseError, as everything here.
void remember_patches(store::Database& database, std::span<const KnownPatch> patches);
// What an event says of a patch; one that is not known is left out. True: it was otherwise before.
bool set_state(store::Database& database, std::string_view instance, std::int64_t patch,
               std::string_view state);
bool set_delegate(store::Database& database, std::string_view instance, std::int64_t patch,
                  std::string_view username);
std::optional<KnownPatch> find_patch(store::Database& database, std::string_view instance,
                                     std::int64_t patch);
// One for each project of each instance that has it.
std::vector<KnownPatch> patches_of(store::Database& database, std::string_view message_id);
// The Message-ID of a patch in this series there.
std::optional<std::string> patch_of_series(store::Database& database, std::string_view instance,
                                           std::int64_t series);

// Those of these projects that nobody has looked at since they became known.
std::vector<KnownPatch> new_patches(store::Database& database, std::string_view instance,
                                    const std::set<std::string>& projects, std::size_t limit);
void set_looked_at(store::Database& database, std::span<const KnownPatch> patches);

}  // namespace patchmill::patchwork
