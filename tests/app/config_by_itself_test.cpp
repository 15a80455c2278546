// What patches get by themselves: states and delegates, here and at other Patchworks.

#include "app/config.hpp"

#include <doctest/doctest.h>

using namespace patchmill;

namespace {

Result<app::Config> config_of(const std::string& of_source, const std::string& of_ours = "") {
  return app::parse_config(
      "/etc/patchmill/c.yaml",
      "sources:\n  - name: pw\n    patchwork:\n      url: https://pw.example.org\n"
      "      projects: [p]\n" +
          of_source + "patchwork:\n  projects: [{link-name: p, list-id: l.example.org}]\n" +
          of_ours);
}

std::string own_fault(const std::string& of_source) {
  const auto config = config_of(of_source);
  REQUIRE_FALSE(config.has_value());
  return config.error().message;
}

}  // namespace

TEST_CASE("app::parse_config: states and delegates by themselves") {
  const auto config = config_of(
      "      token: {env: TOKEN}\n"
      "      set-states: [accepted, superseded]\n"
      "      set-delegates:\n"
      "        - {user: ann, path: [\"net/*\"], list: l.example.org}\n"
      "        - {user: bob, tag: [bpf], subject: [\"*bpf*\"]}\n",
      "  set-states: [superseded]\n");
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  const auto& spec = std::get<intake::PatchworkSpec>(config->sources.at(0).kind);
  CHECK(spec.states == std::vector<std::string>{"accepted", "superseded"});
  const std::vector<patchwork::DelegateRule> rules = {{"ann", {"net/*"}, {"l.example.org"}, {}, {}},
                                                      {"bob", {}, {}, {"bpf"}, {"*bpf*"}}};
  CHECK(spec.delegates == rules);
  CHECK(config->patchwork_states == std::vector<std::string>{"superseded"});
  CHECK(app::wants_state(*config, "accepted"));
  CHECK(app::wants_state(*config, "superseded"));
  CHECK_FALSE(app::wants_state(*config, "under-review"));
  CHECK_FALSE(app::wants_state(app::default_config(), "accepted"));
}

TEST_CASE("app::parse_config: what is set there needs a token, and a state that may be set") {
  CHECK(own_fault("      set-states: [accepted]\n").find("without a token") != std::string::npos);
  CHECK(own_fault("      set-delegates: [{user: ann}]\n").find("without a token") !=
        std::string::npos);
  CHECK(own_fault("      token: {env: T}\n      set-states: [rejected]\n").find("rejected") !=
        std::string::npos);
  CHECK(own_fault("      token: {env: T}\n      set-delegates: [{path: [a]}]\n").find("user") !=
        std::string::npos);
}
