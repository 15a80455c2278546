#pragma once
// A service that posts to a Patchwork of a test, process by process.

#include "patchwork/patch_map.hpp"
#include "patchwork/state_store.hpp"
#include "reports/fixture.hpp"
#include "service/check_poster.hpp"
#include "store/event_log.hpp"
#include "support/fake_patchwork.hpp"
#include "util/file.hpp"
#include "util/log.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::service::poster_test {

using namespace std::chrono_literals;
using findings::Verdict;
using patchmill::test::FakePatchwork;
using reports::test::add_series;
using reports::test::add_verdict;
using reports::test::TestStore;

// A series of two patches that both sides know, judged.
struct PosterDesk {
  explicit PosterDesk(TestStore& test_store) : store(test_store) {
    log::set_level(log::Level::error);
    config.store_url = store.url();
    config.data = store.folder();
    spec.url = server.url();
    spec.projects = {"local"};
    spec.checks = true;
    spec.token.file = (store.folder() / "token").string();
    spec.timeout = 5s;
    set_token(server.token);
    pass();  // begins at the end of the event log
    number = add_series(store, {});
    for (int i = 1; i <= 2; ++i) {
      const auto msgid = fmt::format("v1-{}@example.org", i);
      const patchwork::KnownPatch known{
          server.url(),
          server.receive(1, i, 2, fmt::format("Message-ID: <{}>\nSubject: s\n\nText.\n", msgid)),
          "local",
          msgid,
          1,
          "new"};
      patchwork::remember_patches(store.database(), std::span(&known, 1));
    }
    add_verdict(store, number, Verdict::fail, "broken",
                {{"build", pipeline::NodeKind::kbuild, Verdict::fail, "broken"}});
  }
  ~PosterDesk() { log::set_level(log::Level::info); }

  void set_token(const std::string& token) {
    REQUIRE(write_file_atomic(spec.token.file, token + "\n"));
  }
  // As a process that has just started: nothing is remembered but what the store has.
  void pass(const std::function<void(std::string_view)>& on_step = {}, bool tries_again = false) {
    http::ClientConfig client;
    patchwork::InstanceConfig instance_config;
    instance_config.url = spec.url;
    instance_config.token = [secret = spec.token] { return intake::read_secret(secret); };
    instance_config.client.first_backoff = 5ms;
    instance_config.client.host.requests_per_second = 0;
    instance_config.client.host.failures_to_open = 0;
    instance_config.timeout = 5s;
    patchwork::Instance instance(instance_config);
    CheckPoster poster(config, "pw", spec, instance, reports::Links::at("https://ci.example.org"),
                       store.clock(), state);
    poster.on_step = on_step;
    if (tries_again) {
      poster.try_again();
    }
    while (poster.pass({})) {
    }
  }
  void try_again() { pass({}, true); }
  // "CONTEXT STATE" of a patch, as posted.
  std::vector<std::string> posted(std::int64_t patch) {
    std::vector<std::string> all;
    server.change([&](FakePatchwork& s) {
      for (const auto& check : s.checks(patch)) {
        const auto& object = check.as_object();
        all.push_back(fmt::format("{} {}", std::string_view(object.at("context").as_string()),
                                  std::string_view(object.at("state").as_string())));
      }
    });
    return all;
  }
  std::string state_of(std::int64_t patch) {
    std::string found;
    server.change([&](FakePatchwork& s) {
      found = boost::json::value_to<std::string>(s.patch(patch).at("state"));
    });
    return found;
  }
  // Something happens to the series.
  void look_again() {
    store::append_event(store.database(), store.clock().now(), "series-touched", number,
                        std::nullopt, "{}");
    pass();
  }
  using Lines = std::vector<std::string>;

  TestStore& store;
  FakePatchwork server;
  app::Config config;
  intake::PatchworkSpec spec;
  CheckPosterState state;
  std::int64_t number = 0;
};

inline void add_second_revision(TestStore& store) {
  reports::test::SeriesSpec second;
  second.id = "v2";
  second.version = 2;
  add_series(store, second);
}

inline const PosterDesk::Lines k_both = {"patchmill-build fail", "patchmill-series fail"};

// Patches that become known while rules stand.
struct Delegating {
  explicit Delegating(TestStore& store) : desk(store) {
    desk.spec.checks = false;
    desk.spec.delegates = {{"nobody", {"g"}, {}, {}, {}}, {"ann", {"f"}, {}, {"net-*"}, {}}};
    desk.server.change([](FakePatchwork& s) {
      s.list("users") = {{{"id", 8}, {"username", "annabel"}}, {{"id", 9}, {"username", "ann"}}};
    });
    desk.server.take_requests();
  }
  std::string delegate_of(std::int64_t patch) {
    std::string found;
    desk.server.change([&](FakePatchwork& s) {
      const auto& delegate = s.patch(patch).at("delegate");
      found = delegate.is_null()
                  ? "nobody"
                  : boost::json::value_to<std::string>(delegate.as_object().at("username"));
    });
    return found;
  }
  PosterDesk desk;
};

}  // namespace patchmill::service::poster_test
