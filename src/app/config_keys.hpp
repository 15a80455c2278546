#pragma once
// The table of every configuration key: validation, documentation and the JSON Schema are all
// made from it, so they cannot disagree.

#include "app/yaml.hpp"
#include "util/result.hpp"

#include <optional>
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
  bool is_command = false;  // words: one that stands alone has no white space
};

std::span<const KeySpec> config_keys();
std::string_view to_string(KeyType type);
// Whether a key of type `name` takes it.
bool is_name(std::string_view text);
// The path of the section a key of type section or sections opens.
std::string section_path(const KeySpec& key);

// The one of a few `choices` that was meant: nearest_name(), or the only one that has what was
// written in it, or that is in it; there are too few for a wrong guess to do harm.
std::optional<std::string> nearest_choice(std::string_view written,
                                          std::span<const std::string> choices);
// "; did you mean 'X'?", to be put behind a message; empty: none is near.
std::string did_you_mean(std::string_view written, std::span<const std::string> choices);

// Every fault of the document against the table: unknown keys (with the nearest valid name),
// wrong types, missing keys. So that the rest of it can be looked at all the same, what is refused
// is replaced: an unknown key by the one that was meant, if nothing stands there, and else taken
// away; a value by a harmless one of the right type, whose line is 0; and so is a missing key that
// must be given. Maps that lost something are `doubtful`. A name that is not known becomes "".
std::vector<ConfigFault> check_keys(YamlValue& document, std::string_view file,
                                    std::string_view text);

}  // namespace patchmill::app
