#include "checks/fixture.hpp"
#include "checks/settings.hpp"
#include "util/text.hpp"

#include <set>

using namespace patchmill::checks;
using namespace patchmill::checks::testing;

namespace {

std::string page_of(std::string_view name) {
  const auto text = patchmill::read_file(std::filesystem::path(PATCHMILL_SOURCE_DIR) / "docs" /
                                         "checks" / (std::string(name) + ".md"));
  return text ? *text : std::string();
}

// The names in the table below "## Settings": lines "| `name` | …".
std::set<std::string> settings_on_page(const std::string& page) {
  std::set<std::string> names;
  bool inside = false;
  for (const std::string_view line : patchmill::split_lines(page)) {
    if (line.starts_with("## ")) {
      inside = line == "## Settings";
    } else if (inside && line.starts_with("| `")) {
      names.emplace(line.substr(3, line.find('`', 3) - 3));
    }
  }
  return names;
}

}  // namespace

TEST_CASE("checks::all_checks: names are unique and found, descriptions are one sentence") {
  std::set<std::string_view> names;
  for (const auto& check : all_checks()) {
    CAPTURE(check->name());
    CHECK(names.insert(check->name()).second);
    CHECK(find_check(check->name()) == check.get());
    CHECK(check->description().ends_with('.'));
    CHECK(check->description().find('\n') == std::string_view::npos);
  }
  CHECK(names.size() >= 16);
  CHECK(find_check("nonsense") == nullptr);
}

TEST_CASE("checks::all_checks: each has its page, and the page and the table agree on settings") {
  const std::string index = page_of("README");
  for (const auto& check : all_checks()) {
    const std::string name(check->name());
    CAPTURE(name);
    const std::string page = page_of(name);
    REQUIRE_FALSE(page.empty());
    CHECK(page.starts_with("# " + name + "\n"));
    for (const char* part : {"## Why", "## Verdicts", "## How to mend it",
                             "## Where the rule "
                             "comes from"}) {
      CAPTURE(part);
      CHECK(page.find(part) != std::string::npos);
    }
    CHECK(index.find("(" + name + ".md)") != std::string::npos);
    std::set<std::string> declared;
    for (const Setting& setting : check->settings()) {
      declared.emplace(setting.name);
      CHECK(setting.meaning.ends_with('.'));
    }
    CHECK(settings_on_page(page) == declared);
  }
}

TEST_CASE("checks::validate_settings: unknown names and wrong types, with the nearest name") {
  const Check& check = *find_check("series-format");
  CHECK(validate_settings(check, {}).has_value());
  CHECK(validate_settings(check, {{"max-patches", "20"}, {"tree-tag", "no"}}).has_value());
  const auto unknown = validate_settings(check, {{"max-patch", "20"}});
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().message.find("did you mean 'max-patches'") != std::string::npos);
  CHECK_FALSE(validate_settings(check, {{"max-patches", "many"}}).has_value());
  CHECK_FALSE(validate_settings(check, {{"tree-tag", "perhaps"}}).has_value());
  for (const char* name : {"checkpatch", "cc-maintainers"}) {
    const Check& tool = *find_check(name);
    const auto zero = validate_settings(tool, {{"timeout", "0"}});
    REQUIRE_FALSE(zero.has_value());
    CHECK(zero.error().message.find("at least 1") != std::string::npos);
    CHECK(validate_settings(tool, {{"timeout", "1"}}).has_value());
    Settings settings = {{"timeout", "0"}};
    Context context;
    context.settings = &settings;
    CHECK(timeout_setting(tool, context, "timeout") == std::chrono::seconds(60));
    settings["timeout"] = "18446744073709551615";
    CHECK(timeout_setting(tool, context, "timeout") == std::chrono::hours(24));
  }
  CHECK_FALSE(
      validate_settings(*find_check("checkpatch"), {{"script", "relative.pl"}}).has_value());
  CHECK_FALSE(validate_settings(*find_check("new-inline"), {{"x", "1"}}).has_value());
}

TEST_CASE("checks::setting: defaults are of their own types") {
  for (const auto& check : all_checks()) {
    Settings defaults;
    for (const Setting& setting : check->settings()) {
      defaults[std::string(setting.name)] = setting.default_value;
    }
    CAPTURE(check->name());
    CHECK(validate_settings(*check, defaults).has_value());
  }
  CHECK_THROWS_AS((void)setting(*find_check("ruff"), Context{}, "nonsense"), std::logic_error);
}
