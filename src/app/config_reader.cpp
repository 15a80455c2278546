// From a checked YAML document to a Config: types, defaults, and names that must exist.

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "app/config.hpp"
#include "app/config_keys.hpp"
#include "pipeline/nipa.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

namespace patchmill::app {
namespace {

namespace fs = std::filesystem;

fs::path env_path(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read at start only
  return value != nullptr ? fs::path(value) : fs::path();
}

// Reads one document whose keys and types check_keys() has accepted.
class Reader {
 public:
  Reader(const fs::path& file, std::string_view text, const YamlValue& document)
      : m_file(file), m_text(text), m_document(document) {
    m_folder = file.has_parent_path() ? fs::absolute(file.parent_path()) : fs::current_path();
    m_folder = m_folder.lexically_normal();
  }

  Config read() {
    Config config = default_config();
    config.file = m_file;
    if (const YamlValue* data = m_document.find("data")) {
      config.data = path(*data);
    }
    config.test_superseded = word(m_document, "superseded", "skip") == "test";
    config.test_rfc = word(m_document, "rfc", "test") == "test";
    read_trees(config);
    read_sources(config);
    read_jobs(config);
    read_checks(config);
    read_store(config);
    return config;
  }

  std::vector<std::string> take_faults() { return std::move(m_faults); }

 private:
  void fault(const YamlValue& where, std::string_view message) {
    m_faults.push_back(located(m_file.string(), m_text, where.line, where.column, message));
  }

  static std::string word(const YamlValue& map, std::string_view key, std::string standard = {}) {
    const YamlValue* value = map.find(key);
    return value != nullptr ? value->scalar : standard;
  }

  static std::vector<std::string> words(const YamlValue& map, std::string_view key) {
    const YamlValue* value = map.find(key);
    if (value == nullptr) {
      return {};
    }
    if (value->kind == YamlValue::Kind::scalar) {
      return {value->scalar};
    }
    std::vector<std::string> result;
    for (const YamlValue& item : value->items) {
      result.push_back(item.scalar);
    }
    return result;
  }

  static std::map<std::string, std::string> table(const YamlValue& map, std::string_view key) {
    std::map<std::string, std::string> result;
    if (const YamlValue* value = map.find(key)) {
      for (const auto& [name, item] : value->members) {
        result[name.scalar] = item.scalar;
      }
    }
    return result;
  }

  // "~" is the home folder; anything relative is relative to the configuration file.
  fs::path path(const YamlValue& value) const {
    fs::path written = value.scalar;
    if (value.scalar == "~" || value.scalar.starts_with("~/")) {
      written = env_path("HOME") / value.scalar.substr(std::min<std::size_t>(2, value.scalar.size()));
    }
    return (m_folder / written).lexically_normal();
  }

  // A URL stays as it is; a path becomes absolute.
  std::string url(const YamlValue& value) const {
    const std::string& text = value.scalar;
    const auto colon = text.find(':');
    const auto slash = text.find('/');
    const bool remote = text.find("://") != std::string::npos ||
                        (colon != std::string::npos && (slash == std::string::npos || colon < slash));
    return remote ? text : path(value).string();
  }

  const YamlValue& items(std::string_view key) const {
    static const YamlValue none;
    const YamlValue* value = m_document.find(key);
    return value != nullptr ? *value : none;
  }

  // Names must be unique; the second one is the fault.
  template <class List>
  void refuse_twice(const YamlValue& item, const List& list, std::string_view what) {
    const YamlValue& name = *item.find("name");
    for (const auto& other : list) {
      if (other.name == name.scalar) {
        fault(name, fmt::format("there is a {} '{}' already", what, name.scalar));
      }
    }
  }

  // Each scalar of the list `key` must be one of `known`.
  void refuse_dangling(const YamlValue& map, std::string_view key,
                       const std::vector<std::string>& known, std::string_view what) {
    const YamlValue* list = map.find(key);
    if (list == nullptr) {
      return;
    }
    const auto check = [&](const YamlValue& item) {
      if (std::find(known.begin(), known.end(), item.scalar) != known.end()) {
        return;
      }
      std::string message = fmt::format("there is no {} '{}'", what, escape_terminal(item.scalar));
      if (const auto near = nearest_name(item.scalar, known)) {
        message += fmt::format("; did you mean '{}'?", *near);
      } else if (!known.empty()) {
        message += fmt::format(" (there are: {})", join(known, ", "));
      }
      fault(item, message);
    };
    if (list->kind == YamlValue::Kind::scalar) {
      check(*list);
    }
    for (const YamlValue& item : list->items) {
      check(item);
    }
  }

