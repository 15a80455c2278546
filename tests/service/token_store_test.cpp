#include "service/token_store.hpp"

#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

using namespace patchmill;
using service::SqlTokenStore;

namespace {

http::CreatedToken make(http::TokenStore& tokens, test::TestStore& store,
                        std::optional<Timestamp> expires = std::nullopt) {
  auto created = http::create_token(tokens, store.clock(),
                                    {"ci of the lab", "ann", {"read", "write:retry"}, expires});
  REQUIRE(created);
  return *created;
}

}  // namespace

TEST_CASE("service::SqlTokenStore: keeps everything but the secret") {
  test::on_each_engine([](test::TestStore& store) {
    SqlTokenStore tokens(store.url());
    const auto expires = store.clock().now() + std::chrono::hours(24);
    const auto created = make(tokens, store, expires);
    SqlTokenStore other(store.url());
    const auto found = other.find_by_hash(http::hash_token(created.secret));
    REQUIRE(found);
    REQUIRE(*found);
    CHECK((*found)->id == created.record.id);
    CHECK((*found)->name == "ci of the lab");
    CHECK((*found)->owner == "ann");
    CHECK((*found)->scopes == std::vector<std::string>{"read", "write:retry"});
    CHECK((*found)->created == store.clock().now());
    CHECK((*found)->expires == expires);
    CHECK_FALSE((*found)->revoked);
    CHECK_FALSE((*found)->last_used);
    CHECK_FALSE(*other.find_by_hash(http::hash_token("pm_wrong")));
    store.database().each("SELECT * FROM tokens", [&](const store::Row& row) {
      for (int i = 0; i < 5; ++i) {
        CHECK(row.text(i).find(created.secret.substr(3)) == std::string_view::npos);
      }
    });

    auto taken = created.record;
    taken.hash = std::string(64, '0');
    REQUIRE_FALSE(tokens.add(taken));
    CHECK(tokens.add(taken).error().kind == ErrorKind::conflict);
    make(tokens, store);
    CHECK(tokens.list()->size() == 2);
  });
}

TEST_CASE("service::SqlTokenStore: a valid token is believed for some seconds") {
  test::on_each_engine([](test::TestStore& store) {
    std::chrono::steady_clock::time_point now{};
    SqlTokenStore tokens(store.url(), [&] { return now; });
    const auto created = make(tokens, store);
    const auto before = tokens.queries();
    for (int i = 0; i < 1000; ++i) {
      CHECK(*tokens.find_by_hash(created.record.hash));
    }
    CHECK(tokens.queries() == before + 1);

    SqlTokenStore elsewhere(store.url());
    REQUIRE(elsewhere.revoke(created.record.id, store.clock().now()));
    CHECK((*tokens.find_by_hash(created.record.hash))->valid_at(store.clock().now()));
    now += SqlTokenStore::k_remember;
    CHECK_FALSE((*tokens.find_by_hash(created.record.hash))->valid_at(store.clock().now()));

    // What nobody was given is asked for each time, and remembered never.
    const auto asked = tokens.queries();
    for (int i = 0; i < 3; ++i) {
      CHECK_FALSE(*tokens.find_by_hash(std::string(64, 'f')));
    }
    CHECK(tokens.queries() == asked + 3);
  });
}

TEST_CASE("service::SqlTokenStore::revoke: at once here; the first time counts") {
  test::on_each_engine([](test::TestStore& store) {
    SqlTokenStore tokens(store.url());
    const auto created = make(tokens, store);
    CHECK(*tokens.find_by_hash(created.record.hash));
    const auto when = store.clock().now();
    REQUIRE(tokens.revoke(created.record.id, when));
    CHECK((*tokens.find_by_hash(created.record.hash))->revoked == when);
    REQUIRE(tokens.revoke(created.record.id, when + std::chrono::hours(1)));
    CHECK((*tokens.find_by_hash(created.record.hash))->revoked == when);
    const auto unknown = tokens.revoke("\033[31m", when);
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().kind == ErrorKind::not_found);
    CHECK(unknown.error().message.find('\033') == std::string::npos);
  });
}

TEST_CASE("service::SqlTokenStore::touch: written at most once a minute") {
  test::on_each_engine([](test::TestStore& store) {
    SqlTokenStore tokens(store.url());
    const auto created = make(tokens, store);
    REQUIRE(*tokens.find_by_hash(created.record.hash));
    const auto start = store.clock().now();
    REQUIRE(tokens.touch(created.record.id, start));
    const auto before = tokens.queries();
    for (int i = 0; i < 50; ++i) {
      REQUIRE(tokens.touch(created.record.id, start + std::chrono::seconds(i)));
    }
    CHECK(tokens.queries() == before);
    CHECK((*tokens.find_by_hash(created.record.hash))->last_used == start);
    // Another process, which remembers nothing, does not write either.
    SqlTokenStore elsewhere(store.url());
    REQUIRE(elsewhere.touch(created.record.id, start + std::chrono::seconds(59)));
    CHECK(elsewhere.list()->at(0).last_used == start);
    const auto later = start + SqlTokenStore::k_touch_every;
    REQUIRE(tokens.touch(created.record.id, later));
    CHECK(tokens.list()->at(0).last_used == later);
  });
}

TEST_CASE("service::SqlTokenStore: a store that is gone is an error, and works again afterwards") {
  test::TestStore store(store::Engine::sqlite);
  SqlTokenStore tokens(store.url());
  const auto created = make(tokens, store);
  store.database().execute_script("ALTER TABLE tokens RENAME TO gone");
  const auto missing = tokens.find_by_hash(created.record.hash);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == ErrorKind::infrastructure);
  store.database().execute_script("ALTER TABLE gone RENAME TO tokens");
  CHECK(*tokens.find_by_hash(created.record.hash));
}

TEST_CASE("service::SqlTokenStore: many threads at once") {
  test::on_each_engine([](test::TestStore& store) {
    SqlTokenStore tokens(store.url());
    const auto created = make(tokens, store);
    std::atomic<int> found = 0;
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
          for (int i = 0; i < 200; ++i) {
            const auto one = tokens.find_by_hash(created.record.hash);
            found += one && *one ? 1 : 0;
            (void)tokens.touch(created.record.id, store.clock().now());
          }
        });
      }
    }
    CHECK(found == 800);
  });
}
