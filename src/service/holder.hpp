#pragma once
// Who holds a lease: this process, by name.

#include <string>
#include <string_view>

namespace patchmill::service {

std::string holder_name();  // "host:1234"
// A holder of this machine, also of an earlier process.
bool is_of_this_machine(std::string_view holder);

}  // namespace patchmill::service
