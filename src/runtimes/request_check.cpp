#include "runtimes/request_check.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

namespace patchmill::runtimes {
namespace {

namespace fs = std::filesystem;

bool has_nul(const std::string& text) {
  return text.find('\0') != std::string::npos;
}

Result<void> check_folder(const fs::path& path, std::string_view what) {
  struct stat info{};
  if (!path.is_absolute() || has_nul(path.string()) || ::stat(path.c_str(), &info) != 0 ||
      !S_ISDIR(info.st_mode)) {
    return fail(ErrorKind::invalid,
                fmt::format("the {} folder of a run must be an existing folder with an absolute "
                            "path, not \"{}\"",
                            what, path.string()));
  }
  return {};
}

Result<void> check_env(const std::map<std::string, std::string>& env) {
  for (const auto& [name, value] : env) {
    if (name.empty() || name.find('=') != std::string::npos || has_nul(name) || has_nul(value)) {
      return fail(ErrorKind::invalid,
                  fmt::format("environment variable \"{}\" has an impossible name or value", name));
    }
  }
  return {};
}

}  // namespace

Result<void> check_request(const RunRequest& request, bool other_user) {
  if (request.job == nullptr || request.job->command.empty() ||
      request.job->command.front().empty()) {
    return fail(ErrorKind::invalid, "a job without a command cannot be run");
  }
  const pipeline::JobSpec& job = *request.job;
  for (const std::string& word : job.command) {
    if (has_nul(word)) {
      return fail(ErrorKind::invalid,
                  fmt::format("the command of job {} has a NUL byte in it", job.name));
    }
  }
  PM_TRY(check_env(job.env));
  PM_TRY(check_env(request.env));
  PM_TRY(check_folder(request.source, "source"));
  PM_TRY(check_folder(request.scratch, "scratch"));
  if (!request.warm.empty()) {
    PM_TRY(check_folder(request.warm, "warm"));
  }
  if (!request.git_dir.empty()) {
    PM_TRY(check_folder(request.git_dir, "git"));
  }
  if (job.own_source) {
    PM_TRY(check_folder(request.own_source, "own source"));
    PM_TRY(check_folder(request.git_dir, "git"));
  }
  for (const fs::path& path : request.git_objects) {
    PM_TRY(check_folder(path, "git objects"));
  }
  for (const std::string& text : job.read_only) {
    const fs::path path(text);
    std::error_code error;
    if (!path.is_absolute() || path.lexically_normal() == "/" || has_nul(text) ||
        !fs::exists(path, error)) {
      return fail(ErrorKind::invalid,
                  fmt::format("job {} wants to read \"{}\": that must be the absolute path of "
                              "something that exists, and not /",
                              job.name, text));
    }
  }
  struct stat info{};
  if (other_user && ::stat(request.source.c_str(), &info) == 0 && (info.st_mode & 05) != 05) {
    return fail(ErrorKind::invalid,
                fmt::format("{} cannot be read by the user jobs run as; run: chmod o+rx {}",
                            request.source.string(), request.source.string()));
  }
  return {};
}

}  // namespace patchmill::runtimes
