#include "service/service.hpp"

#include "app/workspace.hpp"
#include "pipeline/pauses.hpp"
#include "pipeline/requests.hpp"
#include "pipeline/work_store.hpp"
#include "service/health_state.hpp"
#include "store/cursors.hpp"
#include "store/outbox.hpp"
#include "support/fake_freedesktop.hpp"
#include "support/git.hpp"
#include "util/file.hpp"
#include "util/subprocess.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>

using namespace patchmill;
using namespace std::chrono_literals;
using findings::Verdict;
namespace fs = std::filesystem;

namespace {

// What jobs do here: end at once, or when told.
struct Stage {
  std::mutex mutex;
  std::vector<std::string> begun;  // names of jobs, in their order
  std::atomic<bool> hold{false};
  std::atomic<int> cancelled{0};
  std::atomic<int> no_runtime{0};  // so often a runtime cannot be made
};

class StageRuntime final : public runtimes::Runtime {
 public:
  explicit StageRuntime(Stage& stage) : m_stage(stage) {}
  Result<runtimes::RunOutcome> run(const runtimes::RunRequest& request,
                                   const std::function<void(std::string_view)>& on_log) override {
    {
      const std::lock_guard lock(m_stage.mutex);
      m_stage.begun.push_back(request.job->name);
    }
    on_log("begun\n");
    runtimes::RunOutcome outcome;
    while (m_stage.hold) {
      if (request.stop.stop_requested()) {
        ++m_stage.cancelled;
        outcome.cancelled = true;
        return outcome;
      }
      std::this_thread::sleep_for(2ms);
    }
    outcome.verdict = Verdict::pass;
    outcome.summary = "as told";
    outcome.log.append("begun\n");
    return outcome;
  }

 private:
  Stage& m_stage;
};

struct Bench {
  Bench() {
    test::make_checkout(folder.path() / "tree", {{"a.txt", "one\ntwo\nthree\nfour\n"}});
    for (const char* name : {"box", "box/new", "box/cur", "box/tmp"}) {
      fs::create_directories(folder.path() / name);
    }
  }

  app::Config config(const std::string& more = "") const {
    auto parsed = app::parse_config(
        folder.path() / "c.yaml",
        "data: data\nmax-age: none\nworkers: 2\nhttp: {listen: [\"127.0.0.1:0\"]}\n"
        "trees:\n  - {name: t, url: tree, branch: main, lists: [l.example.org]}\n"
        "  - {name: gone, url: no-such-tree}\n"
        "sources:\n  - {name: box, url: box}\n  - {name: broken, url: /proc/version/no}\n" +
            sources +
            "checks: {enable: [signed-off-by]}\n"
            "jobs:\n  - {name: build, kind: kbuild, scope: patch, command: [x]}\n"
            "  - {name: boot, kind: test, command: [x], needs: [build]}\n" +
            more);
    REQUIRE_MESSAGE(parsed.has_value(), parsed.error().message);
    return *std::move(parsed);
  }

  void start(const std::string& more = "") {
    service::ServiceOptions options;
    options.make_runtime = [this] {
      if (stage.no_runtime-- > 0) {
        throw std::runtime_error("no runtime today");
      }
      return std::make_unique<StageRuntime>(stage);
    };
    auto started = service::Service::start(config(more), options);
    REQUIRE_MESSAGE(started.has_value(), started.error().message);
    running = *std::move(started);
  }

  // Of the tree t as it was fetched; empty: not yet.
  std::string tip() const {
    const auto fresh = app::Workspace::open(config());
    REQUIRE(fresh.has_value());
    return (*fresh)->placer().tip("t").value_or("");
  }
  void commit() {
    REQUIRE(write_file_atomic(folder.path() / "tree/b.txt", "more\n"));
    test::git_ok(folder.path() / "tree", {"add", "."});
    test::git_ok(folder.path() / "tree", {"commit", "-q", "-m", "second"});
  }

