#include "reports/patchwork_reporter.hpp"

#include "patchwork/patch_map.hpp"
#include "patchwork/revision_store.hpp"
#include "pipeline/work_store.hpp"
#include "reports/fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace patchmill::reports {
namespace {

using namespace test;
using pipeline::NodeKind;

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

TEST_CASE(
    "PatchworkReporter: of what has one context the worst is posted, and the verdict is not lost") {
  TestStore store(store::Engine::sqlite);
  Posting posting(store);
  const auto number = add_series(store, {});
  posting.know("v1-1@example.org", 11);
  add_verdict(store, number, Verdict::fail, "broken",
              {{"build.x86", NodeKind::kbuild, Verdict::pass},
               {"build-x86", NodeKind::kbuild, Verdict::fail},
               {"series", NodeKind::kbuild, Verdict::pass}});
  CHECK(posting.pass() == 2);
  CHECK(posting.take() ==
        Posting::Lines{"11 patchmill-build-x86 fail", "11 patchmill-series fail"});
  CHECK(posting.pass() == 0);
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
  pipeline::NodeStore::SeriesVerdict whole;
  whole.verdict = Verdict::pass;
  whole.reason = "fine";
  nodes.set_verdict(number, whole);
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

// Version 1 with three patches, which the instance has as 11, 12 and 13; patch 2 again is 22.
struct Partial {
  explicit Partial(TestStore& test_store) : store(test_store), posting(test_store) {
    SeriesSpec spec;
    spec.patches = 3;
    first = add_series(store, spec);
    for (int number = 1; number <= 3; ++number) {
      posting.know(fmt::format("v1-{}@example.org", number), 10 + number);
    }
  }
  void reroll() {
    second = add_reroll(store, 2, 3);
    posting.know("v2-2@example.org", 22);
  }
  void whole_third() {
    SeriesSpec spec;
    spec.id = "v3";
    spec.version = 3;
    spec.patches = 3;
    add_series(store, spec);
  }
  void wait_for_test(std::int64_t series) {
    pipeline::WorkStore(store.database()).note_pending({series, std::nullopt, 0});
    posting.reporter.look_at(series);
  }
  void finish(std::int64_t series, Verdict verdict) {
    pipeline::WorkStore(store.database()).clear_pending(series);
    add_verdict(store, series, verdict, "so it is", {{"build", NodeKind::kbuild, verdict}});
  }
  // What each check has now: "PATCH CONTEXT STATE of SERIES".
  std::vector<std::string> all() {
    std::vector<std::string> lines;
    for (const auto series : {first, second}) {
      for (const auto& wish : posting.checks.of_series(series)) {
        lines.push_back(fmt::format("{} {} {} of v{}", wish.patch, wish.context, wish.state,
                                    series == first ? 1 : 2));
      }
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  TestStore& store;
  Posting posting;
  std::int64_t first = 0, second = 0;
};

TEST_CASE("PatchworkReporter: a partial reroll before the test of what it carries over") {
  TestStore store(store::Engine::sqlite);
  Partial partial(store);
  partial.wait_for_test(partial.first);
  CHECK(partial.posting.take() == Posting::Lines{"11 patchmill-series pending",
                                                 "12 patchmill-series pending",
                                                 "13 patchmill-series pending"});
  partial.reroll();
  SUBCASE("nothing of it is left pending") {
    partial.posting.pass();
    CHECK(partial.posting.take() == Posting::Lines{"11 patchmill-series warning",
                                                   "12 patchmill-series warning",
                                                   "13 patchmill-series warning"});
  }
  SUBCASE("all of the new revision wait, in whatever order the two are looked at") {
    pipeline::WorkStore(store.database()).note_pending({partial.second, std::nullopt, 0});
    partial.posting.reporter.look_at(partial.second);
    partial.posting.reporter.look_at(partial.first);
    CHECK(partial.posting.pass() == 0);
    CHECK(partial.posting.take() ==
          Posting::Lines{"11 patchmill-series pending", "12 patchmill-series warning",
                         "13 patchmill-series pending", "22 patchmill-series pending"});
  }
  partial.finish(partial.second, Verdict::pass);
  partial.posting.pass();
  const std::vector<std::string> done = {
      "11 patchmill-build success of v2",  "11 patchmill-series success of v2",
      "12 patchmill-series warning of v1", "13 patchmill-build success of v2",
      "13 patchmill-series success of v2", "22 patchmill-build success of v2",
      "22 patchmill-series success of v2"};
  CHECK(partial.all() == done);
  CHECK(partial.posting.take().size() == 6);
  // A late word about the old revision is about the patch that is only in it.
  partial.finish(partial.first, Verdict::fail);
  partial.posting.pass();
  CHECK(partial.posting.take() ==
        Posting::Lines{"12 patchmill-build fail", "12 patchmill-series fail"});
  CHECK(partial.posting.pass() == 0);
}

void tested_again(TestStore& store, Verdict verdict, const std::string& state) {
  Partial partial(store);
  partial.finish(partial.first, Verdict::fail);
  partial.posting.pass();
  CHECK(partial.posting.take().size() == 6);
  partial.reroll();
  partial.finish(partial.second, verdict);
  partial.posting.pass();
  CHECK(partial.posting.take() ==
        Posting::Lines{"11 patchmill-build " + state, "11 patchmill-series " + state,
                       "13 patchmill-build " + state, "13 patchmill-series " + state,
                       "22 patchmill-build " + state, "22 patchmill-series " + state});
  CHECK(partial.all() ==
        Posting::Lines{
            "11 patchmill-build " + state + " of v2", "11 patchmill-series " + state + " of v2",
            "12 patchmill-build fail of v1", "12 patchmill-series fail of v1",
            "13 patchmill-build " + state + " of v2", "13 patchmill-series " + state + " of v2",
            "22 patchmill-build " + state + " of v2", "22 patchmill-series " + state + " of v2"});
  CHECK(partial.posting.reporter.look_at(partial.first) == 0);
  CHECK(partial.posting.reporter.look_at(partial.second) == 0);
}

TEST_CASE("PatchworkReporter: the newest verdict wins on what is carried over") {
  on_each_engine([](TestStore& store) { tested_again(store, Verdict::pass, "success"); });
}

TEST_CASE("PatchworkReporter: the same verdict links to the newest test") {
  on_each_engine([](TestStore& store) { tested_again(store, Verdict::fail, "fail"); });
}

TEST_CASE("PatchworkReporter: a whole revision behind a partial one leaves what was found out") {
  TestStore store(store::Engine::sqlite);
  Partial partial(store);
  partial.reroll();
  SUBCASE("results stay") {
    partial.finish(partial.second, Verdict::pass);
    partial.posting.pass();
    CHECK(partial.posting.take().size() == 6);
    partial.whole_third();
    CHECK(partial.posting.pass() == 0);
    CHECK(partial.posting.take().empty());
  }
  SUBCASE("nothing stays pending") {
    partial.wait_for_test(partial.second);
    CHECK(partial.posting.take().size() == 3);
    partial.whole_third();
    partial.posting.pass();
    CHECK(partial.posting.take() == Posting::Lines{"11 patchmill-series warning",
                                                   "13 patchmill-series warning",
                                                   "22 patchmill-series warning"});
  }
}

TEST_CASE("PatchworkReporter: nothing is posted before the instance has the new patch") {
  TestStore store(store::Engine::sqlite);
  Partial partial(store);
  partial.second = add_reroll(store, 2, 3);
  partial.finish(partial.second, Verdict::pass);
  CHECK(partial.posting.pass() == 0);
  partial.posting.know("v2-2@example.org", 22);
  CHECK(partial.posting.pass() == 6);
}

TEST_CASE("PatchworkReporter: where checks are on revisions, each keeps its own") {
  TestStore store(store::Engine::sqlite);
  Partial partial(store);
  const auto know = [&](int version, std::int64_t patch) {
    patchwork::remember_revision(store.database(), {"https://pw.example.org/", 7, version, patch});
  };
  know(1, 11);
  partial.finish(partial.first, Verdict::fail);
  partial.posting.pass();
  CHECK(partial.posting.take() ==
        Posting::Lines{"7 patchmill-build fail", "7 patchmill-series fail"});
  partial.reroll();
  partial.finish(partial.second, Verdict::pass);
  SUBCASE("its number is known") {
    know(2, 22);
    CHECK(partial.posting.pass() == 2);
    for (const auto& wish : partial.posting.checks.of_series(partial.second)) {
      CHECK(wish.patch == 7);
      CHECK(wish.version == 2);
    }
    CHECK(partial.posting.checks.of_series(partial.first).size() == 2);
  }
  SUBCASE("its number is not known yet") {
    CHECK(partial.posting.pass() == 0);
  }
  CHECK(partial.posting.reporter.look_at(partial.first) == 0);
}

}  // namespace
}  // namespace patchmill::reports
