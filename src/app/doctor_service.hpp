#pragma once
// What this machine lacks for `patchmill serve`, beyond what a single run needs.

#include "app/doctor.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::app {

// Looks at addresses, limits of the kernel, the clock, backups, and what ends a user's service when
// they log out; changes nothing. An address that `patchmill serve` itself has is well.
std::vector<Diagnosis> diagnose_service(const Config& config);

// --- parts of it, for tests ---
Diagnosis diagnose_address(const std::string& address, bool served_by_us);
// `proc`: /proc/sys/fs/inotify.
Diagnosis diagnose_watches(const std::filesystem::path& proc);
Diagnosis diagnose_linger(std::uint32_t uid, std::string_view user,
                          const std::filesystem::path& linger_folder);

}  // namespace patchmill::app
