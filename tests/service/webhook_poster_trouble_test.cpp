#include "service/webhook_bench.hpp"
#include "service/webhook_poster.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stop_token>

namespace patchmill::service::webhook_test {
namespace {

TEST_CASE("WebhookPoster: given up after three days") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.pass();
  desk.happens(Category::patch_created);
  desk.receiver.stop();
  for (int hour = 0; hour < 80; ++hour) {
    desk.pass();
    store.clock().advance(61min);
  }
  CHECK(desk.state.given_up == 1);
  CHECK(desk.state.waiting == 0);
  CHECK(store.database().value<std::int64_t>(
            "SELECT COUNT(*) FROM outbox WHERE state = 2 AND error <> ''") == 1);
  desk.receiver.start_again();
  const auto fresh = desk.happens(Category::patch_created);
  desk.pass();
  CHECK(desk.told() == HookDesk::Ids{fresh});
}

TEST_CASE("WebhookPoster: what happened long before anybody looked is told to nobody") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.pass();
  desk.happens(Category::patch_created);
  store.clock().advance(std::chrono::days(30));  // nothing ran
  const auto fresh = desk.happens(Category::patch_created);
  desk.pass();
  CHECK(desk.told() == HookDesk::Ids{fresh});
}

TEST_CASE("WebhookPoster: killed at any step, everything is told, in order") {
  for (const auto* at : {"claimed", "posted"}) {
    CAPTURE(at);
    TestStore store(store::Engine::sqlite);
    HookDesk desk(store);
    desk.pass();
    const auto first = desk.happens(Category::patch_created);
    const auto second = desk.happens(Category::patch_created);
    const auto child = ::fork();
    if (child == 0) {
      try {
        desk.pass([&](std::string_view step) {
          if (step == at) {
            ::kill(::getpid(), SIGKILL);
          }
        });
      } catch (...) {
      }
      ::_exit(1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    const auto before = desk.receiver.take();
    CHECK(before.size() == (at == std::string_view("posted") ? 1 : 0));
    desk.pass();  // nobody waits for the dead one's lease
    const auto after = desk.receiver.take();
    REQUIRE(after.size() == 2);
    CHECK(boost::json::parse(after[0].body).at("id") == first);
    CHECK(boost::json::parse(after[1].body).at("id") == second);
    if (!before.empty()) {
      CHECK(before[0].delivery == after[0].delivery);
    }
    desk.pass();
    CHECK(desk.receiver.take().empty());
  }
}

TEST_CASE("WebhookPoster: what another machine has is its own only where both may have the store") {
  registry::test::on_each_engine([](TestStore& store) {
    HookDesk desk(store);
    desk.pass();
    const auto first = desk.happens(Category::patch_created);
    const auto second = desk.happens(Category::patch_created);
    struct HookKilled {};
    CHECK_THROWS_AS(desk.pass([](std::string_view step) {
      if (step == "claimed") {
        throw HookKilled();
      }
    }),
                    HookKilled);
    store.database().exec("UPDATE outbox SET holder = 'C1:1' WHERE holder IS NOT NULL");
    desk.pass();
    if (store.engine() == store::Engine::postgresql) {
      CHECK(desk.told().empty());  // the second does not overtake the first
      store.clock().advance(2min);
      desk.pass();
    }
    CHECK(desk.told() == HookDesk::Ids{first, second});
  });
}

TEST_CASE("WebhookPoster: a new one knows of the trouble there was, and tries at once") {
  registry::test::on_each_engine([](TestStore& store) {
    HookDesk desk(store);
    desk.pass();
    const auto first = desk.happens(Category::patch_created);
    const auto second = desk.happens(Category::patch_created);
    desk.receiver.answer_next({503, 503, 502});
    desk.pass();
    store.clock().advance(1min);
    desk.pass();
    desk.state = {};
    {
      const WebhookPoster poster(desk.config, {desk.hook}, desk.options, store.clock(), desk.state);
      CHECK(desk.state.trouble == "it answers 503");
      CHECK(desk.state.failures == 2);
      CHECK(desk.state.waiting == 2);
    }
    desk.pass();
    CHECK(desk.state.trouble == "it answers 502");
    CHECK(desk.state.failures == 3);
    desk.pass();  // the same configuration: it waits
    CHECK(desk.told() == HookDesk::Ids{first, first, first});
    desk.state = {};
    desk.pass();
    CHECK(desk.told() == HookDesk::Ids{first, second});
    CHECK(desk.state.trouble.empty());
    CHECK(desk.state.failures == 0);
  });
}

TEST_CASE("WebhookPoster: one that is stopped keeps the trouble there was") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.pass();
  desk.happens(Category::patch_created);
  desk.receiver.answer_next({503});
  desk.pass();
  desk.receiver.set_slow(300ms);
  desk.state = {};
  {
    WebhookPoster poster(desk.config, {desk.hook}, desk.options, store.clock(), desk.state);
    std::stop_source source;
    poster.on_step = [&](std::string_view step) {
      if (step == "claimed") {
        source.request_stop();
      }
    };
    poster.pass(source.get_token());
  }
  desk.receiver.set_slow(0ms);
  CHECK(desk.state.sent == 0);
  desk.state = {};
  const WebhookPoster poster(desk.config, {desk.hook}, desk.options, store.clock(), desk.state);
  CHECK(desk.state.trouble == "it answers 503");
}

TEST_CASE("WebhookPoster: what is too old is given up together, with one line in the log") {
  registry::test::on_each_engine([](TestStore& store) {
    HookDesk desk(store);
    desk.pass();
    for (int i = 0; i < 20; ++i) {
      desk.happens(Category::patch_created);
    }
    desk.receiver.answer_next({500, 500});
    desk.pass();
    store.clock().advance(71h);
    const auto young = desk.happens(Category::patch_created);
    desk.pass();
    desk.receiver.take();
    store.clock().advance(2h);
    const HookLog lines(store.folder() / "log");
    desk.pass();
    CHECK(desk.told() == HookDesk::Ids{young});
    CHECK(desk.state.given_up == 20);
    CHECK(desk.state.waiting == 0);
    CHECK(store.database().value<std::int64_t>(
              "SELECT COUNT(*) FROM outbox WHERE state = 2 AND error = 'it answers 500'") == 20);
    CHECK(lines.count("\n") == 1);
    CHECK(lines.count("20 events of more than 72 hours ago") == 1);
  });
}

TEST_CASE("WebhookPoster: what nobody collected for too long is told of in the log") {
  TestStore store(store::Engine::sqlite);
  HookDesk desk(store);
  desk.pass();
  registry::Id first = 0;
  registry::Id last = 0;
  desk.happens(Category::patch_completed);  // not wanted
  for (int i = 0; i < 700; ++i) {           // of more than one transaction
    last = desk.happens(Category::patch_created);
    first = first == 0 ? last : first;
  }
  desk.happens(Category::patch_created, 2);  // of another project
  store.clock().advance(73h);
  const auto fresh = desk.happens(Category::patch_created);
  const HookLog lines(store.folder() / "log");
  desk.pass();
  desk.pass();
  CHECK(desk.told() == HookDesk::Ids{fresh});
  CHECK(desk.state.given_up == 700);
  CHECK(lines.count("\n") == 1);
  CHECK(lines.count(fmt::format("700 events of more than 72 hours ago, from event {} to {},", first,
                                last)) == 1);
}

}  // namespace
}  // namespace patchmill::service::webhook_test
