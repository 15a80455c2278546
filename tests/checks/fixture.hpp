#pragma once
// Series and repositories to run checks on.

#include "checks/check.hpp"
#include "git/repository.hpp"
#include "support/git.hpp"
#include "util/file.hpp"
#include "util/subprocess.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace patchmill::checks::testing {

using findings::Severity;
using findings::Verdict;

// A series made of parts, as placement would hand it on.
class TestSeries {
 public:
  PatchView& add(const std::string& title, const std::string& body, const std::string& diff = "",
                 const mail::Address& author = {"Ann Author", "ann@example.org"}) {
    mail::Message& message = m_messages.emplace_back();
    message.message_id = "patch" + std::to_string(m_messages.size()) + "@example.org";
    message.subject = "[PATCH] " + title;
    message.from = author;
    message.text = body;
    message.diff = diff;
    PatchView patch;
    patch.number = static_cast<int>(view.patches.size()) + 1;
    patch.label = message.subject;
    patch.message = &message;
    patch.text.author = author;
    patch.text.title = title;
    patch.text.body = body;
    if (!diff.empty()) {
      auto files = mail::parse_diff(message.diff);
      REQUIRE_MESSAGE(files.has_value(), (files ? std::string() : files.error().message));
      patch.files = std::move(*files);
    }
    view.patches.push_back(std::move(patch));
    view.total = static_cast<int>(view.patches.size());
    return view.patches.back();
  }
  mail::Message& message(std::size_t index) { return m_messages.at(index); }
  mail::Message& cover(const std::string& subject, const std::string& text) {
    mail::Message& message = m_messages.emplace_back();
    message.subject = subject;
    message.text = text;
    view.cover = &message;
    return message;
  }

  SeriesView view;

 private:
  std::deque<mail::Message> m_messages;  // addresses stay
};

// A git repository with a work tree, made with git itself.
class TestRepo {
 public:
  TestRepo() : m_folder("patchmill-checks-test") {
    git({"init", "-q", "-b", "main", "."});
    git({"commit", "-q", "--allow-empty", "-m", "root"});
  }
  // Writes files ("" removes one) and commits all; the id.
  std::string commit(const std::map<std::string, std::string>& files,
                     const std::string& message = "change") {
    for (const auto& [name, content] : files) {
      const auto path = m_folder.path() / name;
      if (content.empty()) {
        std::filesystem::remove(path);
        continue;
      }
      std::filesystem::create_directories(path.parent_path());
      std::ofstream(path, std::ios::binary) << content;
    }
    git({"add", "-A", "-f", "."});
    git({"commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", message});
    return head();
  }
  // A commit on top, and the patch of it at the end of the series (whose base is set).
  PatchView& patch(TestSeries& series, const std::map<std::string, std::string>& files,
                   const std::string& title = "part: change it",
                   const std::string& body =
                       "Because.\n\nSigned-off-by: Ann Author "
                       "<ann@example.org>\n") {
    const std::string parent = head();
    if (series.view.base.empty()) {
      series.view.base = parent;
      series.view.tree = "test";
    }
    const std::string id = commit(files, title + "\n\n" + body);
    const std::string diff = git({"diff", "--binary", "-M", parent, id});
    PatchView& patch = series.add(title, body, diff);
    patch.parent = parent;
    patch.commit = id;
    return patch;
  }
  std::string head() {
    std::string id = git({"rev-parse", "HEAD"});
    id.pop_back();
    return id;
  }
  git::Repository& repository() {
    if (!m_repository) {
      auto opened = git::Repository::open(m_folder.path() / ".git");
      REQUIRE_MESSAGE(opened.has_value(), (opened ? std::string() : opened.error().message));
      m_repository = std::move(*opened);
    }
    return *m_repository;
  }
  std::string git(std::vector<std::string> args) {
    return test::git_output(m_folder.path(), std::move(args));
  }
  [[nodiscard]] const std::filesystem::path& path() const { return m_folder.path(); }

 private:
  TempDir m_folder;
  std::unique_ptr<git::Repository> m_repository;
};

// Runs one check; `patch` counts from 0 and is unused for checks of the series.
inline CheckOutcome run_check(std::string_view name, const TestSeries& series,
                              const Settings& settings = {}, git::Repository* repository = nullptr,
                              std::size_t patch = 0, ProcessRunner* processes = nullptr) {
  const Check* check = find_check(name);
  REQUIRE(check != nullptr);
  SystemProcessRunner runner;
  Context context;
  context.series = &series.view;
  if (check->scope() == Scope::patch) {
    context.patch = &series.view.patches.at(patch);
  }
  context.repository = repository;
  context.processes = processes == nullptr ? &runner : processes;
  context.settings = &settings;
  CheckOutcome outcome = check->run(context);
  CHECK_FALSE(outcome.summary.empty());
  CHECK(outcome.summary.find('\n') == std::string::npos);
  return outcome;
}

inline std::string rules(const CheckOutcome& outcome) {
  std::string text;
  for (const findings::Finding& finding : outcome.findings) {
    text += (text.empty() ? "" : " ") + finding.rule;
  }
  return text;
}

// A diff of one new file with these lines.
inline std::string new_file(const std::string& path, const std::vector<std::string>& lines) {
  std::string diff = "diff --git a/" + path + " b/" + path + "\nnew file mode 100644\nindex " +
                     "0000000..1111111\n--- /dev/null\n+++ b/" + path + "\n@@ -0,0 +1," +
                     std::to_string(lines.size()) + " @@\n";
  for (const std::string& line : lines) {
    diff += "+" + line + "\n";
  }
  return diff;
}

// A diff of one modified file; lines carry their markers, the hunk starts at line 10.
inline std::string change(const std::string& path, const std::vector<std::string>& lines) {
  std::size_t old_count = 0;
  std::size_t new_count = 0;
  std::string body;
  for (const std::string& line : lines) {
    old_count += line.front() == ' ' || line.front() == '-' ? 1U : 0U;
    new_count += line.front() == ' ' || line.front() == '+' ? 1U : 0U;
    body += line + "\n";
  }
  return "diff --git a/" + path + " b/" + path + "\nindex 1111111..2222222 100644\n--- a/" + path +
         "\n+++ b/" + path + "\n@@ -10," + std::to_string(old_count) + " +10," +
         std::to_string(new_count) + " @@\n" + body;
}

}  // namespace patchmill::checks::testing
