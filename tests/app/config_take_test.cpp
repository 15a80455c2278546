#include "app/config.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using tracker::Trait;

namespace {

Result<app::Config> taking(const std::string& take) {
  return app::parse_config("/etc/patchmill/c.yaml",
                           "sources:\n  - name: pw\n    patchwork: {url: https://pw.example.org, "
                           "projects: [p]}\n    take:\n" +
                               take);
}

std::string fault_of_taking(const std::string& take) {
  const auto config = taking(take);
  REQUIRE_FALSE(config.has_value());
  return config.error().message;
}

bool tells_of(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("app::parse_config: take: clauses and what they deny") {
  const auto config = taking(
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
  const auto unknown = fault_of_taking("      - {delegat: [kuba]}\n");
  CHECK(tells_of(unknown, "unknown key 'delegat'"));
  CHECK(tells_of(unknown, "'delegate'"));
  CHECK(tells_of(fault_of_taking("      - {not: {stat: [new]}}\n"), "'state'"));
  CHECK(tells_of(fault_of_taking("      - {not: {not: {state: [new]}}}\n"), "unknown key 'not'"));
  CHECK(tells_of(fault_of_taking("      - {state: []}\n"), "'state' is empty"));
  CHECK(tells_of(fault_of_taking("      - {state: \"\"}\n"), "'state' is empty"));
  CHECK(tells_of(fault_of_taking("      - {}\n"), "without conditions"));
}

TEST_CASE("app::parse_config: take: what only a Patchwork knows") {
  const auto config = app::parse_config(
      "/etc/patchmill/c.yaml",
      "sources:\n  - {name: l, url: https://lore.kernel.org/ltp, take: [{state: [new]}]}\n");
  REQUIRE_FALSE(config.has_value());
  CHECK(tells_of(config.error().message, "'state' is what a Patchwork knows"));
  CHECK(app::parse_config(
            "/etc/patchmill/c.yaml",
            "sources:\n  - {name: l, url: https://lore.kernel.org/ltp, take: [{tag: [a]}]}\n")
            .has_value());
}
