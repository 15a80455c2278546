#include "service/health_state.hpp"

#include "service/health_json.hpp"
#include "support/store_fixture.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include <thread>

using namespace patchmill;
using namespace patchmill::service;

namespace {

PartHealth part_of(const std::vector<PartHealth>& parts, Part part) {
  for (const auto& health : parts) {
    if (health.part == part) {
      return health;
    }
  }
  FAIL("no such part");
  return {};
}

void all_well(HealthState& health) {
  for (const Part part : k_parts) {
    health.set_ok(part);
  }
}

}  // namespace

TEST_CASE("service::HealthState: names read back") {
  for (const Part part : k_parts) {
    CHECK(part_from(to_string(part)) == part);
  }
  for (const auto state : {PartState::ok, PartState::degraded, PartState::down}) {
    CHECK(part_state_from(to_string(state)) == state);
  }
  CHECK_FALSE(part_from("kitchen"));
}

TEST_CASE("service::HealthState: a part nobody spoke for is not taken for well") {
  ManualClock clock;
  HealthState health(clock);
  CHECK(health.worst() == PartState::degraded);
  all_well(health);
  CHECK(health.worst() == PartState::ok);
}

TEST_CASE("service::HealthState: one broken source degrades, all of them are down") {
  ManualClock clock;
  HealthState health(clock);
  all_well(health);
  health.set_ok(Part::sources, "ltp");
  clock.advance(std::chrono::seconds(10));
  const auto broken = clock.now();
  health.set(Part::sources, "netdev", PartState::down, "connection refused", "look at the network");
  clock.advance(std::chrono::seconds(10));
  health.set(Part::sources, "netdev", PartState::down, "no route", "look at the network");
  auto sources = part_of(health.parts(), Part::sources);
  CHECK(sources.state == PartState::degraded);
  CHECK(sources.message == "netdev: no route");
  CHECK(sources.todo == "look at the network");
  CHECK(sources.since == broken);  // the words changed, the state did not
  CHECK(sources.items.size() == 2);

  health.set(Part::sources, "ltp", PartState::down, "gone");
  CHECK(part_of(health.parts(), Part::sources).state == PartState::down);
  CHECK(health.worst() == PartState::down);
  health.remove(Part::sources, "ltp");
  health.set_ok(Part::sources, "netdev");
  CHECK(part_of(health.parts(), Part::sources).state == PartState::ok);
  CHECK(part_of(health.parts(), Part::sources).since == clock.now());
  health.set(Part::disk, "", PartState::ok, "", "make room");
  CHECK(part_of(health.parts(), Part::disk).todo.empty());

  health.set(Part::mail, "", PartState::down, "the server refuses the login");
  CHECK(part_of(health.parts(), Part::mail).message == "the server refuses the login");
}

TEST_CASE("service::HealthState: hostile and endless texts are bounded") {
  ManualClock clock;
  HealthState health(clock);
  health.set(Part::trees, "t", PartState::degraded, std::string(100'000, '\xff'));
  const auto trees = part_of(health.parts(), Part::trees);
  CHECK(trees.message.size() < 1100);
  CHECK(boost::json::serialize(to_json(health.parts())).size() < 10'000);
  for (int i = 0; i < 5000; ++i) {
    health.set(Part::trees, std::to_string(i), PartState::ok);
  }
  CHECK(part_of(health.parts(), Part::trees).items.size() == 1000);
}

TEST_CASE("service::HealthState::save: read back by another process, with a sign of life") {
  test::on_each_engine([](test::TestStore& store) {
    CHECK_FALSE(saved_health(store.database()).seen);
    CHECK_FALSE(saved_health(store.database()).running(store.clock().now()));
    store.database().exec(
        "INSERT INTO service_health (part, item, state, since, seen, message, todo) "
        "VALUES ('trees', 'of an earlier process', 'down', 0, 0, '', '')");
    HealthState health(store.clock());
    all_well(health);
    health.set(Part::sources, "ltp", PartState::degraded, "slow", "wait");
    health.save(store.database());
    const auto other = store.connect();
    auto saved = saved_health(*other);
    CHECK(saved.running(store.clock().now()));
    CHECK_FALSE(saved.running(store.clock().now() - std::chrono::hours(1)));  // set back
    CHECK(saved.started == store.clock().now());
    CHECK(saved.parts.size() == k_parts.size());
    CHECK(part_of(saved.parts, Part::sources).state == PartState::degraded);
    CHECK(part_of(saved.parts, Part::sources).message == "ltp: slow");
    CHECK(part_of(saved.parts, Part::trees).items.empty());

    health.set_ok(Part::sources, "ltp");
    health.save(store.database());
    CHECK(part_of(saved_health(*other).parts, Part::sources).state == PartState::ok);
    health.remove(Part::sources, "ltp");
    health.save(store.database());
    CHECK(part_of(saved_health(*other).parts, Part::sources).items.empty());

    store.clock().advance(std::chrono::seconds(59));
    health.save(store.database());
    CHECK(saved_health(*other).seen == saved.seen);  // nothing new: not written
    store.clock().advance(std::chrono::seconds(1));
    health.save(store.database());
    CHECK(saved_health(*other).seen == store.clock().now());
    store.clock().advance(std::chrono::minutes(3));
    CHECK_FALSE(saved_health(*other).running(store.clock().now()));
    health.save(store.database());
    CHECK(saved_health(*other).running(store.clock().now()));
    forget_sign_of_life(store.database());
    CHECK_FALSE(saved_health(*other).running(store.clock().now()));
  });
}

TEST_CASE("service::HealthState::save: what could not be written is written later") {
  test::TestStore store(store::Engine::sqlite);
  HealthState health(store.clock());
  all_well(health);
  store.database().execute_script("ALTER TABLE service_health RENAME TO gone");
  CHECK_THROWS_AS(health.save(store.database()), store::DatabaseError);
  store.database().execute_script("ALTER TABLE gone RENAME TO service_health");
  health.save(store.database());
  CHECK(saved_health(store.database()).parts.size() == k_parts.size());
}

TEST_CASE("service::HealthState: from many threads") {
  test::TestStore store(store::Engine::sqlite);
  HealthState health(store.clock());
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 500; ++i) {
          health.set(Part::workers, std::to_string(t), i % 2 == 0 ? PartState::ok : PartState::down,
                     "x");
          (void)health.worst();
        }
        health.set_ok(Part::workers, std::to_string(t));
      });
    }
    for (int i = 0; i < 20; ++i) {
      health.save(store.database());
    }
  }
  health.save(store.database());
  CHECK(part_of(saved_health(store.database()).parts, Part::workers).state == PartState::ok);
}
