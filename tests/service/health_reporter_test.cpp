#include "service/health_reporter.hpp"

#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <thread>

using namespace patchmill;
using namespace patchmill::service;

TEST_CASE("service::HealthReporter: what cannot be looked at is down, the rest is looked at") {
  test::TestStore store(store::Engine::sqlite);
  app::Config config;
  config.store_url = store.url();
  config.data = store.folder();
  const SystemClock clock;
  const auto open = [&] { return store::Database::open(store.url()); };
  SystemProcessRunner processes;
  HealthState health(clock);
  Scheduler scheduler(open, clock, "test");
  FrontLoop front(config, scheduler, clock, {});
  WorkerPool workers(config, 0, scheduler, {}, {}, {});
  EventPump events(open, "test", [](store::Database&, std::span<const store::Event>) {});
  const MailThread mail(config, clock, processes);
  const auto state_of = [&](Part part) {
    for (const auto& one : health.parts()) {
      if (one.part == part) {
        return one;
      }
    }
    return PartHealth{};
  };
  const HealthReporter reporter(HealthReporter::Watched{
      open, config.data, &clock, &health, &scheduler, &front, &workers, &events, &mail,
      []() -> std::vector<intake::SourceHealth> { throw std::runtime_error("no sources today"); },
      [] { return std::vector<TreeHealth>(); }});
  // The disk is the last part that is looked at.
  while (state_of(Part::disk).message == "has not reported yet") {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(state_of(Part::sources).state == PartState::down);
  CHECK(state_of(Part::sources).message == "it cannot be looked at: no sources today");
  CHECK(state_of(Part::trees).state == PartState::ok);
}
