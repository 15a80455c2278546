#include "app/config_reader.hpp"

#include "app/config_keys.hpp"
#include "app/env_path.hpp"
#include "git/path_rules.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <tuple>

namespace patchmill::app {
namespace {

namespace fs = std::filesystem;

// By place, each once: the file's own first, then those of files it names; in each, at the end,
// what has no place.
void put_in_order(std::vector<ConfigFault>& faults, const std::string& file) {
  const auto place = [&file](const ConfigFault& fault) {
    return std::tuple(fault.file != file, std::string_view(fault.file), fault.line == 0, fault.line,
                      fault.column, std::string_view(fault.message));
  };
  std::stable_sort(faults.begin(), faults.end(),
                   [&](const ConfigFault& a, const ConfigFault& b) { return place(a) < place(b); });
  faults.erase(
      std::unique(faults.begin(), faults.end(),
                  [&](const ConfigFault& a, const ConfigFault& b) { return place(a) == place(b); }),
      faults.end());
}

Error all_of(const std::vector<ConfigFault>& faults) {
  constexpr std::size_t k_shown = 20;
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(faults.size(), k_shown); ++i) {
    shown.push_back(faults[i].shown);
  }
  if (faults.size() > k_shown) {
    shown.push_back(fmt::format("and {} more", faults.size() - k_shown));
  }
  return {ErrorKind::invalid, join(shown, "\n")};
}

}  // namespace

ConfigReader::ConfigReader(const fs::path& file, std::string_view text, const YamlValue& document)
    : m_file(file), m_text(text), m_document(document) {
  m_folder = file.has_parent_path() ? fs::absolute(file.parent_path()) : fs::current_path();
  m_folder = m_folder.lexically_normal();
}

Config ConfigReader::read() {
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
  read_service(config);
  read_mail(config);
  read_patchwork(config);
  read_operation(config);
  return config;
}

void ConfigReader::fault(const YamlValue& where, std::string_view message) {
  if (where.line == 0) {
    return;  // check_keys() has said what is wrong with what stood there
  }
  m_faults.push_back(located(m_file.string(), m_text, where.line, where.column, message));
}

void ConfigReader::refuse_missing(const YamlValue& where, const fs::path& file,
                                  std::string_view what) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) {
    fault(where, fmt::format("there is no {} {}", what, escape_terminal(file.string())));
  }
}

bool ConfigReader::is_doubtful(const YamlValue& value) {
  return value.doubtful || value.line == 0 ||
         std::any_of(value.items.begin(), value.items.end(), is_doubtful) ||
         std::any_of(value.members.begin(), value.members.end(),
                     [](const YamlMember& member) { return is_doubtful(member.value); });
}

std::string ConfigReader::word(const YamlValue& map, std::string_view key,
                               std::string_view standard) {
  const YamlValue* value = map.find(key);
  return value != nullptr ? value->scalar : std::string(standard);
}

std::vector<std::string> ConfigReader::words(const YamlValue& map, std::string_view key) {
  std::vector<std::string> result;
  for (const YamlValue* word : scalars(map, key)) {
    result.push_back(word->scalar);
  }
  return result;
}

std::vector<const YamlValue*> ConfigReader::scalars(const YamlValue& map, std::string_view key) {
  const YamlValue* value = map.find(key);
  if (value == nullptr) {
    return {};
  }
  if (value->kind == YamlValue::Kind::scalar) {
    return {value};
  }
  std::vector<const YamlValue*> result;
  for (const YamlValue& item : value->items) {
    result.push_back(&item);
  }
  return result;
}

std::map<std::string, std::string> ConfigReader::table(const YamlValue& map, std::string_view key) {
  std::map<std::string, std::string> result;
  if (const YamlValue* value = map.find(key)) {
    for (const auto& [name, item] : value->members) {
      result[name.scalar] = item.scalar;
    }
  }
  return result;
}

fs::path ConfigReader::path(const YamlValue& value) const {
  return path(value.scalar);
}

fs::path ConfigReader::path(std::string_view written) const {
  if (written == "~" || written.starts_with("~/")) {
    written.remove_prefix(std::min<std::size_t>(2, written.size()));
    return (env_path("HOME") / written).lexically_normal();
  }
  return (m_folder / written).lexically_normal();
}

std::string ConfigReader::url(const YamlValue& value) {
  const std::string& text = value.scalar;
  refuse_login(value);
  const auto colon = text.find(':');
  const auto slash = text.find('/');
  const bool remote = text.find("://") != std::string::npos ||
                      (colon != std::string::npos && (slash == std::string::npos || colon < slash));
  return remote ? text : path(value).string();
}

