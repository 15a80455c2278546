#include "reports/undecided.hpp"

#include "reports/fixture.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>

namespace patchmill::reports {
namespace {

using namespace test;
using std::chrono::seconds;

std::int64_t undecided_series(TestStore& store, const std::string& id = "v1") {
  SeriesSpec spec;
  spec.id = id;
  spec.change_id = "change-" + id;
  const auto number = add_series(store, spec);
  add_verdict(store, number, Verdict::fail, "it failed",
              {{"build", pipeline::NodeKind::kbuild, Verdict::fail, "broken"}});
  return number;
}

struct Desk {
  explicit Desk(TestStore& store, const ReporterConfig& config = sample_config())
      : queries(store.database(), store.blobs()),
        reporter(store.database(), store.blobs(), store.clock(), config, TemplateSet()),
        undecided(store.database(), store.clock()) {}
  int decide() { return undecided.decide(reporter, queries); }
  tracker::Queries queries;
  Reporter reporter;
  Undecided undecided;
};

TEST_CASE("reports::Undecided: the context comes back as it was, and is used") {
  on_each_engine([](TestStore& store) {
    auto config = sample_config();
    config.policy.rules[0].to = {{Role::maintainers, {}}};
    config.policy.rules[0].cc.reset();
    Desk desk(store, config);
    const auto number = undecided_series(store);
    auto context = sample_context();
    context.maintainers = {{"Bób \"B\" Maintainer", "bob@example.org"}};
    desk.undecided.add(number, context);
    CHECK(desk.undecided.count() == 1);
    CHECK(desk.decide() == 1);
    CHECK(desk.undecided.count() == 0);
    const auto mails = desk.reporter.mails().of_series(number);
    REQUIRE(mails.size() == 1);
    CHECK(mails[0].recipients.at(0).address == "bob@example.org");
    CHECK(mails[0].content.find(context.base_described) != std::string::npos);
    CHECK(desk.decide() == 0);
  });
}

TEST_CASE("reports::Undecided: a newer verdict replaces what waits") {
  on_each_engine([](TestStore& store) {
    Desk desk(store);
    const auto number = undecided_series(store);
    desk.undecided.add(number, {});
    desk.undecided.add(number, sample_context());
    CHECK(desk.undecided.count() == 1);
    CHECK(desk.decide() == 1);
    CHECK(desk.reporter.mails().of_series(number).at(0).content.find(k_base) != std::string::npos);
  });
}

TEST_CASE("reports::Undecided: a fault waits longer each time, stands in nobody's way, and ends") {
  TestStore store(store::Engine::sqlite);
  auto config = sample_config();
  config.opt_out_file = store.folder() / "no-mail";
  const auto number = undecided_series(store);
  Desk desk(store, config);
  desk.undecided.add(number, sample_context());
  CHECK(desk.decide() == 0);
  const auto decision = desk.reporter.mails().decision(number);
  REQUIRE(decision.has_value());
  CHECK(decision->find("not decided yet, tried again later") != std::string::npos);
  const auto tries = [&] {
    return store.database().value<int>("SELECT attempts FROM report_undecided");
  };
  CHECK(tries() == 1);
  store.clock().advance(seconds(29));
  desk.decide();
  CHECK(tries() == 1);
  store.clock().advance(seconds(1));
  desk.decide();
  CHECK(tries() == 2);
  store.clock().advance(seconds(59));
  desk.decide();
  CHECK(tries() == 2);
  CHECK(Undecided::retry_after(1) == seconds(30));
  CHECK(Undecided::retry_after(3) == seconds(120));
  CHECK(Undecided::retry_after(100) == seconds(3600));

  // A series that is gone is no fault, and another one goes its way.
  desk.undecided.add(4711, {});
  CHECK(desk.decide() == 1);
  CHECK(desk.undecided.count() == 1);

  store.clock().advance(std::chrono::hours(24 * 6));
  CHECK(desk.decide() == 0);
  CHECK(desk.undecided.count() == 0);
  CHECK(desk.reporter.mails().decision(number)->find("given up: ") != std::string::npos);
}

TEST_CASE("reports::Undecided: what the store does not take stands in nobody's way") {
  TestStore store(store::Engine::sqlite);
  Desk desk(store);
  const auto bad = undecided_series(store, "bad");
  const auto good = undecided_series(store, "good");
  desk.undecided.add(bad, {});
  desk.undecided.add(good, {});
  store.database().execute_script(
      "CREATE TRIGGER refuse BEFORE INSERT ON report_mails WHEN NEW.series = " +
      std::to_string(bad) + " BEGIN SELECT RAISE(ABORT, 'no room'); END;");
  CHECK(desk.decide() == 1);
  CHECK(desk.reporter.mails().of_series(good).size() == 1);
  CHECK(desk.undecided.count() == 1);
  CHECK(desk.reporter.mails().decision(bad)->find("no room") != std::string::npos);
}

}  // namespace
}  // namespace patchmill::reports
