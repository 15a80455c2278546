#include "checks/settings.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace patchmill::checks {
namespace {

std::optional<bool> parse_flag(std::string_view text) {
  if (iequals(text, "true") || iequals(text, "yes") || iequals(text, "on") || text == "1") {
    return true;
  }
  if (iequals(text, "false") || iequals(text, "no") || iequals(text, "off") || text == "0") {
    return false;
  }
  return std::nullopt;
}

const Setting& declared(const Check& check, std::string_view name) {
  for (const Setting& entry : check.settings()) {
    if (entry.name == name) {
      return entry;
    }
  }
  throw std::logic_error(
      fmt::format("check {} reads the setting '{}' it does not declare", check.name(), name));
}

std::string expected_form(const Setting& entry) {
  switch (entry.type) {
    case SettingType::number:
      return entry.minimum == 0 ? "a whole number"
                                : fmt::format("a whole number, at least {}", entry.minimum);
    case SettingType::flag:
      return "true or false";
    case SettingType::words:
      return "words separated by commas";
    case SettingType::path:
      return "an absolute path";
    case SettingType::text:
      break;
  }
  return "text";
}

bool has_form(const Setting& entry, std::string_view value) {
  switch (entry.type) {
    case SettingType::number: {
      const auto number = parse_uint(value);
      return number && *number >= entry.minimum;
    }
    case SettingType::flag:
      return parse_flag(value).has_value();
    case SettingType::path:
      // Relative paths would depend on where the service happens to be started.
      return value.empty() || value.front() == '/';
    case SettingType::text:
    case SettingType::words:
      break;
  }
  return true;
}

}  // namespace

std::string setting(const Check& check, const Context& context, std::string_view name) {
  const Setting& entry = declared(check, name);
  if (context.settings != nullptr) {
    const auto found = context.settings->find(std::string(name));
    if (found != context.settings->end() && has_form(entry, trim(found->second))) {
      return std::string(trim(found->second));
    }
  }
  return std::string(entry.default_value);
}

std::uint64_t number_setting(const Check& check, const Context& context, std::string_view name) {
  return parse_uint(setting(check, context, name)).value_or(0);
}

std::chrono::seconds timeout_setting(const Check& check, const Context& context,
                                     std::string_view name) {
  constexpr std::uint64_t most = 24 * 60 * 60;
  return std::chrono::seconds(std::min(number_setting(check, context, name), most));
}

bool flag_setting(const Check& check, const Context& context, std::string_view name) {
  return parse_flag(setting(check, context, name)).value_or(false);
}

std::vector<std::string> words_setting(const Check& check, const Context& context,
                                       std::string_view name) {
  const std::string text = setting(check, context, name);
  std::vector<std::string> words;
  std::string word;
  for (const char c : text + ",") {
    if (c == ',' || c == ' ' || c == '\t' || c == '\n') {
      if (!word.empty()) {
        words.push_back(std::move(word));
        word.clear();
      }
    } else {
      word.push_back(c);
    }
  }
  return words;
}

Result<void> validate_settings(const Check& check, const Settings& settings) {
  for (const auto& [name, value] : settings) {
    const auto table = check.settings();
    const auto entry = std::find_if(table.begin(), table.end(),
                                    [&](const Setting& known) { return known.name == name; });
    if (entry == table.end()) {
      std::vector<std::string> names;
      for (const Setting& known : table) {
        names.emplace_back(known.name);
      }
      std::string text = fmt::format("check {} has no setting '{}'", check.name(), name);
      if (const auto near = nearest_name(name, names)) {
        text += fmt::format("; did you mean '{}'?", *near);
      } else if (names.empty()) {
        text += "; it has none";
      } else {
        text += fmt::format("; it has: {}", join(names, ", "));
      }
      return fail(ErrorKind::invalid, text);
    }
    if (!has_form(*entry, trim(value))) {
      return fail(ErrorKind::invalid,
                  fmt::format("setting '{}' of check {} must be {}, not '{}'", name, check.name(),
                              expected_form(*entry), ellipsize(value, 60)));
    }
  }
  return {};
}

}  // namespace patchmill::checks
