#pragma once
// Linters of single files, run on each touched file before and after the patch, so that only
// what the patch introduces is reported.

#include "checks/check.hpp"
#include "checks/lint_tree.hpp"
#include "checks/report.hpp"
#include "util/result.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::checks {

// A file both ways. The contents are the blobs of the repository.
struct LintFile {
  std::string path;                   // in the patched tree
  std::optional<std::string> before;  // empty: new, or unusable before
  std::string after;
};

// The configuration file that governs some files; from the base, never from the patch.
struct LintConfig {
  std::string path;                          // in the tree; empty: none, the tool's defaults
  std::map<std::string, std::string> files;  // path -> content: it, and what it names
};

struct LintTool {
  std::string_view program, package;               // "shellcheck", "Debian package shellcheck"
  std::string_view files;                          // "shell scripts", for summaries
  std::span<const std::string_view> config_names;  // nearest of these governs a file
  // Whether it takes paths in its configuration from the folder it is started in.
  bool start_in_config_folder = false;
  // The name of an empty configuration at the top, for a tool that would look above it.
  std::string_view last_config = {};
};

class LintCheck : public Check {
 public:
  [[nodiscard]] Scope scope() const final { return Scope::patch; }
  [[nodiscard]] CheckOutcome run(const Context& context) const final;

 protected:
  [[nodiscard]] virtual LintTool tool() const = 0;
  [[nodiscard]] virtual bool concerns(std::string_view path) const = 0;
  // Whether a file with this name and content configures the tool (pyproject.toml may not).
  [[nodiscard]] virtual bool is_config(std::string_view, std::string_view) const { return true; }
  // Other files of the tree that a file of the configuration names, as it names them.
  [[nodiscard]] virtual std::vector<std::string> named_files(std::string_view) const { return {}; }
  // What of a configuration file the tool may see.
  [[nodiscard]] virtual std::string harmless_config(std::string content) const { return content; }
  // The command, started in tree.cwd(). config.path is empty for the defaults.
  [[nodiscard]] virtual std::vector<std::string> command(const Context& context,
                                                         const LintConfig& config,
                                                         const LintTree& tree) const = 0;
  // Findings with Finding::file as the tool names the file.
  // Errors: infrastructure, with what the tool said.
  [[nodiscard]] virtual Result<std::vector<findings::Finding>> parse(
      const Completed& done) const = 0;
  // A file that was clean before, or is new, has to stay so: everything in it is an error.
  [[nodiscard]] virtual bool clean_stays_clean() const { return false; }

 private:
  using Findings = std::vector<findings::Finding>;
  Result<std::vector<LintFile>> collect(const Context& context, Report& report) const;
  Result<LintConfig> config_for(const Context& context, const std::string& path) const;
  Result<void> add_named(const Context& context, LintConfig& config) const;
  // Findings of one side by path in the tree.
  Result<std::map<std::string, Findings>> lint(const Context& context, const LintConfig& config,
                                               const std::vector<const LintFile*>& files,
                                               bool after) const;
  void judge(const LintFile& file, const Findings& before, const Findings& after,
             Report& report) const;
};

}  // namespace patchmill::checks