  void read_trees(Config& config) {
    for (const YamlValue& item : items("trees").items) {
      refuse_twice(item, config.trees, "tree");
      placement::TreeSpec tree;
      tree.name = word(item, "name");
      tree.url = url(*item.find("url"));
      tree.branch = word(item, "branch");
      tree.lists = words(item, "lists");
      tree.subject_tags = words(item, "subject-tags");
      tree.paths = words(item, "paths");
      if (tree.url.starts_with("-") || tree.url.find("::") != std::string::npos) {
        fault(*item.find("url"), "not a git URL: helper transports are not allowed");
      }
      config.trees.push_back(std::move(tree));
    }
  }

  void read_sources(Config& config) {
    for (const YamlValue& item : items("sources").items) {
      refuse_twice(item, config.sources, "source");
      config.sources.push_back(
          {word(item, "name"), url(*item.find("url")), to_lower(word(item, "list-id"))});
    }
  }

  void read_jobs(Config& config) {
    std::vector<std::string> job_names;
    std::vector<std::string> tree_names;
    for (const YamlValue& item : items("jobs").items) {
      job_names.push_back(word(item, "name"));
    }
    for (const auto& tree : config.trees) {
      tree_names.push_back(tree.name);
    }
    for (const YamlValue& item : items("jobs").items) {
      refuse_twice(item, config.jobs, "job");
      refuse_dangling(item, "needs", job_names, "job");
      if (const YamlValue* match = item.find("match")) {
        refuse_dangling(*match, "trees", tree_names, "tree");
      }
      read_job(config, item);
    }
    refuse_cycles(config);
  }

  void read_job(Config& config, const YamlValue& item) {
    pipeline::JobSpec job;
    const YamlValue* command = item.find("command");
    const YamlValue* nipa = item.find("nipa");
    if ((command == nullptr) == (nipa == nullptr)) {
      fault(item, "a job takes either 'command' or 'nipa'");
      return;
    }
    if (nipa != nullptr) {
      auto read = pipeline::read_nipa_test(path(*nipa));
      if (!read) {
        fault(*nipa, read.error().message);
        return;
      }
      job = std::move(*read);
    } else {
      job.command = words(item, "command");
      take_program(job, *command);
    }
    job.name = word(item, "name");
    read_kind(job, item);
    job.needs = words(item, "needs");
    if (const YamlValue* match = item.find("match")) {
      job.match_trees = words(*match, "trees");
      job.match_paths = words(*match, "paths");
      job.match_tags = words(*match, "tags");
    }
    const std::string results = word(item, "results", "none");
    job.results = results == "none" ? "" : results;
    job.warm = word(item, "warm");
    if (word(item, "network") == "true") {
      job.network = {"any"};
    }
    for (auto& [name, value] : table(item, "env")) {
      job.env[name] = value;
    }
    for (const std::string& folder : words(item, "read-only")) {
      YamlValue where;
      where.scalar = folder;
      job.read_only.push_back(path(where).string());
    }
    job.artifacts = words(item, "artifacts");
    read_limits(job, item);
    const std::string baseline = word(item, "baseline", job.results.empty() ? "false" : "true");
    if (baseline == "true") {
      config.jobs_with_baseline.insert(job.name);
    }
    config.jobs.push_back(std::move(job));
  }

  static void read_kind(pipeline::JobSpec& job, const YamlValue& item) {
    const std::string kind = word(item, "kind");
    for (const auto candidate :
         {pipeline::NodeKind::kbuild, pipeline::NodeKind::job, pipeline::NodeKind::test,
          pipeline::NodeKind::process, pipeline::NodeKind::check}) {
      if (pipeline::to_string(candidate) == kind) {
        job.kind = candidate;
      }
    }
    const std::string scope = word(item, "scope");
    if (!scope.empty()) {
      job.scope = scope == "patch" ? pipeline::Scope::patch : pipeline::Scope::series;
    }
  }

