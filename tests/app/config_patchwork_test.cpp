#include "app/config.hpp"

#include <doctest/doctest.h>

using namespace patchmill;

namespace {

std::string patchwork_fault(std::string_view text) {
  const auto config = app::parse_config("/etc/patchmill/c.yaml", text);
  REQUIRE_FALSE(config.has_value());
  return config.error().message;
}

bool says(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

registry::Setup setup_of(const std::string& text) {
  const auto config = app::parse_config("/etc/patchmill/c.yaml", text);
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  return config->patchwork;
}

}  // namespace

TEST_CASE("app::parse_config: patchwork: whose checks verdicts are") {
  const std::string users =
      "patchwork:\n  projects: [{link-name: a, list-id: a.b}]\n  users: [{username: ci}]\n";
  const auto config = app::parse_config("c.yaml", users + "  checks-by: ci\n");
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  CHECK(config->patchwork_checks_by == "ci");
  CHECK(config->patchwork_check_prefix == "patchmill");
  CHECK(app::parse_config("c.yaml", users)->patchwork_checks_by.empty());
  CHECK(app::parse_config("c.yaml", users + "  checks-by: ci\n  check-prefix: ours_2\n")
            ->patchwork_check_prefix == "ours_2");
  CHECK(says(patchwork_fault(users + "  checks-by: cy\n"),
             "4:14: there is no user 'cy'; did you mean 'ci'?"));
  CHECK(says(patchwork_fault(users + "  check-prefix: our ci\n"), "letters, digits, '-' and '_'"));
}

TEST_CASE("app::parse_config: patchwork: every key") {
  const auto setup = setup_of(R"(
patchwork:
  projects:
    - link-name: ltp
      name: Linux Test Project
      list-id: ltp.lists.linux.it
      list-email: ltp@lists.linux.it
      subject-match: '\[[^]]*ltp'
      web-url: https://example.org/
      scm-url: git://example.org/ltp.git
      webscm-url: https://example.org/ltp
      list-archive-url: https://lore.kernel.org/ltp
      list-archive-url-format: "https://lore.kernel.org/ltp/{}/"
      commit-url-format: "https://example.org/commit/{}"
      show-dependencies: true
      maintainers: [ann]
      delegation:
        - {path: "drivers/*", user: ben, priority: 3}
        - {path: "*", user: ann}
    - {link-name: other, list-id: o.example.org}
  users:
    - {username: ann, first-name: Ann, last-name: Ample, email: ann@example.org}
    - {username: ben}
  states:
    - {name: Queued, id: 13}
    - {name: Needs ACK, slug: needs_ack, id: 15, action-required: true}
  tags:
    reviewed: [Reviewed-by, R-and-T-by]
    tested: R-and-T-by
)");
  REQUIRE(setup.projects.size() == 2);
  const registry::ProjectSetup::Fields& project = setup.projects[0].project;
  CHECK(project.link_name == "ltp");
  CHECK(project.name == "Linux Test Project");
  CHECK(project.list_id == "ltp.lists.linux.it");
  CHECK(project.list_email == "ltp@lists.linux.it");
  CHECK(project.subject_match == R"(\[[^]]*ltp)");
  CHECK(project.web_url == "https://example.org/");
  CHECK(project.scm_url == "git://example.org/ltp.git");
  CHECK(project.webscm_url == "https://example.org/ltp");
  CHECK(project.list_archive_url == "https://lore.kernel.org/ltp");
  CHECK(project.list_archive_url_format == "https://lore.kernel.org/ltp/{}/");
  CHECK(project.commit_url_format == "https://example.org/commit/{}");
  CHECK(project.show_dependencies == true);
  CHECK(setup.projects[0].maintainers == std::vector<std::string>{"ann"});
  REQUIRE(setup.projects[0].delegation.size() == 2);
  CHECK(setup.projects[0].delegation[0].path == "drivers/*");
  CHECK(setup.projects[0].delegation[0].user == "ben");
  CHECK(setup.projects[0].delegation[0].priority == 3);
  // What is left out is nobody's to change.
  CHECK_FALSE(setup.projects[1].project.name.has_value());
  CHECK_FALSE(setup.projects[1].project.web_url.has_value());
  CHECK_FALSE(setup.projects[1].project.show_dependencies.has_value());
  REQUIRE(setup.users.size() == 2);
  CHECK(setup.users[0].first_name == "Ann");
  CHECK(setup.users[0].last_name == "Ample");
  CHECK_FALSE(setup.users[1].email.has_value());
  CHECK(setup.users[0].email == "ann@example.org");
  REQUIRE(setup.states.size() == 2);
  CHECK(setup.states[0].slug == "queued");
  CHECK(setup.states[0].id == 13);
  CHECK_FALSE(setup.states[0].action_required.has_value());
  CHECK(setup.states[1].slug == "needs_ack");
  CHECK(setup.states[1].action_required == true);
  REQUIRE(setup.tags.size() == 4);
  CHECK(setup.tags[0].trailer == "Acked-by");
  CHECK(setup.tags[2].trailer == "R-and-T-by");
  CHECK(setup.tags[2].tag == registry::Tag::reviewed);
  CHECK(setup.tags[3].tag == registry::Tag::tested);
  CHECK(setup_of("").projects.empty());
}

TEST_CASE("app::parse_config: patchwork: wrong names, where they stand, and what was meant") {
  const std::string head =
      "patchwork:\n"
      "  users: [{username: annabel}]\n"
      "  projects:\n"
      "    - link-name: ltp\n"
      "      list-id: ltp.lists.linux.it\n";
  CHECK(says(patchwork_fault(head + "      maintainers: [anabel]\n"),
             "c.yaml:6:21: there is no user 'anabel'; did you mean 'annabel'?"));
  CHECK(says(patchwork_fault(head + "      delegation: [{path: x, user: anabel}]\n"),
             "c.yaml:6:36: there is no user 'anabel'; did you mean 'annabel'?"));
  CHECK(says(patchwork_fault(head + "      maintainer: [annabel]\n"),
             "c.yaml:6:7: unknown key 'maintainer'; did you mean 'maintainers'?"));
  CHECK(says(patchwork_fault(head + "      subject-match: '(a'\n"),
             "c.yaml:6:22: 'subject-match' is not a regular expression: "));
  CHECK(says(patchwork_fault(head + "      commit-url-format: https://example.org/\n"),
             "c.yaml:6:26: 'commit-url-format' has no {}"));
  CHECK(says(patchwork_fault(head + "      web-url: javascript:x\n"),
             "c.yaml:6:16: 'web-url' is no address"));
  CHECK(says(patchwork_fault(head + "    - {link-name: LTP, list-id: x}\n"),
             "c.yaml:6:19: there is a project 'LTP' already"));
  CHECK(says(patchwork_fault(head + "    - {link-name: b, list-id: LTP.lists.linux.it}\n"),
             "c.yaml:6:31: the project 'ltp' gets every mail that this one would"));
  CHECK(says(patchwork_fault(head + "    - {link-name: 12, list-id: x}\n"),
             "c.yaml:6:19: '12' is a number"));
  CHECK(setup_of(head + "    - {link-name: b2, list-id: ltp.lists.linux.it, subject-match: b}\n")
            .projects.size() == 2);
  CHECK(says(patchwork_fault("patchwork: {projects: [{link-name: ltp}]}\n"),
             "the key 'list-id' is missing"));
  CHECK(says(patchwork_fault("patchwork: {users: [{username: a}, {username: A}]}\n"),
             "there is a user 'A' already"));
  CHECK(says(patchwork_fault("patchwork: {users: [{username: a, email: a b@x}]}\n"),
             "'a b@x' is not a mail address"));
  CHECK(says(patchwork_fault("patchwork:\n  users:\n    - {username: a, email: a@x.org}\n"
                             "    - {username: b, email: A@x.org}\n"),
             "c.yaml:4:28: the user 'a' has this address already"));
  CHECK(says(patchwork_fault("patchwork: {states: [{name: A, slug: A b}]}\n"), "'A b' is no slug"));
  CHECK(says(patchwork_fault("patchwork: {states: [{name: A, id: 0}]}\n"),
             "'id' is a number from 1"));
  CHECK(says(patchwork_fault("patchwork: {states: [{name: A, id: 3}, {name: B, id: 3}]}\n"),
             "the state 'A' has the same id already"));
  CHECK(says(patchwork_fault("patchwork: {tags: {acked: 'Acked-by:'}}\n"),
             "'Acked-by:' is no trailer"));
}

TEST_CASE("app::parse_config: patchwork: webhooks") {
  const auto config = app::parse_config("/etc/patchmill/c.yaml", R"(
patchwork:
  projects:
    - link-name: ltp
      list-id: ltp.lists.linux.it
      webhooks:
        - url: https://ci.example.org/hook?key=1
          events: [created, comment]
          secret: {file: key}
        - {url: "http://127.0.0.1:81/", private-address: true}
)");
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  REQUIRE(config->webhooks.size() == 2);
  const auto& first = config->webhooks[0];
  CHECK(first.project == "ltp");
  CHECK(first.url == "https://ci.example.org/hook?key=1");
  CHECK(first.events ==
        std::set{registry::Category::cover_created, registry::Category::patch_created,
                 registry::Category::series_created, registry::Category::cover_comment_created,
                 registry::Category::patch_comment_created});
  CHECK(first.secret.file == "/etc/patchmill/key");
  CHECK_FALSE(first.private_address);
  CHECK(config->webhooks[1].events.size() == 11);
  CHECK(config->webhooks[1].private_address);
  CHECK(config->webhooks[1].secret.empty());
}

TEST_CASE("app::parse_config: patchwork: webhooks that cannot be") {
  const auto with = [](const std::string& hooks) {
    return patchwork_fault(
        "patchwork:\n  projects:\n    - link-name: a\n      list-id: a.example.org\n"
        "      webhooks:\n" +
        hooks);
  };
  const auto fault = with("        - {url: 'https://ann:pass@ci.example.org/'}\n");
  CHECK(says(fault, "c.yaml:6"));
  CHECK(says(fault, "'url'"));
  CHECK(says(with("        - {url: 'ftp://ci.example.org/'}\n"), "'url'"));
  CHECK(says(with("        - {events: [created]}\n"), "url"));
  CHECK(says(with("        - {url: 'https://a.example/', events: [everything]}\n"), "everything"));
  CHECK(says(with("        - {url: 'https://a.example/'}\n        - {url: 'https://a.example/'}\n"),
             "already"));
}
