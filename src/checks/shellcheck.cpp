#include "checks/diff_lines.hpp"
#include "checks/lint.hpp"
#include "checks/lint_config.hpp"
#include "checks/lint_json.hpp"
#include "checks/registry.hpp"
#include "checks/settings.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <array>
#include <set>

namespace patchmill::checks {
namespace {

namespace json = boost::json;

constexpr std::array k_shellcheck_settings = {
    Setting{.name = "exclude",
            .type = SettingType::words,
            .default_value = "SC2317,SC2329",
            .meaning = "Codes to leave out."},
};

constexpr std::array<std::string_view, 2> k_shellcheck_names = {".shellcheckrc", "shellcheckrc"};

bool is_code(std::string_view word) {
  return word.size() <= 8 && parse_uint(word.starts_with("SC") ? word.substr(2) : word).has_value();
}

class Shellcheck final : public LintCheck {
 public:
  [[nodiscard]] std::string_view name() const override { return "shellcheck"; }
  [[nodiscard]] std::string_view description() const override {
    return "A patch brings no new shellcheck errors; clean and new shell scripts stay clean.";
  }
  [[nodiscard]] std::span<const Setting> settings() const override { return k_shellcheck_settings; }

 protected:
  [[nodiscard]] LintTool tool() const override {
    return {"shellcheck", "Debian package shellcheck", "shell scripts", k_shellcheck_names};
  }
  [[nodiscard]] bool concerns(std::string_view path) const override {
    const std::string_view ext = extension(path);
    return ext == "sh" || ext == "bash";
  }
  [[nodiscard]] std::string harmless_config(std::string content) const override {
    return harmless_shellcheckrc(content);
  }
  [[nodiscard]] std::vector<std::string> command(const Context& context, const LintConfig& config,
                                                 const LintTree& tree) const override;
  [[nodiscard]] Result<std::vector<findings::Finding>> parse(const Completed& done) const override;
  [[nodiscard]] bool clean_stays_clean() const override { return true; }
};

std::vector<std::string> Shellcheck::command(const Context& context, const LintConfig& config,
                                             const LintTree& tree) const {
  std::vector<std::string> codes;
  for (std::string& code : words_setting(*this, context, "exclude")) {
    if (is_code(code)) {
      codes.push_back(std::move(code));
    }
  }
  // No -x: a script of the patch could name /dev/zero as something it sources.
  std::vector<std::string> argv = {"shellcheck", "--format=json1"};
  if (config.path.empty()) {
    argv.emplace_back("--norc");  // else it looks above our folder too
  }
  if (!codes.empty()) {
    argv.push_back("--exclude=" + join(codes, ","));
  }
  argv.emplace_back("--");
  argv.insert(argv.end(), tree.names().begin(), tree.names().end());
  return argv;
}

Result<std::vector<findings::Finding>> Shellcheck::parse(const Completed& done) const {
  if (done.status > 1 || done.status < 0) {
    return fail(ErrorKind::infrastructure, fmt::format("shellcheck ended with status {}: {}",
                                                       done.status, ellipsize(done.err, 150)));
  }
  PM_TRY_ASSIGN(const json::value document, parse_tool_json("shellcheck", done.out));
  std::vector<findings::Finding> found;
  std::set<std::string> sourcing;
  const json::object* top = document.if_object();
  const json::value* comments = top == nullptr ? nullptr : top->if_contains("comments");
  if (comments == nullptr || !comments->is_array()) {
    return fail(ErrorKind::infrastructure, "shellcheck's answer has no comments");
  }
  for (const json::value& entry : comments->get_array()) {
    const std::string level = text_of(entry, "level");
    const auto code = number_of_key(entry, "code");
    const auto severity = level == "error"     ? findings::Severity::error
                          : level == "warning" ? findings::Severity::warning
                                               : findings::Severity::note;
    findings::Finding finding = make_finding(
        severity, fmt::format("SC{}", code), text_of(entry, "message"),
        {.file = text_of(entry, "file"), .line = static_cast<int>(number_of_key(entry, "line"))});
    if (code == 1090 || code == 1091) {
      sourcing.insert(finding.file);  // "not following": we do not on purpose
      continue;
    }
    found.push_back(std::move(finding));
  }
  // What a script sources may assign any variable.
  std::erase_if(found, [&](const findings::Finding& finding) {
    return finding.rule == "SC2154" && sourcing.contains(finding.file);
  });
  return found;
}

}  // namespace

std::unique_ptr<Check> make_shellcheck() {
  return std::make_unique<Shellcheck>();
}

}  // namespace patchmill::checks