  static std::string mail(const std::string& id, const std::string& subject, const std::string& to,
                          const std::string& parent = "") {
    std::string raw = "From: A <a@example.org>\nSubject: " + subject + "\nMessage-ID: <" + id +
                      ">\nDate: Sun, 1 Mar 2026 10:00:00 +0000\nList-Id: <l.example.org>\n";
    if (!parent.empty()) {
      raw += "In-Reply-To: <" + parent + ">\n";
    }
    raw +=
        "\nBecause it reads better.\n\nSigned-off-by: A <a@example.org>\n---\n"
        "diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1,4 +1,4 @@\n one\n-two\n+" +
        to + "\n three\n four\n";
    return raw;
  }

  // Delivered as programs do it.
  void deliver(const std::string& id, const std::string& subject, const std::string& to,
               const std::string& parent = "") {
    deliver_raw(id, mail(id, subject, to, parent));
  }
  void deliver_raw(const std::string& id, const std::string& raw) const {
    REQUIRE(write_file_atomic(folder.path() / "box/tmp" / id, raw));
    fs::rename(folder.path() / "box/tmp" / id, folder.path() / "box/new" / id);
  }

  template <class Condition>
  static bool eventually(const Condition& condition) {
    for (int i = 0; i < 3000; ++i) {
      if (condition()) {
        return true;
      }
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }
  app::Workspace& workspace() {
    if (!m_workspace) {
      auto opened = app::Workspace::open(config());
      REQUIRE_MESSAGE(opened.has_value(), opened.error().message);
      m_workspace = *std::move(opened);
    }
    return *m_workspace;
  }
  std::optional<pipeline::NodeStore::SeriesVerdict> verdict(const std::string& id) {
    const auto number = workspace().queries().series_of(id);
    return number ? workspace().nodes().verdict(*number) : std::nullopt;
  }
  std::string verdict_word(const std::string& id) {
    const auto found = verdict(id);
    return found ? std::string(findings::to_string(found->verdict)) : "none";
  }
  std::size_t begun() {
    const std::lock_guard lock(stage.mutex);
    return stage.begun.size();
  }

  TempDir folder;
  std::string sources;  // more of them
  Stage stage;
  std::unique_ptr<app::Workspace> m_workspace;
  std::unique_ptr<service::Service> running;
};

}  // namespace

TEST_CASE(
    "service::Service: a delivered mail gets its verdict, broken parts do not stand in the way") {
  Bench bench;
  bench.start();
  REQUIRE(bench.running->addresses().size() == 1);
  bench.deliver("p1@x", "[PATCH] a: change two", "2");
  CHECK(Bench::eventually([&] { return bench.verdict_word("p1@x") == "pass"; }));
  bench.deliver("c1@x", "[PATCH v2] a: change two", "zwei", "p1@x");
  CHECK(Bench::eventually([&] { return bench.verdict_word("c1@x") == "pass"; }));
  // The first is superseded now; its verdict says so.
  CHECK(Bench::eventually([&] { return bench.verdict_word("p1@x") == "skip"; }));
  CHECK(bench.begun() == 4);
  bench.running->stop();
}

TEST_CASE("service::Service: a series of a freedesktop Patchwork, tested, and tested again") {
  Bench bench;
  test::FakeFreedesktop server;
  const auto password = bench.folder.path() / "password";
  REQUIRE(write_file_atomic(password, server.password + "\n"));
  bench.sources = fmt::format(
      "  - name: fdo\n    list-id: l.example.org\n    interval: 1s\n"
      "    patchwork: {{url: \"{}\", projects: [local], user: {}, password: {{file: {}}}}}\n",
      server.url(), server.user, password.string());
  server.receive(Bench::mail("p1@x", "[PATCH] a: change two", "2"));
  bench.start();
  using Lines = std::vector<std::string>;
  const Lines good = {"patchmill-applies success", "patchmill-boot success",
                      "patchmill-build success", "patchmill-series success",
                      "patchmill-signed-off-by success"};
  CHECK(Bench::eventually([&] { return server.results(1, 1) == good; }));
  CHECK(bench.begun() == 2);
  server.change([](test::FreedesktopModel& model) { model.retest(1); });
  CHECK(Bench::eventually([&] { return server.results(1, 2) == good; }));
  CHECK(bench.begun() == 4);
  CHECK(server.results(1, 1) == good);
  const auto url = server.result(1, 2, "patchmill-series").at("url");
  CHECK((url.is_null() || url.as_string().find("/series/1") != std::string::npos));
  bench.running->stop();
}

TEST_CASE("service::Service: a runtime that cannot be made is tried again, nothing is lost") {
  Bench bench;
  bench.stage.no_runtime = 2;
  bench.start();
  bench.deliver("p1@x", "[PATCH] a: change two", "2");
  CHECK(Bench::eventually([&] { return bench.verdict_word("p1@x") == "pass"; }));
  CHECK(bench.stage.no_runtime < 0);
}

TEST_CASE("service::Service: a newer revision ends the tests of the older at once") {
  Bench bench;
  bench.stage.hold = true;
  bench.start();
  bench.deliver("p1@x", "[PATCH] a: change two", "2");
  REQUIRE(Bench::eventually([&] { return bench.begun() == 1; }));
  // What it prints can be read meanwhile.
  CHECK(Bench::eventually([&] {
    for (const auto& file : fs::directory_iterator(bench.folder.path() / "data/live")) {
      return read_file(file.path()).value_or("") == "begun\n";
    }
    return false;
  }));
  bench.deliver("p2@x", "[PATCH v2] a: change two", "zwei", "p1@x");
  CHECK(Bench::eventually([&] { return bench.stage.cancelled == 1; }));
  CHECK(Bench::eventually([&] { return bench.verdict_word("p1@x") == "skip"; }));
  bench.stage.hold = false;
  CHECK(Bench::eventually([&] { return bench.verdict_word("p2@x") == "pass"; }));
  for (const auto& node :
       bench.workspace().nodes().of_series(*bench.workspace().queries().series_of("p1@x"))) {
    CHECK(node.state == pipeline::NodeState::done);
  }
  CHECK(pipeline::WorkStore(bench.workspace().database()).all().empty());
}

TEST_CASE("service::Service: a newer revision of what a series is on top of tests that again") {
  Bench bench;
  bench.start();
  bench.deliver("base1@x", "[PATCH] a: change two", "2");
  CHECK(Bench::eventually([&] { return bench.verdict_word("base1@x") == "pass"; }));
  std::string top = Bench::mail("top@x", "[PATCH] a: change it more", "22");
  top.replace(top.find("-two"), 4, "-2");
  top.insert(top.find("Signed-off-by"), "Depends-on: <base1@x>\n");
  bench.deliver_raw("top@x", top);
  CHECK(Bench::eventually([&] { return bench.verdict_word("top@x") == "pass"; }));
  bench.deliver("base2@x", "[PATCH v2] a: change two", "zwei", "base1@x");
  // What it changes is not there any more.
  CHECK(Bench::eventually([&] { return bench.verdict_word("top@x") == "fail"; }));
  CHECK(Bench::eventually([&] { return bench.verdict_word("base2@x") == "pass"; }));
}

TEST_CASE("service::Service: retry, cancel and pause by rows in the store") {
  Bench bench;
  bench.start();
  auto& database = bench.workspace().database();
  const SystemClock clock;
  pipeline::Pauses pauses(database, clock);
  REQUIRE(pauses.pause(pipeline::PauseScope::everything(), "carla", "").has_value());
  std::this_thread::sleep_for(400ms);
  bench.deliver("p1@x", "[PATCH] a: change two", "2");
  const auto queued = [&] {
    return !pipeline::WorkStore(bench.workspace().database()).all().empty();
  };
  REQUIRE(Bench::eventually(queued));
  std::this_thread::sleep_for(100ms);
  CHECK(bench.begun() == 0);
  CHECK(pauses.resume(pipeline::PauseScope::everything(), "carla"));
  CHECK(Bench::eventually([&] { return bench.verdict_word("p1@x") == "pass"; }));
  CHECK(bench.begun() == 2);

  const std::int64_t series = *bench.workspace().queries().series_of("p1@x");
  pipeline::Requests requests(database, clock);
  bench.stage.hold = true;
  REQUIRE(requests.add(pipeline::RequestKind::retry_series, series, "carla", "").has_value());
  REQUIRE(Bench::eventually([&] { return bench.begun() == 3; }));
  REQUIRE(requests.add(pipeline::RequestKind::cancel_series, series, "carla", "wrong").has_value());
  CHECK(Bench::eventually([&] { return bench.verdict_word("p1@x") == "skip"; }));
  CHECK(bench.verdict("p1@x")->reason == "cancelled by carla: wrong");
  CHECK(Bench::eventually([&] { return bench.stage.cancelled == 1; }));

  // What is to be tried again later is not.
  auto verdict = *bench.verdict("p1@x");
  verdict.verdict = findings::Verdict::incomplete;
  verdict.retry_at = clock.now() + 1h;
  bench.workspace().nodes().set_verdict(series, verdict);
  REQUIRE(
      requests.add(pipeline::RequestKind::cancel_series, series, "carla", "enough").has_value());
  CHECK(Bench::eventually([&] { return bench.verdict_word("p1@x") == "skip"; }));
  CHECK(bench.verdict("p1@x")->reason == "cancelled by carla: enough");
  CHECK(!bench.verdict("p1@x")->retry_at);
}

TEST_CASE("service::Service: what was under way when it ended is done by the next one") {
  Bench bench;
  bench.stage.hold = true;
  bench.start("superseded: test\n");
  bench.deliver("p1@x", "[PATCH] a: change two", "2");
  bench.deliver("p2@x", "[PATCH] a: another way", "II");
  bench.deliver("p3@x", "[PATCH] a: a third way", "deux");
  REQUIRE(Bench::eventually([&] { return bench.begun() == 2; }));
  REQUIRE(Bench::eventually(
      [&] { return pipeline::WorkStore(bench.workspace().database()).open_runs().size() == 3; }));
  const auto before = std::chrono::steady_clock::now();
  bench.running.reset();
  CHECK(std::chrono::steady_clock::now() - before < 20s);
  CHECK(bench.verdict_word("p1@x") == "none");

  bench.stage.hold = false;
  bench.start("superseded: test\n");
  for (const char* id : {"p1@x", "p2@x", "p3@x"}) {
    CHECK(Bench::eventually([&] { return bench.verdict_word(id) == "pass"; }));
  }
  // Two were begun and are repeated, one was not.
  CHECK(bench.begun() == 2 + 6);
}

TEST_CASE("service::Service: what is begun anew keeps its place in the queue") {
  Bench bench;
  bench.stage.hold = true;
  bench.start("superseded: test\n");
  bench.deliver("p1@x", "[PATCH] a: change two", "2");
  bench.deliver("p2@x", "[PATCH] a: another way", "II");
  bench.deliver("p3@x", "[PATCH] a: a third way", "deux");
  using Places = std::map<std::int64_t, std::pair<Timestamp, int>>;
  int newest = 0;  // attempt
  const auto places = [&] {
    Places result;
    newest = 0;
    for (const auto& node : pipeline::WorkStore(bench.workspace().database()).all()) {
      result[node.series] = {node.queued, node.priority};
      newest = std::max(newest, node.attempt);
    }
    return result;
  };
  REQUIRE(Bench::eventually([&] { return bench.begun() == 2 && places().size() == 3; }));
  const Places before = places();
  for (int restart = 2; restart < 4; ++restart) {
    bench.running.reset();
    bench.start("superseded: test\n");
    REQUIRE(Bench::eventually([&] { return places().size() == 3 && newest == restart; }));
    CHECK(places() == before);
  }
  bench.stage.hold = false;
}

TEST_CASE("service::Service: a data folder has one service; a reload changes what it says") {
  Bench bench;
  bench.start();
  service::ServiceOptions options;
  auto second = service::Service::start(bench.config(), options);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().message.find("another patchmill") != std::string::npos);

