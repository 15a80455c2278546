// Whatever the order of arrival, and however following is cut, the registry holds what the tracker
// decided, and has told it.

#include "registry/follow_support.hpp"
#include "tracker/random_threads.hpp"

#include <doctest/doctest.h>

#include <random>
#include <set>

using namespace patchmill;
using namespace patchmill::registry;
using namespace patchmill::registry::test;
using patchmill::test::TestStore;

namespace {

std::set<std::string> by_tracker(Follower& follower) {
  std::set<std::string> result;
  for (const tracker::Series& series : follower.mails.all()) {
    std::string line =
        fmt::format("{} v{} /{} {}", series.number, series.version, series.total, series.name);
    for (const tracker::PatchRef& patch : series.patches) {
      if (!patch.carried_over) {
        line += fmt::format(" {}={} {}", patch.number, patch.msgid, patch.name);
      }
    }
    result.insert(line);
  }
  return result;
}

// Also checks what was told.
std::set<std::string> by_registry(Follower& follower) {
  const Lines events = follower.events();
  const auto times = [&](const std::string& event) {
    return std::count(events.begin(), events.end(), event);
  };
  std::set<std::string> result;
  follower.database().each(
      "SELECT id, number, version, total, name, gone FROM registry_series",
      [&](const store::Row& row) {
        const Id series = row.integer(0);
        CHECK(times(fmt::format("series-created s{}", series)) == 1);
        std::string line = fmt::format("{} v{} /{} {}", row.integer(1), row.integer(2),
                                       row.integer(3), row.is_null(4) ? "" : row.text(4));
        std::int64_t received = 0;
        std::int64_t unbroken = 0;
        follower.database().each(
            "SELECT number, msgid, name, id FROM registry_patches WHERE series = ? ORDER BY number",
            [&](const store::Row& patch) {
              line += fmt::format(" {}={} {}", patch.integer(0), patch.text(1), patch.text(2));
              ++received;
              unbroken += patch.integer(0) == unbroken + 1 ? 1 : 0;
              CHECK(times(fmt::format("patch-created p{}", patch.integer(3))) == 1);
              if (patch.integer(0) == unbroken) {
                CHECK(times(fmt::format("patch-completed p{} s{}", patch.integer(3), series)) >= 1);
              }
            },
            series);
        if (row.get<bool>(5)) {
          CHECK(received == 0);
        } else {
          result.insert(line);
          if (received >= row.integer(3)) {
            CHECK(times(fmt::format("series-completed s{}", series)) >= 1);
          }
        }
      });
  return result;
}

Lines everything(Follower& follower) {
  Lines all = follower.events();
  for (const Lines& more : {follower.series(), follower.patches(), follower.comments()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

std::string text(const std::set<std::string>& lines) {
  return fmt::format("{}", fmt::join(lines, "\n"));
}

}  // namespace

TEST_CASE("registry::follow: any order of arrival, followed at any time") {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    TestStore store(store::Engine::sqlite);
    Follower follower(store);
    std::mt19937 random(seed);
    const auto pick = [&](int low, int high) {
      return std::uniform_int_distribution<int>(low, high)(random);
    };
    std::vector<MailSpec> mails = tracker::test::ThreadMaker(seed).make();
    std::shuffle(mails.begin(), mails.end(), random);
    for (std::size_t at = 0; at < mails.size();) {
      const auto size = std::min(static_cast<std::size_t>(pick(1, 5)), mails.size() - at);
      const auto begin = mails.begin() + static_cast<std::ptrdiff_t>(at);
      follower.mails.feed(std::vector<MailSpec>(begin, begin + static_cast<std::ptrdiff_t>(size)));
      at += size;
      follower.follow(static_cast<std::size_t>(pick(0, 12)));
    }
    follower.follow();
    CHECK(text(by_registry(follower)) == text(by_tracker(follower)));
    const Lines before = everything(follower);
    CHECK(follower.follow() == 0);
    // Looking at every mail again changes nothing.
    follower.set_up({{}, {project("another", "another.example.com")}, {}, {}});
    CHECK(follower.follow() >= mails.size());
    CHECK(everything(follower) == before);
  }
}

TEST_CASE("registry::follow: event by event or all at once, the same in all its order") {
  for (unsigned seed = 100; seed <= 120; ++seed) {
    CAPTURE(seed);
    const std::vector<MailSpec> mails = tracker::test::ThreadMaker(seed).make();
    TestStore one_store(store::Engine::sqlite), all_store(store::Engine::sqlite);
    Follower one(one_store), all(all_store);
    one.mails.feed(mails);
    all.mails.feed(mails);
    while (one.follow(1) != 0) {
    }
    all.follow();
    CHECK(fmt::format("{}", fmt::join(everything(one), "\n")) ==
          fmt::format("{}", fmt::join(everything(all), "\n")));
  }
}
