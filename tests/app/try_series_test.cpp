#include "app/try_series.hpp"

#include "app/try_fixture.hpp"
#include "app/try_session.hpp"
#include "git/apply.hpp"
#include "tracker/series_addresses.hpp"
#include "tracker/tracker.hpp"

#include <fmt/format.h>

#include <array>

using namespace patchmill;
using app::test::Checkout;
using findings::Verdict;

namespace {

// A patch of line 1 of a.txt. `headers` are whole lines, `words` a paragraph of them.
struct LineMail {
  std::string id, subject, from, to, minute = "00", headers = "", words = "";

  [[nodiscard]] std::string diff() const {
    return fmt::format(
        "diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1,4 +1,4 @@\n-{}\n+{}\n two\n"
        " three\n four\n",
        from, to);
  }
  [[nodiscard]] std::string raw() const {
    return fmt::format(
        "From: Ada <ada@example.org>\nSubject: {}\nMessage-ID: <{}>\n"
        "Date: Sun, 1 Mar 2026 10:{}:00 +0000\n{}\nIt reads better.\n\n{}"
        "Signed-off-by: Ada <ada@example.org>\n---\n{}",
        subject, id, minute, headers, words, diff());
  }
};

std::string in_answer_to(const std::string& id) {
  return "In-Reply-To: <" + id + ">\n";
}

// Version 1 of two patches, a review, and the second patch alone in answer to that.
const LineMail k_first{"r1@x", "[PATCH 1/2] a: say 1", "one", "1"};
const LineMail k_second{"r2@x", "[PATCH 2/2] a: say uno", "1", "uno", "01", in_answer_to("r1@x")};
const LineMail k_reroll{"r3@x", "[PATCH v2 2/2] a: say un", "1", "un", "30", in_answer_to("re@x")};
const std::string k_review =
    "From: Rev <rev@example.org>\nSubject: Re: [PATCH 2/2] a: say uno\nMessage-ID: <re@x>\n"
    "Date: Sun, 1 Mar 2026 10:20:00 +0000\n" +
    in_answer_to("r2@x") + "\nAnother language, please.\n";

struct DataFolder {
  DataFolder() {
    app::Config config;
    config.data = folder.path() / "data";
    config.store_url = (config.data / "store.sqlite").string();
    auto opened = app::Workspace::open(std::move(config));
    REQUIRE_MESSAGE(opened.has_value(), opened.error().message);
    workspace = std::move(*opened);
  }

  void ingest(const std::vector<std::string>& mails) const {
    tracker::Tracker tracker(workspace->database(), workspace->blobs(), workspace->clock());
    std::vector<tracker::Incoming> batch;
    batch.reserve(mails.size());
    for (const std::string& mail : mails) {
      batch.push_back({mail, mail::parse_message(mail), "", "test"});
    }
    tracker.ingest(batch);
  }
  [[nodiscard]] tracker::Series series(const std::string& id) const {
    const auto number = workspace->queries().series_of(id);
    REQUIRE(number.has_value());
    return *workspace->queries().series(*number);
  }
  [[nodiscard]] app::TryInput input(const std::string& id,
                                    const app::TrySeriesLimits& limits = {}) const {
    auto repository = git::Repository::open(checkout.top());
    REQUIRE(repository.has_value());
    auto made = app::try_series(*workspace, **repository, series(id), limits);
    REQUIRE_MESSAGE(made.has_value(), made.error().message);
    return *std::move(made);
  }
  // `patchmill try '<ID>'`: the one series that is judged.
  [[nodiscard]] app::TryResult attempt(const std::string& id,
                                       const app::TrySeriesLimits& limits = {}) const {
    app::Config config;
    config.checks_enabled = std::vector<std::string>{"signed-off-by"};
    auto session = app::TrySession::open(config, {checkout.top(), "", "", false});
    REQUIRE_MESSAGE(session.has_value(), session.error().message);
    const auto asked = input(id, limits);
    const auto taken = (*session)->take(asked);
    REQUIRE_MESSAGE(taken.has_value(), taken.error().message);
    REQUIRE(taken->size() == 1);
    const auto runtime = runtimes::make_local_runtime();
    SystemProcessRunner processes;
    auto result = (*session)->run(taken->front(), asked, *runtime, processes, {});
    REQUIRE_MESSAGE(result.has_value(), result.error().message);
    return *std::move(result);
  }

  Checkout checkout;
  TempDir folder;
  std::unique_ptr<app::Workspace> workspace;
};

void check_passed(const app::TryResult& result) {
  CHECK_MESSAGE(result.report.verdict.verdict == Verdict::pass, result.report.verdict.reason);
}

}  // namespace

TEST_CASE("app::try_series: a series that needs nothing else is its own mails") {
  const DataFolder data;
  data.ingest({k_first.raw(), k_second.raw(), k_review,
               LineMail{"other@x", "[PATCH] a: say ein", "one", "ein", "05"}.raw()});
  const auto input = data.input("r2@x");
  CHECK(input.mails == std::vector<std::string>{k_first.raw(), k_second.raw()});
  CHECK(input.note.empty());
  const auto result = data.attempt("r2@x");
  check_passed(result);
  CHECK(result.series.received_total() == 2);
}

