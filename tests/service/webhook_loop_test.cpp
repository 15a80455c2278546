#include "service/webhook_loop.hpp"

#include "service/webhook_bench.hpp"

#include <doctest/doctest.h>

#include <thread>

namespace patchmill::service::webhook_test {
namespace {

TEST_CASE("WebhookLoop: says at once what trouble there was, before the next attempt has ended") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.pass();
  const auto event = desk.happens(Category::patch_created);
  desk.receiver.answer_next({500});
  desk.pass();
  desk.receiver.take();
  desk.receiver.set_slow(2s);
  WebhookLoop loop(desk.config, {desk.hook}, "https://mill.example.org", store.clock());
  for (int i = 0; i < 500 && loop.health().error.empty(); ++i) {
    std::this_thread::sleep_for(5ms);
  }
  const auto health = loop.health();
  CHECK(health.state == intake::SourceState::failing);
  CHECK(health.error == "it answers 500");
  CHECK(health.failures == 1);
  CHECK(health.lag == 1);
  for (int i = 0; i < 500 && !loop.health().error.empty(); ++i) {
    std::this_thread::sleep_for(20ms);
  }
  CHECK(loop.health().state == intake::SourceState::waiting);
  CHECK(loop.health().lag == 0);
  CHECK(desk.told() == HookDesk::Ids{event});
}

TEST_CASE("WebhookLoop: tries at once when it is told to") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.pass();
  const auto event = desk.happens(Category::patch_created);
  desk.receiver.answer_next({500});
  WebhookLoop loop(desk.config, {desk.hook}, "https://mill.example.org", store.clock());
  for (int i = 0; i < 500 && loop.health().error.empty(); ++i) {
    std::this_thread::sleep_for(10ms);
  }
  CHECK(desk.told() == HookDesk::Ids{event});
  CHECK(loop.health().error == "it answers 500");  // and the clock stands still
  loop.try_again();
  for (int i = 0; i < 500 && !loop.health().error.empty(); ++i) {
    std::this_thread::sleep_for(10ms);
  }
  CHECK(desk.told() == HookDesk::Ids{event});
  CHECK(loop.health().error.empty());
}

TEST_CASE("WebhookLoop: tells by itself, and shows nothing of the address but its origin") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.pass();
  const auto event = desk.happens(Category::patch_created);
  const SystemClock clock;  // the event is of its past: far too long ago but for this
  store.database().exec("UPDATE registry_events SET date = ?", to_micros(clock.now()));
  WebhookLoop loop(desk.config, {desk.hook}, "https://mill.example.org", clock);
  HookDesk::Ids told;
  for (int i = 0; i < 500 && told.empty(); ++i) {
    std::this_thread::sleep_for(10ms);
    told = desk.told();
  }
  CHECK(told == HookDesk::Ids{event});
  const auto health = loop.health();
  CHECK(health.name == "webhook " + health.place);
  CHECK(health.name.find("hook?") == std::string::npos);
}

}  // namespace
}  // namespace patchmill::service::webhook_test
