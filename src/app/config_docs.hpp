#pragma once
// What people and editors read about the configuration, made from the table of keys.

#include <string>

namespace patchmill::app {

// docs/configuration.md.
std::string config_reference_markdown();
// docs/patchmill.schema.json: JSON Schema draft-07, as YAML editors understand it.
std::string config_json_schema();

}  // namespace patchmill::app