TEST_CASE("app::try_series: a partial reroll comes with what it carries over") {
  const DataFolder data;
  data.ingest({k_first.raw(), k_second.raw(), k_review, k_reroll.raw()});
  // A patch that is carried over stands in the newest revision.
  CHECK(data.series("r1@x").version == 2);
  CHECK(data.series("r2@x").version == 1);
  for (const char* id : {"r3@x", "r1@x"}) {
    const auto result = data.attempt(id);
    check_passed(result);
    CHECK(result.series.version == 2);
    REQUIRE(result.series.received_total() == 2);
    CHECK(result.series.patches[0].msgid == "r1@x");
    CHECK(result.series.patches[0].carried_over);
    CHECK(result.series.patches[1].msgid == "r3@x");
  }
  const auto older = data.attempt("r2@x");
  check_passed(older);
  CHECK(older.series.version == 1);
  CHECK(older.series.patches[1].msgid == "r2@x");
}

TEST_CASE("app::try_series: a reroll of a reroll comes with all of them") {
  const DataFolder data;
  const LineMail third{"r4@x", "[PATCH v3 2/2] a: say ett", "1", "ett", "40", in_answer_to("r3@x")};
  data.ingest({k_first.raw(), k_second.raw(), k_review, k_reroll.raw(), third.raw()});
  const auto result = data.attempt("r4@x");
  check_passed(result);
  CHECK(result.series.version == 3);
  CHECK(result.series.received_total() == 2);
  CHECK(result.series.note == data.series("r4@x").note);
}

TEST_CASE("app::try_series: what it builds on is applied, and not judged") {
  const DataFolder data;
  const LineMail below{"a1@x", "[PATCH] a: say 1", "one", "1"};
  const LineMail middle{"b1@x", "[PATCH] a: say uno", "1", "uno", "25", "", "Depends-on: <a1@x>\n"};
  const LineMail above{"c1@x", "[PATCH] a: say un", "uno", "un", "50", "", "Depends-on: <b1@x>\n"};
  data.ingest({above.raw(), below.raw(), middle.raw()});
  const auto result = data.attempt("c1@x");
  check_passed(result);
  CHECK(result.series.patches[0].msgid == "c1@x");
  CHECK(result.report.tested);
  CHECK_FALSE(data.attempt("c1@x").report.tested);  // the verdict stands
}

TEST_CASE("app::try_series: of what it builds on, the newest revision is meant") {
  const DataFolder data;
  const LineMail above{"c1@x", "[PATCH] a: say I", "un", "I", "50", "", "Depends-on: <r2@x>\n"};
  data.ingest({k_first.raw(), k_second.raw(), k_review, k_reroll.raw(), above.raw()});
  const auto result = data.attempt("c1@x");
  check_passed(result);
  REQUIRE(result.series.dependencies.size() == 1);
  CHECK(result.series.dependencies[0].series.has_value());
}

TEST_CASE(
    "app::try_series: a series that names its newer revision is still the one that is meant") {
  const DataFolder data;
  const LineMail older{"v1@x", "[PATCH] a: say 1", "one", "1", "00", "", "Depends-on: <v2@x>\n"};
  const LineMail newer{"v2@x", "[PATCH v2] a: say 1", "one", "uno", "30"};
  data.ingest({older.raw(), newer.raw()});
  CHECK(data.attempt("v1@x").series.version == 1);
}

TEST_CASE("app::try_series: a prerequisite is found by its patch-id") {
  const DataFolder data;
  const LineMail below{"a1@x", "[PATCH] a: say 1", "one", "1"};
  auto repository = git::Repository::open(data.checkout.top());
  REQUIRE(repository.has_value());
  const auto ids = git::patch_ids(**repository, std::array{below.diff()});
  REQUIRE(ids.has_value());
  const LineMail above{"b1@x", "[PATCH] a: say uno", "1", "uno", "25"};
  // As git format-patch --base writes it.
  const std::string mail = above.raw() + "\nprerequisite-patch-id: " + (*ids)[0] + "\n-- \n2.39\n";
  data.ingest({below.raw(), mail});
  check_passed(data.attempt("b1@x"));
}

TEST_CASE("app::try_series: an address that only the data folder knows is told") {
  const DataFolder data;
  const LineMail below{"a1@x", "[PATCH] a: say 1", "one", "1"};
  const LineMail above{"b1@x",
                       "[PATCH] a: say uno",
                       "1",
                       "uno",
                       "25",
                       "",
                       "Depends-on: https://pw.example.org/project/a/list/?series=7\n"};
  data.ingest({below.raw(), above.raw()});
  store::Database& database = data.workspace->database();
  auto open = tracker::open_addresses(database, 10);
  REQUIRE(open.size() == 1);
  const tracker::ResolvedAddress resolved{open[0], data.series("a1@x").number};
  REQUIRE(tracker::resolve_addresses(database, data.workspace->clock().now(),
                                     std::array{resolved}) == 1);
  check_passed(data.attempt("b1@x"));
}

TEST_CASE("app::try_series: what there is no room for is left out, and that is said") {
  const DataFolder data;
  const LineMail below{"a1@x", "[PATCH] a: say 1", "one", "1"};
  const LineMail above{"b1@x", "[PATCH] a: say uno", "1", "uno", "25", "", "Depends-on: <a1@x>\n"};
  data.ingest({below.raw(), above.raw()});
  app::TrySeriesLimits limits;
  limits.mails = 1;
  const auto input = data.input("b1@x", limits);
  CHECK(input.mails.size() == 1);
  CHECK(
      input.note.starts_with("1 of the series it builds on or carries patches over from is left"));
  CHECK(data.attempt("b1@x", limits).report.verdict.verdict == Verdict::incomplete);
  limits = {2000, above.raw().size()};
  CHECK(data.input("b1@x", limits).mails.size() == 1);
}
