#include "api/patchwork/answer_cache.hpp"

#include "api/patchwork/registry.hpp"
#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace patchmill;
using namespace patchmill::test;
using patchmill::api::patchwork::AnswerCache;

namespace {

struct Counted {
  AnswerCache cache{10'000};
  int made = 0;
  http::Response ask(const std::string& key, const std::optional<std::string>& stamp,
                     const std::string& body = "[1]", int status = 200) {
    return cache.get(key, stamp, [&] {
      ++made;
      return http::Response::json(body, status);
    });
  }
};

std::string text_of(const http::Response& response) {
  if (const auto* text = std::get_if<std::string>(&response.body)) {
    return *text;
  }
  return std::string(std::get<http::SharedBytes>(response.body).bytes);
}

}  // namespace

TEST_CASE("api::patchwork::AnswerCache: makes an answer once for a key and a stamp") {
  Counted asked;
  const auto first = asked.ask("/a", "1");
  const auto again = asked.ask("/a", "1", "[2]");
  CHECK(asked.made == 1);
  CHECK(text_of(again) == "[1]");
  CHECK(again.headers.get("ETag") == first.headers.get("ETag"));
  CHECK(text_of(asked.ask("/b", "1", "[2]")) == "[2]");
  CHECK(text_of(asked.ask("/a", "2", "[3]")) == "[3]");
  CHECK(text_of(asked.ask("/a", "1", "[4]")) == "[4]");
  CHECK(asked.made == 4);
}

TEST_CASE("api::patchwork::AnswerCache: stamps of several connections belong to one answer") {
  Counted asked;
  asked.ask("/a", "one 1");
  asked.ask("/a", "two 1");
  asked.ask("/a", "one 1");
  asked.ask("/a", "two 1");
  CHECK(asked.made == 2);
  // The answer of now has none of the stamps of before.
  asked.ask("/a", "one 2", "[2]");
  CHECK(text_of(asked.ask("/a", "two 1", "[3]")) == "[3]");
}

TEST_CASE(
    "api::patchwork::AnswerCache: keeps no problems, nothing without a stamp, and not too much") {
  Counted asked;
  for (int i = 0; i < 2; ++i) {
    CHECK(asked.ask("/a", "1", "{}", 404).status == 404);
    asked.ask("/a", std::nullopt);
    asked.ask("/large", "1", std::string(10'001, ' '));
  }
  CHECK(asked.made == 6);
  for (int i = 0; i < 300; ++i) {
    asked.ask("/" + std::to_string(i), "1", "[12345678]");
  }
  asked.made = 0;
  asked.ask("/299", "1");
  CHECK(asked.made == 0);
  asked.ask("/0", "1");
  CHECK(asked.made == 1);
}

TEST_CASE(
    "api::patchwork::AnswerCache: keys and headers take room too, and the oldest goes first") {
  Counted asked;
  const auto made_for = [&](const std::string& key) {
    asked.made = 0;
    asked.ask(key, "1");
    return asked.made;
  };
  const auto key = [](char c) { return std::string(1'000, c); };
  for (const char c : std::string("abcdefgh")) {
    asked.ask(key(c), "1");
  }
  CHECK(made_for(key('h')) == 0);
  CHECK(made_for(key('d')) == 0);
  CHECK(made_for(key('a')) == 1);
  const std::string too_long(1'025, 'x');
  CHECK(made_for(too_long) == 1);
  CHECK(made_for(too_long) == 1);
  CHECK(made_for(key('a')) == 0);
  const auto with_link = [&](const std::string& at) {
    asked.cache.get(at, "1", [&] {
      ++asked.made;
      auto response = http::Response::json("[]");
      response.headers.add("Link", std::string(4'000, 'y'));
      return response;
    });
  };
  with_link("/one");
  with_link("/two");
  with_link("/three");
  CHECK(made_for("/one") == 1);
  CHECK(made_for("/three") == 0);
}

TEST_CASE("api::patchwork::AnswerCache: an answer that is larger than the room throws none out") {
  Counted asked;
  asked.ask("/a", "1");
  asked.ask("/large", "1", std::string(10'001, ' '));
  asked.made = 0;
  asked.ask("/a", "1");
  CHECK(asked.made == 0);
}

TEST_CASE("api::patchwork::Registry: another stamp after every change, whoever made it") {
  on_each_engine([](TestStore& store) {
    store::Pool pool([&] { return store.connect(); }, 1);
    const TempDir folder("patchmill-stamp");
    store::BlobStore blobs(folder.path());
    const SystemClock clock;
    const auto open = api::patchwork::registry_of(pool, blobs, clock);
    const auto stamp = [&] { return open()->stamp(); };
    const auto before = stamp();
    REQUIRE(before);
    CHECK(stamp() == before);
    const auto write = [](store::Database& database, int id) {
      database.exec(
          "INSERT INTO registry_people (id, name, email, email_key) VALUES (?, 'n', ?, ?)", id,
          std::to_string(id), std::to_string(id));
    };
    write(store.database(), 1);
    const auto by_others = stamp();
    CHECK(by_others != before);
    CHECK(stamp() == by_others);
    write(*pool.lease(), 2);
    CHECK(stamp() != by_others);
  });
}
