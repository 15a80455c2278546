#pragma once
// The configuration file, read and checked.

#include "app/retention_config.hpp"
#include "app/webhook_config.hpp"
#include "app/yaml.hpp"
#include "checks/check.hpp"
#include "intake/source_spec.hpp"
#include "pipeline/job.hpp"
#include "placement/placement.hpp"
#include "registry/setup.hpp"
#include "reports/mail_config.hpp"
#include "util/log.hpp"
#include "util/result.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::app {

// How the series of a tree share the workers of the service.
struct Share {
  std::string project;  // trees of one project share its part; the tree's name where none is given
  unsigned weight = 1;  // of the project: twice the weight gets twice the time
  int priority = 0;     // higher first, whatever the shares
};

// Where the service is reached.
struct HttpConfig {
  std::vector<std::string> listen = {"127.0.0.1:8080"};
  std::string url;  // without a slash at its end; empty: the first address
  std::string title = "patchmill", contact;
  std::filesystem::path certificate, key;  // empty: no TLS
  std::vector<std::string> trusted_proxies;
  bool is_private = false;  // pages want a token
  bool access_log = true;
  std::uint64_t connections = 12'000, connections_per_address = 256;
  std::uint64_t requests_per_minute = 0;  // of one address or token; 0: any number
};

// How the service logs.
struct LogConfig {
  log::Format format = log::Format::text;
  log::Level level = log::Level::info;
  std::filesystem::path file;  // empty: standard error
};

struct Config {
  std::filesystem::path file;  // empty: none was read
  std::filesystem::path data;  // absolute
  std::string store_url;       // what store::Database::open takes; holds the password
  std::vector<placement::TreeSpec> trees;
  std::vector<intake::SourceSpec> sources;
  std::map<std::string, Share> shares;  // by tree
  std::vector<pipeline::JobSpec> jobs;
  std::set<std::string> jobs_with_baseline;
  std::optional<std::vector<std::string>> checks_enabled;  // empty optional: the standard ones
  std::vector<std::string> checks_disabled;
  std::map<std::string, checks::Settings> check_settings;  // by check name
  bool test_superseded = false;
  bool test_rfc = true;
  reports::MailConfig mail;                   // without rules: nothing is mailed
  registry::Setup patchwork;                  // without projects: there is none
  std::vector<std::string> patchwork_states;  // that its patches get by themselves, as slugs
  std::string patchwork_checks_by;            // the user whose checks verdicts are; empty: nobody
  std::string patchwork_check_prefix = "patchmill";
  std::vector<WebhookConfig> webhooks;
  unsigned workers = 0;  // see workers_of()
  // --- the service alone ---
  std::optional<std::chrono::seconds> max_age = std::chrono::days(30);  // of series it tests
  std::chrono::seconds fetch_interval{300};                             // of trees
  HttpConfig http;
  LogConfig log;
  RetentionConfig retention;
};

// Of a tree; a share of its own for one that is not configured.
Share share_of(const Config& config, const std::string& tree);

// How many series have jobs running at the same time: `workers`, or one for every two processors.
unsigned workers_of(const Config& config);

// Whether patches get this state by themselves, here or at another Patchwork.
bool wants_state(const Config& config, std::string_view slug);

// What stands when there is no file.
Config default_config();

// Reads and checks the file. The error tells of the first twenty faults found, "file:line:column:
// …" each; `faults`, if given, is then set to all of them.
Result<Config> load_config(const std::filesystem::path& file,
                           std::vector<ConfigFault>* faults = nullptr);
// The same from text; `file` is for messages and for paths relative to it.
Result<Config> parse_config(const std::filesystem::path& file, std::string_view text,
                            std::vector<ConfigFault>* faults = nullptr);

// The file used when none is named: $PATCHMILL_CONFIG, ./patchmill.yaml,
// $XDG_CONFIG_HOME/patchmill/patchmill.yaml, /etc/patchmill/patchmill.yaml.
// ./patchmill.yaml is passed over when git tracks it: it came with the checkout, from whoever wrote
// that, and could name jobs that read this machine's files and send them away. Naming it is
// consent.
struct FoundConfig {
  std::filesystem::path file;     // empty: none exists
  bool tracked_one_here = false;  // ./patchmill.yaml was passed over
};
FoundConfig find_config();

}  // namespace patchmill::app