void ConfigReader::refuse_login(const YamlValue& value) {
  const std::string_view text = value.scalar;
  const auto start = text.find("://");
  if (start == std::string_view::npos) {
    return;
  }
  const auto authority = text.substr(start + 3, text.find_first_of("/?#", start + 3) - start - 3);
  const auto at = authority.rfind('@');
  if (at == std::string_view::npos) {
    return;
  }
  // A token may stand where the user would. ssh takes no secret by its URL.
  const bool only_user = authority.substr(0, at).find(':') == std::string_view::npos;
  if (!only_user || !text.starts_with("ssh://")) {
    // Not repeated: there may be a password in it.
    fault(value,
          "a login does not belong in the URL, which is logged and shown; fetch by ssh with a key, "
          "or from a local clone");
  }
}

const YamlValue& ConfigReader::items(std::string_view key) const {
  static const YamlValue none;
  const YamlValue* value = m_document.find(key);
  return value != nullptr ? *value : none;
}

std::optional<std::chrono::seconds> ConfigReader::duration_or_none(const YamlValue& value,
                                                                   std::string_view key) {
  const auto seconds = parse_duration_seconds(value.scalar);
  if (!seconds && value.scalar != "none") {
    fault(value, fmt::format("'{}' takes a duration like 240h, or none, found '{}'", key,
                             escape_terminal(ellipsize(value.scalar, 60))));
  }
  // Added to a time, more would not fit.
  constexpr std::uint64_t k_century = 100ull * 365 * 24 * 3600;
  return seconds ? std::optional<std::chrono::seconds>(std::min(*seconds, k_century))
                 : std::nullopt;
}

void ConfigReader::refuse_dangling(const YamlValue& map, std::string_view key,
                                   const std::vector<std::string>& known, std::string_view what,
                                   std::string_view self) {
  const YamlValue* list = map.find(key);
  if (list == nullptr || std::find(known.begin(), known.end(), "") != known.end()) {
    return;
  }
  const auto check = [&](const YamlValue& item) {
    if (std::find(known.begin(), known.end(), item.scalar) != known.end()) {
      return;
    }
    std::vector<std::string> others;
    std::copy_if(known.begin(), known.end(), std::back_inserter(others),
                 [&](const std::string& name) { return self.empty() || name != self; });
    std::string message = fmt::format("there is no {} '{}'", what, escape_terminal(item.scalar));
    if (const auto near = nearest_name(item.scalar, others)) {
      message += fmt::format("; did you mean '{}'?", *near);
    } else if (!others.empty()) {
      message += fmt::format(" (there are: {})", join(others, ", "));
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

void ConfigReader::read_trees(Config& config) {
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
    if (!tree.branch.empty() &&
        !(tree.branch.starts_with("refs/") ? git::is_valid_ref(tree.branch)
                                           : git::is_valid_branch(tree.branch))) {
      fault(*item.find("branch"), fmt::format("'{}' is no name that git lets a branch have",
                                              escape_terminal(ellipsize(tree.branch, 60))));
    }
    config.shares[tree.name] = read_share(item);
    config.trees.push_back(std::move(tree));
  }
}

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

Result<Config> parse_config(const fs::path& file, std::string_view text,
                            std::vector<ConfigFault>* faults) {
  ConfigFault no_yaml;
  auto document = parse_yaml(file.string(), text, &no_yaml);
  if (!document) {
    if (faults != nullptr) {
      *faults = {std::move(no_yaml)};
    }
    return tl::unexpected(document.error());
  }
  auto found = check_keys(*document, file.string(), text);
  ConfigReader reader(file, text, *document);
  Config config = reader.read();
  auto more = reader.take_faults();
  if (found.empty() && more.empty()) {
    return config;
  }
  std::move(more.begin(), more.end(), std::back_inserter(found));
  put_in_order(found, file.string());
  Error error = all_of(found);
  if (faults != nullptr) {
    *faults = std::move(found);
  }
  return tl::unexpected(std::move(error));
}

Result<Config> load_config(const fs::path& file, std::vector<ConfigFault>* faults) {
  std::error_code error;
  Result<std::string> text;
  if (fs::is_directory(file, error)) {
    text = fail(ErrorKind::invalid, fmt::format("{} is a folder; name the configuration file in it",
                                                escape_terminal(file.string())));
  } else {
    text = read_file(file, 4u << 20);
  }
  if (!text) {
    if (faults != nullptr) {
      *faults = {{file.string(), 0, 0, text.error().message, text.error().message}};
    }
    return tl::unexpected(text.error());
  }
  return parse_config(file, *text, faults);
}

}  // namespace patchmill::app
