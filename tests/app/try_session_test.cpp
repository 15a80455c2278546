#include "app/try_session.hpp"

#include "app/try_fixture.hpp"

#include <sys/stat.h>

using namespace patchmill;
using app::test::Checkout;
using app::test::Environment;
using findings::Verdict;

namespace {

// A job ends as the test says.
class TryRuntime final : public runtimes::Runtime {
 public:
  Result<runtimes::RunOutcome> run(const runtimes::RunRequest&,
                                   const std::function<void(std::string_view)>&) override {
    runtimes::RunOutcome outcome;
    outcome.verdict = verdict;
    outcome.summary = "as told";
    return outcome;
  }
  Verdict verdict = Verdict::pass;
};

std::string patch_mail(const std::string& id, const std::string& subject, const std::string& to,
                       const std::string& trailer = "Signed-off-by: Ada <ada@example.org>\n") {
  return "From: Ada <ada@example.org>\nSubject: " + subject + "\nMessage-ID: <" + id +
         ">\nDate: Sun, 1 Mar 2026 10:00:00 +0000\n\nIt reads better.\n\n" + trailer +
         "---\ndiff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1,4 +1,4 @@\n-one\n+" +
         to + "\n two\n three\n four\n";
}

// One `patchmill try` after the other on the same checkout.
struct TryBench {
  std::vector<app::TryResult> attempt(const app::TryInput& input, bool again = false,
                                      const std::string& base = "main") {
    app::Config config;
    config.checks_enabled = std::vector<std::string>{"signed-off-by"};
    config.jobs = jobs;
    // Commits have their own parents.
    const std::string onto = input.base.empty() ? base : "";
    auto session = app::TrySession::open(config, {checkout.top(), "", onto, again});
    REQUIRE_MESSAGE(session.has_value(), session.error().message);
    const auto taken = (*session)->take(input);
    REQUIRE_MESSAGE(taken.has_value(), taken.error().message);
    std::vector<app::TryResult> results;
    for (const auto& series : *taken) {
      auto result = (*session)->run(series, input, runtime, processes, {});
      REQUIRE_MESSAGE(result.has_value(), result.error().message);
      results.push_back(*std::move(result));
    }
    return results;
  }
  app::TryInput commits(const std::string& range = "main..") {
    auto repository = git::Repository::open(checkout.top());
    REQUIRE(repository.has_value());
    auto input = app::try_commits(**repository, range);
    REQUIRE_MESSAGE(input.has_value(), input.error().message);
    return *std::move(input);
  }

  Checkout checkout;
  TryRuntime runtime;
  std::vector<pipeline::JobSpec> jobs;
  SystemProcessRunner processes;
};

Result<std::unique_ptr<app::TrySession>> open_in(const Checkout& checkout) {
  return app::TrySession::open({}, {checkout.top(), "", "", false});
}

}  // namespace

TEST_CASE("app::TrySession: a mail that was edited under the same Message-ID is what is tested") {
  TryBench bench;
  const auto good = bench.attempt({{patch_mail("edit@x", "[PATCH] a: say 1", "1")}, "", ""});
  REQUIRE(good.size() == 1);
  CHECK(good[0].report.verdict.verdict == Verdict::pass);
  const app::TryInput edited{{patch_mail("edit@x", "[PATCH] a: say 1", "1", "")}, "", ""};
  for (const bool again : {false, true}) {
    const auto bad = bench.attempt(edited, again);
    REQUIRE(bad.size() == 1);
    CHECK(bad[0].report.verdict.verdict == Verdict::fail);
  }
}

TEST_CASE("app::TrySession: amended commits are a series by themselves") {
  TryBench bench;
  bench.checkout.commit("one", "1");
  bench.checkout.commit("five", "5");
  REQUIRE(bench.attempt(bench.commits())[0].report.verdict.verdict == Verdict::pass);
  bench.checkout.commit("nine", "9", app::test::k_ada, {"--amend"});
  const auto amended = bench.attempt(bench.commits());
  REQUIRE(amended.size() == 1);
  CHECK(amended[0].series.received_total() == 2);
  CHECK(amended[0].report.verdict.verdict == Verdict::pass);
  CHECK(amended[0].report.tested);
  CHECK_FALSE(amended[0].series.revision_of.has_value());
}

TEST_CASE("app::TrySession: half a series is not completed by what was tried before") {
  TryBench bench;
  const std::string first = patch_mail("p1@x", "[PATCH 1/2] a: say 1", "1");
  const std::string second = patch_mail("p2@x", "[PATCH 2/2] a: say 2", "2");
  CHECK(bench.attempt({{first}, "", ""})[0].report.verdict.verdict == Verdict::incomplete);
  const auto other = bench.attempt({{second}, "", ""});
  REQUIRE(other.size() == 1);
  CHECK(other[0].series.received_total() == 1);
}

TEST_CASE("app::TrySession: a verdict stands until the input or the base is another") {
  TryBench bench;
  bench.checkout.commit("one", "1");
  bench.checkout.commit("five", "5");
  const auto first = bench.commits("HEAD~");
  const auto all = bench.commits();
  const auto before = bench.attempt(all);
  CHECK(before[0].report.tested);
  CHECK(bench.attempt(first)[0].report.tested);
  const auto after = bench.attempt(all);  // something else was tried in between
  CHECK_FALSE(after[0].report.tested);
  CHECK(after[0].series.number == before[0].series.number);
  CHECK(bench.attempt(all, true)[0].report.tested);

  // Where it applies no more, the earlier verdict says nothing.
  const app::TryInput mail{{patch_mail("m@x", "[PATCH] a: say 1", "1")}, "", ""};
  CHECK(bench.attempt(mail)[0].report.verdict.verdict == Verdict::pass);
  CHECK_FALSE(bench.attempt(mail)[0].report.tested);
  CHECK(bench.attempt(mail, false, "work")[0].report.tested);
}

