#include "app/config_docs.hpp"

#include "app/config_parts.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace patchmill::app {
namespace {

namespace json = boost::json;

std::string type_words(const KeySpec& key) {
  std::string text(to_string(key.type));
  for (std::size_t i = 0; i < key.choices.size(); ++i) {
    const bool first = i == 0;
    text += fmt::format("{} `{}`",
                        !first                       ? ","
                        : key.type == KeyType::words ? " of"
                                                     : "",
                        key.choices[i]);
  }
  return text;
}

void write_section(std::string& out, std::string_view path, std::string_view title) {
  out += fmt::format("\n## {}\n\n| key | type | left out | meaning |\n|---|---|---|---|\n", title);
  for (const KeySpec& key : config_keys()) {
    if (key.section == path) {
      std::string meaning(key.help);
      if (!key.example.empty()) {
        meaning += fmt::format(" Example: `{}`.", key.example);
      }
      out += fmt::format("| `{}` | {} | {} | {} |\n", key.name, type_words(key),
                         key.required ? "must be given" : key.standard, meaning);
    }
  }
  for (const KeySpec& key : config_keys()) {
    if (key.section == path && (key.type == KeyType::section || key.type == KeyType::sections)) {
      const std::string inner = section_path(key);
      write_section(out, inner,
                    fmt::format("`{}`{}: {}", inner, key.type == KeyType::sections ? " (list)" : "",
                                key.help));
    }
  }
}

json::object schema_of_section(std::string_view path);

json::object any_scalar() {
  return json::object{{"type", json::array{"string", "number", "boolean"}}};
}

// One word of the list, or several. `alone`: what a string that stands alone must match, if given.
json::object schema_of_words(const json::array& choices, std::string_view alone = {}) {
  const json::object word = choices.empty() ? any_scalar() : json::object{{"enum", choices}};
  json::object one = word;
  if (!alone.empty()) {
    one["pattern"] = alone;
  }
  return json::object{
      {"oneOf", json::array{one, json::object{{"type", "array"}, {"items", word}}}}};
}

json::object schema_of_setting(const checks::Setting& setting) {
  json::array choices;
  for (const auto& choice : choices_of(setting)) {
    choices.emplace_back(choice);
  }
  json::object schema;
  switch (setting.type) {
    case checks::SettingType::number:
      schema = {{"type", "integer"}, {"minimum", setting.minimum}};
      break;
    case checks::SettingType::flag:
      schema = {{"type", "boolean"}};
      break;
    case checks::SettingType::words:
      schema = schema_of_words(choices);
      break;
    case checks::SettingType::path:
      schema = {{"type", "string"}};
      break;
    case checks::SettingType::text:
      schema = choices.empty() ? any_scalar() : json::object{{"enum", choices}};
      break;
  }
  schema["description"] = setting.meaning;
  return schema;
}

json::object schema_of_settings(std::string_view check_name) {
  json::object properties;
  if (const checks::Check* check = checks::find_check(check_name)) {
    for (const checks::Setting& setting : check->settings()) {
      properties[setting.name] = schema_of_setting(setting);
    }
  }
  return {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
}

json::value schema_of(const KeySpec& key) {
  json::object schema;
  json::array choices;
  for (const auto& choice : key.choices) {
    choices.emplace_back(choice);
  }
  switch (key.type) {
    case KeyType::integer:
      schema = {{"type", "integer"}, {"minimum", 0}};
      break;
    case KeyType::boolean:
      schema = {{"type", "boolean"}};
      break;
    case KeyType::choice:
      schema = {{"enum", choices}};
      break;
    case KeyType::duration:
      schema = {{"type", json::array{"string", "integer"}}, {"pattern", "^[0-9]+[smhd]?$"}};
      break;
    case KeyType::size:
      schema = {{"type", json::array{"string", "integer"}}, {"pattern", "^[0-9]+[kKmMgG]?$"}};
      break;
    case KeyType::name:
      schema = {{"type", "string"}, {"pattern", "^[A-Za-z0-9][A-Za-z0-9._-]*$"}};
      break;
    case KeyType::words:
      schema = schema_of_words(choices, key.is_command ? "^\\S+$" : "");
      break;
    case KeyType::settings:
      schema = schema_of_settings(key.name);
      break;
    case KeyType::table:
      schema = {{"type", "object"}, {"additionalProperties", any_scalar()}};
      break;
    case KeyType::secret:
      schema = {{"type", "object"},
                {"properties", json::object{{"file", json::object{{"type", "string"}}},
                                            {"env", json::object{{"type", "string"}}}}},
                {"minProperties", 1},
                {"maxProperties", 1},
                {"additionalProperties", false}};
      break;
    case KeyType::section:
      schema = schema_of_section(section_path(key));
      break;
    case KeyType::sections:
      schema = {{"type", "array"}, {"items", schema_of_section(section_path(key))}};
      break;
    default:
      schema = {{"type", "string"}};
  }
  schema["description"] = key.help;
  return schema;
}

json::object schema_of_section(std::string_view path) {
  json::object properties;
  json::array required;
  for (const KeySpec& key : config_keys()) {
    if (key.section == path) {
      properties[key.name] = schema_of(key);
      if (key.required) {
        required.emplace_back(key.name);
      }
    }
  }
  json::object schema{
      {"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  if (!required.empty()) {
    schema["required"] = required;
  }
  return schema;
}

// Two spaces an indent; Boost.JSON writes one line only.
void pretty(std::string& out, const json::value& value, std::size_t indent) {
  const std::string pad(indent + 2, ' ');
  if (value.is_object() && !value.get_object().empty()) {
    out += "{\n";
    std::size_t left = value.get_object().size();
    for (const auto& [name, item] : value.get_object()) {
      out += pad + json::serialize(name) + ": ";
      pretty(out, item, indent + 2);
      out += --left > 0 ? ",\n" : "\n";
    }
    out += std::string(indent, ' ') + "}";
  } else if (value.is_array() && !value.get_array().empty()) {
    out += "[";
    std::size_t left = value.get_array().size();
    for (const auto& item : value.get_array()) {
      pretty(out, item, indent + 2);
      out += --left > 0 ? ", " : "";
    }
    out += "]";
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::string config_reference_markdown() {
  std::string out =
      "# Configuration\n\n"
      "One YAML file. It is looked for as `-c FILE`, `$PATCHMILL_CONFIG`, `./patchmill.yaml`,\n"
      "`$XDG_CONFIG_HOME/patchmill/patchmill.yaml`, `/etc/patchmill/patchmill.yaml`.\n"
      "A `./patchmill.yaml` that git tracks came with the checkout, from whoever wrote that, and "
      "its\n"
      "jobs could read this machine's files: no command uses it unless it is named by `-c` or\n"
      "`$PATCHMILL_CONFIG`.\n"
      "`patchmill check-config` names every fault with file, line and column.\n"
      "Paths are relative to the file. For editors there is a JSON Schema: begin the file with\n"
      "`# yaml-language-server: $schema=patchmill.schema.json`.\n\n"
      "This page is made by `patchmill doc configuration` from the table that also checks the "
      "file.\n";
  write_section(out, "", "Top");
  return out;
}

std::string config_json_schema() {
  json::object schema{{"$schema", "http://json-schema.org/draft-07/schema#"},
                      {"title", "patchmill configuration"}};
  for (auto& [name, value] : schema_of_section("")) {
    schema[name] = value;
  }
  std::string out;
  pretty(out, schema, 0);
  return out + "\n";
}

}  // namespace patchmill::app