  bench.deliver("p1@x", "[PATCH] a: change two", "2");
  CHECK(Bench::eventually([&] { return bench.verdict_word("p1@x") == "pass"; }));
  auto changed = bench.config("  - {name: lint, command: [x]}\n");
  REQUIRE(bench.running->reload(changed).has_value());
  bench.deliver("p2@x", "[PATCH] a: another way", "II");
  CHECK(Bench::eventually([&] { return bench.verdict_word("p2@x") == "pass"; }));
  CHECK(std::ranges::count(bench.stage.begun, "lint") == 1);

  changed.data = bench.folder.path() / "elsewhere";
  CHECK_FALSE(bench.running->reload(changed).has_value());
}

TEST_CASE("service::Service: what waits for webhooks that are taken out is dropped") {
  Bench bench;
  const auto with_hooks = [&](const std::vector<std::string>& paths) {
    std::string hooks;
    for (const auto& path : paths) {
      hooks += fmt::format("{}{{url: \"http://127.0.0.1:1/{}\", private-address: true}}",
                           hooks.empty() ? "" : ", ", path);
    }
    return "patchwork:\n  projects:\n    - {link-name: l, list-id: l.example.org" +
           (hooks.empty() ? "" : ", webhooks: [" + hooks + "]") + "}\n";
  };
  auto& database = bench.workspace().database();
  // Of one that was taken out while nothing ran.
  const SystemClock clock;
  const std::string gone = "webhook " + std::string(32, 'a');
  store::set_cursor(database, gone, "0");
  store::enqueue(database, clock.now(), gone + " 1", gone, "{}");
  const auto queues = [&] { return store::cursor_sources(database, "webhook "); };
  const auto waiting = [&] {
    return database.value<std::int64_t>("SELECT COUNT(*) FROM outbox WHERE kind LIKE 'webhook %'");
  };
  bench.start(with_hooks({"a", "b", "c", "d"}));
  CHECK_FALSE(store::cursor(database, gone).has_value());
  CHECK(waiting() == 0);
  REQUIRE(Bench::eventually([&] { return queues().size() == 4; }));
  const auto fill = [&] {
    for (const auto& kind : queues()) {
      store::enqueue(database, clock.now(), kind + " x", kind,
                     R"({"project": "l", "category": "patch-created", "date": 9000000000000000,)"
                     R"( "body": "{}"})",
                     clock.now() + 24h);
    }
  };
  fill();
  CHECK(waiting() == 4);
  for (const auto& paths :
       std::vector<std::vector<std::string>>{{"a", "b", "d"}, {"b"}, std::vector<std::string>{}}) {
    CAPTURE(paths.size());
    REQUIRE(bench.running->reload(bench.config(with_hooks(paths))).has_value());
    CHECK(queues().size() == paths.size());
    CHECK(waiting() == static_cast<std::int64_t>(paths.size()));
  }
}

