#include "patchwork/post_state.hpp"

#include "patchwork/patch_map.hpp"
#include "support/fake_patchwork.hpp"
#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <span>
#include <string>

namespace patchmill::patchwork {
namespace {

using namespace std::chrono_literals;
using test::FakePatchwork;

TEST_CASE("post_state: a change whose answers were lost, and another one after it") {
  test::TestStore store(store::Engine::sqlite);
  FakePatchwork server;
  const std::int64_t patch =
      server.receive(1, 1, 1, "Message-ID: <a@example.org>\nSubject: s\n\nText.\n");
  const KnownPatch known{server.url(), patch, "local", "a@example.org", 1, "new"};
  remember_patches(store.database(), std::span(&known, 1));
  InstanceConfig config;
  config.url = server.url();
  config.token = [&server] { return server.token; };
  config.client.first_backoff = 5ms;
  config.client.host.requests_per_second = 0;
  config.client.host.failures_to_open = 0;
  config.timeout = 5s;
  Instance instance(config);
  StateStore states(store.database(), store.clock());
  const auto post = [&] {
    store.clock().advance(1h);
    const auto due = states.claim(server.url(), "local", "me", 1min);
    REQUIRE(due.has_value());
    const auto [outcome, other] = post_state(instance, states, *due);
    if (outcome.posting != Posting::done) {
      states.failed(*due, outcome.reason, store.clock().now(), false);
    } else if (other.empty()) {
      states.set(*due);
    } else {
      states.leave(*due, other);
    }
    return outcome.posting == Posting::done && other.empty();
  };
  const auto heard = [&](std::string_view state) {
    return heard_of_state(store.database(), server.url(), patch, state);
  };
  bool arrives = false;
  SUBCASE("that did not arrive") {}
  SUBCASE("that arrived") {
    arrives = true;
  }
  server.add_fault({.path = fmt::format("patches/{}/", patch),
                    .times = 1,
                    .status = 502,
                    .after = arrives,
                    .method = "PATCH"});
  CHECK(states.want({server.url(), patch, "local", "under-review", "new"}));
  CHECK_FALSE(post());
  CHECK(states.want({server.url(), patch, "local", "changes-requested", "new"}));
  CHECK(post());
  server.change([&](FakePatchwork& s) {
    CHECK(boost::json::value_to<std::string>(s.patch(patch).at("state")) == "changes-requested");
  });
  if (arrives) {
    CHECK(heard("under-review"));
  }
  CHECK(heard("changes-requested"));
  CHECK(states.want({server.url(), patch, "local", "superseded", "changes-requested"}));
  CHECK(post());
}

}  // namespace
}  // namespace patchmill::patchwork
