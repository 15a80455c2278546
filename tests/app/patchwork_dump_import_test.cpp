#include "app/patchwork_dump_import.hpp"

#include "registry/automatic_state.hpp"
#include "registry/find.hpp"
#include "registry/follow.hpp"
#include "registry/get.hpp"
#include "registry/turn.hpp"
#include "registry/writing.hpp"
#include "support/store_fixture.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace patchmill::app {
namespace {

using patchmill::test::on_each_engine;
using patchmill::test::TestStore;
using registry::Id;

std::string headers(const std::string& id, const std::string& subject, const std::string& to = "") {
  return "From: Ann Ample <ann@example.org>\\nDate: Mon, 05 Jan 2026 10:00:00 +0000\\nSubject: " +
         subject + "\\nMessage-ID: <" + id + "@example.org>" +
         (to.empty() ? "" : "\\nIn-Reply-To:\\n <" + to + "@example.org>");
}

std::string copy(const std::string& table, const std::string& columns,
                 const std::vector<std::string>& rows) {
  std::string text = "COPY public." + table + " (" + columns + ") FROM stdin;\n";
  for (const auto& row : rows) {
    for (const char c : row) {
      text += c == '|' ? '\t' : c;
    }
    text += '\n';
  }
  return text + "\\.\n\n";
}

std::string patch(const std::string& id, const std::string& msgid, const std::string& subject,
                  const std::string& to, const std::string& rest) {
  return id + "|<" + msgid + "@example.org>|2026-01-05 10:00:00|" + headers(msgid, subject, to) +
         "|Why.\\n\\nSigned-off-by: Ann <ann@example.org>|5|diff --git a/a.c b/a.c\\nindex "
         "1111111..2222222 100644\\n--- a/a.c\\n+++ b/a.c\\n@@ -1 +1 @@\\n-old\\n+new " +
         msgid + "|" + rest;
}

// Tables in pg_dump's order: what refers to others comes before them.
std::string dump() {
  return copy("auth_user", "id, password, username, first_name, last_name, email",
              {"9|pbkdf2_sha256$secret|ben|Ben|Best|ben@example.org",
               "10|x|carl|||carl@example.org"}) +
         copy("authtoken_token", "key, created, user_id", {"0123|2026-01-01|9"}) +
         copy("patchwork_bundle", "id, name, public, owner_id, project_id", {"31|for-next|f|9|2"}) +
         copy("patchwork_bundlepatch", "id, \"order\", bundle_id, patch_id",
              {"1|2|31|101", "2|1|31|103"}) +
         copy("patchwork_check",
              "id, date, state, target_url, description, context, user_id, patch_id",
              {"5000|2026-01-06 11:00:00.5+00|3|https://ci.example.org/1|broken|build|9|101",
               "5001|2026-01-06 11:00:00|1|\\N|\\N|other|9|900"}) +
         copy("patchwork_cover",
              "id, msgid, date, headers, content, submitter_id, name, project_id",
              {"41|<c@example.org>|2026-01-05 09:00:00|" + headers("c", "[PATCH 0/2] Both") +
               "|Both.|5|[0/2] Both|2"}) +
         copy("patchwork_delegationrule", "id, path, priority, project_id, user_id",
              {"1|docs/*|-5|2|10", "2|net/*|7|2|9"}) +
         copy(
             "patchwork_event",
             "id, category, date, actor_id, cover_id, created_check_id, current_delegate_id,"
             " current_state_id, patch_id, previous_delegate_id, previous_state_id, project_id,"
             " series_id, cover_comment_id, patch_comment_id",
             {"70|series-created|2026-01-05 "
              "10:00:00|\\N|\\N|\\N|\\N|\\N|\\N|\\N|\\N|2|7001|\\N|\\N",
              "71|check-created|2026-01-06 11:00:00|9|\\N|5000|\\N|\\N|101|\\N|\\N|2|\\N|\\N|\\N",
              "72|patch-state-changed|2026-01-06 12:00:00|9|\\N|\\N|\\N|33|101|\\N|1|2|\\N|\\N|\\N",
              "73|check-created|2026-01-06 11:00:00|9|\\N|5001|\\N|\\N|900|\\N|\\N|3|\\N|\\N|\\N",
              "74|no-such-thing|2026-01-06 11:00:00|9|\\N|\\N|\\N|\\N|101|\\N|\\N|2|\\N|\\N|\\N"}) +
         copy("patchwork_patch",
              "id, msgid, date, headers, content, submitter_id, diff, name, commit_ref, pull_url,"
              " archived, hash, delegate_id, project_id, state_id, series_id, number, related_id",
              {patch("102", "p2", "[PATCH 2/2] Two", "c",
                     "[2/2] Two|\\N|\\N|f|\\N|\\N|2|1|7001|2|8"),
               patch("101", "p1", "[PATCH 1/2] One", "c",
                     "[1/2] One|0123456789|\\N|t|\\N|9|2|33|7001|1|\\N"),
               patch("103", "q", "[PATCH] Three", "", "Three|\\N|\\N|f|\\N|\\N|2|1|7002|1|8"),
               patch("900", "z", "[PATCH] Elsewhere", "",
                     "Elsewhere|\\N|\\N|f|\\N|\\N|3|1|7003|1|\\N")}) +
         copy("patchwork_patchcomment",
              "id, msgid, date, headers, content, submitter_id, patch_id, addressed",
              {"800|<r@example.org>|2026-01-06 10:00:00|From: Cat <cat@example.org>\\nSubject: Re: "
               "[PATCH 1/2] One\\nMessage-ID: <r@example.org>\\nIn-Reply-To: "
               "<p1@example.org>|Reviewed-by: Cat <cat@example.org>|6|101|f"}) +
         copy("patchwork_patchrelation", "id", {"8"}) +
         copy("patchwork_person", "id, email, name, user_id",
              {"5|ann@example.org|Ann Ample|10", "6|cat@example.org|Cat|\\N"}) +
         copy("patchwork_project", "id, linkname, name, listid, listemail, subject_match",
              {"2|local|Local|local.example.org|local@example.org|",
               "3|other|Other|other.example.org|other@example.org|"}) +
         copy("patchwork_series", "id, name, date, version, total, cover_letter_id, project_id",
              {"7001|Both|2026-01-05 09:00:00|1|2|41|2", "7002|Three|2026-01-05 10:00:00|1|1|\\N|2",
               "7003|Elsewhere|2026-01-05 10:00:00|1|1|\\N|3"}) +
         copy("patchwork_state", "id, name, slug, ordering, action_required",
              {"1|New|new|0|t", "33|Needs ACK|needs-ack|1|t"}) +
         copy("patchwork_tag", "id, name, pattern, abbrev, show_column",
              {"1|Acked-by|^Acked-by:|A|t", "4|Nacked|^Nacked-by:|N|t"}) +
         copy("patchwork_userprofile", "id, send_email, user_id", {"77|f|9"}) +
         copy("patchwork_userprofile_maintainer_projects", "id, userprofile_id, project_id",
              {"1|77|2"});
}

struct DumpDesk {
  explicit DumpDesk(TestStore& test_store, const std::string& text = dump())
      : store(test_store), path(folder.path() / "dump.sql") {
    REQUIRE(write_file_atomic(path, text));
  }
  Result<void> import(const std::vector<std::string>& projects = {},
                      const PatchworkDumpImport::OnProgress& on_progress = {}) {
    const auto dump = patchwork::Dump::open(path);
    REQUIRE(dump);
    PatchworkDumpImport import(store.database(), store.blobs(), store.clock(), *dump, on_progress);
    auto done = import.run(projects);
    report = import.report();
    return done;
  }
  void follow() { registry::follow(store.database(), store.blobs(), store.clock().now(), 100'000); }
  std::int64_t count(const std::string& what) {
    return store.database().value<std::int64_t>("SELECT COUNT(*) FROM " + what);
  }

  void check_all() {
    auto& db = store.database();
    const auto one = registry::patch(db, 101);
    REQUIRE(one);
    CHECK(one->self.msgid == "p1@example.org");
    CHECK(one->state == "needs-ack");
    CHECK(one->archived);
    REQUIRE(one->delegate);
    CHECK(one->delegate->id == 9);
    CHECK(one->delegate->username == "ben");
    CHECK(one->commit_ref == "0123456789");
    CHECK(one->submitter.id == 5);
    REQUIRE(one->submitter.user);
    CHECK(one->submitter.user->id == 10);
    CHECK(one->check == registry::CheckState::fail);
    REQUIRE(one->series);
    CHECK(one->series->id == 7001);
    const auto series = registry::series(db, 7001);
    REQUIRE(series);
    CHECK(series->received_all());
    REQUIRE(series->cover);
    CHECK(series->cover->id == 41);
    REQUIRE(registry::patch(db, 103));
    REQUIRE(registry::patch(db, 103)->related.size() == 1);
    CHECK(registry::patch(db, 103)->related[0].id == 102);
    const auto comment = registry::patch_comment(db, 101, 800);
    REQUIRE(comment);
    CHECK(comment->subject == "Re: [PATCH 1/2] One");
    CHECK(comment->addressed == false);
    const auto check = registry::check(db, 101, 5000);
    REQUIRE(check);
    CHECK(to_iso(check->date).starts_with("2026-01-06T11:00:00"));
    CHECK(to_micros(check->date) % 1'000'000 == 500'000);
    const auto bundle = registry::bundle(db, 31);
    REQUIRE(bundle);
    CHECK_FALSE(bundle->is_public);
    REQUIRE(bundle->patches.size() == 2);
    CHECK(bundle->patches[0].id == 103);
    const auto project = registry::project(db, "local");
    REQUIRE(project);
    CHECK(project->id == 2);
    REQUIRE(project->maintainers.size() == 1);
    CHECK(project->maintainers[0].username == "ben");
    const auto rules = registry::delegation_of(db, 2);
    REQUIRE(rules.size() == 2);
    CHECK(rules[0].path == "net/*");
    CHECK(registry::states(db).at(1).id == 33);
    CHECK(count("registry_patch_comments") == 1);
    CHECK(count("registry_covers") == 1);
    const auto events = registry::events_after(db, 0, 100);
    REQUIRE(events.size() >= 3);
    CHECK(events[0].id == 70);
    CHECK(events[1].check->id == 5000);
    CHECK(events[2].current_state == "needs-ack");
    CHECK(events[2].actor->username == "ben");
  }

  TestStore& store;
  TempDir folder;
  std::filesystem::path path;
  PatchworkImportReport report;
};

TEST_CASE("PatchworkDumpImport: everything keeps its id, also when the registry follows") {
  on_each_engine([](TestStore& store) {
    DumpDesk desk(store);
    const auto done = desk.import();
    REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().message));
    CHECK(desk.report.counts.renumbered == 0);
    REQUIRE(desk.report.left_out.size() == 1);
    CHECK(desk.report.left_out[0].message.find("Nacked-by") != std::string::npos);
    desk.follow();
    desk.check_all();
    CHECK(desk.count("registry_patches") == 4);
    CHECK(desk.count("registry_events") == 4);
    CHECK(registry::next_id(store.database(), "registry_checks") == 5002);
    // Nothing secret came in.
    CHECK(desk.count("registry_users") == 2);
  });
}

TEST_CASE("PatchworkDumpImport: a state is somebody's, also when its event does not say whose") {
  on_each_engine([](TestStore& store) {
    std::string text = dump();
    const std::string actor = "patch-state-changed\t2026-01-06 12:00:00\t9";
    const auto at = text.find(actor);
    REQUIRE(at != std::string::npos);
    text.replace(at + actor.size() - 1, 1, "\\N");
    DumpDesk desk(store, text);
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
    CHECK(set(101, "new") == 0);
    CHECK(registry::patch(store.database(), 101)->state == "needs-ack");
    // What is set here by itself may be followed by the next.
    CHECK(set(103, "needs-ack") == 1);
    CHECK(set(103, "new") == 1);
    CHECK(set(103, "needs-ack") == 1);
    CHECK(set(103, "new") == 1);
  });
}

TEST_CASE("PatchworkDumpImport: again it changes nothing, and neither does another dump of it") {
  TestStore store(store::Engine::sqlite);
  DumpDesk desk(store);
  REQUIRE(desk.import());
  desk.follow();
  REQUIRE(desk.import());
  CHECK(desk.report.mails == 0);
  REQUIRE(write_file_atomic(desk.path, "-- newer\n" + dump()));
  REQUIRE(desk.import());
  desk.follow();
  CHECK(desk.report.mails == 0);
  desk.check_all();
  CHECK(desk.count("registry_patches") == 4);
  CHECK(desk.count("registry_events") == 4);
}

TEST_CASE("PatchworkDumpImport: only the project that is wanted") {
  TestStore store(store::Engine::sqlite);
  DumpDesk desk(store);
  REQUIRE(desk.import({"local"}));
  desk.follow();
  desk.check_all();
  CHECK(desk.count("registry_patches") == 3);
  CHECK(desk.count("registry_checks") == 1);
  CHECK(desk.count("registry_events") == 3);
  // Ids of the other project are kept free.
  CHECK(registry::next_id(store.database(), "registry_patches") == 901);
  const auto none = desk.import({"nothing"});
  REQUIRE_FALSE(none);
  CHECK(none.error().message.find("local, other") != std::string::npos);
}

TEST_CASE("PatchworkDumpImport: ids somebody has here lead to the right things all the same") {
  TestStore store(store::Engine::sqlite);
  store.database().exec(
      "INSERT INTO registry_patches (id, project, message, msgid, date, name, submitter, state,"
      " archived, check_state, completed, acked, reviewed, tested)"
      " VALUES (101, 99, 4711, 'own', 0, 'own', 1, 1, 0, 0, 1, 0, 0, 0)");
  DumpDesk desk(store);
  REQUIRE(desk.import());
  CHECK(desk.report.counts.renumbered == 1);
  const auto moved =
      store.database().value<Id>("SELECT id FROM registry_patches WHERE msgid = 'p1@example.org'");
  CHECK(moved == 901);
  CHECK(registry::check(store.database(), moved, 5000));
  CHECK(registry::patch_comment(store.database(), moved, 800));
  CHECK(registry::bundle(store.database(), 31)->patches.at(1).id == moved);
}

TEST_CASE("PatchworkDumpImport: killed after any transaction, the next run goes on") {
  for (int steps = 1; steps <= 3; ++steps) {
    CAPTURE(steps);
    TestStore store(store::Engine::sqlite);
    DumpDesk desk(store);
    const auto child = ::fork();
    if (child == 0) {
      try {
        int seen = 0;
        const auto done = desk.import({}, [&](const PatchworkImportProgress&) {
          if (++seen == steps) {
            ::kill(::getpid(), SIGKILL);
          }
        });
        static_cast<void>(done);
      } catch (...) {
      }
      ::_exit(1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    REQUIRE(desk.import());
    desk.follow();
    desk.check_all();
  }
}

TEST_CASE("PatchworkDumpImport: a dump that is cut off, or of something else, stores nothing") {
  TestStore store(store::Engine::sqlite);
  for (const std::string& text :
       {dump().substr(0, dump().find("patchwork_userprofile (") + 60), std::string("SELECT 1;\n"),
        std::string("CREATE TABLE \"cats\" (\"id\" integer);\n"),
        copy("patchwork_submission", "id", {"1"})}) {
    DumpDesk desk(store, text);
    CHECK_FALSE(desk.import());
    CHECK(desk.count("messages") == 0);
    CHECK(desk.count("registry_projects") == 0);
  }
}

TEST_CASE("PatchworkDumpImport: rows that refer to nothing are left out") {
  TestStore store(store::Engine::sqlite);
  std::string text = dump();
  const std::string people = "5\tann@example.org";
  text.replace(text.find(people), 1, "4");
  DumpDesk desk(store, text);
  REQUIRE(desk.import());
  CHECK(desk.count("registry_patches") == 0);
  CHECK(desk.count("registry_checks") == 0);
}

}  // namespace
}  // namespace patchmill::app
