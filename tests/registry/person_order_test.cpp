#include "registry/person_order.hpp"

#include "registry/adopt.hpp"
#include "registry/follow_support.hpp"
#include "registry/support.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::registry;
using namespace patchmill::registry::test;

TEST_CASE("registry::PersonOrder: by name, byte by byte, the same name in the same place") {
  on_each_engine([](TestStore& store) {
    auto& database = store.database();
    Rows rows(database);
    PersonOrder order;
    CHECK(*order.places(database) == PersonOrder::Places{0});
    rows.person("1@x", "Mo");
    rows.person("2@x", "ann");
    rows.person("3@x", "Mo");
    rows.person("4@x", "");
    CHECK(*order.places(database) == PersonOrder::Places{0, 2, 3, 2, 1});
    // New ones find their places among the others.
    const auto before = order.places(database);
    rows.person("5@x", "Nat");
    rows.person("6@x", "\xc3\x84nne");
    CHECK(*order.places(database) == PersonOrder::Places{0, 2, 4, 2, 1, 3, 5});
    CHECK(before->size() == 5);
    CHECK(order.places(database) == order.places(database));
    CHECK(order.bytes() > 0);
  });
}

TEST_CASE("registry::PersonOrder: sees another name, and who is put in between") {
  on_each_engine([](TestStore& store) {
    Follower follower(store);
    PersonOrder order;
    const auto post = [&](const std::string& msgid, const std::string& from) {
      follower.feed_and_follow({{.msgid = msgid, .subject = "[PATCH] x", .from = from}});
    };
    post("1@x", "Ann <ann@example.org>");
    post("2@x", "Ben <ben@example.org>");
    CHECK(*order.places(follower.database()) == PersonOrder::Places{0, 1, 2});
    post("3@x", "Zoe Ann <ann@example.org>");
    CHECK(*order.places(follower.database()) == PersonOrder::Places{0, 2, 1});
    store::Transaction transaction(follower.database());
    AdoptedCounts counts;
    Adopter adopter(follower.database(), counts);
    Person person;
    for (const Id id : {9, 5}) {
      person.id = id;
      person.name = id == 9 ? "Carl" : "Aaron";
      person.email = person.name + "@example.org";
      CHECK(adopter.person(person) == id);
      (void)order.places(follower.database());
    }
    transaction.commit();
    CHECK(*order.places(follower.database()) == PersonOrder::Places{0, 4, 2, 0, 0, 1, 0, 0, 0, 3});
  });
}
