#include "reports/patchwork_checks.hpp"

#include "reports/fixture.hpp"

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

TEST_CASE("keep_worst: none of one context hides another") {
  std::vector<patchwork::CheckWish> wishes;
  const auto add = [&](std::int64_t patch, int version, std::string context, std::string state) {
    patchwork::CheckWish wish;
    wish.patch = patch;
    wish.version = version;
    wish.context = std::move(context);
    wish.state = std::move(state);
    wish.description = std::to_string(wishes.size());
    wishes.push_back(std::move(wish));
  };
  add(1, 0, "ci-build", "success");
  add(1, 0, "ci-build", "fail");
  add(1, 0, "ci-build", "warning");
  add(2, 0, "ci-build", "success");
  add(2, 0, "ci-build", "success");
  add(2, 1, "ci-build", "fail");
  add(1, 0, "ci-series", "fail");
  add(1, 0, "ci-series", "pending");
  keep_worst(wishes);
  std::string text;
  for (const auto& wish : wishes) {
    text += fmt::format("{}.{} {} {} {}\n", wish.patch, wish.version, wish.context, wish.state,
                        wish.description);
  }
  CHECK(text ==
        "1.0 ci-build fail 1\n"
        "2.0 ci-build success 3\n"
        "2.1 ci-build fail 5\n"
        "1.0 ci-series pending 7\n");
}

TEST_CASE("context_slug: the longest names stay apart") {
  CHECK(context_slug("boot.ktap") == "boot-ktap");
  const std::string longest = std::string(50, 'p') + "-" + std::string(99, 'n');
  CHECK(context_slug(longest + "1") == longest + "1");
  CHECK(context_slug(std::string(300, 'x')).size() == 255);
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

}  // namespace
}  // namespace patchmill::reports
