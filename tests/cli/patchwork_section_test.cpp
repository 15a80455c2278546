#include "cli/patchwork_section.hpp"

#include "app/config.hpp"
#include "registry/get.hpp"
#include "registry/setup.hpp"
#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace patchmill;

namespace {

std::string section_of(const registry::Setup& setup) {
  test::TestStore store(store::Engine::sqlite);
  auto& database = store.database();
  REQUIRE(registry::set_up(database, setup).has_value());
  std::vector<registry::Project> projects;
  for (const auto& wanted : setup.projects) {
    projects.push_back(registry::project(database, wanted.project.link_name).value());
  }
  return cli::patchwork_section(database, projects);
}

}  // namespace

TEST_CASE("cli::patchwork_section: a configuration takes it, with the users it names") {
  registry::Setup setup;
  setup.users = {{"ann", "Ann \"A\"", "Ample", "ann@example.org"}, {"ben", {}, {}, {}}, {"zoe"}};
  auto& project = setup.projects.emplace_back();
  project.project.link_name = "ltp";
  project.project.list_id = "ltp.example.org";
  project.project.subject_match = R"(\[[^]]*"ltp")";
  project.project.commit_url_format = "https://example.org/{}";
  project.maintainers = {"ann"};
  project.delegation = {{"drivers/*", "ben", 7}, {"*", "ann", 3}};
  const std::string section = section_of(setup);
  INFO(section);
  const auto config = app::parse_config("/etc/patchmill/c.yaml", section);
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  const registry::Setup& read = config->patchwork;
  REQUIRE(read.users.size() == 2);
  CHECK(read.users[0].username == "ann");
  CHECK(read.users[0].first_name == "Ann \"A\"");
  CHECK(read.users[0].email == "ann@example.org");
  CHECK(read.users[1].username == "ben");
  REQUIRE(read.projects.size() == 1);
  CHECK(read.projects[0].project.subject_match == project.project.subject_match);
  CHECK(read.projects[0].project.commit_url_format == project.project.commit_url_format);
  CHECK(read.projects[0].maintainers == std::vector<std::string>{"ann"});
  REQUIRE(read.projects[0].delegation.size() == 2);
  CHECK(read.projects[0].delegation[0].user == "ben");
}

TEST_CASE("cli::patchwork_section: who cannot be in a configuration is left out of it") {
  registry::Setup setup;
  setup.users = {{"ann@example.org"}, {"ben", {}, {}, "no address"}};
  auto& project = setup.projects.emplace_back();
  project.project.link_name = "ltp";
  project.project.list_id = "ltp.example.org";
  project.maintainers = {"ann@example.org", "ben"};
  project.delegation = {{"*", "ann@example.org", 0}};
  const std::string section = section_of(setup);
  INFO(section);
  CHECK(section.find("# \"ann@example.org\" is left out") != std::string::npos);
  const auto config = app::parse_config("/etc/patchmill/c.yaml", section);
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  CHECK(config->patchwork.users.size() == 1);
  CHECK(config->patchwork.projects[0].maintainers == std::vector<std::string>{"ben"});
  CHECK(config->patchwork.projects[0].delegation.empty());
}
