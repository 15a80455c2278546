#include "service/webhook_poster.hpp"

#include "service/webhook_bench.hpp"
#include "util/hmac.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

namespace patchmill::service::webhook_test {
namespace {

TEST_CASE("WebhookPoster: what is wanted, from now on, in order, as the API has it, signed") {
  registry::test::on_each_engine([](TestStore& store) {
    HookDesk desk(store);
    desk.happens(Category::patch_created);
    desk.pass();  // begins at the end of the events
    CHECK(desk.receiver.take().empty());

    desk.happens(Category::patch_state_changed);
    desk.happens(Category::patch_completed);   // not wanted
    desk.happens(Category::patch_created, 2);  // of another project
    desk.happens(Category::patch_created);
    desk.pass();
    desk.pass();
    const auto seen = desk.receiver.take();
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].event == "patch-state-changed");
    CHECK(seen[1].event == "patch-created");
    CHECK(seen[0].delivery != seen[1].delivery);
    CHECK(seen[0].target == "/hook?key=not-to-be-shown");
    CHECK(seen[0].type == "application/json");
    CHECK(seen[0].signature == "sha256=" + hmac_sha256_hex("a very secret key", seen[0].body));
    const auto event = boost::json::parse(seen[0].body).as_object();
    CHECK(event.at("id") == 2);
    CHECK(event.at("category") == "patch-state-changed");
    CHECK(event.at("project").at("link_name") == "net");
    CHECK(event.at("payload").at("patch").at("msgid") == "<one@example.org>");
    CHECK(event.at("payload").at("patch").at("url") ==
          "https://mill.example.org/api/1.4/patches/1/");
    CHECK(event.at("payload").at("previous_state") == "new");
    CHECK(event.at("payload").at("current_state") == "under-review");
    CHECK(desk.state.sent == 2);
    CHECK(desk.state.waiting == 0);
    // What was told takes no room.
    CHECK(store.database().value<std::int64_t>("SELECT COUNT(*) FROM outbox") == 0);
  });
}

TEST_CASE(
    "WebhookPoster: without a secret nothing is signed; one that cannot be read sends nothing") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.pass();
  desk.happens(Category::patch_created);
  desk.hook.secret = {.file = (store.folder() / "none").string(), .env = {}};
  desk.pass();
  CHECK(desk.receiver.take().empty());
  CHECK(desk.state.trouble.find("none") != std::string::npos);
  desk.hook.secret = {};
  store.clock().advance(1min);
  desk.pass();
  const auto seen = desk.receiver.take();
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].signature.empty());
}

TEST_CASE("WebhookPoster: tried again as the same delivery, and nothing overtakes it") {
  registry::test::on_each_engine([](TestStore& store) {
    HookDesk desk(store);
    desk.pass();
    const auto first = desk.happens(Category::patch_created);
    const auto second = desk.happens(Category::patch_state_changed);
    desk.receiver.answer_next({500, 503, 429});
    desk.pass();
    desk.pass();  // too early
    auto seen = desk.receiver.take();
    REQUIRE(seen.size() == 1);
    const auto failed = seen[0];
    CHECK(desk.state.trouble == "it answers 500");
    CHECK(desk.state.waiting == 2);
    for (int i = 0; i < 2; ++i) {
      store.clock().advance(1min);
      desk.pass();
      seen = desk.receiver.take();
      REQUIRE(seen.size() == 1);
      CHECK(seen[0].delivery == failed.delivery);
      CHECK(seen[0].body == failed.body);
      CHECK(seen[0].signature == failed.signature);
    }
    store.clock().advance(1min);
    desk.pass();
    CHECK(desk.told() == HookDesk::Ids{first, second});
    CHECK(desk.state.trouble.empty());
    CHECK(desk.state.failures == 0);
    CHECK(desk.state.waiting == 0);
  });
}

TEST_CASE("WebhookPoster: nobody listens, and then somebody does") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.pass();
  const auto event = desk.happens(Category::patch_created);
  desk.receiver.stop();
  desk.pass();
  CHECK_FALSE(desk.state.trouble.empty());
  CHECK(desk.state.trouble.find("not-to-be-shown") == std::string::npos);
  desk.receiver.start_again();
  store.clock().advance(1min);
  desk.pass();
  CHECK(desk.told() == HookDesk::Ids{event});
}

TEST_CASE("WebhookPoster: one that takes too long is tried again") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.options.timeout = 100ms;
  desk.pass();
  desk.happens(Category::patch_created);
  desk.receiver.set_slow(400ms);
  desk.pass();
  CHECK_FALSE(desk.state.trouble.empty());
  CHECK(desk.state.sent == 0);
  desk.receiver.set_slow(0ms);
  desk.options.timeout = 5s;
  store.clock().advance(1min);
  desk.pass();
  CHECK(desk.state.sent == 1);
  const auto seen = desk.receiver.take();
  REQUIRE(seen.size() == 2);  // both arrived
  CHECK(seen[0].delivery == seen[1].delivery);
}

TEST_CASE("WebhookPoster: a redirect is not followed") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.pass();
  desk.happens(Category::patch_created);
  desk.receiver.answer_next({307});
  desk.pass();
  const auto seen = desk.receiver.take();
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].target == "/hook?key=not-to-be-shown");
  CHECK(desk.state.trouble.find("redirect") != std::string::npos);
  CHECK(desk.state.waiting == 1);
}

TEST_CASE("WebhookPoster: an address of this machine has to be allowed") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.hook.private_address = false;
  desk.pass();
  desk.happens(Category::patch_created);
  desk.pass();
  CHECK(desk.receiver.take().empty());
  CHECK_FALSE(desk.state.trouble.empty());
  CHECK(desk.state.waiting == 1);
}

TEST_CASE("WebhookPoster: what was read and refused is given up, and the next one told") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.pass();
  const auto first = desk.happens(Category::patch_created);
  const auto second = desk.happens(Category::patch_created);
  desk.receiver.answer_next({422});
  desk.pass();
  CHECK(desk.told() == HookDesk::Ids{first, second});
  CHECK(desk.state.given_up == 1);
  store.clock().advance(24h);
  desk.pass();
  CHECK(desk.told().empty());
}

TEST_CASE("WebhookPoster: a hook that is taken out is not told what waits") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.pass();
  desk.happens(Category::patch_created);
  desk.receiver.answer_next({500});
  desk.pass();
  desk.receiver.take();
  desk.hook.project = "other";
  store.clock().advance(1min);
  const auto event = desk.happens(Category::patch_created, 2);
  desk.pass();
  CHECK(desk.told() == HookDesk::Ids{event});
}

}  // namespace
}  // namespace patchmill::service::webhook_test
