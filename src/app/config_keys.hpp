#pragma once
// The table of every configuration key: validation, documentation and the JSON Schema are all
// made from it, so they cannot disagree.

#include "app/yaml.hpp"
#include "util/result.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::app {

enum class KeyType {
  text,  // any scalar
  name,  // letters, digits, '-', '_', '.'; starts with a letter or digit
  path,  // a file or folder; relative to the configuration file
  url,   // of a git repository, mailbox or archive; a path is allowed
  integer,
  boolean,   // true or false
  duration,  // 90, 90s, 5m, 2h, 30d
  size,      // 4096, 64k, 256M, 2G
  choice,    // one of `choices`
  words,     // a list of scalars (of `choices`, if any); a single scalar is a list of one
  table,     // scalar names to scalar values
  settings,  // a table whose values may also be lists of words
  secret,    // {file: PATH} or {env: NAME}; never the secret itself
  section,   // a map described by the keys under `section`
  sections,  // a list of such maps
};

struct KeySpec {
  std::string_view section;  // "" is the top; "jobs", "jobs.match", ...
  std::string_view name;
  KeyType type;
  std::string_view help;      // sentences for the reference
  std::string_view standard;  // the value when it is left out, for people; empty: none
  std::string_view example;   // YAML of the value
  bool required = false;
  std::vector<std::string> choices = {};
};

std::span<const KeySpec> config_keys();
std::string_view to_string(KeyType type);
// Whether a key of type `name` takes it.
bool is_name(std::string_view text);
// The path of the section a key of type section or sections opens.
std::string section_path(const KeySpec& key);

// Every fault of the document against the table: unknown keys (with the nearest valid name),
// wrong types, missing keys.
std::vector<ConfigFault> check_keys(const YamlValue& document, std::string_view file,
                                    std::string_view text);

}  // namespace patchmill::app
