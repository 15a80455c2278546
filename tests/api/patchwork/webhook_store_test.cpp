#include "api/patchwork/webhook_store.hpp"

#include "registry/support.hpp"
#include "store/cursors.hpp"
#include "store/pool.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <string>

namespace patchmill::api::patchwork {
namespace {

using patchmill::registry::Category;
using patchmill::registry::test::Rows;
using patchmill::test::on_each_engine;
using patchmill::test::TestStore;

// A project with a patch, and addresses that are to be told of it.
struct HookQueues {
  explicit HookQueues(TestStore& test_store)
      : store(test_store),
        rows(store.database()),
        pool([&test_store] { return test_store.connect(); }, 1) {
    rows.person("ann@example.org", "Ann");
    rows.project("net");
    rows.patch({});
    registry = registry_of(pool, store.blobs(), store.clock())();
  }

  WebhookStore open(const std::string& url) {
    return {store.database(), *registry, store.clock(), url, "https://mill.example.org"};
  }
  void happens() {
    rows.event({.category = Category::patch_created, .project = 1, .date = 0, .patch = 1});
  }
  void collect(const std::string& url) {
    MissedEvents missed;
    auto queue = open(url);
    while (queue.collect({{"net", {Category::patch_created}}}, missed)) {
    }
    CHECK(missed.count == 0);
  }
  std::int64_t waiting(const std::string& url) { return open(url).waiting(); }

  TestStore& store;
  Rows rows;
  store::Pool pool;
  std::unique_ptr<Registry> registry;
};

constexpr const char* k_hook_a = "https://a.example.org/hook";
constexpr const char* k_hook_b = "https://b.example.org/hook";
constexpr const char* k_hook_c = "https://a.example.org/another";

TEST_CASE("drop_other_webhooks: one, some, or all are taken out") {
  on_each_engine([](TestStore& store) {
    HookQueues queues(store);
    auto& database = store.database();
    const auto cursors = [&] {
      return database.value<std::int64_t>("SELECT COUNT(*) FROM cursors");
    };
    REQUIRE(cursors() == 0);
    for (const auto* url : {k_hook_a, k_hook_b, k_hook_c}) {
      queues.collect(url);
    }
    queues.happens();
    queues.happens();
    for (const auto* url : {k_hook_a, k_hook_b, k_hook_c}) {
      queues.collect(url);
      CHECK(queues.waiting(url) == 2);
    }
    store::set_cursor(database, "webhook of a person", "source");
    store::set_cursor(database, "mbox", "source");
    store::enqueue(database, store.clock().now(), "a mail", "mail", "");
    REQUIRE(cursors() == 5);
    SUBCASE("none") {
      CHECK(drop_other_webhooks(database, {k_hook_a, k_hook_b, k_hook_c}) == 0);
      CHECK(cursors() == 5);
      CHECK(queues.waiting(k_hook_a) == 2);
    }
    SUBCASE("one") {
      // What was given up goes too.
      const auto given_up = queues.open(k_hook_b).claim("me", std::chrono::seconds(60));
      REQUIRE(given_up);
      queues.open(k_hook_b).failed(*given_up, "refused", std::nullopt);
      CHECK(drop_other_webhooks(database, {k_hook_a, k_hook_c}) == 1);
      CHECK(queues.waiting(k_hook_a) == 2);
      CHECK(queues.waiting(k_hook_c) == 2);
      CHECK(database.value<std::int64_t>("SELECT COUNT(*) FROM outbox") == 5);
      CHECK(cursors() == 4);
      // Configured again, it is told from then on.
      queues.collect(k_hook_b);
      CHECK(queues.waiting(k_hook_b) == 0);
      queues.happens();
      queues.collect(k_hook_b);
      CHECK(queues.waiting(k_hook_b) == 1);
    }
    SUBCASE("some") {
      CHECK(drop_other_webhooks(database, {k_hook_c, "https://new.example.org/"}) == 4);
      CHECK(queues.waiting(k_hook_c) == 2);
      CHECK(cursors() == 3);
    }
    SUBCASE("all") {
      CHECK(drop_other_webhooks(database, {}) == 6);
      CHECK(cursors() == 2);
      CHECK(database.value<std::int64_t>("SELECT COUNT(*) FROM outbox") == 1);
    }
  });
}

TEST_CASE(
    "WebhookStore::claim: a delivery is told apart from one of the same id and another date") {
  on_each_engine([](TestStore& store) {
    HookQueues queues(store);
    auto& database = store.database();
    queues.collect(k_hook_a);
    const auto before = std::to_string(registry::newest_event(database));
    queues.happens();
    // As after a restore: the events after the backup are forgotten, and their ids given again.
    const auto deliver = [&] {
      queues.collect(k_hook_a);
      const auto delivery = queues.open(k_hook_a).claim("me", std::chrono::seconds(60));
      REQUIRE(delivery);
      queues.open(k_hook_a).sent(*delivery);
      database.exec("UPDATE cursors SET value = ? WHERE value = ?", before,
                    std::to_string(registry::newest_event(database)));
      return delivery->id;
    };
    const auto first = deliver();
    CHECK(deliver() == first);
    database.exec("UPDATE registry_events SET date = date + 1");
    CHECK(deliver() != first);
  });
}

}  // namespace
}  // namespace patchmill::api::patchwork
