#include "checks/diff_lines.hpp"
#include "checks/lint.hpp"
#include "checks/lint_config.hpp"
#include "checks/lint_json.hpp"
#include "checks/registry.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <array>

namespace patchmill::checks {
namespace {

namespace json = boost::json;

// In ruff's own order of preference.
constexpr std::array<std::string_view, 3> k_ruff_names = {".ruff.toml", "ruff.toml",
                                                          "pyproject.toml"};

class Ruff final : public LintCheck {
 public:
  [[nodiscard]] std::string_view name() const override { return "ruff"; }
  [[nodiscard]] std::string_view description() const override {
    return "A patch brings no new complaints of ruff about Python files.";
  }

 protected:
  [[nodiscard]] LintTool tool() const override {
    return {"ruff",         "pipx install ruff, or package ruff of newer Debian",
            "Python files", k_ruff_names,
            false,          k_ruff_names.front()};
  }
  [[nodiscard]] bool concerns(std::string_view path) const override {
    return extension(path) == "py";
  }
  [[nodiscard]] bool is_config(std::string_view file, std::string_view content) const override {
    return file != "pyproject.toml" || content.find("[tool.ruff") != std::string_view::npos;
  }
  [[nodiscard]] std::vector<std::string> named_files(std::string_view content) const override {
    return values_of_key(content, "extend");
  }
  [[nodiscard]] std::vector<std::string> command(const Context&, const LintConfig& config,
                                                 const LintTree& tree) const override {
    std::vector<std::string> argv = {"ruff", "check", "--no-cache", "--no-fix",
                                     "--output-format=json"};
    // Its own search finds the nearest configuration and takes patterns from that folder, which
    // --config would take from the working directory. Without --force-exclude it looks at every
    // file it is given, whatever `exclude` says.
    argv.emplace_back(config.path.empty() ? "--isolated" : "--force-exclude");
    argv.emplace_back("--");
    argv.insert(argv.end(), tree.names().begin(), tree.names().end());
    return argv;
  }
  [[nodiscard]] Result<std::vector<findings::Finding>> parse(const Completed& done) const override;
};

Result<std::vector<findings::Finding>> Ruff::parse(const Completed& done) const {
  if (done.status > 1 || done.status < 0) {
    return fail(ErrorKind::infrastructure, fmt::format("ruff ended with status {}: {}", done.status,
                                                       ellipsize(joined_lines(done.err), 200)));
  }
  PM_TRY_ASSIGN(const json::value document, parse_tool_json("ruff", done.out));
  if (!document.is_array()) {
    return fail(ErrorKind::infrastructure, "ruff's answer is no list");
  }
  std::vector<findings::Finding> found;
  for (const json::value& entry : document.get_array()) {
    const json::object* object = entry.if_object();
    const json::value* location = object == nullptr ? nullptr : object->if_contains("location");
    const std::string code = text_of(entry, "code");
    const int line = location == nullptr ? 0 : static_cast<int>(number_of_key(*location, "row"));
    // The code is null for what does not parse.
    found.push_back(make_finding(findings::Severity::error, code.empty() ? "syntax" : code,
                                 text_of(entry, "message"),
                                 {.file = text_of(entry, "filename"), .line = line}));
  }
  return found;
}

}  // namespace

std::unique_ptr<Check> make_ruff() {
  return std::make_unique<Ruff>();
}

}  // namespace patchmill::checks
