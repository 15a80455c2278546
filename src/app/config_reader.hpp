#pragma once
// From a checked YAML document to a Config: types, defaults, and names that must exist.
// One file a part: config_reader.cpp (trees), config_sources.cpp, config_service.cpp,
// config_jobs.cpp, config_checks.cpp, config_store.cpp, config_mail.cpp, config_mail_rules.cpp,
// config_patchwork.cpp, config_take.cpp.

#include "app/config.hpp"
#include "app/yaml.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::app {

// Reads one document that check_keys() has looked at: every value has its key's type, and every key
// that must be given is there. Where that stands for something refused, nothing more is said of it.
class ConfigReader {
 public:
  ConfigReader(const std::filesystem::path& file, std::string_view text, const YamlValue& document);

  Config read();
  // Everything found wrong on the way.
  std::vector<ConfigFault> take_faults() { return std::move(m_faults); }

 private:
  void read_trees(Config& config);
  void read_sources(Config& config);
  void read_take(intake::SourceSpec& spec, const YamlValue& item);
  void read_conditions(tracker::Clause& clause, const YamlValue& item, bool negated);
  [[nodiscard]] intake::SourceSpec read_imap(const YamlValue& item, const YamlValue& imap) const;
  [[nodiscard]] intake::SourceSpec read_nntp(const YamlValue& item, const YamlValue& nntp) const;
  [[nodiscard]] intake::SourceSpec read_patchwork(const YamlValue& item,
                                                  const YamlValue& patchwork) const;
  [[nodiscard]] intake::Endpoint read_endpoint(const YamlValue& item,
                                               const YamlValue& server) const;
  [[nodiscard]] intake::Secret secret(const YamlValue& map, std::string_view key) const;
  Share read_share(const YamlValue& tree);
  void read_service(Config& config);
  void read_listen(Config& config, const YamlValue& section);
  void read_operation(Config& config);
  void read_store(Config& config);
  void read_jobs(Config& config);
  void refuse_own_name(const YamlValue& name);
  void read_job(Config& config, const YamlValue& item);
  static void read_kind(pipeline::JobSpec& job, const YamlValue& item);
  void read_limits(pipeline::JobSpec& job, const YamlValue& item);
  void take_program(pipeline::JobSpec& job, const YamlValue& command);
  void refuse_cycles(const Config& config);
  void read_checks(Config& config);
  void read_setting(Config& config, const checks::Check& check, const YamlValue& name,
                    const YamlValue& value);
  std::optional<std::string> read_secret(const YamlValue& value);
  void read_mail(Config& config);
  void read_identity(reports::MailConfig& mail, const YamlValue& section);
  void read_links(reports::MailConfig& mail, const YamlValue& section);
  void read_classes(reports::MailConfig& mail, const YamlValue& section);
  void read_route(reports::MailConfig& mail, const YamlValue& section);
  void read_smtp(reports::MailConfig& mail, const YamlValue& section);
  void read_proxy(delivery::SmtpConfig& smtp, const YamlValue& section);
  void read_policy(Config& config, const YamlValue& section);
  reports::TemplateSet read_templates(reports::MailConfig& mail, const YamlValue& section);
  reports::Rule read_rule(const YamlValue& item, std::size_t number);
  void read_match(reports::Rule& rule, const YamlValue& item, const Config& config);
  reports::QuietPeriod read_quiet(const YamlValue& item);
  std::optional<std::vector<reports::RecipientSpec>> read_recipients(const YamlValue& rule,
                                                                     std::string_view key);
  void read_patchwork(Config& config);
  void read_patchwork_users(registry::Setup& setup, const YamlValue& section);
  void read_patchwork_project(registry::Setup& setup, const YamlValue& item,
                              const std::vector<std::string>& usernames);
  void read_webhooks(Config& config, const YamlValue& project);
  void read_patchwork_states(registry::Setup& setup, const YamlValue& section);
  void read_patchwork_tags(registry::Setup& setup, const YamlValue& tags);
  std::string address_format(const YamlValue& map, std::string_view key);
  std::optional<mail::Address> mail_address(const YamlValue& value);
  std::string web_address(const YamlValue& map, std::string_view key);
  // Where a secret is; it is read when it is used.
  [[nodiscard]] delivery::Secret named_secret(const YamlValue& map, std::string_view key) const;

  void fault(const YamlValue& where, std::string_view message);
  // `what` is what the file must be; a link to one will do.
  void refuse_missing(const YamlValue& where, const std::filesystem::path& file,
                      std::string_view what);
  // Whether something in it was refused: nothing can be said of how its parts go together.
  static bool is_doubtful(const YamlValue& value);
  // Each scalar of the list `key` must be one of `known`; `self` is not what was meant instead.
  // Nothing is refused where one of them is "", a name that was refused: it may be the one.
  void refuse_dangling(const YamlValue& map, std::string_view key,
                       const std::vector<std::string>& known, std::string_view what,
                       std::string_view self = {});
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

  // "240h", or "none": no value. `value` is that of a `key` whose type is text.
  std::optional<std::chrono::seconds> duration_or_none(const YamlValue& value,
                                                       std::string_view key);
  static std::string word(const YamlValue& map, std::string_view key,
                          std::string_view standard = {});
  static std::vector<std::string> words(const YamlValue& map, std::string_view key);
  // The same as they stand in the file, to say what is wrong with one of them.
  static std::vector<const YamlValue*> scalars(const YamlValue& map, std::string_view key);
  static std::map<std::string, std::string> table(const YamlValue& map, std::string_view key);
  // "~" is the home folder; anything relative is relative to the configuration file.
  [[nodiscard]] std::filesystem::path path(const YamlValue& value) const;
  [[nodiscard]] std::filesystem::path path(std::string_view written) const;
  // A URL stays as it is; a path becomes absolute. A login in it is refused.
  std::string url(const YamlValue& value);
  void refuse_login(const YamlValue& value);
  [[nodiscard]] const YamlValue& items(std::string_view key) const;

  std::filesystem::path m_file;
  std::string_view m_text;
  const YamlValue& m_document;
  std::filesystem::path m_folder;
  std::vector<ConfigFault> m_faults;
};

}  // namespace patchmill::app