TEST_CASE("service::Service: a tree that was fetched once and is away is degraded, not down") {
  Bench bench;
  const auto tree = [&](const std::string& name) {
    for (const auto& part : service::saved_health(bench.workspace().database()).parts) {
      for (const auto& item : part.items) {
        if (part.part == service::Part::trees && item.item == name) {
          return std::optional(item.state);
        }
      }
    }
    return std::optional<service::PartState>();
  };
  bench.start();
  REQUIRE(Bench::eventually([&] { return !bench.tip().empty(); }));
  bench.running.reset();
  fs::rename(bench.folder.path() / "tree", bench.folder.path() / "moved");
  bench.start();
  CHECK(Bench::eventually([&] { return tree("t") == service::PartState::degraded; }));
  CHECK(Bench::eventually([&] { return tree("gone") == service::PartState::down; }));
}

TEST_CASE("service::Service: a reload changes how often trees are fetched") {
  Bench bench;
  bench.start("fetch: 1h\n");
  REQUIRE(Bench::eventually([&] { return !bench.tip().empty(); }));
  const auto before = bench.tip();
  REQUIRE(bench.running->reload(bench.config("fetch: 1s\n")).has_value());
  bench.commit();
  CHECK(Bench::eventually([&] { return bench.tip() != before; }));
}

