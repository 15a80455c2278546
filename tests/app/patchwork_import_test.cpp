#include "app/patchwork_import.hpp"

#include "registry/automatic_state.hpp"
#include "registry/change.hpp"
#include "registry/find.hpp"
#include "registry/follow.hpp"
#include "registry/get.hpp"
#include "registry/setup.hpp"
#include "registry/turn.hpp"
#include "registry/writing.hpp"
#include "store/cursors.hpp"
#include "support/fake_patchwork.hpp"
#include "support/store_fixture.hpp"
#include "util/log.hpp"
#include "util/subprocess.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>

namespace patchmill::app {
namespace {

namespace json = boost::json;
using patchmill::test::FakePatchwork;
using patchmill::test::on_each_engine;
using patchmill::test::TestStore;
using registry::Id;

std::string mail(const std::string& id, const std::string& subject, const std::string& to = "",
                 bool diff = true) {
  return "From: Ann Ample <ann@example.org>\nDate: Mon, 05 Jan 2026 10:00:00 +0000\nSubject: " +
         subject + "\nMessage-ID: <" + id + "@example.org>\n" +
         (to.empty() ? "" : "In-Reply-To: <" + to + "@example.org>\n") +
         "List-Id: <local.example.org>\n\nWhy " + id +
         ".\n\nSigned-off-by: Ann <ann@example.org>\n" +
         (diff ? "---\ndiff --git a/a.c b/a.c\nindex 1111111..2222222 100644\n--- a/a.c\n"
                 "+++ b/a.c\n@@ -1 +1 @@\n-old\n+new " +
                     id + "\n"
               : "");
}

// The other Patchwork, with a series of two patches and a cover, and whatever belongs to it.
std::pair<Result<void>, PatchworkImportReport> import_from(
    const std::string& url, store::Database& database, store::BlobStore& blobs, const Clock& clock,
    const std::vector<std::string>& projects, const PatchworkImport::OnProgress& on_progress) {
  patchwork::InstanceConfig config;
  config.url = url;
  config.client.first_backoff = std::chrono::milliseconds(5);
  config.client.host.requests_per_second = 0;
  config.client.host.failures_to_open = 0;
  config.timeout = std::chrono::seconds(5);
  patchwork::Instance instance(config);
  PatchworkImport import(database, blobs, clock, instance, on_progress);
  auto done = import.run(projects);
  return {std::move(done), import.report()};
}

struct Desk {
  explicit Desk(TestStore& test_store) : store(test_store) {
    log::set_level(log::Level::error);
    server.receive(7001, 0, 2, mail("c", "[PATCH 0/2] Both", "", false));
    server.receive(7001, 1, 2, mail("p1", "[PATCH 1/2] One", "c"));
    server.receive(7001, 2, 2, mail("p2", "[PATCH 2/2] Two", "c"));
    server.receive(7002, 1, 1, mail("q", "[PATCH] Three"));
    server.change([](FakePatchwork& s) {
      const json::object ann{{"id", 55}, {"name", "Ann Ample"}, {"email", "ann@example.org"}};
      const json::object ben{{"id", 66},
                             {"username", "ben"},
                             {"first_name", "Ben"},
                             {"last_name", "Best"},
                             {"email", "ben@example.org"}};
      s.cover(41)["submitter"] = ann;
      for (const int id : {101, 102, 103}) {
        s.patch(id)["submitter"] = ann;
        s.patch(id)["state"] = "new";
        s.patch(id)["archived"] = false;
      }
      s.patch(101)["state"] = "accepted";
      s.patch(101)["archived"] = true;
      s.patch(101)["delegate"] = ben;
      s.patch(101)["commit_ref"] = "0123456789012345678901234567890123456789";
      s.patch(102)["state"] = "needs-ack";
      s.patch(102)["related"] = json::array{json::object{{"id", 103}}};
      s.patch(103)["related"] = json::array{json::object{{"id", 102}}};
      s.list("patches/101")
          .push_back(json::object{
              {"id", 900},
              {"msgid", "<r@example.org>"},
              {"date", "2026-01-06T10:00:00"},
              {"subject", "Re: [PATCH 1/2] One"},
              {"submitter", {{"id", 56}, {"name", "Cat"}, {"email", "cat@example.org"}}},
              {"addressed", false},
              {"content", "Good.\n\nReviewed-by: Cat <cat@example.org>"},
              {"headers",
               {{"From", "Cat <cat@example.org>"},
                {"Date", "Tue, 06 Jan 2026 10:00:00 +0000"},
                {"Subject", "Re: [PATCH 1/2] One"},
                {"Message-ID", "<r@example.org>"},
                {"In-Reply-To", "<p1@example.org>"}}}});
      s.checks(101).push_back(json::object{{"id", 5000},
                                           {"user", ben},
                                           {"date", "2026-01-06T11:00:00.5"},
                                           {"state", "fail"},
                                           {"target_url", "https://ci.example.org/1"},
                                           {"context", "build"},
                                           {"description", "broken"}});
      s.list("series").push_back(json::object{{"id", 7002}});
      s.list("bundles").push_back(
          json::object{{"id", 31},
                       {"owner", ben},
                       {"name", "for-next"},
                       {"public", true},
                       {"patches", json::array{s.patch(103), s.patch(101)}}});
    });
    server.take_requests();
  }
  ~Desk() { log::set_level(log::Level::info); }

