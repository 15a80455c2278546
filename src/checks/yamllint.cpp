#include "checks/diff_lines.hpp"
#include "checks/lint.hpp"
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

// "0/a.yaml:3:1: [error] too many blank lines (empty-lines)"
std::optional<findings::Finding> parse_line(std::string_view line) {
  // The name is ours and holds no colon.
  const auto fields = split(line.substr(0, 400), ':');
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
    return {"yamllint", "Debian package yamllint", "YAML files", k_yamllint_names};
  }
  [[nodiscard]] bool concerns(std::string_view path) const override {
    const std::string_view ext = extension(path);
    return ext == "yaml" || ext == "yml";
  }
  [[nodiscard]] std::vector<std::string> command(
      const Context&, const LintConfig& config, const std::filesystem::path& config_file,
      const std::vector<std::string>& files) const override {
    std::vector<std::string> argv = {"yamllint", "--format", "parsable"};
    if (config.path.empty()) {
      argv.insert(argv.end(), {"-d", "default"});
    } else {
      argv.insert(argv.end(), {"-c", config_file.string()});
    }
    argv.emplace_back("--");
    argv.insert(argv.end(), files.begin(), files.end());
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
    if (done.status > 2 || done.status < 0 || (done.status != 0 && found.empty())) {
      return fail(ErrorKind::infrastructure, fmt::format("yamllint ended with status {}: {}",
                                                         done.status, ellipsize(done.err, 150)));
    }
    return found;
  }
};

}  // namespace

std::unique_ptr<Check> make_yamllint() {
  return std::make_unique<Yamllint>();
}

}  // namespace patchmill::checks