TEST_CASE("service::Service: an old series is skipped, says why, and is tested when asked for") {
  Bench bench;
  auto config = bench.config();
  config.max_age = std::chrono::hours(24);
  service::ServiceOptions options;
  options.make_runtime = [&] { return std::make_unique<StageRuntime>(bench.stage); };
  auto started = service::Service::start(config, options);
  REQUIRE_MESSAGE(started.has_value(), started.error().message);
  bench.running = *std::move(started);
  bench.deliver("p1@x", "[PATCH] a: change two", "2");
  REQUIRE(Bench::eventually([&] { return bench.verdict_word("p1@x") == "skip"; }));
  const auto series = *bench.workspace().queries().series_of("p1@x");
  CHECK(bench.verdict("p1@x")->reason ==
        fmt::format("it is older than 'max-age' allows; `patchmill retry {}` tests it", series));
  CHECK(bench.begun() == 0);
  const SystemClock clock;
  pipeline::Requests requests(bench.workspace().database(), clock);
  REQUIRE(requests.add(pipeline::RequestKind::retry_series, series, "carla", "").has_value());
  CHECK(Bench::eventually([&] { return bench.verdict_word("p1@x") == "pass"; }));
}

TEST_CASE("service::Service: an old series that was begun is tried again, or waits no more") {
  Bench bench;
  auto config = bench.config();
  config.max_age = std::chrono::hours(24);
  bench.deliver("p1@x", "[PATCH] a: change two", "2");
  bench.deliver("p2@x", "[PATCH] a: change two too", "two!");
  service::ServiceOptions options;
  options.make_runtime = [&] { return std::make_unique<StageRuntime>(bench.stage); };
  auto started = service::Service::start(config, options);
  REQUIRE_MESSAGE(started.has_value(), started.error().message);
  REQUIRE(Bench::eventually([&] {
    return bench.verdict_word("p1@x") == "skip" && bench.verdict_word("p2@x") == "skip";
  }));
  (*started)->stop();
  started = nullptr;
  // As an earlier try of each left it: our trouble, and something that did not arrive.
  const Timestamp now = SystemClock().now();
  auto& nodes = bench.workspace().nodes();
  const auto series = [&](const std::string& id) {
    return *bench.workspace().queries().series_of(id);
  };
  nodes.set_verdict(series("p1@x"), {Verdict::incomplete, "no worker", now - 1min, "k", 1, now});
  nodes.set_verdict(series("p2@x"), {Verdict::incomplete, "waits", now, "k", 1, now});
  nodes.set_verdict(12345, {Verdict::incomplete, "joined since", now - 1min, "k", 1, now});
  bench.stage.hold = true;
  started = service::Service::start(config, options);
  REQUIRE_MESSAGE(started.has_value(), started.error().message);
  REQUIRE(Bench::eventually([&] { return bench.begun() == 1; }));
  // While it is tried it is not due.
  CHECK(nodes.retries_due(SystemClock().now(), 9).empty());
  bench.stage.hold = false;
  CHECK(Bench::eventually([&] { return bench.verdict_word("p1@x") == "pass"; }));
  CHECK(Bench::eventually([&] { return !bench.verdict("p2@x")->retry_at; }));
  CHECK(bench.verdict("p2@x")->reason == "waits");
  CHECK_FALSE(nodes.verdict(12345)->retry_at);
}

