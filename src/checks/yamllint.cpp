#include "checks/diff_lines.hpp"
#include "checks/lint.hpp"
#include "checks/lint_config.hpp"
#include "checks/registry.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace patchmill::checks {
namespace {

constexpr std::array<std::string_view, 3> k_yamllint_names = {".yamllint", ".yamllint.yaml",
                                                              ".yamllint.yml"};

// "./a.yaml:3:1: [error] too many blank lines (empty-lines)"
std::optional<findings::Finding> parse_line(std::string_view line) {
  // The name holds no colon (LintTree).
  const auto fields = split(line.substr(0, 4000), ':');
  if (fields.size() < 4) {
    return std::nullopt;
  }
  const auto number = parse_uint(fields[1]);
  std::string_view rest =
      trim(line.substr(fields[0].size() + fields[1].size() + fields[2].size() + 3));
  const bool error = rest.starts_with("[error] ");
  if (!number || (!error && !rest.starts_with("[warning] "))) {
    return std::nullopt;
  }
  rest = trim(rest.substr(rest.find(']') + 1));
  findings::Finding finding =
      make_finding(error ? findings::Severity::error : findings::Severity::warning, "", "",
                   {.file = std::string(fields[0]),
                    .line = static_cast<int>(std::min<std::uint64_t>(*number, 1'000'000'000))});
  const std::size_t open = rest.rfind(" (");
  if (open != std::string_view::npos && rest.ends_with(')')) {
    finding.rule = rest.substr(open + 2, rest.size() - open - 3);
    rest = rest.substr(0, open);
  }
  finding.message = rest;
  return finding;
}

class Yamllint final : public LintCheck {
 public:
  [[nodiscard]] std::string_view name() const override { return "yamllint"; }
  [[nodiscard]] std::string_view description() const override {
    return "A patch brings no new yamllint errors or warnings.";
  }

 protected:
  [[nodiscard]] LintTool tool() const override {
    return {"yamllint", "Debian package yamllint", "YAML files", k_yamllint_names, true};
  }
  [[nodiscard]] bool concerns(std::string_view path) const override {
    const std::string_view ext = extension(path);
    return ext == "yaml" || ext == "yml";
  }
  [[nodiscard]] std::vector<std::string> named_files(std::string_view content) const override {
    auto names = values_of_key(content, "extends");
    for (std::string& name : values_of_key(content, "ignore-from-file")) {
      names.push_back(std::move(name));
    }
    return names;
  }
  [[nodiscard]] std::vector<std::string> command(const Context&, const LintConfig& config,
                                                 const LintTree& tree) const override {
    std::vector<std::string> argv = {"yamllint", "--format", "parsable"};
    if (config.path.empty()) {
      argv.insert(argv.end(), {"-d", "default"});
    } else {
      argv.insert(argv.end(), {"-c", std::string(base_name(config.path))});
    }
    // The folder, not the files: so `yaml-files` holds too.
    argv.insert(argv.end(), {"--", "."});
    // A sandbox shows what lies elsewhere only when an argument names it.
    argv.insert(argv.end(), tree.outside().begin(), tree.outside().end());
    return argv;
  }
  [[nodiscard]] Result<std::vector<findings::Finding>> parse(const Completed& done) const override {
    std::vector<findings::Finding> found;
    for (const std::string_view line : split_lines(done.out)) {
      if (auto finding = parse_line(line)) {
        found.push_back(std::move(*finding));
      }
    }
    // 1 means errors were found; it is also how Python ends after an exception.
    const bool broke_down = done.err.find("Traceback (most recent call") != std::string::npos;
    if (done.status > 2 || done.status < 0 || (done.status != 0 && (found.empty() || broke_down))) {
      // The last line of a traceback says what happened.
      const auto lines = split_lines(trim(done.err));
      const std::string said =
          broke_down && !lines.empty() ? std::string(lines.back()) : joined_lines(done.err);
      return fail(ErrorKind::infrastructure, fmt::format("yamllint ended with status {}: {}",
                                                         done.status, ellipsize(said, 200)));
    }
    return found;
  }
};

}  // namespace

std::unique_ptr<Check> make_yamllint() {
  return std::make_unique<Yamllint>();
}

}  // namespace patchmill::checks
