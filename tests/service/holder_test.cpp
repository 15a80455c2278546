#include "service/holder.hpp"

#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

#include <filesystem>

namespace patchmill::service {
namespace {

TEST_CASE("gone_holders: who had this machine; everybody where the store is in the data folder") {
  test::on_each_engine([](test::TestStore& store) {
    app::Config config;
    config.store_url = store.url();
    config.data = store.folder();
    const auto is_gone = gone_holders(config, store.database());
    CHECK(is_gone(holder_name()));
    CHECK(is_gone(holder_name() + "/worker-1"));
    CHECK(is_gone("C1:1/worker-1") == (store.engine() == store::Engine::sqlite));
    CHECK_FALSE(is_gone(""));  // nobody

    config.data = store.folder() / "data";
    for (const bool there : {false, true}) {
      if (there) {
        std::filesystem::create_directories(config.data);
      }
      const auto is_gone_elsewhere = gone_holders(config, store.database());
      CHECK(is_gone_elsewhere(holder_name()));
      CHECK_FALSE(is_gone_elsewhere("C1:1/worker-1"));
    }
  });
}

}  // namespace
}  // namespace patchmill::service
