#pragma once
// Who holds a lease: this process, by name; and who is gone.

#include "app/config.hpp"
#include "store/database.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace patchmill::service {

std::string holder_name();  // "host:1234"
// A holder of this machine, also of an earlier process.
bool is_of_this_machine(std::string_view holder);

// Whether the store is a file in the data folder, and so nobody else's.
bool is_in_data_folder(const app::Config& config, const store::Database& database);

// Says of a holder whether it is gone for sure. For the only service of this data folder
// (app::lock_runs), about what it does not have itself: gone is who was on this machine. Where the
// store is a file in the data folder everybody is, whatever the machine was called then: a
// container has a name of its own. In a store that others may share, what another machine has is
// its own until its lease ends.
std::function<bool(std::string_view holder)> gone_holders(const app::Config& config,
                                                          const store::Database& database);

}  // namespace patchmill::service
