#pragma once
// Keys of parts of the configuration that have a file of their own; config_keys() joins them.

#include "app/config_keys.hpp"
#include "checks/check.hpp"

#include <vector>

namespace patchmill::app {

std::vector<KeySpec> source_keys();     // config_sources.cpp
std::vector<KeySpec> selection_keys();  // config_take.cpp
std::vector<KeySpec> service_keys();    // config_service.cpp
std::vector<KeySpec> operation_keys();  // config_operation.cpp
std::vector<KeySpec> mail_keys();       // config_mail_keys.cpp
std::vector<KeySpec> patchwork_keys();  // config_patchwork_keys.cpp

// The words a setting of a check may be; empty: any.
std::vector<std::string> choices_of(const checks::Setting& setting);  // config_checks.cpp

}  // namespace patchmill::app
