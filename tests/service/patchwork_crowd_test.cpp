// A thousand series at once at another Patchwork, taken and answered with checks, on a bad day.

#include "intake/importer.hpp"
#include "intake/patchwork_feed.hpp"
#include "pipeline/work_store.hpp"
#include "reports/fixture.hpp"
#include "service/check_poster.hpp"
#include "store/event_log.hpp"
#include "support/fake_patchwork.hpp"
#include "tracker/queries.hpp"
#include "util/file.hpp"
#include "util/log.hpp"

#include <doctest/doctest.h>

#include <array>
#include <map>

namespace patchmill::service {
namespace {

using namespace std::chrono_literals;
using findings::Verdict;
using patchmill::test::FakePatchwork;
using reports::test::TestStore;
struct Killed {};

constexpr int k_series = 1000;
int patches_of(int series) {
  return series % 10 == 0 ? 3 : 1;
}
std::string msgid(int series, int number) {
  return fmt::format("crowd-{}-{}@example.org", series, number);
}
std::string mail(int series, int number) {
  return fmt::format(
      "From: Dev {0} <dev{0}@example.org>\nSubject: [PATCH {1}/{2}] crowd {0}: step {1}\n"
      "Date: Mon, 05 Jan 2026 10:{3:02}:{4:02} +0000\nMessage-ID: <{5}>\n{6}\nText.\n---\n"
      "diff --git a/f{0} b/f{0}\n--- a/f{0}\n+++ b/f{0}\n@@ -{1} +{1} @@\n-old\n+new\n",
      series, number, patches_of(series), series / 60 % 60, series % 60, msgid(series, number),
      number > 1 ? fmt::format("In-Reply-To: <{}>\n", msgid(series, 1)) : "");
}

http::ClientConfig quick_client() {
  http::ClientConfig client;
  client.first_backoff = 1ms;
  client.host.requests_per_second = 0;
  client.host.failures_to_open = 0;
  return client;
}

struct Crowd {
  explicit Crowd(TestStore& test_store) : store(test_store) {
    log::set_level(log::Level::error);
    config.store_url = store.url();
    config.data = store.folder();
    spec.url = server.url();
    spec.projects = {"local"};
    spec.checks = true;
    spec.token.file = (store.folder() / "token").string();
    REQUIRE(write_file_atomic(spec.token.file, server.token + "\n"));
    pass();  // begins at the end of the event log
  }
  ~Crowd() { log::set_level(log::Level::info); }

  std::shared_ptr<patchwork::Instance> instance() const {
    patchwork::InstanceConfig instance_config;
    instance_config.url = spec.url;
    instance_config.token = [secret = spec.token] { return intake::read_secret(secret); };
    instance_config.client = quick_client();
    instance_config.timeout = 5s;
    return std::make_shared<patchwork::Instance>(instance_config);
  }
  void post(int from, int to) {
    for (int series = from; series < to; ++series) {
      for (int number = 1; number <= patches_of(series); ++number) {
        ids[series].push_back(
            server.receive(series, number, patches_of(series), mail(series, number)));
      }
    }
  }
  // As a process that has just started, until nothing is new.
  void take() {
    intake::Importer importer(store.database(), store.blobs(), store.clock());
    const auto feed = intake::follow_patchwork(instance(), "local", {0ms, 7});
    intake::StorePositions positions(store.database());
    intake::Waiter waiter;
    for (int i = 0; i < 100; ++i) {
      const auto sources = feed->open(positions, waiter);
      REQUIRE_MESSAGE(sources.has_value(), sources.error().message);
      if (sources->empty()) {
        return;
      }
      REQUIRE(importer.run(*sources).problems.empty());
    }
    FAIL("there is no end to what is new");
  }
  std::int64_t number_of(int series) {
    return tracker::Queries(store.database(), store.blobs())
        .series_of(msgid(series, 1))
        .value_or(0);
  }
  void begin(int series) {
    pipeline::WorkStore(store.database()).note_pending({number_of(series), std::nullopt, 0});
    touch(series);
  }
  void end(int series, int attempt = 1) {
    const auto number = number_of(series);
    pipeline::WorkStore(store.database()).clear_pending(number);
    reports::test::add_verdict(store, number, series % 2 == 0 ? Verdict::fail : Verdict::pass,
                               "looked at", {}, attempt);
  }
  void touch(int series) {
    store::append_event(store.database(), store.clock().now(), "series-touched", number_of(series),
                        std::nullopt, "{}");
  }
  // As a process that has just started; `kill_after` so many steps it is killed. True: it was.
  bool pass(int kill_after = -1) {
    const auto asked = instance();
    CheckPoster poster(config, "pw", spec, *asked, reports::Links(), store.clock(), state);
    poster.on_step = [&](std::string_view) {
      if (kill_after >= 0 && kill_after-- == 0) {
        throw Killed();
      }
    };
    try {
      while (poster.pass({})) {
      }
    } catch (const Killed&) {
      state = {};
      return true;
    }
    return false;
  }
  // Every state posted to this patch, in order.
  std::string posted(std::int64_t patch) {
    std::string all;
    server.change([&](FakePatchwork& s) {
      for (const auto& check : s.checks(patch)) {
        const auto& object = check.as_object();
        REQUIRE(object.at("context").as_string() == "patchmill-series");
        all += (all.empty() ? "" : " ") + std::string(object.at("state").as_string());
      }
    });
    return all;
  }
  // How often each of these is what was posted to a patch.
  std::map<std::string, int> all_posted(bool failing) {
    std::map<std::string, int> counts;
    for (const auto& [series, patches] : ids) {
      for (const auto patch : patches) {
        counts[posted(patch)] += (series % 2 == 0) == failing ? 1 : 0;
      }
    }
    std::erase_if(counts, [](const auto& entry) { return entry.second == 0; });
    return counts;
  }

