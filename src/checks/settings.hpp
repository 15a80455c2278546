#pragma once
// Reading a check's settings, with the defaults its table declares.

#include "checks/check.hpp"
#include "util/result.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::checks {

// The value from configuration, else the table's default. The name must be in the table: asking
// for another is a fault of the program and throws std::logic_error.
std::string setting(const Check& check, const Context& context, std::string_view name);
std::uint64_t number_setting(const Check& check, const Context& context, std::string_view name);
// Seconds; a day at most, so that no number overflows a deadline.
std::chrono::seconds timeout_setting(const Check& check, const Context& context,
                                     std::string_view name);
bool flag_setting(const Check& check, const Context& context, std::string_view name);
std::vector<std::string> words_setting(const Check& check, const Context& context,
                                       std::string_view name);

// Error invalid for the first unknown name or value of the wrong type or below the minimum, with
// the nearest name.
Result<void> validate_settings(const Check& check, const Settings& settings);

}  // namespace patchmill::checks
