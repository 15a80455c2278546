#include "reports/patchwork_checks.hpp"

#include "patchwork/patch_map.hpp"
#include "reports/fixture.hpp"
#include "reports/patchwork_reporter.hpp"
#include "store/outbox.hpp"

#include <doctest/doctest.h>

namespace patchmill::reports {
namespace {

using namespace test;
using pipeline::NodeKind;

pipeline::Node node_of(std::string name, std::optional<Verdict> result,
                       std::string summary = "fine", NodeKind kind = NodeKind::kbuild) {
  pipeline::Node node;
  node.id = 7;
  node.name = std::move(name);
  node.kind = kind;
  node.result = result;
  node.summary = std::move(summary);
  return node;
}

pipeline::NodeStore::SeriesVerdict verdict_of(Verdict verdict, std::string reason) {
  pipeline::NodeStore::SeriesVerdict whole;
  whole.verdict = verdict;
  whole.reason = std::move(reason);
  return whole;
}

CheckInput input_of(std::vector<pipeline::Node> nodes) {
  CheckInput input;
  input.series = 12;
  input.nodes = std::move(nodes);
  input.prefix = "patchmill";
  input.links = Links::at("https://ci.example.org");
  return input;
}

std::string text_of(const std::vector<CheckLine>& lines) {
  std::string text;
  for (const auto& line : lines) {
    text += fmt::format("{} {} {}\n", line.context, line.state, line.description);
  }
  return text;
}

TEST_CASE("wanted_state: of those that may be set") {
  const std::set<std::string> all = {"under-review", "changes-requested", "accepted", "superseded"};
  auto input = input_of({});
  CHECK(wanted_state(input, false, all).empty());
  input.under_way = true;
  CHECK(wanted_state(input, false, all) == "under-review");
  CHECK(wanted_state(input, false, {"superseded"}).empty());
  // A verdict of an earlier try says nothing while another one is under way.
  input.verdict = verdict_of(Verdict::fail, "broken");
  CHECK(wanted_state(input, false, all) == "under-review");
  input.under_way = false;
  CHECK(wanted_state(input, false, all) == "changes-requested");
  CHECK(wanted_state(input, false, {"under-review"}) == "under-review");
  // Tests may be over before anybody looks.
  for (const auto verdict : {Verdict::pass, Verdict::warning}) {
    input.verdict = verdict_of(verdict, "tested");
    CHECK(wanted_state(input, false, all) == "under-review");
  }
  for (const auto verdict : {Verdict::skip, Verdict::incomplete}) {
    input.verdict = verdict_of(verdict, "nothing was found out");
    CHECK(wanted_state(input, false, all).empty());
  }
  input.superseded = true;
  CHECK(wanted_state(input, false, all) == "superseded");
  CHECK(wanted_state(input, false, {"under-review"}).empty());
  CHECK(wanted_state(input, false, {}).empty());
  CHECK(wanted_state(input, true, all) == "accepted");
  CHECK(wanted_state(input, true, {"superseded"}) == "superseded");
}

TEST_CASE("check_lines: from pending to the last word") {
  auto input = input_of({node_of("checkout", Verdict::pass, "", NodeKind::checkout),
                         node_of("build-um", std::nullopt), node_of("boot.ktap", std::nullopt)});
  input.under_way = true;
  CHECK(text_of(check_lines(input)) ==
        "patchmill-build-um pending waits or runs\n"
        "patchmill-boot-ktap pending waits or runs\n"
        "patchmill-series pending waits or runs\n");
  input.nodes = {node_of("build-um", Verdict::fail, "1 error"),
                 node_of("boot.ktap", Verdict::warning, "slow"),
                 node_of("style", Verdict::skip, "no C", NodeKind::check)};
  input.under_way = false;
  input.verdict = verdict_of(Verdict::fail, "build-um failed");
  const auto lines = check_lines(input);
  CHECK(text_of(lines) ==
        "patchmill-build-um fail 1 error\n"
        "patchmill-boot-ktap warning slow\n"
        "patchmill-series fail build-um failed\n");
  CHECK(lines[0].target_url == "https://ci.example.org/nodes/7/log");
  CHECK(lines[2].target_url == "https://ci.example.org/series/12");
}

TEST_CASE("of_revision: the worst of each, pending until all are done") {
  const auto line = [](std::optional<int> patch, std::string context, std::string state,
                       std::string description) {
    return CheckLine{patch, std::move(context), std::move(state), "u", std::move(description)};
  };
  CHECK(text_of(of_revision(
            {line(1, "ci-style", "success", "fine"), line(2, "ci-style", "fail", "too long"),
             line(3, "ci-style", "warning", "odd"), line(1, "ci-build", "fail", "broken"),
             line(2, "ci-build", "pending", "waits or runs"), line({}, "ci-boot", "fail", "panic"),
             line({}, "ci-series", "fail", "ci-style failed")})) ==
        "ci-style fail patch 2: too long\n"
        "ci-build pending waits or runs\n"
        "ci-boot fail panic\n"
        "ci-series fail ci-style failed\n");
  CHECK(of_revision({}).empty());
}

TEST_CASE("check_lines: our own trouble is nobody's failure") {
  auto input = input_of({node_of("build-um", Verdict::incomplete, "no disk")});
  input.verdict = verdict_of(Verdict::incomplete, "no disk");
  input.verdict->retry_at = Timestamp{};
  CHECK(text_of(check_lines(input)) ==
        "patchmill-build-um pending waits to be tried again: no disk\n"
        "patchmill-series pending waits to be tried again: no disk\n");
  input.verdict->retry_at.reset();
  CHECK(text_of(check_lines(input)) ==
        "patchmill-build-um warning could not be tested: no disk\n"
        "patchmill-series warning could not be tested: no disk\n");
}

TEST_CASE("check_lines: texts and addresses are as Patchwork takes them") {
  auto input = input_of({node_of("a b/ü" + std::string(300, 'x'), Verdict::pass,
                                 " two\nlines\x1b[31m " + std::string(900, 'y'))});
  input.links = Links::at("https://ci.example.org/" + std::string(200, 'z'));
  const auto lines = check_lines(input);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].context.size() <= 255);
  CHECK(lines[0].context.find_first_not_of(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
        std::string::npos);
  CHECK(lines[0].target_url.empty());
  CHECK(lines[0].description.size() <= 210);
  CHECK(lines[0].description.find('\n') == std::string::npos);
  CHECK(lines[0].description.find('\x1b') == std::string::npos);
}

struct Posting {
  explicit Posting(TestStore& test_store)
      : store(test_store),
        reporter(store.database(), store.blobs(), store.clock(),
                 {"pw",
                  "https://pw.example.org/",
                  {"local"},
                  "patchmill",
                  Links::at("https://ci.example.org")}),
        checks(store.database(), store.clock()) {
    pass();  // begins at the end of the event log
  }
  int pass() {
    bool more = true;
    int changed = 0;
    while (more) {
      changed += reporter.pass(more);
    }
    return changed;
  }
  void know(const std::string& msgid, std::int64_t patch) {
    const patchwork::KnownPatch known{"https://pw.example.org/", patch, "local", msgid, 1};
    patchwork::remember_patches(store.database(), std::span(&known, 1));
  }
  // "PATCH CONTEXT STATE" of all that is in the outbox; they are posted then.
  std::vector<std::string> take() {
    std::vector<std::string> all;
    while (auto due =
               checks.claim("https://pw.example.org/", "local", "test", std::chrono::seconds(60))) {
      all.push_back(fmt::format("{} {} {}", due->wish.patch, due->wish.context, due->wish.state));
      checks.posted(*due);
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  using Lines = std::vector<std::string>;

  TestStore& store;
  PatchworkReporter reporter;
  patchwork::CheckStore checks;
};

TEST_CASE("PatchworkReporter: each patch gets what is about it and about the series, once") {
  on_each_engine([](TestStore& store) {
    Posting posting(store);
    const auto number = add_series(store, {});
    posting.know("v1-1@example.org", 11);
    posting.know("v1-2@example.org", 12);
    CHECK(posting.pass() == 0);
    add_verdict(store, number, Verdict::fail, "broken",
                {{"style", NodeKind::check, Verdict::warning, "long line", 2},
                 {"build", NodeKind::kbuild, Verdict::fail, "broken"}});
    CHECK(posting.pass() == 5);
    CHECK(posting.pass() == 0);
    CHECK(posting.take() == Posting::Lines{"11 patchmill-build fail", "11 patchmill-series fail",
                                           "12 patchmill-build fail", "12 patchmill-series fail",
                                           "12 patchmill-style warning"});
    CHECK(posting.take().empty());
  });
}

TEST_CASE("PatchworkReporter: projects that others post to are left to them") {
  TestStore store(store::Engine::sqlite);
  Posting posting(store);
  const auto number = add_series(store, {});
  const patchwork::KnownPatch other{"https://pw.example.org/", 21, "other", "v1-1@example.org", 1};
  patchwork::remember_patches(store.database(), std::span(&other, 1));
  posting.know("v1-1@example.org", 11);
  add_verdict(store, number, Verdict::pass, "fine", {});
  CHECK(posting.pass() == 1);
  CHECK(posting.take() == Posting::Lines{"11 patchmill-series success"});
}

TEST_CASE("PatchworkReporter: a verdict that is older than what we know of the instance") {
  TestStore store(store::Engine::sqlite);
  Posting posting(store);
  const auto number = add_series(store, {});
  add_verdict(store, number, Verdict::pass, "fine", {});
  CHECK(posting.pass() == 0);
  posting.know("v1-1@example.org", 11);
  CHECK(posting.pass() == 1);
  CHECK(posting.take() == Posting::Lines{"11 patchmill-series success"});
}

TEST_CASE("PatchworkReporter: a try again goes back to pending, what was overtaken is not posted") {
  TestStore store(store::Engine::sqlite);
  Posting posting(store);
  const auto number = add_series(store, {});
  posting.know("v1-1@example.org", 11);
  add_verdict(store, number, Verdict::fail, "broken", {{"build", NodeKind::kbuild, Verdict::fail}});
  posting.pass();
  CHECK(posting.take().size() == 2);
  pipeline::WorkStore work(store.database());
  work.note_pending({number, std::nullopt, 0});
  CHECK(posting.reporter.look_at(number) == 1);
  CHECK(posting.take() == Posting::Lines{"11 patchmill-series pending"});
  pipeline::NodeStore nodes(store.database(), store.clock());
  pipeline::Node node;
  node.series = number;
  node.kind = NodeKind::kbuild;
  node.name = "build";
  node.attempt = 2;
  node = nodes.create(node);
  posting.pass();
  work.clear_pending(number);
  nodes.start(node);
  nodes.finish(node, Verdict::pass, "fine");
  nodes.set_verdict(number, verdict_of(Verdict::pass, "fine"));
  posting.pass();
  CHECK(posting.take() ==
        Posting::Lines{"11 patchmill-build success", "11 patchmill-series success"});
}

TEST_CASE("PatchworkReporter: what a newer revision overtakes is retired") {
  TestStore store(store::Engine::sqlite);
  Posting posting(store);
  const auto number = add_series(store, {});
  posting.know("v1-1@example.org", 11);
  pipeline::NodeStore nodes(store.database(), store.clock());
  pipeline::Node node;
  node.series = number;
  node.kind = NodeKind::kbuild;
  node.name = "build";
  node = nodes.create(node);
  CHECK(posting.pass() == 1);
  CHECK(posting.take() == Posting::Lines{"11 patchmill-build pending"});
  SeriesSpec second;
  second.id = "v2";
  second.version = 2;
  add_series(store, second);
  CHECK(posting.pass() == 1);
  CHECK(posting.take() == Posting::Lines{"11 patchmill-build warning"});
  CHECK(posting.pass() == 0);
}

}  // namespace
}  // namespace patchmill::reports
