#include "app/config.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using tracker::Trait;

namespace {

Result<app::Config> config_of(const std::string& take) {
  return app::parse_config("/etc/patchmill/c.yaml",
                           "sources:\n  - name: pw\n    patchwork: {url: https://pw.example.org, "
                           "projects: [p]}\n    take:\n" +
                               take);
}

std::string fault_of(const std::string& take) {
  const auto config = config_of(take);
  REQUIRE_FALSE(config.has_value());
  return config.error().message;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("app::parse_config: take: clauses and what they deny") {
  const auto config = config_of(
      "      - {delegate: kuba, state: [new, under-review]}\n"
      "      - {tag: [net-next], not: {path: \"Documentation/*\", submitter: [a@b.org]}}\n");
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  const std::vector<tracker::Clause> wanted = {
      {{Trait::delegate, {"kuba"}, false}, {Trait::state, {"new", "under-review"}, false}},
      {{Trait::tag, {"net-next"}, false},
       {Trait::submitter, {"a@b.org"}, true},
       {Trait::path, {"Documentation/*"}, true}}};
  CHECK(config->sources.at(0).take == wanted);
}

TEST_CASE("app::parse_config: take: slips") {
  const auto unknown = fault_of("      - {delegat: [kuba]}\n");
  CHECK(has(unknown, "unknown key 'delegat'"));
  CHECK(has(unknown, "'delegate'"));
  CHECK(has(fault_of("      - {not: {stat: [new]}}\n"), "'state'"));
  CHECK(has(fault_of("      - {not: {not: {state: [new]}}}\n"), "unknown key 'not'"));
  CHECK(has(fault_of("      - {state: []}\n"), "'state' is empty"));
  CHECK(has(fault_of("      - {state: \"\"}\n"), "'state' is empty"));
  CHECK(has(fault_of("      - {}\n"), "without conditions"));
}

TEST_CASE("app::parse_config: take: what only a Patchwork knows") {
  const auto config = app::parse_config(
      "/etc/patchmill/c.yaml",
      "sources:\n  - {name: l, url: https://lore.kernel.org/ltp, take: [{state: [new]}]}\n");
  REQUIRE_FALSE(config.has_value());
  CHECK(has(config.error().message, "'state' is what a Patchwork knows"));
  CHECK(app::parse_config(
            "/etc/patchmill/c.yaml",
            "sources:\n  - {name: l, url: https://lore.kernel.org/ltp, take: [{tag: [a]}]}\n")
            .has_value());
}
