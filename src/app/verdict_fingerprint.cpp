#include "app/series_runner.hpp"
#include "util/hash.hpp"

#include <fmt/format.h>

namespace patchmill::app {
namespace {

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

}  // namespace

std::string verdict_fingerprint(const Config& config) {
  Writer out;
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
  }
  return out.hex();
}

}  // namespace patchmill::app
