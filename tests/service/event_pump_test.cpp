#include "service/event_pump.hpp"

#include "store/event_log.hpp"
#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <stdexcept>

using namespace patchmill;

TEST_CASE("service::EventPump: what the listener throws is told, and the events come again") {
  test::on_each_engine([](test::TestStore& store) {
    store::append_event(store.database(), store.clock().now(), "seen", {}, {}, "{}");
    std::promise<std::string> came_again;
    std::atomic<int> calls = 0;
    service::EventPump pump([&] { return store.connect(); }, "test/cursor",
                            [&](store::Database&, std::span<const store::Event> events) {
                              if (++calls == 1) {
                                throw std::runtime_error("no room for pages");
                              }
                              came_again.set_value(events.front().kind);
                            });
    CHECK(came_again.get_future().get() == "seen");
  });
}
