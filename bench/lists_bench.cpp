// Lists of the registry with a million patches: a page and its total, by the index in memory and by
// the store alone (asked: 99 of 100 answers within 20 ms). Usage: lists_bench [PATCHES [STORE]]

#include "million_patches.hpp"
#include "registry/change.hpp"
#include "registry/find.hpp"
#include "registry/get.hpp"
#include "registry/list_index.hpp"
#include "store/migrations.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

using namespace patchmill;
using namespace patchmill::registry;
using SteadyClock = std::chrono::steady_clock;

namespace {

constexpr double asked_ms = 20;

double cpu_ms() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

double ms_since(SteadyClock::time_point start) {
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - start).count();
}

struct Question {
  std::string name;
  std::function<std::uint64_t(ListIndex*)> ask;
};

std::vector<Question> questions_of(store::Database& db, std::uint64_t patches) {
  const auto list_patches = [&db](PatchFilter filter, PageAsked page = {1, 100}) {
    return [&db, filter, page](ListIndex* index) {
      return find_patches(db, filter, page, index).total;
    };
  };
  const auto list_series = [&db](SeriesFilter filter, PageAsked page = {1, 100}) {
    return [&db, filter, page](ListIndex* index) {
      return find_series(db, filter, page, index).total;
    };
  };
  const auto list_events = [&db](EventFilter filter, PageAsked page = {1, 100}) {
    return [&db, filter, page](ListIndex* index) {
      return find_events(db, filter, page, index).total;
    };
  };
  const Span recent{.since = {from_micros(1'500'000'000'000'000 +
                                          static_cast<std::int64_t>(patches) * 199'000'000)}};
  return {
      {"patches", list_patches({})},
      {"patches, last page", list_patches({}, {patches / 100, 100})},
      {"patches of a project", list_patches({.project = {"list1"}})},
      {"patches, two states, not archived", list_patches({.project = {"list1"},
                                                          .state = {"new", "under-review"},
                                                          .archived = false,
                                                          .order = {"date", true}})},
      {"patches of a delegate", list_patches({.delegate = {"user7"}, .order = {"date", true}})},
      {"patches of a submitter", list_patches({.submitter = {"person9@example.org"}})},
      {"patches, archived, deep",
       list_patches({.archived = true, .order = {"date", false}}, {patches / 250, 100})},
      {"patches by state", list_patches({.order = {"state", true}}, {patches / 250, 100})},
      {"patches by submitter", list_patches({.order = {"submitter", false}}, {patches / 250, 100})},
      {"patches since", list_patches({.project = {"list2"}, .date = recent})},
      {"patches of a msgid", list_patches({.msgid = {"2026.1.3@example.org"}})},
      {"patches, q= of a subject", list_patches({.q = "[3/5] subsystem7: not use thing 12345"})},
      {"patches, q= of common words", list_patches({.q = "do not use thing 999"})},
      {"patches of a project, q=", list_patches({.project = {"list12"}, .q = "thing 999"})},
      {"patches by name", list_patches({.order = {"name", false}})},
      {"series", list_series({})},
      {"series of a project by date", list_series({.project = {"list1"}, .order = {"date", true}})},
      {"series, q= of a subject", list_series({.q = "rework part 77777"})},
      {"events", list_events({})},
      {"events of a category", list_events({.project = {"list1"}, .category = {"series-created"}})},
      {"events since",
       list_events({.project = {"list1"}, .date = recent, .order = {"date", false}})},
      {"events, deep", list_events({}, {patches / 100, 100})},
  };
}

}  // namespace

int main(int argc, char** argv) try {
  const auto patches =
      static_cast<std::int64_t>(argc > 1 ? parse_uint(argv[1]).value_or(1'000'000) : 1'000'000);
  const TempDir folder("patchmill-lists-bench");
  const std::string url = argc > 2 ? argv[2] : (folder.path() / "store.db").string();
  auto database = store::Database::open(url);
  store::migrate(*database);
  auto start = SteadyClock::now();
  if (database->value<std::int64_t>("SELECT COUNT(*) FROM registry_patches") == 0) {
    bench::fill_patches(*database, patches);
    database->execute_script("ANALYZE");
    fmt::print("filled with {} patches in {:.0f} s\n", patches, ms_since(start) / 1e3);
  }
  ListIndex index;
  start = SteadyClock::now();
  index.load(*database);
  fmt::print("index: read in {:.0f} ms, {:.1f} MB\n", ms_since(start),
             static_cast<double>(index.bytes()) / 1e6);
  double worst = 0;
  for (const auto& [name, ask] : questions_of(*database, static_cast<std::uint64_t>(patches))) {
    start = SteadyClock::now();
    const auto total = ask(nullptr);
    const double by_store = ms_since(start);
    std::vector<double> times;
    const double cpu = cpu_ms();
    for (int i = 0; i < 100 && (i < 5 || times.back() < 200); ++i) {
      start = SteadyClock::now();
      if (ask(&index) != total) {
        fmt::print(stderr, "lists_bench: {}: store and index differ\n", name);
        return 1;
      }
      times.push_back(ms_since(start));
    }
    const double used = (cpu_ms() - cpu) / static_cast<double>(times.size());
    std::sort(times.begin(), times.end());
    const double most = times[times.size() * 99 / 100];
    worst = std::max(worst, most);
    fmt::print(
        "{:36} {:8} rows: {:8.2f} ms CPU, median {:8.2f} ms, 99 of 100 {:8.2f} ms; store {:8.1f} "
        "ms\n",
        name, total, used, times[times.size() / 2], most, by_store);
  }
  const SystemClock clock;
  const auto who = *user(*database, 1);
  std::vector<double> times;
  for (Id id = 1; id <= 100; ++id) {
    PatchChange change;
    change.archived = id % 2 == 0;
    (void)change_patch(*database, clock, who, id, change);
    start = SteadyClock::now();
    (void)find_patches(*database, {.archived = true}, {1, 1}, &index);
    times.push_back(ms_since(start));
  }
  std::sort(times.begin(), times.end());
  fmt::print("after a change: median {:.2f} ms, worst {:.2f} ms\n", times[50], times.back());
  fmt::print("lists ratio {:.1f} (ours {:.2f} ms, asked {:.0f} ms)\n", asked_ms / worst, worst,
             asked_ms);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "lists_bench: {}\n", error.what());
  return 1;
}