  // A program of ours, given relative to the file, must exist; the sandbox may read its folder.
  void take_program(pipeline::JobSpec& job, const YamlValue& command) {
    if (job.command.empty() || job.command[0].empty()) {
      fault(command, "'command' is empty");
      return;
    }
    std::string& program = job.command[0];
    if (program.starts_with("./") || program.starts_with("../")) {
      YamlValue where;
      where.scalar = program;
      const fs::path absolute = path(where);
      std::error_code error;
      if (!fs::is_regular_file(absolute, error)) {
        fault(command, fmt::format("there is no program {}", absolute.string()));
      }
      program = absolute.string();
      job.read_only.push_back(absolute.parent_path().string());
    }
  }

  static void read_limits(pipeline::JobSpec& job, const YamlValue& item) {
    if (const YamlValue* value = item.find("timeout")) {
      job.limits.timeout =
          std::chrono::seconds(parse_duration_seconds(value->scalar).value_or(1800));
    }
    const auto size = [&](std::string_view key, std::uint64_t& target) {
      if (const YamlValue* value = item.find(key)) {
        target = parse_size_bytes(value->scalar).value_or(target);
      }
    };
    size("memory", job.limits.memory_bytes);
    size("output", job.limits.output_bytes);
    size("disk", job.limits.disk_bytes);
    if (const YamlValue* value = item.find("processes")) {
      job.limits.processes = parse_uint(value->scalar).value_or(job.limits.processes);
    }
  }

  // Jobs that need each other in a circle would never start.
  void refuse_cycles(const Config& config) {
    std::map<std::string, std::vector<std::string>> needs;
    for (const auto& job : config.jobs) {
      needs[job.name] = job.needs;
    }
    bool removed = true;
    while (removed) {
      removed = false;
      for (auto it = needs.begin(); it != needs.end();) {
        const bool free = std::none_of(it->second.begin(), it->second.end(),
                                       [&](const std::string& n) { return needs.contains(n); });
        it = free ? (removed = true, needs.erase(it)) : std::next(it);
      }
    }
    if (!needs.empty()) {
      for (const YamlValue& item : items("jobs").items) {
        if (const YamlValue* list = item.find("needs"); list && needs.contains(word(item, "name"))) {
          fault(*list, fmt::format("the job '{}' needs itself, directly or through others",
                                   word(item, "name")));
          return;
        }
      }
    }
  }

  void read_checks(Config& config) {
    const YamlValue* section = m_document.find("checks");
    if (section == nullptr) {
      return;
    }
    std::vector<std::string> known;
    for (const auto& check : checks::all_checks()) {
      known.emplace_back(check->name());
    }
    refuse_dangling(*section, "enable", known, "check");
    refuse_dangling(*section, "disable", known, "check");
    if (section->find("enable") != nullptr) {
      config.checks_enabled = words(*section, "enable");
    }
    config.checks_disabled = words(*section, "disable");
    for (const auto& check : checks::all_checks()) {
      const YamlValue* settings = section->find(check->name());
      if (settings == nullptr) {
        continue;
      }
      for (const auto& [name, value] : settings->members) {
        read_setting(config, *check, name, value);
      }
    }
  }

  void read_setting(Config& config, const checks::Check& check, const YamlValue& name,
                    const YamlValue& value) {
    std::vector<std::string> names;
    const checks::Setting* setting = nullptr;
    for (const auto& known : check.settings()) {
      names.emplace_back(known.name);
      setting = known.name == name.scalar ? &known : setting;
    }
    if (setting == nullptr) {
      std::string message = fmt::format("the check '{}' has no setting '{}'", check.name(),
                                        escape_terminal(name.scalar));
      if (const auto near = nearest_name(name.scalar, names)) {
        message += fmt::format("; did you mean '{}'?", *near);
      } else if (!names.empty()) {
        message += fmt::format(" (it has: {})", join(names, ", "));
      }
      fault(name, message);
      return;
    }
    std::string text = value.scalar;
    for (const YamlValue& item : value.items) {
      text += (text.empty() ? "" : ",") + item.scalar;
    }
    if (setting->type == checks::SettingType::number && !parse_uint(text)) {
      fault(value, fmt::format("'{}' takes a whole number", name.scalar));
    } else if (setting->type == checks::SettingType::flag && text != "true" && text != "false") {
      fault(value, fmt::format("'{}' takes true or false", name.scalar));
    } else if (setting->type == checks::SettingType::path && !text.empty()) {
      text = path(value).string();
    }
    config.check_settings[std::string(check.name())][name.scalar] = text;
  }

