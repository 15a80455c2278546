#include "tracker/dependencies.hpp"

#include "tracker/tracker_support.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::tracker;
using namespace patchmill::tracker::test;

namespace {

MailSpec needing(const std::string& msgid, const std::string& line, int seconds = 0) {
  MailSpec mail{msgid, "[PATCH] needs " + msgid, "", "", seconds};
  mail.text = "Text.\n\n" + line + "\n";
  return mail;
}

std::optional<std::int64_t> first_dependency(Harness& harness, std::string_view msgid) {
  const Series series = harness.of(msgid);
  REQUIRE(series.dependencies.size() == 1);
  return series.dependencies[0].series;
}

}  // namespace

TEST_CASE("tracker::msgid_in_url: archives and Patchworks name Message-IDs") {
  CHECK(msgid_in_url("https://lore.example.org/linux/20260101.1-1-a@x.org/") ==
        "20260101.1-1-a@x.org");
  CHECK(msgid_in_url("https://lore.example.org/r/a%2Bb@x.org/T/#u") == "a+b@x.org");
  CHECK(msgid_in_url("http://pw.example.org/project/foo/patch/a-1@x/") == "a-1@x");
  CHECK(msgid_in_url("http://pw.example.org/project/foo/patch/%3Ca-1@x%3E/mbox/") == "a-1@x");
  CHECK(msgid_in_url("http://pw.example.org/project/foo/list/?series=12&x=a@b").empty());
  CHECK(msgid_in_url("https://user@pw.example.org/project/foo/").empty());
  CHECK(msgid_in_url("no url").empty());
  CHECK(msgid_in_url("").empty());
}

TEST_CASE("tracker::Tracker::ingest: dependencies resolve when either side arrives") {
  patchmill::test::on_each_engine([](patchmill::test::TestStore& store) {
    Harness harness(store);
    const MailSpec base{"base@x", "[PATCH] base"};
    const MailSpec after = needing("after@x", "Depends-on: <base@x>", 60);
    const MailSpec before =
        needing("before@x", "Depends-on: https://pw.example.org/project/p/patch/base@x/");
    harness.feed({before});
    CHECK_FALSE(first_dependency(harness, "before@x"));
    CHECK_FALSE(harness.of("before@x").dependencies[0].reason.empty());
    const IngestOutcome outcome = harness.feed({base});
    CHECK(outcome.changed_series.size() == 2);  // the dependent one, too: it wakes
    harness.feed({after});
    const std::int64_t number = harness.of("base@x").number;
    CHECK(first_dependency(harness, "before@x") == number);
    CHECK(first_dependency(harness, "after@x") == number);
    CHECK(harness.queries().newest_dependents(number, 10) ==
          std::vector<std::int64_t>{harness.of("after@x").number, harness.of("before@x").number});
    CHECK(harness.queries().newest_dependents(number, 1) ==
          std::vector<std::int64_t>{harness.of("after@x").number});
  });
}

TEST_CASE("tracker::Tracker::ingest: change-ids, with and without version") {
  patchmill::test::TestStore store(store::Engine::sqlite);
  Harness harness(store);
  auto version = [](const std::string& msgid, const std::string& prefix, int seconds) {
    MailSpec mail{msgid, "[PATCH" + prefix + "] thing", "", "", seconds};
    mail.text = "Text.\n---\nchange-id: 20260101-thing-abcdef\n";
    return mail;
  };
  MailSpec exact = needing("exact@x", "x"), any = needing("any@x", "x");
  exact.text = "Text.\n---\nprerequisite-change-id: 20260101-thing-abcdef:v1\n";
  any.text = "Text.\n---\nprerequisite-change-id: 20260101-thing-abcdef\n";
  harness.feed({exact, any, version("t1@x", "", 10)});
  harness.feed({version("t2@x", " v2", day)});
  CHECK(first_dependency(harness, "exact@x") == harness.of("t1@x").number);
  CHECK(first_dependency(harness, "any@x") == harness.of("t2@x").number);
}

