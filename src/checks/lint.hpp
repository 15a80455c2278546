#pragma once
// Linters of single files, run on each touched file before and after the patch, so that only
// what the patch introduces is reported.

#include "checks/check.hpp"
#include "checks/report.hpp"
#include "util/result.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <set>
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
  std::string path;  // in the tree; empty: none, the tool's defaults
  std::string content;
};

struct LintTool {
  std::string_view program, package;               // "shellcheck", "Debian package shellcheck"
  std::string_view files;                          // "shell scripts", for summaries
  std::span<const std::string_view> config_names;  // nearest of these governs a file
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
  // The command; `files` are harmless relative names. `config` is empty for the defaults.
  [[nodiscard]] virtual std::vector<std::string> command(
      const Context& context, const LintConfig& config, const std::filesystem::path& config_file,
      const std::vector<std::string>& files) const = 0;
  // Findings with Finding::file as the command named the file.
  // Errors: infrastructure, with what the tool said.
  [[nodiscard]] virtual Result<std::vector<findings::Finding>> parse(
      const Completed& done) const = 0;
  // A file that was clean before, or is new, has to stay so: everything in it is an error.
  [[nodiscard]] virtual bool clean_stays_clean() const { return false; }

 private:
  using Findings = std::vector<findings::Finding>;
  Result<std::vector<LintFile>> collect(const Context& context, Report& report) const;
  Result<LintConfig> config_for(const Context& context, const std::string& path) const;
  // Findings of one side by path in the tree.
  Result<std::map<std::string, Findings>> lint(const Context& context, const LintConfig& config,
                                               const std::vector<const LintFile*>& files,
                                               bool after) const;
  void judge(const LintFile& file, const Findings& before, const Findings& after,
             Report& report) const;
};

}  // namespace patchmill::checks
