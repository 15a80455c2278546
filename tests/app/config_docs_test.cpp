#include "app/config_docs.hpp"

#include "app/config_keys.hpp"
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

TEST_CASE("app::config_reference_markdown: the committed pages are what the program prints") {
  const std::string docs = PATCHMILL_SOURCE_DIR "/docs/";
  CHECK_MESSAGE(
      read_file(docs + "configuration.md").value_or("") == app::config_reference_markdown(),
      "run: patchmill doc configuration >docs/configuration.md");
  CHECK_MESSAGE(read_file(docs + "patchmill.schema.json").value_or("") == app::config_json_schema(),
                "run: patchmill doc schema >docs/patchmill.schema.json");
}
