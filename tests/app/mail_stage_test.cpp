#include "app/mail_stage.hpp"

#include "app/series_runner.hpp"
#include "app/test_workspace.hpp"
#include "pipeline/work_store.hpp"
#include "support/git.hpp"
#include "util/file.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

using namespace patchmill;
using findings::Verdict;
namespace fs = std::filesystem;

namespace {

constexpr const char* k_rule = "  rules: [{name: all, to: [author], verdicts: [fail, pass]}]\n";

class NoRuntime final : public runtimes::Runtime {
 public:
  Result<runtimes::RunOutcome> run(const runtimes::RunRequest&,
                                   const std::function<void(std::string_view)>&) override {
    return fail(ErrorKind::infrastructure, "no sandbox today");
  }
};

constexpr const char* k_maintainers =
    "Maintainers\n\nTEXT FILES\nM:\tMia Maintainer <mia@example.org>\nR:\tRob <rob@example.org>\n"
    "F:\t*.txt\n\nOTHER\nM:\tOle <ole@example.org>\nF:\tother/\n\n"
    "THE REST\nM:\tThe Boss <boss@example.org>\nF:\t*\nF:\t*/\n";

// A tree with a file, a workspace over it, and mail into a maildir.
struct MailBench {
  explicit MailBench(const std::string& rules = k_rule) {
    base = test::make_checkout(folder.path() / "tree", {{"a.txt", "one\ntwo\nthree\nfour\n"},
                                                        {"MAINTAINERS", k_maintainers}});
    REQUIRE(write_file_atomic(folder.path() / "no-mail", "# nobody\n"));
    workspace = app::test::open_workspace(
        folder.path(),
        "data: data\ntrees:\n  - {name: t, url: tree, branch: main, lists: [l.example.org]}\n"
        "checks: {enable: [signed-off-by]}\n"
        "mail:\n  from: ci@example.org\n  maildir: out\n  opt-out: {file: no-mail}\n"
        "  max-age: 1000000h\n" +
            rules);
    auto made = app::MailStage::make(*workspace);
    REQUIRE_MESSAGE(made.has_value(), made.error().message);
    stage = std::move(*made);
  }

  tracker::Series take(const std::string& id, const std::string& trailer,
                       const std::string& from = "two") {
    const std::string raw =
        "From: A <a@example.org>\nSubject: [PATCH] a: change two\nMessage-ID: <" + id +
        ">\nDate: Sun, 1 Mar 2026 10:00:00 +0000\nTo: l@example.org, mia@example.org\n"
        "List-Id: <l.example.org>\n\nBecause it reads better.\n\n" +
        trailer +
        "---\ndiff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1,4 +1,4 @@\n one\n-" +
        from + "\n+2\n three\n four\n";
    return *workspace->queries().series(app::test::take_mail(*workspace, raw, id));
  }

  void run(const tracker::Series& series) {
    app::SeriesRunner runner(*workspace, runtime, processes);
    workspace->on_verdict([&](const tracker::Series& one) {
      const auto noted = app::note_verdict(*workspace, one);
      CHECK_MESSAGE(noted.has_value(), noted.error().message);
    });
    const auto report = runner.run(series);
    REQUIRE_MESSAGE(report.has_value(), report.error().message);
  }

  std::vector<std::string> reasons(std::int64_t series) {
    const auto text = stage->mails().decision(series);
    std::vector<std::string> result;
    if (text) {
      const auto decision = boost::json::parse(*text);
      for (const auto& reason : decision.at("reasons").as_array()) {
        result.emplace_back(reason.as_string());
      }
    }
    return result;
  }

  TempDir folder;
  std::string base;
  std::unique_ptr<app::Workspace> workspace;
  std::unique_ptr<app::MailStage> stage;
  NoRuntime runtime;
  SystemProcessRunner processes;
};

}  // namespace

TEST_CASE("app::MailStage: is not there when nothing is mailed") {
  CHECK(MailBench("").stage == nullptr);
}

TEST_CASE("app::MailStage: a verdict becomes a mail that names the base") {
  MailBench bench;
  const auto series = bench.take("p1@x", "");
  bench.run(series);
  CHECK(bench.stage->mails().of_series(series.number).empty());  // not decided yet
  CHECK(bench.stage->decide() == 1);
  const auto mails = bench.stage->mails().of_series(series.number);
  REQUIRE(mails.size() == 1);
  CHECK(mails[0].state == reports::MailState::queued);
  CHECK(mails[0].recipients.at(0).address == "a@example.org");
  CHECK(mails[0].content.find("In-Reply-To: <p1@x>") != std::string::npos);
  CHECK(mails[0].content.find("base commit " + bench.base) != std::string::npos);
  CHECK(mails[0].content.find("Tested on t, " + bench.base.substr(0, 12)) != std::string::npos);
  CHECK(bench.stage->decide() == 0);
}

