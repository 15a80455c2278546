#pragma once
// What there is to say about a series, independent of who gets to read it and in which words.

#include "findings/finding.hpp"
#include "mail/address.hpp"
#include "pipeline/node_store.hpp"
#include "tracker/model.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::reports {

// Classes of checks and jobs, as policy and templates tell them apart.
enum class CheckClass { applies, sign_off, description, build, test, style, other };
std::string_view to_string(CheckClass check_class);
std::optional<CheckClass> check_class_from(std::string_view text);

// By name (shell patterns allowed) where configured, else by what patchmill's own checks are about,
// else by kind: kbuild is build, test is test, the rest other.
using ClassRules = std::map<std::string, CheckClass>;
CheckClass class_of(const pipeline::Node& node, const ClassRules& rules);

// Where people find things on the web. {series} and {node} are replaced; empty: there is no page.
struct Links {
  std::string series, log, reproducer;
  // The service's own pages below this URL.
  static Links at(std::string_view base_url);
};

struct ReportLine {
  std::string text;    // "drivers/a.c:12: warning: unused variable 'x'", one line, clean
  bool known = false;  // the previous revision had it as well
};

// One check or job that did not pass.
struct ReportEntry {
  std::int64_t node = 0;
  std::string name;
  CheckClass check_class = CheckClass::other;
  std::optional<int> patch;
  std::string patch_title;
  findings::Verdict verdict = findings::Verdict::fail;
  std::string summary;
  std::vector<ReportLine> lines;  // only what is new against the base
  std::size_t more_lines = 0;     // left out
  std::string log;                // URL; empty: none
  std::string reproduce;          // a command; empty: none
};

struct FixedLine {
  std::string check, text;
};

struct Report {
  std::int64_t series = 0;
  int version = 1;
  std::string project;  // the configuration's word for where the series belongs; may be empty
  std::string title;    // as Patchwork names the series
  std::size_t patches = 0;
  mail::Address submitter;
  bool is_rfc = false;
  Timestamp posted{};              // the epoch: unknown
  std::vector<std::string> lists;  // List-Ids
  std::string tree, base_commit, base_described;
  findings::Verdict verdict = findings::Verdict::incomplete;
  std::string reason, content_key;
  std::vector<ReportEntry> entries;  // fail before warning, then by class in its order
  std::vector<std::string> passed;   // names, each once
  std::vector<std::pair<std::string, std::string>> not_run;  // incomplete: name, why
  std::vector<FixedLine> fixed;  // what the previous revision had and this one has not
  std::size_t more_fixed = 0;
  int previous_version = 0;  // the revision compared with; 0: none was tested
  std::size_t tests_passed = 0, tests_total = 0;
  std::vector<std::string> suites;  // names of jobs that ran tests
  std::string url;                  // of the series; empty: none

  // The class of the first entry; other when everything passed.
  [[nodiscard]] CheckClass main_class() const;
};

// A node with what it found.
struct NodeFindings {
  pipeline::Node node;
  std::vector<findings::Finding> findings;
  bool has_log = false;  // built-in checks have none
};

struct ReportInput {
  const tracker::Series* series = nullptr;
  pipeline::NodeStore::SeriesVerdict verdict;
  std::vector<NodeFindings> nodes;     // of the last attempt
  std::vector<NodeFindings> previous;  // the same of the newest earlier revision that was tested
  int previous_version = 0;            // 0: there is none
  std::string project, base_commit, base_described;
  ClassRules classes;
  Links links;
};

// Pure. Texts are one line each, clean of control characters, and bounded.
Report build_report(const ReportInput& input);

}  // namespace patchmill::reports
