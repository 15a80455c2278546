#pragma once
// A built-in check: a rule about a patch or a series, with a page in docs/checks/.

#include "findings/finding.hpp"
#include "git/repository.hpp"
#include "mail/diff.hpp"
#include "mail/message.hpp"
#include "mail/trailers.hpp"
#include "util/subprocess.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::checks {

struct PatchView {
  int number = 1;
  std::string label;  // "[PATCH 2/5] title"
  const mail::Message* message =
      nullptr;  // headers, text, diff; a commit of `try` is made into one
  mail::CommitText text;
  std::vector<mail::FileDiff> files;  // views into message->diff
  git::ObjectId commit, parent;       // applied; empty when the series was not placed
};

struct SeriesView {
  int version = 1;
  int total = 1;
  std::vector<std::string> tags;         // subject prefixes
  const mail::Message* cover = nullptr;  // absent: nullptr
  bool pull_request = false;
  std::vector<PatchView> patches;
  std::string tree;                    // name of the tree it was placed on
  std::vector<std::string> tree_tags;  // subject tags that tree expects
  git::ObjectId base;                  // empty: not placed
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
  // A folder with the tree's scripts/ (and MAINTAINERS, .mailmap) at the base, read only for
  // checks; or empty: a check that needs them reads them out of the repository itself.
  std::string scripts_dir;
  // Puts a sandbox around every outside tool; empty: they run as they are.
  std::function<Command(Command)> wrap;
};

struct CheckOutcome {
  findings::Verdict verdict = findings::Verdict::pass;
  std::string summary;  // one line, always set
  std::vector<findings::Finding> findings;
};

enum class Scope { patch, series };

// What the words of a setting must be.
enum class SettingType { text, number, flag, words, path };

// One setting a check understands. `words` are separated by commas or spaces.
struct Setting {
  std::string_view name;  // "max-length"
  SettingType type = SettingType::text;
  std::string_view default_value;  // as it would be written in the configuration
  std::string_view meaning;        // one sentence
  std::string_view choices = {};   // the words it may be, with '|' between; empty: any
  std::uint64_t minimum = 0;       // of a number: less would turn the check into nonsense
};

class Check {
 public:
  virtual ~Check() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;         // "signed-off-by"
  [[nodiscard]] virtual std::string_view description() const = 0;  // one sentence: the rule
  [[nodiscard]] virtual Scope scope() const = 0;
  // Every setting this check understands; configuration refuses all others.
  [[nodiscard]] virtual std::span<const Setting> settings() const { return {}; }
  // Whether it runs where configuration does not say.
  [[nodiscard]] virtual bool on_by_default() const { return true; }
  // Never blames the patch for our own trouble: a missing tool or tree is skip or incomplete.
  [[nodiscard]] virtual CheckOutcome run(const Context& context) const = 0;
};

// All built-in checks, in the order they are shown. Lives as long as the program.
const std::vector<std::unique_ptr<Check>>& all_checks();
const Check* find_check(std::string_view name);

}  // namespace patchmill::checks