TEST_CASE("app::MailStage: one mail a revision, however often it is judged") {
  MailBench bench;
  const auto series = bench.take("p1@x", "");
  for (int i = 0; i < 3; ++i) {
    CHECK(app::note_verdict(*bench.workspace, series).has_value());
    bench.run(series);
    bench.stage->decide();
  }
  CHECK(bench.stage->mails().of_series(series.number).size() == 1);
}

TEST_CASE("app::MailStage: a transaction that fails takes verdict and mail, a crash neither") {
  MailBench bench;
  const auto series = bench.take("p1@x", "");
  try {
    store::Transaction transaction(bench.workspace->database());
    CHECK(app::note_verdict(*bench.workspace, series).has_value());
    throw std::runtime_error("killed");
  } catch (const std::runtime_error&) {
  }
  CHECK(bench.stage->decide() == 0);
  // Set, and the process died before it decided: the next one does.
  bench.run(series);
  auto again = app::MailStage::make(*bench.workspace);
  REQUIRE(again.has_value());
  CHECK((*again)->decide() == 1);
  CHECK((*again)->mails().of_series(series.number).size() == 1);
}

TEST_CASE("app::MailStage: a fault of mail never loses the verdict, and is its decision's reason") {
  MailBench bench;
  const auto series = bench.take("p1@x", "");
  fs::remove(bench.folder.path() / "no-mail");
  bench.run(series);
  CHECK(bench.workspace->nodes().verdict(series.number)->verdict == Verdict::fail);
  CHECK(bench.stage->decide() == 0);
  CHECK(bench.stage->mails().of_series(series.number).empty());
  const auto reasons = bench.reasons(series.number);
  REQUIRE(reasons.size() == 1);
  CHECK(reasons[0].find("not decided yet, tried again later: ") == 0);
  CHECK(reasons[0].find("no-mail") != std::string::npos);

  // Mended: its time has to come, then it goes.
  REQUIRE(write_file_atomic(bench.folder.path() / "no-mail", ""));
  CHECK(bench.stage->decide() == 0);
  bench.workspace->database().exec("UPDATE report_undecided SET due = 0");
  CHECK(bench.stage->decide() == 1);
  CHECK(bench.stage->mails().of_series(series.number).size() == 1);
}

TEST_CASE("app::MailStage: maintainers are those of the base, not those the patch names") {
  MailBench bench("  rules: [{name: m, to: [maintainers]}]\n");
  const auto series = bench.take("p1@x", "");
  bench.run(series);
  const auto preview = bench.stage->preview(series);
  REQUIRE_MESSAGE(preview.has_value(), preview.error().message);
  bench.stage->decide();
  const auto mails = bench.stage->mails().of_series(series.number);
  REQUIRE(mails.size() == 1);
  REQUIRE(mails[0].recipients.size() == 1);
  CHECK(mails[0].recipients[0].address == "mia@example.org");
  CHECK(preview->mail->content.size() == mails[0].content.size());
}

TEST_CASE("app::MailStage: what passes is mailed where a rule wants it, incomplete never") {
  MailBench bench;
  const auto good = bench.take("p1@x", "Signed-off-by: A <a@example.org>\n");
  bench.run(good);
  bench.stage->decide();
  CHECK(bench.stage->mails().of_series(good.number).size() == 1);
  auto verdict = *bench.workspace->nodes().verdict(good.number);
  const auto other = bench.take("p2@x", "Signed-off-by: A <a@example.org>\n");
  verdict.verdict = Verdict::incomplete;
  bench.workspace->nodes().set_verdict(other.number, verdict);
  CHECK(app::note_verdict(*bench.workspace, other).has_value());
  CHECK(bench.stage->decide() == 1);
  CHECK(bench.stage->mails().of_series(other.number).empty());
  CHECK(bench.reasons(other.number).at(0).find("our own trouble") != std::string::npos);
}

TEST_CASE("app::verdict_base: is that of the newest try, without the tree's name before it") {
  MailBench bench;
  const auto series = bench.take("p1@x", "Signed-off-by: A <a@example.org>\n");
  CHECK(app::verdict_base(*bench.workspace, series.number).base_commit.empty());
  bench.run(series);
  auto context = app::verdict_base(*bench.workspace, series.number);
  CHECK(context.base_commit == bench.base);
  CHECK(context.base_described.starts_with(bench.base.substr(0, 12)));
  bench.workspace->database().exec(
      "UPDATE series_runs SET project = 'netdev', base_commit = 'c2', base_described = 't v6.1'");
  context = app::verdict_base(*bench.workspace, series.number);
  CHECK(context.project == "netdev");
  CHECK(context.base_commit == "c2");
  CHECK(context.base_described == "v6.1");
}