TEST_CASE("tracker::dependency_links: of what builds on a series only the newest") {
  patchmill::test::on_each_engine([](patchmill::test::TestStore& store) {
    constexpr std::int64_t base = 1'000'000;
    const auto most = static_cast<std::int64_t>(k_most_dependents);
    store::Transaction transaction(store.database());
    for (std::int64_t series = 1; series <= most + 5; ++series) {
      store.database().exec(
          "INSERT INTO series_dependencies (series, position, kind, target, lookup, resolved,"
          " reason) VALUES (?, 0, 0, 'x', 'm:x', ?, '')",
          series, base);
    }
    transaction.commit();
    const auto links = dependency_links(store.database(), std::vector{base});
    REQUIRE(links.size() == k_most_dependents);
    CHECK(links.front() == std::pair(most + 5, base));
    CHECK(links.back() == std::pair(std::int64_t{6}, base));
  });
}

TEST_CASE("tracker::set_patch_id: resolves prerequisite-patch-id") {
  patchmill::test::on_each_engine([](patchmill::test::TestStore& store) {
    Harness harness(store);
    const std::string id(40, 'a');
    MailSpec needs = needing("needs@x", "x");
    needs.text = "Text.\n---\nbase-commit: " + std::string(40, 'b') +
                 "\nprerequisite-patch-id: " + id + "\n";
    harness.feed({MailSpec{"base@x", "[PATCH] base"}, needs});
    CHECK(harness.of("needs@x").base_commit == std::string(40, 'b'));
    CHECK_FALSE(first_dependency(harness, "needs@x"));
    const auto waiting = harness.queries().patches_without_id(10);
    REQUIRE(waiting.size() == 2);
    const auto resolved =
        set_patch_id(store.database(), harness.of("base@x").patches[0].message, id);
    CHECK(resolved == std::vector<std::int64_t>{harness.of("needs@x").number});
    CHECK(first_dependency(harness, "needs@x") == harness.of("base@x").number);
    CHECK(harness.queries().patches_without_id(10).empty());
  });
}

TEST_CASE("tracker::set_patch_id: the same patch posted twice in one second, in any order") {
  patchmill::test::on_each_engine([](patchmill::test::TestStore& store) {
    Harness harness(store);
    const std::string id(40, 'a');
    MailSpec needs = needing("needs@x", "x");
    needs.text = "Text.\n---\nprerequisite-patch-id: " + id + "\n";
    const MailSpec one{"one@x", "[PATCH] one"}, two{"two@x", "[PATCH] two"};
    SUBCASE("one comes first") {
      harness.feed({one, needs});
      harness.feed({two});
    }
    SUBCASE("two comes first") {
      harness.feed({two, needs});
      harness.feed({one});
    }
    for (const auto* msgid : {"one@x", "two@x"}) {
      set_patch_id(store.database(), harness.of(msgid).patches[0].message, id);
    }
    CHECK(first_dependency(harness, "needs@x") == harness.of("two@x").number);
  });
}

TEST_CASE("tracker::Tracker::ingest: cycles, itself, and numbers of other trackers stay harmless") {
  patchmill::test::TestStore store(store::Engine::sqlite);
  Harness harness(store);
  harness.feed({needing("a@x", "Depends-on: <b@x>"), needing("b@x", "Depends-on: <a@x>"),
                needing("c@x", "Depends-on: <c@x>"), needing("d@x", "Depends-on: series-12345")});
  CHECK(first_dependency(harness, "a@x") == harness.of("b@x").number);
  CHECK(first_dependency(harness, "b@x") == harness.of("a@x").number);
  CHECK_FALSE(first_dependency(harness, "c@x"));
  CHECK(harness.of("c@x").dependencies[0].reason == "it names the series itself");
  CHECK_FALSE(first_dependency(harness, "d@x"));
  CHECK_FALSE(harness.of("d@x").dependencies[0].reason.empty());
}
