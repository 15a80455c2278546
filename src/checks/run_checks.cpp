#include "checks/run_checks.hpp"

#include "checks/base_files.hpp"
#include "checks/report.hpp"
#include "util/file.hpp"
#include "util/thread_pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <mutex>

namespace patchmill::checks {
namespace {

bool uses_base_files(const EnabledCheck& enabled) {
  return enabled.check->name() == "checkpatch" || enabled.check->name() == "cc-maintainers";
}

CheckOutcome run_guarded(const Check& check, const Context& context) {
  try {
    return check.run(context);
  } catch (const std::exception& error) {
    return incomplete(fmt::format("check {} broke down: {}", check.name(), error.what()));
  } catch (...) {
    return incomplete(fmt::format("check {} broke down", check.name()));
  }
}

}  // namespace

std::vector<EnabledCheck> default_checks() {
  std::vector<EnabledCheck> enabled;
  for (const auto& check : all_checks()) {
    if (check->on_by_default()) {
      enabled.push_back({.check = check.get(), .settings = {}});
    }
  }
  return enabled;
}

std::vector<CheckRun> run_checks(const SeriesView& series, std::span<const EnabledCheck> enabled,
                                 git::Repository* repository, ProcessRunner& processes,
                                 const RunOptions& options) {
  std::string scripts_dir = options.scripts_dir;
  std::unique_ptr<TempDir> own_scripts;
  if (scripts_dir.empty() && repository != nullptr && !series.base.empty() &&
      std::any_of(enabled.begin(), enabled.end(), uses_base_files)) {
    // Once for all patches. Where it fails, the checks that need it try and say so themselves.
    try {
      own_scripts = std::make_unique<TempDir>("patchmill-base");
      if (lay_out_base_files(*repository, series, own_scripts->path())) {
        scripts_dir = own_scripts->path().string();
      }
    } catch (const std::exception&) {
      own_scripts.reset();
    }
  }

  std::vector<CheckRun> runs;
  std::vector<const Settings*> settings;
  for (const EnabledCheck& entry : enabled) {
    if (entry.check->scope() == Scope::series) {
      CheckRun run;
      run.check = entry.check;
      runs.push_back(std::move(run));
      settings.push_back(&entry.settings);
      continue;
    }
    std::vector<std::size_t> order(series.patches.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      order[i] = i;
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return series.patches[a].number < series.patches[b].number;
    });
    for (const std::size_t i : order) {
      CheckRun run;
      run.check = entry.check;
      run.patch = series.patches[i].number;
      run.patch_index = i;
      runs.push_back(std::move(run));
      settings.push_back(&entry.settings);
    }
  }

  std::mutex done_mutex;
  const auto run_one = [&](std::size_t i) {
    CheckRun& run = runs[i];
    Context context;
    context.series = &series;
    context.patch = run.patch ? &series.patches[run.patch_index] : nullptr;
    context.repository = repository;
    context.processes = &processes;
    context.settings = settings[i];
    context.scripts_dir = scripts_dir;
    context.wrap = options.wrap;
    const auto start = std::chrono::steady_clock::now();
    run.outcome = run_guarded(*run.check, context);
    run.elapsed = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - start);
    if (options.on_done) {
      const std::lock_guard lock(done_mutex);
      options.on_done(run);
    }
  };
  const unsigned threads = std::min<unsigned>(
      std::max(options.threads, 1U), static_cast<unsigned>(std::max<std::size_t>(runs.size(), 1)));
  if (threads == 1) {
    for (std::size_t i = 0; i < runs.size(); ++i) {
      run_one(i);
    }
    return runs;
  }
  ThreadPool pool(threads);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    pool.submit([&run_one, i] { run_one(i); });
  }
  pool.wait_idle();
  return runs;
}

}  // namespace patchmill::checks