  void read_store(Config& config) {
    config.store_url = (config.data / "store.sqlite").string();
    const YamlValue* section = m_document.find("store");
    if (section == nullptr) {
      return;
    }
    const YamlValue* url = section->find("url");
    if (url == nullptr || url->scalar == "sqlite") {
      return;
    }
    if (!url->scalar.starts_with("postgresql://") && !url->scalar.starts_with("postgres://")) {
      config.store_url = path(*url).string();
      return;
    }
    const auto start = url->scalar.find("://") + 3;
    const auto authority = url->scalar.substr(start, url->scalar.find('/', start) - start);
    const auto at = authority.rfind('@');
    if ((at != std::string::npos && authority.substr(0, at).find(':') != std::string::npos) ||
        url->scalar.find("password=") != std::string::npos) {
      fault(*url,
            "a password does not belong in the URL; put it under store.password as {file: PATH} or "
            "{env: NAME}");
      return;
    }
    config.store_url = url->scalar;
    if (const YamlValue* password = section->find("password")) {
      if (at == std::string::npos) {
        fault(*url, "store.password needs a user in the URL: postgresql://USER@HOST/DATABASE");
        return;
      }
      if (const auto secret = read_secret(*password)) {
        config.store_url.insert(start + at, ":" + percent_encode(*secret));
      }
    }
  }

  std::optional<std::string> read_secret(const YamlValue& value) {
    if (const YamlValue* env = value.find("env")) {
      const fs::path found = env_path(env->scalar.c_str());
      if (found.empty()) {
        fault(*env, fmt::format("the environment variable {} is not set",
                                escape_terminal(env->scalar)));
        return std::nullopt;
      }
      return found.string();
    }
    const YamlValue* file = value.find("file");
    const auto content = read_file(path(*file), 4096);
    if (!content) {
      fault(*file, content.error().message);
      return std::nullopt;
    }
    return std::string(trim(*content));
  }

  static std::string percent_encode(std::string_view text) {
    std::string result;
    for (const char c : text) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      result += plain ? std::string(1, c)
                      : fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
    return result;
  }

  fs::path m_file;
  std::string_view m_text;
  const YamlValue& m_document;
  fs::path m_folder;
  std::vector<std::string> m_faults;
};

Error all_of(const std::vector<std::string>& faults) {
  constexpr std::size_t k_shown = 20;
  std::vector<std::string> shown(faults.begin(),
                                 faults.begin() + static_cast<std::ptrdiff_t>(
                                                      std::min(faults.size(), k_shown)));
  if (faults.size() > k_shown) {
    shown.push_back(fmt::format("and {} more", faults.size() - k_shown));
  }
  return {ErrorKind::invalid, join(shown, "\n")};
}

}  // namespace

Config default_config() {
  Config config;
  config.data = env_path("PATCHMILL_DATA");
  if (config.data.empty()) {
    fs::path base = env_path("XDG_DATA_HOME");
    if (base.empty()) {
      const fs::path home = env_path("HOME");
      base = home.empty() ? fs::path("/var/lib") : home / ".local/share";
    }
    config.data = base / "patchmill";
  }
  config.data = fs::absolute(config.data).lexically_normal();
  config.store_url = (config.data / "store.sqlite").string();
  return config;
}

Result<Config> parse_config(const fs::path& file, std::string_view text) {
  PM_TRY_ASSIGN(const YamlValue document, parse_yaml(file.string(), text));
  if (const auto faults = check_keys(document, file.string(), text); !faults.empty()) {
    return tl::unexpected(all_of(faults));
  }
  Reader reader(file, text, document);
  Config config = reader.read();
  if (const auto faults = reader.take_faults(); !faults.empty()) {
    return tl::unexpected(all_of(faults));
  }
  return config;
}

Result<Config> load_config(const fs::path& file) {
  PM_TRY_ASSIGN(const std::string text, read_file(file, 4u << 20));
  return parse_config(file, text);
}

fs::path find_config() {
  if (const fs::path named = env_path("PATCHMILL_CONFIG"); !named.empty()) {
    return named;
  }
  fs::path user = env_path("XDG_CONFIG_HOME");
  if (user.empty() && !env_path("HOME").empty()) {
    user = env_path("HOME") / ".config";
  }
  std::error_code error;
  for (const fs::path& candidate :
       {fs::path("patchmill.yaml"), user / "patchmill/patchmill.yaml",
        fs::path("/etc/patchmill/patchmill.yaml")}) {
    if (candidate.has_filename() && fs::is_regular_file(candidate, error)) {
      return candidate;
    }
  }
  return {};
}

}  // namespace patchmill::app