  Result<void> import(const std::vector<std::string>& projects = {},
                      const PatchworkImport::OnProgress& on_progress = {}) {
    auto [done, said] = import_from(server.url(), store.database(), store.blobs(), store.clock(),
                                    projects, on_progress);
    report = std::move(said);
    return done;
  }
  void follow() { registry::follow(store.database(), store.blobs(), store.clock().now(), 100'000); }
  std::int64_t count(const std::string& what) {
    return store.database().value<std::int64_t>("SELECT COUNT(*) FROM " + what);
  }

  // Everything under the ids it has there.
  void check_all() {
    auto& db = store.database();
    const auto one = registry::patch(db, 101);
    REQUIRE(one);
    CHECK(one->self.msgid == "p1@example.org");
    CHECK(one->state == "accepted");
    CHECK(one->archived);
    REQUIRE(one->delegate);
    CHECK(one->delegate->id == 66);
    CHECK(one->delegate->username == "ben");
    CHECK(one->submitter.id == 55);
    CHECK(one->submitter.name == "Ann Ample");
    CHECK(one->commit_ref == "0123456789012345678901234567890123456789");
    CHECK(one->check == registry::CheckState::fail);
    REQUIRE(one->series);
    CHECK(one->series->id == 7001);
    CHECK(one->number == 1);
    CHECK(registry::patch(db, 102)->state == "needs-ack");
    REQUIRE(registry::patch(db, 102)->related.size() == 1);
    CHECK(registry::patch(db, 102)->related[0].id == 103);
    CHECK(registry::patch(db, 103)->series->id == 7002);
    const auto series = registry::series(db, 7001);
    REQUIRE(series);
    CHECK(series->received_all());
    REQUIRE(series->cover);
    CHECK(series->cover->id == 41);
    const auto comment = registry::patch_comment(db, 101, 900);
    REQUIRE(comment);
    CHECK(comment->submitter.id == 56);
    CHECK(comment->addressed == false);
    const auto check = registry::check(db, 101, 5000);
    REQUIRE(check);
    CHECK(check->user.id == 66);
    CHECK(check->context == "build");
    CHECK(check->state == registry::CheckState::fail);
    const auto bundle = registry::bundle(db, 31);
    REQUIRE(bundle);
    REQUIRE(bundle->patches.size() == 2);
    CHECK(bundle->patches[0].id == 103);
    CHECK(bundle->is_public);
    CHECK(count("registry_covers") == 1);
    CHECK(count("registry_patch_comments") == 1);
    CHECK(count("registry_checks") == 1);
  }

  TestStore& store;
  FakePatchwork server;
  PatchworkImportReport report;
};

TEST_CASE("PatchworkImport: everything keeps its id, also when the registry follows the mails") {
  on_each_engine([](TestStore& store) {
    Desk desk(store);
    const auto done = desk.import();
    REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().message));
    CHECK(desk.report.left_out.empty());
    CHECK(desk.report.mails == 5);
    CHECK(desk.report.counts.patches == 3);
    CHECK(desk.report.counts.renumbered == 0);
    desk.follow();
    desk.check_all();
    CHECK(desk.count("registry_patches") == 3);
    CHECK(desk.count("registry_series WHERE gone = 0") == 2);
    // Nobody is told of the past.
    CHECK(desk.count("registry_events") == 0);
    CHECK(store.database().value<std::int64_t>(
              "SELECT reviewed FROM registry_patches WHERE id = 101") == 1);
    CHECK(desk.count("registry_patches WHERE hash IS NULL OR hash = ''") == 0);
  });
}

TEST_CASE("PatchworkImport: again, it changes nothing and asks for nothing twice") {
  TestStore store(store::Engine::sqlite);
  Desk desk(store);
  REQUIRE(desk.import());
  desk.follow();
  desk.server.take_requests();
  REQUIRE(desk.import({"local"}));
  desk.follow();
  desk.check_all();
  CHECK(desk.report.mails == 0);
  for (const auto& request : desk.server.take_requests()) {
    CHECK(request.find("patches/101/") == std::string::npos);
  }
}

TEST_CASE("PatchworkImport: what is new there since comes with the next run") {
  TestStore store(store::Engine::sqlite);
  Desk desk(store);
  REQUIRE(desk.import());
  desk.follow();
  desk.server.receive(7003, 1, 1, mail("n", "[PATCH] Four"));
  REQUIRE(desk.import());
  desk.follow();
  desk.check_all();
  REQUIRE(registry::patch(store.database(), 104));
  CHECK(registry::patch(store.database(), 104)->series->id == 7003);
}

// Runs in a process of its own: one forked off here would lack the threads it waits for.
TEST_CASE("helper of app/patchwork_import_test.cpp: killed after a page" * doctest::skip()) {
  const char* url = std::getenv("PATCHMILL_IMPORT_URL");
  const char* place = std::getenv("PATCHMILL_IMPORT_STORE");
  const char* folder = std::getenv("PATCHMILL_IMPORT_FOLDER");
  const char* pages = std::getenv("PATCHMILL_IMPORT_PAGES");
  if (url == nullptr || place == nullptr || folder == nullptr || pages == nullptr) {
    return;
  }
  const auto database = store::Database::open(place);
  store::BlobStore blobs(std::filesystem::path(folder) / "blobs");
  int left = std::atoi(pages);
  import_from(url, *database, blobs, SystemClock(), {}, [&](const PatchworkImportProgress&) {
    if (--left == 0) {
      ::kill(::getpid(), SIGKILL);
    }
  });
  std::_Exit(1);
}

TEST_CASE("PatchworkImport: killed after any page, the next run goes on") {
  for (int pages = 1; pages <= 2; ++pages) {
    CAPTURE(pages);
    TestStore store(store::Engine::sqlite);
    Desk desk(store);
    Command command;
    command.argv = {std::filesystem::read_symlink("/proc/self/exe").string(), "--dt-no-skip=true",
                    "--dt-test-case=helper of app/patchwork_import_test.cpp: killed after a page"};
    command.env = {{"PATCHMILL_IMPORT_URL", desk.server.url()},
                   {"PATCHMILL_IMPORT_STORE", store.url()},
                   {"PATCHMILL_IMPORT_FOLDER", store.folder().string()},
                   {"PATCHMILL_IMPORT_PAGES", std::to_string(pages)}};
    const auto child = SystemProcessRunner().run(command);
    REQUIRE(child.has_value());
    REQUIRE_MESSAGE(child->signal == SIGKILL, child->out);
    REQUIRE(desk.import());
    desk.follow();
    desk.check_all();
  }
}

TEST_CASE("PatchworkImport: what the list brings meanwhile gets no number of the rest") {
  TestStore store(store::Engine::sqlite);
  Desk desk(store);
  desk.server.add_fault({.path = "/patches/103/", .times = 100, .status = 502});
  CHECK_FALSE(desk.import().has_value());
  tracker::Tracker tracker(store.database(), store.blobs(), store.clock());
  const std::array mails{
      tracker::make_incoming(mail("own", "[PATCH] Our own"), "local.example.org", "test")};
  tracker.ingest(mails);
  desk.follow();
  const auto own =
      store.database().value<Id>("SELECT id FROM registry_patches WHERE msgid = 'own@example.org'");
  CHECK(own > 104);
  // Nor one of what comes there meanwhile.
  desk.server.receive(7003, 1, 1, mail("n", "[PATCH] Four"));
  const auto free_check = registry::next_id(store.database(), "registry_checks");
  CHECK(free_check > 5000);
  desk.server.clear_faults();
  REQUIRE(desk.import());
  desk.follow();
  CHECK(registry::patch(store.database(), 103)->self.msgid == "q@example.org");
  CHECK(registry::patch(store.database(), 104)->self.msgid == "n@example.org");
  CHECK(registry::patch(store.database(), own)->self.msgid == "own@example.org");
  CHECK(registry::next_id(store.database(), "registry_checks") == 5001);
  CHECK(registry::next_id(store.database(), "registry_patch_comments") == 901);
}

TEST_CASE("PatchworkImport: the newest patch keeps its number when it is missed") {
  TestStore store(store::Engine::sqlite);
  Desk desk(store);
  desk.server.add_fault({.path = "/patches/103/", .times = 100, .status = 500});
  // However often.
  for (int i = 0; i < 2; ++i) {
    REQUIRE(desk.import());
    CHECK(desk.report.missed == 1);
  }
  tracker::Tracker tracker(store.database(), store.blobs(), store.clock());
  const std::array mails{
      tracker::make_incoming(mail("own", "[PATCH] Our own"), "local.example.org", "test")};
  tracker.ingest(mails);
  desk.follow();
  const auto own =
      store.database().value<Id>("SELECT id FROM registry_patches WHERE msgid = 'own@example.org'");
  CHECK(own > 103);
  REQUIRE(registry::patch(store.database(), own)->series);
  CHECK(registry::patch(store.database(), own)->series->id > 7002);
  CHECK(registry::next_id(store.database(), "registry_checks") > 5001);
  desk.server.clear_faults();
  REQUIRE(desk.import());
  CHECK(desk.report.counts.renumbered == 0);
  desk.follow();
  desk.check_all();
  CHECK(registry::patch(store.database(), own)->self.msgid == "own@example.org");
  CHECK(registry::next_id(store.database(), "registry_patches") == own + 1);
  CHECK(registry::next_id(store.database(), "registry_checks") == 5001);
}

TEST_CASE("PatchworkImport: bundles of users go on behind the imported ones") {
  on_each_engine([](TestStore& store) {
    Desk desk(store);
    REQUIRE(desk.import());
    const auto ben = registry::user_by_name(store.database(), "ben");
    REQUIRE(ben);
    for (int i = 0; i < 40; ++i) {
      const registry::BundleChange wanted{"mine " + std::to_string(i), {}, std::vector<Id>{101}};
      const auto made =
          registry::add_bundle(store.database(), *ben, desk.report.projects.at(0).id, wanted);
      REQUIRE(made.has_value());
      CHECK(made->id == 32 + i);
    }
  });
}

TEST_CASE("PatchworkImport: of one project, room is kept for checks of the others") {
  TestStore store(store::Engine::sqlite);
  Desk desk(store);
  desk.server.change([](FakePatchwork& s) {
    s.event("check-created", {{"check", json::object{{"id", 70'000}}}});
  });
  REQUIRE(desk.import({"local"}));
  const auto next = registry::next_id(store.database(), "registry_checks");
  CHECK(next > 70'000);
  CHECK(next < 1'000'000);
}

TEST_CASE("PatchworkImport: a NUL in a name harms nothing") {
  on_each_engine([](TestStore& store) {
    Desk desk(store);
    desk.server.change([](FakePatchwork& s) {
      s.patch(101)["name"] = json::string(std::string("a\0b", 3));
      s.patch(101)["commit_ref"] = json::string(std::string("\0", 1));
    });
    REQUIRE(desk.import());
    CHECK(registry::patch(store.database(), 101));
  });
}

TEST_CASE("PatchworkImport: a patch the server stumbles over is named, and the others come") {
  TestStore store(store::Engine::sqlite);
  Desk desk(store);
  desk.server.add_fault({.path = "/patches/102/", .times = 100, .status = 500});
  REQUIRE(desk.import());
  REQUIRE(desk.report.left_out.size() == 1);
  CHECK(desk.report.left_out[0].message.find("102") != std::string::npos);
  CHECK(registry::patch(store.database(), 101));
  CHECK(registry::patch(store.database(), 103));
  CHECK(desk.report.missed == 1);
  // As long as it does; then it comes, too, and is not asked for again.
  REQUIRE(desk.import());
  CHECK(desk.report.left_out.size() == 1);
  CHECK(desk.report.missed == 1);
  desk.server.clear_faults();
  REQUIRE(desk.import());
  CHECK(desk.report.left_out.empty());
  CHECK(desk.report.missed == 0);
  desk.follow();
  desk.check_all();
  desk.server.take_requests();
  REQUIRE(desk.import());
  for (const auto& request : desk.server.take_requests()) {
    CHECK(request.find("patches/102/") == std::string::npos);
  }
}

TEST_CASE("PatchworkImport: what could not be had stays known when the next run fails") {
  TestStore store(store::Engine::sqlite);
  Desk desk(store);
  desk.server.add_fault({.path = "/patches/101/", .times = 1, .status = 500});
  desk.server.add_fault({.path = "/patches/102/", .times = 1, .status = 500});
  REQUIRE(desk.import());
  CHECK(desk.report.missed == 2);
  CHECK(desk.count("registry_bundles") == (registry::patch(store.database(), 101) ? 1 : 0));
  desk.server.add_fault({.path = "/patches/102/", .times = 100, .status = 502});
  CHECK_FALSE(desk.import().has_value());
  desk.server.clear_faults();
  REQUIRE(desk.import());
  desk.follow();
  desk.check_all();
}

TEST_CASE("PatchworkImport: no more patches wait for another attempt than are kept") {
  TestStore store(store::Engine::sqlite);
  Desk desk(store);
  std::string full = "1 100";
  for (int id = 10'000; id < 11'000; ++id) {
    full += fmt::format(" {}", id);
  }
  const auto cursor = fmt::format("patchwork-import:{}#1 patch", desk.server.url());
  store::set_cursor(store.database(), cursor, full);
  desk.server.add_fault({.path = "/patches/1", .times = 5000, .status = 500});
  REQUIRE(desk.import());
  CHECK(desk.report.missed == 1000);
  REQUIRE(desk.report.left_out.size() == 1000 + 3 + 1);  // and a bundle of those
  CHECK(desk.report.left_out[999].message.find("is not tried again") == std::string::npos);
  CHECK(desk.report.left_out[1002].message.find("is not tried again") != std::string::npos);
  CHECK(store::cursor(store.database(), cursor)->size() < 10'000);
}

TEST_CASE("PatchworkImport: a list the server stumbles over is named, and tried again") {
  TestStore store(store::Engine::sqlite);
  Desk desk(store);
  for (const auto* path : {"/patches/101/comments/", "/patches/101/checks/", "/bundles/"}) {
    desk.server.add_fault({.path = path, .times = 100, .status = 500});
  }
  REQUIRE(desk.import());
  CHECK(desk.report.left_out.size() == 3);
  CHECK(desk.report.missed == 1);
  REQUIRE(registry::patch(store.database(), 101));
  CHECK(desk.count("registry_checks") == 0);
  CHECK(desk.count("registry_bundles") == 0);
  desk.follow();
  desk.server.clear_faults();
  REQUIRE(desk.import());
  CHECK(desk.report.left_out.empty());
  desk.follow();
  desk.check_all();
  CHECK(desk.count("registry_patches") == 3);
}

TEST_CASE("PatchworkImport: a state that is taken over is somebody's, unless it is the first one") {
  on_each_engine([](TestStore& store) {
    Desk desk(store);
    desk.server.change([](FakePatchwork& s) { s.patch(102)["state"] = "under-review"; });
    REQUIRE(desk.import());
    desk.follow();
    const auto set = [&](Id patch, std::string_view state) {
      store::Transaction transaction(store.database());
      const auto change = registry::begin_change(store.database());
      const auto message = store.database().value<std::int64_t>(
          "SELECT message FROM registry_patches WHERE id = ?", patch);
      const int changed =
          registry::set_state_by_itself(store.database(), store.clock().now(), change, message,
                                        state, [](std::string_view) { return true; });
      transaction.commit();
      return changed;
    };
    CHECK(set(101, "superseded") == 0);
    CHECK(set(102, "superseded") == 0);
    CHECK(registry::patch(store.database(), 102)->state == "under-review");
    CHECK(set(103, "under-review") == 1);
    CHECK(set(103, "superseded") == 1);
    CHECK(registry::patch(store.database(), 103)->state == "superseded");
  });
}

TEST_CASE("PatchworkImport: API 1.0, without comments") {
  TestStore store(store::Engine::sqlite);
  Desk desk(store);
  desk.server.change([](FakePatchwork& s) { s.versions = {"1.0"}; });
  REQUIRE(desk.import());
  desk.follow();
  CHECK(registry::patch(store.database(), 101));
  CHECK(desk.count("registry_patch_comments") == 0);
}

TEST_CASE("PatchworkImport: fields of other types than they should be harm nothing") {
  TestStore store(store::Engine::sqlite);
  Desk desk(store);
  desk.server.change([](FakePatchwork& s) {
    s.patch(101)["state"] = 7;
    s.patch(101)["delegate"] = "ben";
    s.patch(101)["submitter"] = nullptr;
    s.patch(102)["related"] = "102";
    s.patch(103)["series"] = json::array{"x"};
  });
  REQUIRE(desk.import());
  desk.follow();
  CHECK(registry::patch(store.database(), 101)->state == "new");
  CHECK(desk.count("registry_patches") == 3);
}

TEST_CASE("PatchworkImport: a project nobody has") {
  TestStore store(store::Engine::sqlite);
  Desk desk(store);
  const auto done = desk.import({"nothing"});
  REQUIRE_FALSE(done.has_value());
  CHECK(done.error().message.find("nothing") != std::string::npos);
}

}  // namespace
}  // namespace patchmill::app
