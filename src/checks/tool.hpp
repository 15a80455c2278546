#pragma once
// Running outside tools for a check: clean environment, bounded time and output.

#include "checks/check.hpp"
#include "util/result.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::checks {

struct ToolRun {
  std::vector<std::string> argv;
  std::filesystem::path cwd;
  // HOME and TMPDIR, so that nobody's settings are picked up; empty: cwd.
  std::filesystem::path home = {};
  std::chrono::milliseconds timeout = std::chrono::seconds(60);
  std::size_t max_output = 8u << 20;
};

// Runs it inside the context's wrap. Error infrastructure when it could not be started, was
// killed or ran out of time: none of these says anything about the patch.
Result<Completed> run_tool(const Context& context, const ToolRun& run);

// Writes a whole file that nothing but a tool will read (no fsync), making its folders.
Result<void> write_plain_file(const std::filesystem::path& path, std::string_view content);

// Whether a path from a patch can be made below a folder of ours: harmless for git, not too
// long or deep, and without control characters.
bool is_plain_path(std::string_view path);

// The patch as a mail of `git format-patch`, for tools that read those.
std::string patch_as_mail(const PatchView& patch);

}  // namespace patchmill::checks
