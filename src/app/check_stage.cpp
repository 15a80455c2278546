#include "app/check_stage.hpp"

#include "checks/run_checks.hpp"
#include "runtimes/tool_sandbox.hpp"

#include <algorithm>
#include <thread>

namespace patchmill::app {

std::vector<const checks::Check*> enabled_checks(const Config& config) {
  std::vector<const checks::Check*> result;
  const auto has = [](const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const auto& check : checks::all_checks()) {
    // Settings for a check that must be asked for are asking for it.
    const bool wanted =
        config.checks_enabled
            ? has(*config.checks_enabled, check->name())
            : check->on_by_default() || config.check_settings.contains(std::string(check->name()));
    if (wanted && !has(config.checks_disabled, check->name())) {
      result.push_back(check.get());
    }
  }
  return result;
}

CheckStage::CheckStage(Workspace& workspace, ProcessRunner& processes, const RunWatcher& watcher)
    : m_workspace(workspace), m_processes(processes), m_watcher(watcher) {}

void CheckStage::run(const LoadedSeries& loaded, const pipeline::Node& checkout,
                     git::Repository* repository) {
  std::vector<checks::EnabledCheck> enabled;
  for (const auto* check : enabled_checks(m_workspace.config())) {
    const auto settings = m_workspace.config().check_settings.find(std::string(check->name()));
    enabled.push_back({check, settings != m_workspace.config().check_settings.end()
                                  ? settings->second
                                  : checks::Settings{}});
  }
  checks::RunOptions options;
  options.threads = std::max(1u, std::thread::hardware_concurrency());
  options.wrap = runtimes::tool_sandbox();
  const auto runs = checks::run_checks(loaded.view(), enabled, repository, m_processes, options);
  store::Transaction transaction(m_workspace.database());
  for (const auto& run : runs) {
    pipeline::Node node;
    node.parent = checkout.id;
    node.series = checkout.series;
    node.kind = pipeline::NodeKind::check;
    node.name = run.check->name();
    node.patch = run.patch;
    node.attempt = checkout.attempt;
    node.tree = checkout.tree;
    node.commit = run.patch ? loaded.view().patches[run.patch_index].commit : checkout.commit;
    node = m_workspace.nodes().create(node);
    m_workspace.nodes().start(node);
    m_workspace.nodes().finish(node, run.outcome.verdict, run.outcome.summary,
                               run.outcome.findings);
    if (m_watcher.node_done) {
      m_watcher.node_done(node);
    }
  }
  transaction.commit();
}

}  // namespace patchmill::app