TEST_CASE("service::Service: of many that wait, the oldest is looked at, too") {
  Bench bench;
  std::string raw = Bench::mail("w@x", "[PATCH] b: say less", "2");
  raw = raw.substr(0, raw.find("diff --git")) +
        "diff --git a/b.txt b/b.txt\n--- a/b.txt\n+++ b/b.txt\n@@ -1 +1 @@\n-more\n+less\n"
        "prerequisite-patch-id: 1111111111111111111111111111111111111111\n-- \n2.39\n";
  bench.deliver_raw("w@x", raw);
  bench.start("fetch: 1s\n");
  REQUIRE(Bench::eventually([&] { return bench.verdict_word("w@x") == "incomplete"; }));
  const Timestamp now = SystemClock().now();
  for (int i = 0; i < 100; ++i) {
    bench.workspace().nodes().set_verdict(1000 + i,
                                          {Verdict::incomplete, "waits", now, "k", 1, now});
  }
  bench.commit();
  CHECK(Bench::eventually([&] { return bench.verdict_word("w@x") == "pass"; }));
}

TEST_CASE("service::Service: without a tree nothing is judged, and nothing is wrong") {
  Bench bench;
  auto config = bench.config();
  config.trees.clear();
  auto started = service::Service::start(config, {});
  REQUIRE_MESSAGE(started.has_value(), started.error().message);
  bench.running = *std::move(started);
  bench.deliver("p1@x", "[PATCH] a: change two", "2");
  REQUIRE(Bench::eventually([&] { return bench.verdict_word("p1@x") == "skip"; }));
  CHECK(bench.verdict("p1@x")->reason.starts_with("no tree is configured"));
  for (const auto& part : service::saved_health(bench.workspace().database()).parts) {
    CHECK_MESSAGE((part.part != service::Part::scheduler || part.state == service::PartState::ok),
                  part.message);
  }
}