  TestStore& store;
  FakePatchwork server;
  app::Config config;
  intake::PatchworkSpec spec;
  CheckPosterState state;
  std::map<int, std::vector<std::int64_t>> ids;
};

using Counts = std::map<std::string, int>;
// Half of them fail, among them those of three patches.
constexpr int k_passing = k_series / 2;
constexpr int k_failing = k_series / 2 + k_series / 10 * 2;

TEST_CASE("a thousand series at once: what it costs, and each check once") {
  TestStore store(store::Engine::sqlite);
  Crowd crowd(store);
  crowd.take();
  crowd.post(0, k_series);
  crowd.server.take_requests();
  crowd.take();
  // One for each patch and series, and pages of lists.
  CHECK(crowd.server.take_requests().size() <= k_passing + k_failing + 4 * k_series);
  for (int series = 0; series < k_series; ++series) {
    crowd.begin(series);
  }
  crowd.pass();
  for (int series = 0; series < k_series; ++series) {
    crowd.end(series);
  }
  crowd.pass();
  crowd.pass();
  CHECK(crowd.all_posted(false) == Counts{{"pending success", k_passing}});
  CHECK(crowd.all_posted(true) == Counts{{"pending fail", k_failing}});
  const auto requests = crowd.server.take_requests();
  CHECK(std::ranges::count_if(requests, [](const std::string& one) {
          return one.starts_with("POST");
        }) == 2 * (k_passing + k_failing));
  CHECK(requests.size() <= 2 * (k_passing + k_failing) + 3 * 2);  // what it is, asked at each start
  // Nothing is new: nothing is asked for, whatever is open there.
  crowd.pass();
  CHECK(crowd.server.take_requests().empty());
}

TEST_CASE("a thousand series at once: ten minutes away, killed, and in trouble") {
  TestStore store(store::Engine::sqlite);
  Crowd crowd(store);
  crowd.take();
  crowd.post(0, k_series);
  crowd.take();
  for (int series = 0; series < k_series; ++series) {
    crowd.end(series);
  }
  // Killed with a row of the outbox in its hands, before and after the request.
  CHECK(crowd.pass(200));
  CHECK(crowd.pass(201));
  crowd.server.stop();
  for (int second = 0; second < 600; second += 20) {
    crowd.pass();
    store.clock().advance(20s);
  }
  CHECK(crowd.state.waiting > 0);
  CHECK(!crowd.state.trouble.empty());
  CHECK(crowd.state.refused.empty());
  crowd.server.start_again();
  for (const int status : {502, 504, 500}) {
    for (const bool after : {false, true}) {
      crowd.server.add_fault(
          {.path = "checks/", .times = 3, .status = status, .after = after, .method = "POST"});
    }
  }
  // A proxy's page that says all is well.
  crowd.server.add_fault({.path = "checks/", .times = 2, .status = 200, .method = "POST"});
  int passes = 0;
  // One in three is killed, each a little later.
  for (bool ended = false; !ended && passes < 200; ++passes) {
    const bool killed = passes % 3 == 0 && crowd.pass(20 + passes);
    ended = !killed && (crowd.pass(), crowd.state.waiting == 0);
    store.clock().advance(5min);
  }
  CHECK(passes < 200);
  CHECK(crowd.all_posted(false) == Counts{{"success", k_passing}});
  CHECK(crowd.all_posted(true) == Counts{{"fail", k_failing}});
  CHECK(crowd.state.trouble.empty());
}

TEST_CASE("a thousand series at once: what is tried again, and what a newer revision overtakes") {
  TestStore store(store::Engine::sqlite);
  Crowd crowd(store);
  crowd.take();
  crowd.post(0, 30);
  crowd.take();
  for (int series = 0; series < 30; ++series) {
    crowd.end(series);
  }
  crowd.pass();
  for (int series = 0; series < 30; ++series) {
    crowd.begin(series);
  }
  crowd.pass();
  CHECK(crowd.posted(crowd.ids[1][0]) == "success pending");
  crowd.end(1, 2);
  auto second = mail(3, 1);
  second.replace(second.find(" 10:"), 4, " 11:");
  second.replace(second.find("[PATCH 1/1]"), 11, "[PATCH v2 1/1]");
  second.replace(second.find(msgid(3, 1)), msgid(3, 1).size(), "again@example.org");
  crowd.server.receive(2000, 1, 1, second);
  crowd.take();
  crowd.pass();
  CHECK(crowd.posted(crowd.ids[1][0]) == "success pending success");
  CHECK(crowd.posted(crowd.ids[3][0]) == "success pending warning");
  CHECK(crowd.posted(crowd.ids[5][0]) == "success pending");
  crowd.server.take_requests();
  crowd.touch(1);
  crowd.touch(3);
  crowd.pass();
  CHECK(crowd.server.take_requests().empty());
}

TEST_CASE("CheckPoster: a long queue keeps no news waiting") {
  TestStore store(store::Engine::sqlite);
  Crowd crowd(store);
  crowd.take();
  crowd.post(1, 90);
  crowd.take();
  for (int series = 1; series < 90; ++series) {
    crowd.end(series);
  }
  const auto asked = crowd.instance();
  CheckPoster poster(crowd.config, "pw", crowd.spec, *asked, reports::Links(), store.clock(),
                     crowd.state);
  CHECK(poster.pass({}));
  CHECK(crowd.state.posted > 0);
  CHECK(crowd.state.waiting > 0);  // is known although more is due
  while (poster.pass({})) {
  }
  CHECK(crowd.state.waiting == 0);
}

}  // namespace
}  // namespace patchmill::service
