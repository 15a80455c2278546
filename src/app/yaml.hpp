#pragma once
// YAML as plain values that know where they stand. yaml-cpp stays behind this one file.

#include "util/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchmill::app {

struct YamlMember;

// A value of a YAML document. Scalars stay text until the schema asks for a type, so that
// `no`, `1.10` and `0x1f` are never turned into something else behind the writer's back.
struct YamlValue {
  enum class Kind { null, scalar, sequence, map };
  Kind kind = Kind::null;
  std::string scalar;
  std::vector<YamlValue> items;     // of a sequence
  std::vector<YamlMember> members;  // of a map, in order
  // 1-based; line 0: it stands for what check_keys() has refused, so nothing is wrong with it.
  int line = 1, column = 1;
  bool doubtful = false;  // of a map: something in it was refused, so what it lacks may be there

  // The member of this name, or nullptr.
  [[nodiscard]] const YamlValue* find(std::string_view key) const;
};

// One line of a map; the key is a scalar.
struct YamlMember {
  YamlValue key, value;
};

std::string_view to_string(YamlValue::Kind kind);

// Something wrong with a configuration.
struct ConfigFault {
  std::string file;
  int line = 0, column = 0;  // 1-based; 0: it has no place
  std::string message;
  std::string shown;  // for people: "file:line:column: message", the offending line and a caret
};
// `text`: what the file holds. A line that may hold a secret is not shown.
ConfigFault located(std::string_view file, std::string_view text, int line, int column,
                    std::string_view message);

// One document. Refused, with file:line:column: syntax errors, duplicate keys, keys that are not
// plain words, more than one document, more than 1 MiB of text, 40 levels or 100 000 values
// (aliases count each time they are used, so bombs are caught). Empty text is an empty map.
// `fault`, if given, is set to what is refused.
Result<YamlValue> parse_yaml(std::string_view file, std::string_view text,
                             ConfigFault* fault = nullptr);

}  // namespace patchmill::app