TEST_CASE("service::Service: a series that cannot be judged now leaves the scheduler degraded") {
  Bench bench;
  auto config = bench.config();
  std::erase_if(config.trees, [](const auto& tree) { return tree.name == "t"; });
  auto started = service::Service::start(config, {});
  REQUIRE_MESSAGE(started.has_value(), started.error().message);
  bench.running = *std::move(started);
  bench.deliver("p1@x", "[PATCH] a: change two", "2");
  const auto scheduler = [&] {
    for (const auto& part : service::saved_health(bench.workspace().database()).parts) {
      if (part.part == service::Part::scheduler) {
        return part;
      }
    }
    return service::PartHealth{};
  };
  CHECK(Bench::eventually([&] {
    return scheduler().message.find("tree gone was not fetched yet") != std::string::npos;
  }));
  CHECK(scheduler().state == service::PartState::degraded);
}

TEST_CASE("service::Service: a verdict is mailed, and a reload may begin to mail or end it") {
  const std::string mail =
      "mail:\n  from: ci@example.org\n  maildir: out\n  max-age: 1000000h\n"
      "  rules: [{name: all, to: [author], verdicts: [pass, fail]}]\n";
  Bench bench;
  bench.start();
  const auto mails = [&] {
    std::error_code error;
    std::ptrdiff_t count = 0;
    for (fs::directory_iterator file(bench.folder.path() / "out/new", error), end; file != end;
         file.increment(error)) {
      ++count;
    }
    return count;
  };
  bench.deliver("p1@x", "[PATCH] a: change two", "2");
  REQUIRE(Bench::eventually([&] { return bench.verdict_word("p1@x") == "pass"; }));
  REQUIRE(bench.running->reload(bench.config(mail)).has_value());
  bench.deliver("p2@x", "[PATCH] a: change the second", "zwei");
  CHECK(Bench::eventually([&] { return mails() == 1; }));
  REQUIRE(bench.running->reload(bench.config()).has_value());
  bench.deliver("p3@x", "[PATCH] a: change the middle", "deux");
  REQUIRE(Bench::eventually([&] { return bench.verdict_word("p3@x") == "pass"; }));
  bench.running->stop();
  CHECK(mails() == 1);
}
