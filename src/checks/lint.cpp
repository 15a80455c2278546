#include "checks/lint.hpp"

#include "checks/diff_lines.hpp"
#include "checks/lint_config.hpp"
#include "checks/tool.hpp"
#include "checks/tree_file.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace patchmill::checks {
namespace {

constexpr std::size_t k_most_files = 200;
constexpr std::size_t k_largest_linted = 1u << 20;
constexpr std::size_t k_most_config_files = 50;
constexpr int k_most_hops = 5;
constexpr auto k_timeout = std::chrono::seconds(120);

struct Blob {
  std::string content;
  std::string problem;  // why it cannot be linted; empty: it can
};

Result<std::optional<Blob>> read_blob(git::Repository& repository, const std::string& commit,
                                      const std::string& path) {
  PM_TRY_ASSIGN(auto content, read_tree_file(repository, commit, path));
  if (!content) {
    return std::optional<Blob>();
  }
  Blob blob = {.content = *std::move(content), .problem = {}};
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
      return e.path == candidate && is_regular(e.mode);
    });
    if (entry == entries.end()) {
      continue;
    }
    PM_TRY_ASSIGN(auto object, context.repository->read(entry->id));
    if (object.data.size() <= k_largest_linted && is_config(base_name(candidate), object.data)) {
      LintConfig config = {.path = candidate, .files = {}};
      config.files.emplace(candidate, harmless_config(std::move(object.data)));
      return config;
    }
  }
  return LintConfig{};
}

Result<void> LintCheck::add_named(const Context& context, LintConfig& config) const {
  std::vector<std::string> fresh = {config.path};
  for (int hop = 0; hop < k_most_hops && !fresh.empty(); ++hop) {
    std::set<std::string> wanted;
    for (const std::string& path : fresh) {
      for (const std::string& name : named_files(config.files.at(path))) {
        // Tools differ in where they look; what does not exist there is left out below.
        for (const std::string_view folder : {folder_of(path), folder_of(config.path)}) {
          auto named = path_in_tree(folder, name);
          if (named && !config.files.contains(*named)) {
            wanted.insert(std::move(*named));
          }
        }
      }
    }
    fresh.clear();
    if (wanted.empty()) {
      break;
    }
    const std::vector<std::string> paths(wanted.begin(), wanted.end());
    PM_TRY_ASSIGN(const auto entries, context.repository->entries(context.series->base, paths));
    for (const git::TreeEntry& entry : entries) {
      if (!is_regular(entry.mode) || config.files.size() >= k_most_config_files) {
        continue;
      }
      PM_TRY_ASSIGN(auto object, context.repository->read(entry.id));
      if (object.data.size() <= k_largest_linted) {
        config.files.emplace(entry.path, harmless_config(std::move(object.data)));
        fresh.push_back(entry.path);
      }
    }
  }
  return {};
}

Result<std::map<std::string, LintCheck::Findings>> LintCheck::lint(
    const Context& context, const LintConfig& config, const std::vector<const LintFile*>& files,
    bool after) const {
  std::map<std::string, Findings> result;
  LintTree tree(folder_of(config.path), tool().start_in_config_folder);
  for (const auto& [path, content] : config.files) {
    PM_TRY(tree.add_config(path, content));
  }
  const LintTool what = tool();
  const bool ends_at_top =
      std::any_of(what.config_names.begin(), what.config_names.end(),
                  [&](std::string_view name) { return config.files.contains(std::string(name)); });
  if (!config.path.empty() && !what.last_config.empty() && !ends_at_top) {
    PM_TRY(tree.add_config(std::string(what.last_config), ""));
  }
  for (const LintFile* file : files) {
    if (after || file->before) {
      PM_TRY(tree.add(file->path, after ? file->after : *file->before));
    }
  }
  if (tree.names().empty()) {
    return result;
  }
  ToolRun run;
  run.argv = command(context, config, tree);
  run.cwd = tree.cwd();
  run.home = tree.home();
  run.timeout = k_timeout;
  PM_TRY_ASSIGN(const auto done, run_tool(context, run));
  if (done.truncated) {
    return fail(ErrorKind::infrastructure,
                fmt::format("{} said more than could be read", tool().program));
  }
  auto found = parse(done);
  if (!found) {
    return config.path.empty()
               ? tl::unexpected(found.error())
               : fail_with(fmt::format("with the tree's {}", config.path), found.error());
  }
  for (findings::Finding& finding : *found) {
    auto path = tree.path_of(finding.file);
    if (!path) {
      return fail(ErrorKind::infrastructure,
                  fmt::format("{} speaks of the file '{}', which it was not given", tool().program,
                              ellipsize(finding.file, 200)));
    }
    // What it says about a file of the configuration is not the patch's matter.
    if (!path->empty()) {
      finding.file = std::move(*path);
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
    const auto [group, is_new] = groups.try_emplace(config->path);
    if (is_new) {
      const auto added = config->path.empty() ? Result<void>() : add_named(context, *config);
      if (!added) {
        return incomplete(added.error().message);
      }
      group->second.first = std::move(*config);
    }
    group->second.second.push_back(&file);
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
