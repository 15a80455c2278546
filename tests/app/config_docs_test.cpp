#include "app/config_docs.hpp"

#include "app/config_keys.hpp"
#include "checks/check.hpp"
#include "util/file.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

using namespace patchmill;

TEST_CASE("app::config_json_schema: is JSON and knows every top key") {
  const auto schema = boost::json::parse(app::config_json_schema());
  for (const auto& key : app::config_keys()) {
    if (key.section.empty()) {
      CHECK(schema.at("properties").as_object().contains(key.name));
    }
  }
  CHECK(schema.at("additionalProperties") == false);
}

TEST_CASE("app::config_json_schema: knows the checks and their settings, and no others") {
  const auto schema = boost::json::parse(app::config_json_schema());
  const auto& section = schema.at("properties").at("checks").at("properties");
  for (const auto* key : {"enable", "disable"}) {
    const auto& one_word = section.at(key).at("oneOf").as_array()[0];
    const auto& names = one_word.at("enum").as_array();
    REQUIRE(names.size() == checks::all_checks().size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      CHECK(boost::json::value_to<std::string>(names[i]) == checks::all_checks()[i]->name());
    }
  }
  for (const auto& check : checks::all_checks()) {
    const auto& settings = section.at(check->name());
    CHECK(settings.at("additionalProperties") == false);
    CHECK(settings.at("properties").as_object().size() == check->settings().size());
    for (const auto& setting : check->settings()) {
      CHECK(settings.at("properties").as_object().contains(setting.name));
    }
  }
  const auto& mode = section.at("spdx").at("properties").at("mode");
  CHECK(mode.at("enum") == boost::json::value(boost::json::array{"auto", "always"}));
}

TEST_CASE("app::config_reference_markdown: the committed pages are what the program prints") {
  const std::string docs = PATCHMILL_SOURCE_DIR "/docs/";
  CHECK_MESSAGE(
      read_file(docs + "configuration.md").value_or("") == app::config_reference_markdown(),
      "run: patchmill doc configuration >docs/configuration.md");
  CHECK_MESSAGE(read_file(docs + "patchmill.schema.json").value_or("") == app::config_json_schema(),
                "run: patchmill doc schema >docs/patchmill.schema.json");
}
