#include "pipeline/nipa.hpp"

#include "util/file.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace patchmill::pipeline {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t max_info = 64u << 10;

bool truthy(const boost::json::object& info, std::string_view key) {
  const auto* value = info.if_contains(key);
  if (value == nullptr || value->is_null()) {
    return false;
  }
  if (const auto* flag = value->if_bool()) {
    return *flag;
  }
  if (const auto* number = value->if_int64()) {
    return *number != 0;
  }
  return true;
}

Result<std::vector<std::string>> read_command(const boost::json::value& run, const fs::path& file) {
  std::vector<std::string> command;
  if (const auto* text = run.if_string()) {
    command.emplace_back(*text);
  } else if (const auto* list = run.if_array()) {
    for (const auto& word : *list) {
      const auto* part = word.if_string();
      if (part == nullptr) {
        return fail(ErrorKind::invalid,
                    fmt::format("{}: every part of \"run\" must be a string", file.string()));
      }
      command.emplace_back(*part);
    }
  }
  const bool has_nul = std::any_of(command.begin(), command.end(), [](const std::string& part) {
    return part.find('\0') != std::string::npos;
  });
  if (command.empty() || command.front().empty() || has_nul) {
    return fail(ErrorKind::invalid,
                fmt::format("{}: \"run\" must be a program with its arguments, such as "
                            "[\"test.sh\"]",
                            file.string()));
  }
  return command;
}

}  // namespace

Result<JobSpec> read_nipa_test(const fs::path& directory) {
  std::error_code error;
  const fs::path full = fs::canonical(directory, error);
  if (error) {
    return fail(ErrorKind::not_found,
                fmt::format("NIPA test directory {}: {}", directory.string(), error.message()));
  }
  const fs::path file = full / "info.json";
  auto text = read_file(file, max_info);
  if (!text) {
    return fail_with("NIPA test directory " + directory.string(), text.error());
  }
  boost::json::error_code parse_error;
  const auto value = boost::json::parse(*text, parse_error);
  if (parse_error || !value.is_object()) {
    return fail(ErrorKind::invalid,
                fmt::format("{} is not a JSON object{}", file.string(),
                            parse_error ? ": " + parse_error.message() : std::string()));
  }
  const boost::json::object& info = value.get_object();
  JobSpec job;
  job.name = full.filename().string();
  job.kind = NodeKind::job;
  job.scope = full.parent_path().filename() == "patch" ? Scope::patch : Scope::series;
  job.nipa_dir = full.string();
  if (truthy(info, "disabled")) {
    job.skip_reason = "disabled in its info.json";
    return job;
  }
  if (const auto* run = info.if_contains("run")) {
    PM_TRY_ASSIGN(job.command, read_command(*run, file));
    // NIPA joins the name to the directory as it is; "../x.sh" would leave what is visible inside.
    if (job.command.front().front() != '/') {
      job.command.front() = (full / job.command.front()).lexically_normal().string();
    }
    job.read_only.push_back(full.string());
    job.own_source = true;
    return job;
  }
  if (info.contains("pymod")) {
    job.skip_reason =
        "written as a Python function of NIPA itself (pymod); only tests with \"run\" are run";
    return job;
  }
  return fail(
      ErrorKind::invalid,
      fmt::format("{} has neither \"run\" nor \"pymod\"; there is nothing to run", file.string()));
}

Result<std::vector<JobSpec>> read_nipa_tests(const fs::path& root) {
  std::vector<JobSpec> jobs;
  std::error_code error;
  std::vector<fs::path> folders;
  fs::directory_iterator it(root, error);
  if (error) {
    return fail(ErrorKind::not_found,
                fmt::format("NIPA tests {}: {}", root.string(), error.message()));
  }
  for (; it != fs::directory_iterator(); it.increment(error)) {
    if (error) {
      return fail(ErrorKind::infrastructure,
                  fmt::format("NIPA tests {}: {}", root.string(), error.message()));
    }
    if (it->is_directory(error) && fs::exists(it->path() / "info.json", error)) {
      folders.push_back(it->path());
    }
  }
  std::sort(folders.begin(), folders.end());
  for (const fs::path& folder : folders) {
    PM_TRY_ASSIGN(auto job, read_nipa_test(folder));
    jobs.push_back(std::move(job));
  }
  return jobs;
}

}  // namespace patchmill::pipeline
