#include "registry/adopt.hpp"

#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::registry;

TEST_CASE("registry::Adopter::user: names that differ in case alone are two people") {
  test::on_each_engine([](test::TestStore& store) {
    AdoptedCounts counts;
    const auto adopted = [&](Id id, const std::string& name) {
      User user;
      user.id = id;
      user.username = name;
      store::Transaction transaction(store.database());
      const Id here = Adopter(store.database(), counts).user(user);
      transaction.commit();
      return here;
    };
    for (int run = 0; run < 2; ++run) {
      CHECK(adopted(9, "ben") == 9);
      CHECK(adopted(12, "Ben") == 12);
      CHECK(adopted(13, "BEN") == 13);
    }
    CHECK(store.database().value<std::string>(
              "SELECT username FROM registry_users WHERE id = 12") == "Ben-12");
    CHECK(store.database().value<std::int64_t>("SELECT COUNT(*) FROM registry_users") == 3);
  });
}
