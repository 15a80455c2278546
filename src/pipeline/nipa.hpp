#pragma once
// NIPA's test directories (linux-netdev/nipa): tests/{patch,series}/NAME/info.json, run as they
// are.

#include "pipeline/job.hpp"
#include "util/result.hpp"

#include <filesystem>
#include <vector>

namespace patchmill::pipeline {

// Reads one test directory into a job named after it. `run` (a string or a list) becomes the
// command, its program looked up in the directory unless it is absolute, the directory itself is
// readable, and the source a checkout it may change (most go back to HEAD~ to compare). Tests
// written as Python functions (pymod, pyfunc) and disabled ones get a skip_reason instead of a
// command. The scope is `patch` when the parent folder is named "patch", else `series`. Errors:
// not_found, invalid (with what is wrong in which file), limit.
Result<JobSpec> read_nipa_test(const std::filesystem::path& directory);

// Every test directory under `root` ("tests/patch", "tests/series", …), by name.
Result<std::vector<JobSpec>> read_nipa_tests(const std::filesystem::path& root);

// The facts NIPA tests also get in their environment.
inline constexpr const char* nipa_branch_base = "BRANCH_BASE";          // what the series stands on
inline constexpr const char* nipa_first_in_series = "FIRST_IN_SERIES";  // "1" for the first patch

}  // namespace patchmill::pipeline
