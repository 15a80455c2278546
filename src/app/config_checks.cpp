// Which built-in checks run, and their settings.

#include "app/config_parts.hpp"
#include "app/config_reader.hpp"
#include "util/text.hpp"

#include <algorithm>

namespace patchmill::app {
std::vector<std::string> choices_of(const checks::Setting& setting) {
  std::vector<std::string> choices;
  if (!setting.choices.empty()) {
    for (const std::string_view choice : split(setting.choices, '|')) {
      choices.emplace_back(choice);
    }
  }
  return choices;
}

void ConfigReader::read_checks(Config& config) {
  const YamlValue* section = m_document.find("checks");
  if (section == nullptr) {
    return;
  }
  if (section->find("enable") != nullptr) {
    config.checks_enabled = words(*section, "enable");
  }
  config.checks_disabled = words(*section, "disable");
  for (const auto& check : checks::all_checks()) {
    const YamlValue* settings = section->find(check->name());
    if (settings == nullptr) {
      continue;
    }
    for (const auto& [name, value] : settings->members) {
      read_setting(config, *check, name, value);
    }
  }
}

void ConfigReader::read_setting(Config& config, const checks::Check& check, const YamlValue& name,
                                const YamlValue& value) {
  std::vector<std::string> names;
  const checks::Setting* setting = nullptr;
  for (const auto& known : check.settings()) {
    names.emplace_back(known.name);
    setting = known.name == name.scalar ? &known : setting;
  }
  if (setting == nullptr) {
    std::string message = fmt::format("the check '{}' has no setting '{}'", check.name(),
                                      escape_terminal(name.scalar));
    if (const auto near = nearest_name(name.scalar, names)) {
      message += fmt::format("; did you mean '{}'?", *near);
    } else if (!names.empty()) {
      message += fmt::format(" (it has: {})", join(names, ", "));
    }
    fault(name, message);
    return;
  }
  std::string text = value.scalar;
  for (const YamlValue& item : value.items) {
    text += (text.empty() ? "" : ",") + item.scalar;
  }
  const bool number = setting->type == checks::SettingType::number;
  if (number && !parse_uint(text)) {
    fault(value, fmt::format("'{}' takes a whole number", name.scalar));
  } else if (number && *parse_uint(text) < setting->minimum) {
    fault(value, fmt::format("'{}' is at least {}", name.scalar, setting->minimum));
  } else if (setting->type == checks::SettingType::flag && text != "true" && text != "false") {
    fault(value, fmt::format("'{}' takes true or false{}", name.scalar,
                             did_you_mean(text, std::vector<std::string>{"true", "false"})));
  } else if (const auto choices = choices_of(*setting);
             !choices.empty() && std::find(choices.begin(), choices.end(), text) == choices.end()) {
    fault(value, fmt::format("'{}' is one of: {}{}", name.scalar, join(choices, ", "),
                             did_you_mean(text, choices)));
  } else if (setting->type == checks::SettingType::path && !text.empty()) {
    text = path(value).string();
    refuse_missing(value, text, "file");
  }
  config.check_settings[std::string(check.name())][name.scalar] = text;
}

}  // namespace patchmill::app
