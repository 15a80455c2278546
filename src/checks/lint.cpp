#include "checks/lint.hpp"

#include "checks/diff_lines.hpp"
#include "checks/tool.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::checks {
namespace {

constexpr std::size_t k_most_files = 200;
constexpr std::size_t k_largest_linted = 1u << 20;
constexpr auto k_timeout = std::chrono::seconds(120);

// The base name where it is harmless to a command line (tools judge by it: __init__.py), else a
// made-up one with the same extension.
std::string safe_name(std::string_view path) {
  const std::string_view name = base_name(path);
  const auto harmless = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  if (name.size() <= 100 && std::all_of(name.begin(), name.end(), harmless) &&
      name.front() != '-' && name.front() != '.') {
    return std::string(name);
  }
  const std::string_view ext = extension(path);
  const bool plain = ext.size() <= 10 && std::all_of(ext.begin(), ext.end(), harmless);
  return ext.empty() || !plain ? "file" : fmt::format("file.{}", ext);
}

// "…/17/name.sh" -> 17.
std::optional<std::size_t> number_of(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  if (slash == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view folder = base_name(name.substr(0, slash));
  return parse_uint(folder);
}

struct Blob {
  std::string content;
  std::string problem;  // why it cannot be linted; empty: it can
};

Result<std::optional<Blob>> read_blob(git::Repository& repository, const std::string& commit,
                                      const std::string& path) {
  const std::vector<std::string> paths = {path};
  PM_TRY_ASSIGN(const auto entries, repository.entries(commit, paths));
  // Symbolic links, folders and submodules have no lines.
  if (entries.size() != 1 || (entries.front().mode != 0100644 && entries.front().mode != 0100755)) {
    return std::optional<Blob>();
  }
  PM_TRY_ASSIGN(auto object, repository.read(entries.front().id));
  Blob blob = {.content = std::move(object.data), .problem = {}};
  if (blob.content.size() > k_largest_linted) {
    blob.problem = fmt::format("larger than {} bytes, not looked at", k_largest_linted);
  } else if (!is_valid_utf8(blob.content)) {
    blob.problem = "not valid UTF-8, not looked at";
  }
  return std::optional<Blob>(std::move(blob));
}

}  // namespace

Result<std::vector<LintFile>> LintCheck::collect(const Context& context, Report& report) const {
  std::vector<LintFile> files;
  for (const mail::FileDiff& diff : context.patch->files) {
    if (is_deleted(diff) || diff.new_path.empty() || !concerns(diff.new_path) ||
        !is_plain_path(diff.new_path)) {
      continue;
    }
    if (files.size() == k_most_files) {
      report.note("more",
                  fmt::format("only the first {} {} were looked at", k_most_files, tool().files));
      break;
    }
    PM_TRY_ASSIGN(auto after, read_blob(*context.repository, context.patch->commit, diff.new_path));
    if (!after) {
      continue;
    }
    if (!after->problem.empty()) {
      report.note("unread", after->problem, {.file = diff.new_path});
      continue;
    }
    LintFile file = {.path = diff.new_path, .before = {}, .after = std::move(after->content)};
    if (!is_added(diff) && !diff.old_path.empty() && is_plain_path(diff.old_path)) {
      PM_TRY_ASSIGN(auto before,
                    read_blob(*context.repository, context.patch->parent, diff.old_path));
      if (before && before->problem.empty()) {
        file.before = std::move(before->content);
      }
    }
    files.push_back(std::move(file));
  }
  return files;
}

Result<LintConfig> LintCheck::config_for(const Context& context, const std::string& path) const {
  // From the file's folder up to the top, the names in the tool's order of preference.
  std::vector<std::string> candidates;
  std::string folder = path;
  while (!folder.empty()) {
    const std::size_t slash = folder.rfind('/');
    folder.resize(slash == std::string::npos ? 0 : slash);
    for (const std::string_view name : tool().config_names) {
      candidates.push_back(folder.empty() ? std::string(name) : fmt::format("{}/{}", folder, name));
    }
  }
  PM_TRY_ASSIGN(const auto entries, context.repository->entries(context.series->base, candidates));
  for (const std::string& candidate : candidates) {
    const auto entry = std::find_if(entries.begin(), entries.end(), [&](const auto& e) {
      return e.path == candidate && (e.mode == 0100644 || e.mode == 0100755);
    });
    if (entry == entries.end()) {
      continue;
    }
    PM_TRY_ASSIGN(auto object, context.repository->read(entry->id));
    if (object.data.size() <= k_largest_linted && is_config(base_name(candidate), object.data)) {
      return LintConfig{.path = candidate, .content = std::move(object.data)};
    }
  }
  return LintConfig{};
}

Result<std::map<std::string, LintCheck::Findings>> LintCheck::lint(
    const Context& context, const LintConfig& config, const std::vector<const LintFile*>& files,
    bool after) const {
  std::map<std::string, Findings> result;
  const TempDir work("patchmill-lint");
  std::vector<std::string> names;
  std::vector<const LintFile*> by_number;
  for (const LintFile* file : files) {
    if (!after && !file->before) {
      continue;
    }
    // A folder of its own for each: two files may have the same name.
    std::string name = fmt::format("{}/{}", by_number.size(), safe_name(file->path));
    PM_TRY(write_plain_file(work.path() / "files" / name, after ? file->after : *file->before));
    names.push_back(std::move(name));
    by_number.push_back(file);
  }
  if (names.empty()) {
    return result;
  }
  std::filesystem::path config_file;
  if (!config.path.empty()) {
    config_file = work.path() / "config" / base_name(config.path);
    PM_TRY(write_plain_file(config_file, config.content));
  }
  ToolRun run;
  run.argv = command(context, config, config_file, names);
  run.cwd = work.path() / "files";
  run.timeout = k_timeout;
  PM_TRY_ASSIGN(const auto done, run_tool(context, run));
  if (done.truncated) {
    return fail(ErrorKind::infrastructure,
                fmt::format("{} said more than could be read", tool().program));
  }
  PM_TRY_ASSIGN(auto found, parse(done));
  for (findings::Finding& finding : found) {
    const auto number = number_of(finding.file);
    if (number && *number < by_number.size()) {
      finding.file = by_number[*number]->path;
      result[finding.file].push_back(std::move(finding));
    }
  }
  return result;
}

void LintCheck::judge(const LintFile& file, const Findings& before, const Findings& after,
                      Report& report) const {
  const bool was_clean = before.empty();
  for (findings::Finding& finding : findings::introduced(before, after)) {
    if (clean_stays_clean() && was_clean) {
      finding.severity = findings::Severity::error;
      finding.message += file.before ? " (the file was clean before)" : " (a new file)";
    }
    report.add(std::move(finding));
  }
}

CheckOutcome LintCheck::run(const Context& context) const {
  const LintTool what = tool();
  const auto& diffs = context.patch->files;
  if (std::none_of(diffs.begin(), diffs.end(), [&](const mail::FileDiff& diff) {
        return !is_deleted(diff) && concerns(diff.new_path);
      })) {
    return skipped(fmt::format("no {} touched", what.files));
  }
  if (context.repository == nullptr || context.patch->commit.empty() ||
      context.patch->parent.empty()) {
    return skipped("the series was not placed on a tree");
  }
  if (!find_program(what.program)) {
    return skipped(fmt::format("{} is not installed ({})", what.program, what.package));
  }
  Report report(*this, context);
  const auto files = collect(context, report);
  if (!files) {
    return incomplete(files.error().message);
  }
  // One process a side for all files under the same configuration.
  std::map<std::string, std::pair<LintConfig, std::vector<const LintFile*>>> groups;
  for (const LintFile& file : *files) {
    auto config = config_for(context, file.path);
    if (!config) {
      return incomplete(config.error().message);
    }
    auto& group = groups[config->path];
    group.first = std::move(*config);
    group.second.push_back(&file);
  }
  std::size_t was = 0;
  std::size_t now = 0;
  for (const auto& [name, group] : groups) {
    const auto before = lint(context, group.first, group.second, false);
    const auto after = lint(context, group.first, group.second, true);
    if (!before || !after) {
      return incomplete((before ? after : before).error().message);
    }
    for (const LintFile* file : group.second) {
      const auto old = before->find(file->path);
      const auto fresh = after->find(file->path);
      const Findings none;
      const Findings& old_findings = old == before->end() ? none : old->second;
      const Findings& new_findings = fresh == after->end() ? none : fresh->second;
      was += old_findings.size();
      now += new_findings.size();
      judge(*file, old_findings, new_findings, report);
    }
  }
  return report.finish(
      fmt::format("{} has nothing new to say (before: {}, now: {})", what.program, was, now));
}

}  // namespace patchmill::checks
