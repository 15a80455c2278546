#include "service/registry_loop.hpp"

#include "reports/fixture.hpp"
#include "util/log.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <thread>

namespace patchmill::service {
namespace {

using namespace std::chrono_literals;
using reports::test::TestStore;

bool comes_soon(const std::function<bool()>& condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) {
      return true;
    }
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

TEST_CASE("RegistryLoop: follows; a section that is refused is told until there is another one") {
  log::set_level(log::Level::error);
  TestStore store(store::Engine::sqlite);
  app::Config config;
  config.store_url = store.url();
  config.data = store.folder();
  registry::ProjectSetup project;
  project.project.link_name = "demo";
  project.project.list_id = "l.example.org";
  config.patchwork.projects = {project};
  const SystemClock clock;
  RegistryLoop loop(config, "", clock);
  reports::test::add_series(store, {});
  loop.wake();
  CHECK(comes_soon([&] { return loop.state().events > 0; }));
  CHECK(loop.state().error.empty());

  app::Config wrong = config;
  wrong.patchwork.states = {{"Accepted", "accepted", 77, {}}};
  loop.set_config(wrong);
  const auto refused = [&] {
    const auto state = loop.state();
    return state.since && state.error ==
                              "the section 'patchwork' of the configuration: the state 'accepted' "
                              "has the id 3 already, and not 77";
  };
  CHECK(comes_soon(refused));
  const auto before = loop.state().events;
  reports::test::SeriesSpec other;
  other.id = "other";
  other.title = "other";
  other.change_id = "other-1";
  reports::test::add_series(store, other);
  loop.wake();
  CHECK(comes_soon([&] { return loop.state().events > before; }));
  CHECK(refused());

  loop.set_config(config);
  CHECK(comes_soon([&] { return loop.state().error.empty(); }));
  CHECK_FALSE(loop.state().since);
}

}  // namespace
}  // namespace patchmill::service
