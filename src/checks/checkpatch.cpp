// The tree's own checkpatch.pl, run on one patch.

#include "checks/base_files.hpp"
#include "checks/checkpatch_output.hpp"
#include "checks/registry.hpp"
#include "checks/report.hpp"
#include "checks/settings.hpp"
#include "checks/tool.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <optional>

namespace patchmill::checks {
namespace {

constexpr std::array k_checkpatch_settings = {
    Setting{.name = "script",
            .type = SettingType::path,
            .default_value = "",
            .meaning = "The checkpatch.pl to run; empty: scripts/checkpatch.pl of the tree."},
    Setting{.name = "strict",
            .type = SettingType::flag,
            .default_value = "false",
            .meaning = "Run with --strict; its CHECKs are then warnings."},
    Setting{.name = "ignore",
            .type = SettingType::words,
            .default_value = "COMMIT_LOG_LONG_LINE,MACRO_ARG_REUSE,ALLOC_SIZEOF_STRUCT,"
                             "MISSING_SIGN_OFF,NO_AUTHOR_SIGN_OFF,GIT_COMMIT_ID,CAMELCASE,"
                             "FILE_PATH_CHANGES,BAD_REPORTED_BY_LINK",
            .meaning = "Types of messages to leave out; sign-offs are signed-off-by's matter."},
    Setting{.name = "max-line-length",
            .type = SettingType::number,
            .default_value = "0",
            .meaning = "Longest line of code; 0: what checkpatch.pl thinks."},
    Setting{.name = "codespell",
            .type = SettingType::flag,
            .default_value = "false",
            .meaning = "Use the dictionary of the package codespell too."},
    Setting{.name = "timeout",
            .type = SettingType::number,
            .default_value = "60",
            .meaning = "Seconds after which it is given up.",
            .minimum = 1},
};

constexpr std::size_t k_largest_script = 4u << 20;

class Checkpatch final : public Check {
 public:
  [[nodiscard]] std::string_view name() const override { return "checkpatch"; }
  [[nodiscard]] std::string_view description() const override {
    return "The tree's scripts/checkpatch.pl has no complaints about the patch.";
  }
  [[nodiscard]] Scope scope() const override { return Scope::patch; }
  [[nodiscard]] std::span<const Setting> settings() const override { return k_checkpatch_settings; }
  [[nodiscard]] CheckOutcome run(const Context& context) const override;

 private:
  [[nodiscard]] std::vector<std::string> command(const Context& context, const std::string& script,
                                                 std::string_view script_text) const;
};

std::vector<std::string> Checkpatch::command(const Context& context, const std::string& script,
                                             std::string_view script_text) const {
  std::vector<std::string> argv = {"perl", script};
  // Other projects keep older or shortened editions: use only what this one knows.
  const auto add = [&](std::string_view known_as, std::string option) {
    if (script_text.find(known_as) != std::string_view::npos) {
      argv.push_back(std::move(option));
    }
  };
  argv.insert(argv.end(), {"--no-tree", "--terse"});
  // A tree's .checkpatch.conf may be meant for whole files (LTP's is).
  add("'f|file!'", "--no-file");
  add("'patch!'", "--patch");
  add("no-summary", "--no-summary");
  add("showfile", "--showfile");
  add("show-types", "--show-types");
  add("color", "--color=never");
  if (flag_setting(*this, context, "strict")) {
    add("strict", "--strict");
  }
  if (flag_setting(*this, context, "codespell")) {
    add("codespell", "--codespell");
  }
  if (const auto length = number_setting(*this, context, "max-line-length"); length > 0) {
    add("max-line-length", fmt::format("--max-line-length={}", length));
  }
  // There is no history where it runs; fixes-tag looks commits up.
  auto ignore = words_setting(*this, context, "ignore");
  ignore.emplace_back("UNKNOWN_COMMIT_ID");
  add("'ignore=s'", fmt::format("--ignore={}", join(ignore, ",")));
  return argv;
}

CheckOutcome Checkpatch::run(const Context& context) const {
  const PatchView& patch = *context.patch;
  if (patch.message == nullptr || patch.message->diff.empty()) {
    return skipped("no diff");
  }
  if (!find_program("perl")) {
    return skipped("perl is not installed (Debian package perl)");
  }
  std::optional<BaseFolder> base;
  std::string script = setting(*this, context, "script");
  const bool configured = !script.empty();
  if (!configured) {
    auto folder = BaseFolder::of(context);
    if (!folder) {
      return folder.error().kind == ErrorKind::not_found ? skipped(folder.error().message)
                                                         : incomplete(folder.error().message);
    }
    base.emplace(std::move(*folder));
    script = (base->path() / "scripts/checkpatch.pl").string();
  }
  const auto text = read_file(script, k_largest_script);
  if (!text) {
    return configured ? incomplete(fmt::format("the configured {} cannot be read: {}", script,
                                               text.error().message))
                      : skipped("the tree has no scripts/checkpatch.pl");
  }
  const TempDir work("patchmill-checkpatch");
  const std::filesystem::path mail = work.path() / "patch.mail";
  if (const auto written = write_plain_file(mail, patch_as_mail(patch)); !written) {
    return incomplete(written.error().message);
  }
  ToolRun run;
  run.argv = command(context, script, *text);
  run.argv.push_back(mail.string());
  // There it finds the tree's .checkpatch.conf.
  run.cwd = base ? base->path() : work.path();
  run.timeout = timeout_setting(*this, context, "timeout");
  const auto done = run_tool(context, run);
  if (!done) {
    return incomplete(done.error().message);
  }

  Report report(*this, context);
  const bool strict = flag_setting(*this, context, "strict");
  const bool shows_files = text->find("showfile") != std::string::npos;
  std::size_t counts[3] = {0, 0, 0};
  for (CheckpatchLine& line : parse_checkpatch(done->out, shows_files)) {
    ++counts[static_cast<int>(line.level)];
    const auto severity = line.level == CheckpatchLevel::error ? findings::Severity::error
                          : line.level == CheckpatchLevel::warning || strict
                              ? findings::Severity::warning
                              : findings::Severity::note;
    report.add(make_finding(severity, line.type, std::move(line.message),
                            {.file = std::move(line.file), .line = line.line}));
  }
  const std::size_t total = counts[0] + counts[1] + counts[2];
  if (done->status > 1 || (done->status == 1 && total == 0)) {
    return incomplete(fmt::format("checkpatch.pl ended with status {}: {}", done->status,
                                  ellipsize(trim(done->err), 150)));
  }
  return report.finish_with(fmt::format("{}, {}, {}", count_of(counts[0], "error"),
                                        count_of(counts[1], "warning"),
                                        count_of(counts[2], "check")));
}

}  // namespace

std::unique_ptr<Check> make_checkpatch() {
  return std::make_unique<Checkpatch>();
}

}  // namespace patchmill::checks
