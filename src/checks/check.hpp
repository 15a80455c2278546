#pragma once
// A built-in check: a rule about a patch or a series, with a page in docs/checks/.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "findings/finding.hpp"
#include "git/repository.hpp"
#include "mail/diff.hpp"
#include "mail/message.hpp"
#include "mail/trailers.hpp"
#include "util/subprocess.hpp"

namespace patchmill::checks {

struct PatchView {
  int number = 1;
  std::string label;                      // "[PATCH 2/5] title"
  const mail::Message* message = nullptr; // headers, text, diff; a commit of `try` is made into one
  mail::CommitText text;
  std::vector<mail::FileDiff> files;      // views into message->diff
  git::ObjectId commit, parent;           // applied; empty when the series was not placed
};

struct SeriesView {
  int version = 1;
  int total = 1;
  std::vector<std::string> tags;          // subject prefixes
  const mail::Message* cover = nullptr;   // absent: nullptr
  bool pull_request = false;
  std::vector<PatchView> patches;
  std::string tree;                       // name of the tree it was placed on
  std::vector<std::string> tree_tags;     // subject tags that tree expects
  git::ObjectId base;                     // empty: not placed
};

// Settings of one check from configuration: plain words, looked up by each check.
using Settings = std::map<std::string, std::string>;

// What a check may use. All owned by the caller and valid during run().
struct Context {
  const SeriesView* series = nullptr;
  const PatchView* patch = nullptr;       // set for checks of scope patch
  git::Repository* repository = nullptr;  // nullptr: not placed
  ProcessRunner* processes = nullptr;
  const Settings* settings = nullptr;
  std::string scripts_dir;                // a folder with the tree's scripts/ at the base; or empty
};

struct CheckOutcome {
  findings::Verdict verdict = findings::Verdict::pass;
  std::string summary;                    // one line, always set
  std::vector<findings::Finding> findings;
};

enum class Scope { patch, series };

class Check {
 public:
  virtual ~Check() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;         // "signed-off-by"
  [[nodiscard]] virtual std::string_view description() const = 0;  // one sentence: the rule
  [[nodiscard]] virtual Scope scope() const = 0;
  // Never blames the patch for our own trouble: a missing tool or tree is skip or incomplete.
  [[nodiscard]] virtual CheckOutcome run(const Context& context) const = 0;
};

// All built-in checks, in the order they are shown. Lives as long as the program.
const std::vector<std::unique_ptr<Check>>& all_checks();
const Check* find_check(std::string_view name);

}  // namespace patchmill::checks