TEST_CASE("app::TrySession: what the base has already is not passed") {
  TryBench bench;
  bench.checkout.commit("one", "1");
  const app::TryInput mail{{patch_mail("m@x", "[PATCH] a: say 1", "1")}, "", ""};
  const auto report = bench.attempt(mail, false, "HEAD")[0].report;
  CHECK(report.verdict.verdict == Verdict::skip);
  CHECK(report.verdict.reason.find("has all of its changes already") != std::string::npos);
}

TEST_CASE("app::TrySession: what could not be told is tested again at once") {
  TryBench bench;
  bench.checkout.commit("one", "1");
  pipeline::JobSpec job;
  job.name = "build";
  job.command = {"make"};
  bench.jobs = {job};
  bench.runtime.verdict = Verdict::incomplete;
  CHECK(bench.attempt(bench.commits())[0].report.verdict.verdict == Verdict::incomplete);
  bench.runtime.verdict = Verdict::pass;
  CHECK(bench.attempt(bench.commits())[0].report.verdict.verdict == Verdict::pass);
}

TEST_CASE("app::TrySession: two patches with one Message-ID are refused") {
  TryBench bench;
  auto session = open_in(bench.checkout);
  REQUIRE(session.has_value());
  const std::string mail = patch_mail("same@x", "[PATCH] a: say 1", "1");
  CHECK((*session)->take({{mail, mail}, "", ""}).has_value());
  const auto taken =
      (*session)->take({{mail, patch_mail("same@x", "[PATCH] a: say 2", "2")}, "", ""});
  REQUIRE_FALSE(taken.has_value());
  CHECK(taken.error().kind == ErrorKind::invalid);
  CHECK(taken.error().message.find("<same@x>") != std::string::npos);
}

TEST_CASE("app::TrySession: a base is for mails, and has to be there") {
  TryBench bench;
  bench.checkout.commit("one", "1");
  const auto refusal = [&](const app::TryInput& input, const std::string& base) {
    auto session = app::TrySession::open({}, {bench.checkout.top(), "", base, false});
    REQUIRE_MESSAGE(session.has_value(), session.error().message);
    const auto taken = (*session)->take(input);
    REQUIRE_FALSE(taken.has_value());
    CHECK(taken.error().kind == ErrorKind::invalid);
    return taken.error().message;
  };
  const auto commits = bench.commits();
  const app::TryInput mail{{patch_mail("base@x", "[PATCH] a: say 1", "1")}, "", ""};
  CHECK(refusal(commits, "nosuch") == "--base: 'nosuch' names no commit here");
  CHECK(refusal(mail, "nosuch") == "--base: 'nosuch' names no commit here");
  CHECK(refusal(commits, "HEAD").find("their own parents") != std::string::npos);
}

TEST_CASE("app::TrySession: what is said of the base is true of mails too") {
  TryBench bench;
  const app::TryInput mail{{patch_mail("onto@x", "[PATCH] a: say 1", "1")}, "", ""};
  bench.checkout.commit("two", "2");
  const auto summary = [&](const app::TryInput& input) {
    app::Config config;
    config.checks_enabled = std::vector<std::string>{"signed-off-by"};
    auto session = app::TrySession::open(
        config, {bench.checkout.top(), "", input.base.empty() ? "HEAD" : "", false});
    REQUIRE_MESSAGE(session.has_value(), session.error().message);
    const auto taken = (*session)->take(input);
    REQUIRE_MESSAGE(taken.has_value(), taken.error().message);
    const auto result = (*session)->run((*taken)[0], input, bench.runtime, bench.processes, {});
    REQUIRE_MESSAGE(result.has_value(), result.error().message);
    for (const auto& node : (*session)->workspace().nodes().of_series((*taken)[0].number)) {
      if (node.kind == pipeline::NodeKind::checkout) {
        return node.summary;
      }
    }
    return std::string();
  };
  const std::string conflict = summary(mail);
  CHECK(conflict.starts_with("does not apply to "));
  CHECK(conflict.ends_with("the commit that --base names"));
  std::string undated = patch_mail("undated@x", "[PATCH] a: say 9", "9");
  undated.erase(undated.find("Date: "), undated.find("\n\n") - undated.find("Date: ") + 1);
  bench.checkout.git({"reset", "-q", "--hard", "main"});
  CHECK(summary({{undated}, "", ""})
            .ends_with("; patch 1 has no date that can be read, so the commit has that of the one "
                       "before it"));
  bench.checkout.commit("two", "2");
  const std::string made_here = summary(bench.commits());
  CHECK(made_here.starts_with("on "));
  CHECK(made_here.ends_with("the commit it was made on"));
}

TEST_CASE("app::TrySession: without a home there is no folder others could guess") {
  const Checkout checkout;
  const Environment none(Environment::Wanted{{"HOME", std::nullopt}});
  const auto session = open_in(checkout);
  REQUIRE_FALSE(session.has_value());
  CHECK(session.error().message.find("PATCHMILL_CACHE") != std::string::npos);
  const TempDir cache;
  const Environment named(Environment::Wanted{{"PATCHMILL_CACHE", cache.path().string()}});
  const auto opened = open_in(checkout);
  REQUIRE_MESSAGE(opened.has_value(), opened.error().message);
  struct stat info{};
  REQUIRE(::stat((*opened)->workspace().config().data.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
}
