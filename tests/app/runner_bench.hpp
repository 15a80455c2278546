#pragma once
// A tree, a workspace over it, and a runtime that answers what the test says.

#include "app/series_runner.hpp"
#include "app/test_workspace.hpp"
#include "support/git.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace patchmill::app::test {

// A runtime that answers what the test says, and remembers what it was asked.
class ScriptedRuntime final : public runtimes::Runtime {
 public:
  Result<runtimes::RunOutcome> run(const runtimes::RunRequest& request,
                                   const std::function<void(std::string_view)>&) override {
    const std::string source = read_file(request.source / "a.txt").value_or("absent");
    {
      const std::lock_guard lock(m_mutex);
      asked.push_back(request.job->name);
      if (broken) {
        return fail(ErrorKind::infrastructure, "no sandbox today");
      }
      sources.push_back(source);
    }
    if (look) {
      look(request);
    }
    return answer(request.job->name, source);
  }
  std::function<runtimes::RunOutcome(const std::string& job, const std::string& source)> answer;
  std::function<void(const runtimes::RunRequest&)> look;  // at everything, before the answer
  std::vector<std::string> asked, sources;
  bool broken = false;

 private:
  std::mutex m_mutex;
};

inline runtimes::RunOutcome outcome(findings::Verdict verdict, std::string summary = "as told") {
  runtimes::RunOutcome run;
  run.verdict = verdict;
  run.summary = std::move(summary);
  run.log.append("log\n");
  return run;
}

// A tree with one file of four lines, and a workspace over it.
struct RunnerBench {
  explicit RunnerBench(const std::string& more_config = "") {
    patchmill::test::make_checkout(folder.path() / "tree", {{"a.txt", "one\ntwo\nthree\nfour\n"}});
    workspace = open_workspace(
        folder.path(),
        "data: data\ntrees:\n  - {name: t, url: tree, branch: main, lists: [l.example.org]}\n"
        "checks: {enable: [signed-off-by]}\n" +
            more_config);
    runtime.answer = [](const std::string&, const std::string&) {
      return outcome(findings::Verdict::pass);
    };
  }

  // A patch of a.txt from `from` to `to` (one word of line 2), number/total in the subject.
  tracker::Series take(const std::string& id, const std::string& subject, const std::string& from,
                       const std::string& to, const std::string& parent = "",
                       const std::string& trailer = "Signed-off-by: A <a@example.org>\n") {
    std::string raw = "From: A <a@example.org>\nSubject: " + subject + "\nMessage-ID: <" + id +
                      ">\nDate: Sun, 1 Mar 2026 10:00:00 +0000\nList-Id: <l.example.org>\n";
    if (!parent.empty()) {
      raw += "In-Reply-To: <" + parent + ">\nReferences: <" + parent + ">\n";
    }
    raw += "\nBecause it reads better.\n\n" + trailer +
           "---\ndiff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1,4 +1,4 @@\n one\n-" +
           from + "\n+" + to + "\n three\n four\n";
    return *workspace->queries().series(take_mail(*workspace, raw, id));
  }

  app::SeriesReport run(const tracker::Series& series, bool again = false) {
    app::SeriesRunner runner(*workspace, runtime, processes);
    app::RunRequest request;
    request.again = again;
    const auto report = runner.run(series, request);
    REQUIRE_MESSAGE(report.has_value(), report.error().message);
    return *report;
  }

  TempDir folder;
  std::unique_ptr<app::Workspace> workspace;
  ScriptedRuntime runtime;
  SystemProcessRunner processes;
};

}  // namespace patchmill::app::test
