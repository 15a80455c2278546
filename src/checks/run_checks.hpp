#pragma once
// Running the enabled checks over a series.

#include "checks/check.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace patchmill::checks {

struct EnabledCheck {
  const Check* check = nullptr;
  Settings settings;  // as validate_settings() accepted them
};
// Every check that is on by default, with its default settings.
std::vector<EnabledCheck> default_checks();

struct CheckRun {
  const Check* check = nullptr;
  std::optional<int> patch;     // PatchView::number; none for checks of the series
  std::size_t patch_index = 0;  // into SeriesView::patches, where `patch` is set
  CheckOutcome outcome;
  std::chrono::microseconds elapsed{0};
};

struct RunOptions {
  unsigned threads = 2;
  std::string scripts_dir;               // Context::scripts_dir; empty: laid out once here
  std::function<Command(Command)> wrap;  // Context::wrap
  // Called as each check is done, one call at a time, in no fixed order.
  std::function<void(const CheckRun&)> on_done;
};

// In the order of `enabled`, patches ascending within a check. `repository` may be nullptr (not
// placed). A check that throws is incomplete with the exception's text; this never throws for
// what a patch holds.
std::vector<CheckRun> run_checks(const SeriesView& series, std::span<const EnabledCheck> enabled,
                                 git::Repository* repository, ProcessRunner& processes,
                                 const RunOptions& options = {});

}  // namespace patchmill::checks
