#include "patchwork/freedesktop.hpp"

#include "patchwork/post_delegate.hpp"
#include "patchwork/post_result.hpp"
#include "patchwork/revision_store.hpp"
#include "support/fake_freedesktop.hpp"
#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

namespace patchmill::patchwork::freedesktop {
namespace {

using namespace std::chrono_literals;
using test::FakeFreedesktop;
namespace json = boost::json;

InstanceConfig config_of(const FakeFreedesktop& server) {
  InstanceConfig config;
  config.url = server.url();
  config.user = server.user;
  config.token = [&server] { return server.password; };
  config.client.first_backoff = 5ms;
  config.client.host.requests_per_second = 0;
  config.client.host.failures_to_open = 0;
  config.timeout = 5s;
  config.deadline = 20s;
  return config;
}

TEST_CASE("read_event: the three kinds, and what is none") {
  const auto revision = read_event(json::parse(
      R"({"name": "series-new-revision", "event_time": "2015-10-20T19:49:49.494183", "series": 23,
          "patch": null, "user": null, "parameters": {"revision": 2}})"));
  REQUIRE(revision.has_value());
  CHECK(revision->series == 23);
  CHECK(revision->version == 2);
  CHECK(revision->patch == 0);
  CHECK(revision->time == "2015-10-20T19:49:49.494183");
  const auto state = read_event(json::parse(
      R"({"name": "patch-state-change", "event_time": "2016-02-18T09:30:33", "series": 285,
          "patch": 685, "parameters": {"new_state": "Under Review", "previous_state": "New"}})"));
  REQUIRE(state.has_value());
  CHECK(state->patch == 685);
  CHECK(state->state == "under-review");
  const auto odd = read_event(json::parse(
      R"({"name": 7, "event_time": "x", "series": "1", "patch": -2,
          "parameters": {"revision": 99999999999, "new_state": []}})"));
  REQUIRE(odd.has_value());
  CHECK(odd->series == 0);
  CHECK(odd->patch == 0);
  CHECK(odd->version == 0);
  CHECK(odd->state.empty());
  for (const auto* none : {"{}", "[]", "null", R"({"name": "a", "event_time": null})"}) {
    CHECK_FALSE(read_event(json::parse(none)).has_value());
  }
}

TEST_CASE("read_revision, read_series: what is needed must be there") {
  const auto revision =
      read_revision(json::parse(R"({"version": 3, "cover_letter": null, "patches": [121, 120]})"));
  REQUIRE(revision.has_value());
  CHECK(revision->patches == std::vector<std::int64_t>{121, 120});
  CHECK(revision->cover.empty());
  for (const auto* none :
       {R"({"version": 0, "patches": []})", R"({"version": 1})",
        R"({"version": 1, "patches": ["1"]})", R"({"version": 1, "patches": [0]})", "7"}) {
    CHECK_FALSE(read_revision(json::parse(none)).has_value());
  }
  const auto series = read_series(
      json::parse(R"({"id": 7, "name": "n", "state_summary": [{"name": "RFC", "count": 2}]})"));
  REQUIRE(series.has_value());
  CHECK(series->state == "rfc");
  CHECK(read_series(json::parse(R"({"id": 7, "state_summary": [{"name": "A"}, {"name": "B"}]})"))
            ->state.empty());
  CHECK_FALSE(read_series(json::parse(R"({"name": "n"})")).has_value());
}

TEST_CASE("Instance: the edition, its projects, and who logs in") {
  FakeFreedesktop server;
  Instance instance(config_of(server));
  REQUIRE(instance.discover());
  CHECK(instance.edition() == Edition::freedesktop);
  CHECK(instance.version() == "1.0");
  const auto project = instance.project("local");
  REQUIRE(project.has_value());
  CHECK(project->id == 1);
  CHECK(project->link_name == "local");
  CHECK(project->list_id == "local.lists.example.org");
  CHECK(instance.project("the local LIST")->id == 1);
  const auto none = instance.project("other");
  REQUIRE(!none);
  CHECK(none.error().message.find("it has local") != std::string::npos);
  CHECK(instance.check_token());

  auto wrong = config_of(server);
  SUBCASE("a wrong password") {
    wrong.token = [] { return std::string("wrong"); };
    Instance refused(wrong);
    CHECK(refused.check_token().error().message.find("Invalid username/password.") !=
          std::string::npos);
  }
  SUBCASE("a token") {
    wrong.user.clear();
    Instance refused(wrong);
    CHECK(refused.check_token().error().message.find("patchwork.user") != std::string::npos);
    const auto outcome =
        post_result(refused, {server.url(), 1, 1, "local", "a", 1, 1, "pending", "", ""}, false);
    CHECK(outcome.posting == Posting::refused);
    CHECK(outcome.reason.find("patchwork.user") != std::string::npos);
  }
}

TEST_CASE("post_result: replaces what is there, sends nothing twice, and says what is wrong") {
  FakeFreedesktop server;
  server.receive("Message-ID: <a@b>\nSubject: [PATCH] s\n\nText.\n\ndiff --git a/f b/f\n");
  Instance instance(config_of(server));
  REQUIRE(instance.discover());
  CheckWish wish{server.url(), 1, 1, "local", "ci-build", 7, 1, "pending", "", "waits"};
  CHECK(post_result(instance, wish, false).posting == Posting::done);
  wish.state = "fail";
  wish.target_url = "https://ci.example.org/series/7";
  wish.description = "broken";
  CHECK(post_result(instance, wish, false).posting == Posting::done);
  CHECK(server.results(1, 1) == std::vector<std::string>{"ci-build failure"});
  const auto result = server.result(1, 1, "ci-build");
  CHECK(result.at("url").as_string() == wish.target_url);
  CHECK(result.at("summary").as_string() == "broken");
  server.take_requests();
  CHECK(post_result(instance, wish, true).posting == Posting::done);
  CHECK(server.take_requests() ==
        std::vector<std::string>{"GET series/1/revisions/1/test-results/"});
  wish.description = "still broken";
  CHECK(post_result(instance, wish, true).posting == Posting::done);
  CHECK(server.take_requests().size() == 2);

  wish.version = 2;
  CHECK(post_result(instance, wish, false).posting == Posting::gone);
  wish.version = 1;
  wish.state = "odd";
  const auto odd = post_result(instance, wish, false);
  CHECK(odd.posting == Posting::unfit);
  CHECK(odd.reason.find("not a valid choice") != std::string::npos);
  wish.state = "success";
  server.is_maintainer = false;
  CHECK(post_result(instance, wish, false).posting == Posting::refused);
  server.is_maintainer = true;
  server.add_fault({.path = "test-results/", .times = 1, .status = 502, .method = "POST"});
  CHECK(post_result(instance, wish, false).posting == Posting::later);
}

TEST_CASE("revision_of: the newest that a patch stands for") {
  test::on_each_engine([](test::TestStore& store) {
    auto& database = store.database();
    CHECK_FALSE(revision_of(database, "i", 5).has_value());
    remember_revision(database, {"i", 9, 1, 5});
    CHECK(revision_of(database, "i", 5)->series == 9);
    // It turned out to be the second one of another series.
    remember_revision(database, {"i", 3, 2, 5});
    remember_revision(database, {"i", 3, 1, 4});
    remember_revision(database, {"i", 3, 3, 5});
    CHECK(revision_of(database, "i", 5)->series == 3);
    CHECK(revision_of(database, "i", 5)->version == 3);
    CHECK(revision_of(database, "i", 4)->version == 1);
    CHECK_FALSE(revision_of(database, "j", 5).has_value());
  });
}

TEST_CASE("post_delegate: never there, with what to do") {
  FakeFreedesktop server;
  Instance instance(config_of(server));
  std::map<std::string, std::int64_t> users;
  const auto outcome = post_delegate(instance, 101, "ann", users);
  CHECK(outcome.posting == Posting::gone);
  CHECK(outcome.reason.find("remove patchwork.set-delegates") != std::string::npos);
}

TEST_CASE("CheckStore: each revision has its own") {
  test::on_each_engine([](test::TestStore& store) {
    CheckStore checks(store.database(), store.clock());
    CheckWish wish{"i", 3, 1, "p", "ci-series", 7, 1, "pending", "", "waits"};
    CHECK(wish.target() == "revision 1 of series 3");
    CHECK(checks.want(wish));
    CHECK_FALSE(checks.want(wish));
    wish.version = 2;
    CHECK(checks.want(wish));
    CHECK(checks.of_series(7).size() == 2);
    for (int version = 1; version <= 2; ++version) {
      const auto due = checks.claim("i", "p", "me", 1min);
      REQUIRE(due.has_value());
      CHECK(due->wish.version == version);
      checks.posted(*due);
    }
    CHECK(checks.waiting("i", "p") == 0);
  });
}

}  // namespace
}  // namespace patchmill::patchwork::freedesktop
