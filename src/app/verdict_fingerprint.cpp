#include "app/file_digest.hpp"
#include "app/series_runner.hpp"
#include "checks/registry.hpp"
#include "util/hash.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace patchmill::app {
namespace {

namespace fs = std::filesystem;

// Length-prefixed, so that no two configurations run together into the same text.
class Writer {
 public:
  void add(std::string_view text) {
    m_hash.update(fmt::format("{}:", text.size()));
    m_hash.update(text);
  }
  void add(std::uint64_t number) { add(std::string_view(std::to_string(number))); }
  void add(const std::vector<std::string>& words) {
    add(words.size());
    for (const auto& word : words) {
      add(std::string_view(word));
    }
  }
  void add(const std::map<std::string, std::string>& table) {
    add(table.size());
    for (const auto& [key, value] : table) {
      add(std::string_view(key));
      add(std::string_view(value));
    }
  }
  std::string hex() { return m_hash.hex(); }

 private:
  Sha256 m_hash;
};

// Empty where no file was read.
fs::path folder_of_config(const Config& config) {
  std::error_code error;
  return config.file.empty() ? fs::path()
                             : fs::absolute(config.file, error).lexically_normal().parent_path();
}

bool lies_below(const fs::path& path, const fs::path& folder) {
  const fs::path rest = folder.empty() ? fs::path() : path.lexically_relative(folder);
  return !rest.empty() && *rest.begin() != "..";
}

// A program of the system is not ours to follow: the compiler it calls would be next.
bool is_followed(const fs::path& path, const fs::path& folder, const pipeline::JobSpec& job) {
  return lies_below(path, folder) ||
         std::ranges::any_of(job.read_only,
                             [&](const std::string& one) { return lies_below(path, one); });
}

// What is in the job's program and in the other files its command names.
void add_program(Writer& out, const pipeline::JobSpec& job, const fs::path& folder) {
  for (std::size_t i = 0; i < job.command.size(); ++i) {
    const std::string& word = job.command[i];
    // A program without a folder is looked for by PATH.
    if (word.empty() || word.starts_with('-') || (i == 0 && !word.starts_with('/'))) {
      continue;
    }
    const fs::path path = (folder / word).lexically_normal();
    if (path.is_absolute() && is_followed(path, folder, job)) {
      out.add(i);
      out.add(std::string_view(file_digest(path)));
    }
  }
  if (!job.nipa_dir.empty()) {
    out.add(std::string_view(folder_digest(job.nipa_dir)));
  }
}

void add_files(Writer& out, const std::string& check, const checks::Settings& settings) {
  const checks::Check* known = checks::find_check(check);
  if (known == nullptr) {
    return;
  }
  for (const auto& setting : known->settings()) {
    const auto given = settings.find(std::string(setting.name));
    if (setting.type == checks::SettingType::path && given != settings.end() &&
        !given->second.empty()) {
      out.add(std::string_view(file_digest(given->second)));
    }
  }
}

}  // namespace

std::string verdict_fingerprint(const Config& config) {
  Writer out;
  const fs::path folder = folder_of_config(config);
  for (const auto& tree : config.trees) {
    out.add(std::string_view(tree.name));
    out.add(std::string_view(tree.url));
    out.add(std::string_view(tree.branch));
    out.add(tree.lists);
    out.add(tree.subject_tags);
    out.add(tree.paths);
  }
  for (const auto& job : config.jobs) {
    out.add(std::string_view(job.name));
    out.add(static_cast<std::uint64_t>(job.kind));
    out.add(static_cast<std::uint64_t>(job.scope));
    out.add(job.command);
    out.add(std::string_view(job.nipa_dir));
    add_program(out, job, folder);
    out.add(job.needs);
    out.add(job.match_trees);
    out.add(job.match_paths);
    out.add(job.match_tags);
    out.add(std::string_view(job.results));
    out.add(std::string_view(job.warm));
    out.add(job.network);
    out.add(job.env);
    out.add(job.read_only);
    out.add(static_cast<std::uint64_t>(job.limits.timeout.count()));
    out.add(job.limits.memory_bytes);
    out.add(job.limits.processes);
    out.add(job.limits.output_bytes);
    out.add(job.limits.disk_bytes);
    out.add(std::uint64_t{config.jobs_with_baseline.contains(job.name) ? 1u : 0u});
  }
  out.add(std::uint64_t{config.checks_enabled ? 1u : 0u});
  out.add(config.checks_enabled.value_or(std::vector<std::string>{}));
  out.add(config.checks_disabled);
  for (const auto& [check, settings] : config.check_settings) {
    out.add(std::string_view(check));
    out.add(settings);
    add_files(out, check, settings);
  }
  return out.hex();
}

}  // namespace patchmill::app
