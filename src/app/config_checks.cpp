// Which built-in checks run, and their settings.

#include "app/config_reader.hpp"
#include "util/text.hpp"

namespace patchmill::app {

void ConfigReader::read_checks(Config& config) {
  const YamlValue* section = m_document.find("checks");
  if (section == nullptr) {
    return;
  }
  std::vector<std::string> known;
  for (const auto& check : checks::all_checks()) {
    known.emplace_back(check->name());
  }
  refuse_dangling(*section, "enable", known, "check");
  refuse_dangling(*section, "disable", known, "check");
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
  if (setting->type == checks::SettingType::number && !parse_uint(text)) {
    fault(value, fmt::format("'{}' takes a whole number", name.scalar));
  } else if (setting->type == checks::SettingType::flag && text != "true" && text != "false") {
    fault(value, fmt::format("'{}' takes true or false", name.scalar));
  } else if (const auto choices = split(setting->choices, '|');
             !setting->choices.empty() &&
             std::find(choices.begin(), choices.end(), text) == choices.end()) {
    fault(value, fmt::format("'{}' is one of: {}", name.scalar, fmt::join(choices, ", ")));
  } else if (setting->type == checks::SettingType::path && !text.empty()) {
    text = path(value).string();
  }
  config.check_settings[std::string(check.name())][name.scalar] = text;
}

}  // namespace patchmill::app
