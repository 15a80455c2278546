#include "cli/patchwork_section.hpp"

#include "app/config.hpp"
#include "registry/get.hpp"
#include "registry/setup.hpp"
#include "support/store_fixture.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

using namespace patchmill;

namespace {

std::string section_of(const registry::Setup& setup) {
  test::TestStore store(store::Engine::sqlite);
  auto& database = store.database();
  REQUIRE(registry::set_up(database, setup).has_value());
  std::vector<registry::Project> projects;
  for (const auto& wanted : setup.projects) {
    // Not by the name alone: a number would be taken for an id.
    const auto id = database.value<registry::Id>(
        "SELECT id FROM registry_projects WHERE link_name = ?", wanted.project.link_name);
    projects.push_back(registry::project(database, id).value());
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

TEST_CASE("cli::patchwork_section: keys that a configuration refuses are comments that say why") {
  registry::Setup setup;
  auto& project = setup.projects.emplace_back().project;
  project.link_name = "ltp";
  project.list_id = "ltp.example.org";
  project.name = "A\u202e \"B\"\x7f\u0085\u2028 \\u{202e} [[[";
  project.list_email = "no address\n      delegation: [x]";
  project.web_url = "www.example.org\n  projects: []";
  project.webscm_url = "https://git.example.org/ltp";
  project.commit_url_format = "https://git.example.org/same";
  project.list_archive_url = std::string(1000, '{');
  const std::string section = section_of(setup);
  INFO(section);
  CHECK(section.find("      # web-url \"www.example.org\\n  projects: []\" is left out: "
                     "'web-url' is no address of a page") != std::string::npos);
  CHECK(section.find("      # commit-url-format \"https://git.example.org/same\" is left out") !=
        std::string::npos);
  const auto config = app::parse_config("/etc/patchmill/c.yaml", section);
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  REQUIRE(config->patchwork.projects.size() == 1);
  const auto& read = config->patchwork.projects[0];
  CHECK(read.project.name == project.name);
  CHECK(read.project.list_email == project.list_email);
  CHECK_FALSE(read.project.web_url);
  CHECK(read.project.webscm_url == project.webscm_url);
  CHECK_FALSE(read.project.commit_url_format);
  CHECK_FALSE(read.project.list_archive_url);
  CHECK(read.delegation.empty());
}

TEST_CASE("cli::patchwork_section: a project that a configuration refuses is a comment") {
  registry::Setup setup;
  setup.users.emplace_back().username = "ann@example.org";
  for (const auto* name : {"12", "ltp", "-x y", "twin"}) {
    auto& project = setup.projects.emplace_back();
    project.project.link_name = name;
    project.project.list_id = fmt::format("{}.example.org", name);
    project.maintainers = {"ann@example.org"};
  }
  setup.projects.back().project.list_id = "LTP.example.org";
  SUBCASE("beside others") {
    const std::string section = section_of(setup);
    INFO(section);
    CHECK(section.find("# The project \"12\" is left out: '12' is a number") != std::string::npos);
    CHECK(section.find("#     - link-name: \"12\"") != std::string::npos);
    CHECK(section.find("# The project \"-x y\" is left out: 'link-name' takes letters") !=
          std::string::npos);
    CHECK(section.find("# The project \"twin\" is left out: a project above") != std::string::npos);
    const auto config = app::parse_config("/etc/patchmill/c.yaml", section);
    REQUIRE_MESSAGE(config.has_value(), config.error().message);
    REQUIRE(config->patchwork.projects.size() == 1);
    CHECK(config->patchwork.projects[0].project.link_name == "ltp");
    CHECK(config->patchwork.users.empty());
  }
  SUBCASE("alone") {
    setup.projects.resize(1);
    const std::string section = section_of(setup);
    INFO(section);
    const auto config = app::parse_config("/etc/patchmill/c.yaml", section);
    REQUIRE_MESSAGE(config.has_value(), config.error().message);
    CHECK(config->patchwork.projects.empty());
  }
}

TEST_CASE("cli::patchwork_section: without its expression it is another project") {
  test::TestStore store(store::Engine::sqlite);
  registry::Project project;
  project.link_name = "ltp";
  project.list_id = "ltp.example.org";
  project.subject_match = "[open";
  const std::string section = cli::patchwork_section(store.database(), std::vector{project});
  INFO(section);
  CHECK(section.find("# The project \"ltp\" is left out: 'subject-match' is") != std::string::npos);
  const auto config = app::parse_config("/etc/patchmill/c.yaml", section);
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  CHECK(config->patchwork.projects.empty());
}

TEST_CASE("cli::patchwork_section: no text gets out of its quotes") {
  const std::string other = "\n    - link-name: other\n      list-id: other.example.org\n";
  const std::vector<std::string> texts = {
      "one" + other,
      "one\"" + other + "      name: \"two",
      "one\\\"" + other,
      "one\\",
      "\r\n- x",
      "\t",
      " ",
      "---\n...\n",
      "a: b",
      "a #b",
      "# a",
      "- a",
      "? a",
      "*a",
      "&a b",
      "!!binary a",
      "%YAML 1.1",
      "@a",
      "`a`",
      "'a'",
      "|",
      ">",
      "~",
      "null",
      "no",
      "1.10",
      "{a: b}, [c]",
      "]}[{",
      std::string("a\x01\x04\x1b[2J\x7f"),
      "\u0080\u0085\u2028\u2029\u202e\ufeff\U000e0001",
      "J\u00f6rg \U0001f600 \u4e2d",
      "\\n \\x5b \\u{202e} \\U0000005b",
  };
  test::TestStore store(store::Engine::sqlite);
  for (const auto& text : texts) {
    registry::Project project;
    project.link_name = "ltp";
    project.list_id = "ltp.example.org";
    project.name = text;
    project.scm_url = text;
    project.web_url = text;  // refused: in a comment
    const std::string section = cli::patchwork_section(store.database(), std::vector{project});
    INFO(section);
    CHECK(escape_terminal(section, true) == section);
    const auto config = app::parse_config("/etc/patchmill/c.yaml", section);
    REQUIRE_MESSAGE(config.has_value(), config.error().message);
    REQUIRE(config->patchwork.projects.size() == 1);
    const auto& read = config->patchwork.projects[0].project;
    CHECK(read.link_name == "ltp");
    CHECK(read.list_id == "ltp.example.org");
    CHECK(read.name == text);
    CHECK(read.scm_url == text);
    CHECK_FALSE(read.web_url);
  }
}

TEST_CASE("cli::patchwork_section: what is no UTF-8 is mended") {
  test::TestStore store(store::Engine::sqlite);
  registry::Project project;
  project.link_name = "ltp";
  project.list_id = "ltp.example.org";
  project.name = std::string("J\xf6rg\0\"\xc3", 7);
  const std::string section = cli::patchwork_section(store.database(), std::vector{project});
  INFO(section);
  const auto config = app::parse_config("/etc/patchmill/c.yaml", section);
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  REQUIRE(config->patchwork.projects.size() == 1);
  CHECK(config->patchwork.projects[0].project.name == "J\u00f6rg\ufffd\"\u00c3");
}

TEST_CASE("cli::patchwork_section: hostile names of users are in comments of one line") {
  registry::Setup setup;
  auto& project = setup.projects.emplace_back();
  project.project.link_name = "ltp";
  project.project.list_id = "ltp.example.org";
  for (const auto* name : {"a\n  users: [x]", "\"a\": b", "*a b", "&a b", "a [[[ b"}) {
    setup.users.emplace_back().username = name;
    project.maintainers.emplace_back(name);
  }
  setup.users.push_back({"ann", "\"}\n- {username: eve", "#, last: [", {}});
  project.maintainers.emplace_back("ann");
  const std::string section = section_of(setup);
  INFO(section);
  CHECK(section.find("  # \"a\\n  users: [x]\" is left out") != std::string::npos);
  CHECK(section.find("  # \"a \\x5b\\x5b\\x5b b\" is left out") != std::string::npos);
  const auto config = app::parse_config("/etc/patchmill/c.yaml", section);
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  REQUIRE(config->patchwork.users.size() == 1);
  CHECK(config->patchwork.users[0].username == "ann");
  CHECK(config->patchwork.users[0].first_name == "\"}\n- {username: eve");
  CHECK(config->patchwork.users[0].last_name == "#, last: [");
}

TEST_CASE("cli::patchwork_section: brackets that stay open do not add up") {
  registry::Setup setup;
  for (int i = 0; i < 300; ++i) {
    auto& project = setup.projects.emplace_back().project;
    project.link_name = fmt::format("p{}", i);
    project.list_id = fmt::format("p{}.example.org", i);
    project.subject_match = R"(\[(ltp))";
  }
  const std::string section = section_of(setup);
  const auto config = app::parse_config("/etc/patchmill/c.yaml", section);
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  REQUIRE(config->patchwork.projects.size() == 300);
  CHECK(config->patchwork.projects[0].project.subject_match == R"(\[(ltp))");
}
