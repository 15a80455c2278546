#pragma once
// Everything about mail that is configured, as the section `mail` has it (docs/mail-policy.md).

#include "delivery/command.hpp"
#include "delivery/smtp.hpp"
#include "delivery/transport.hpp"
#include "reports/mail_sender.hpp"
#include "reports/reporter.hpp"
#include "util/result.hpp"
#include "util/subprocess.hpp"

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace patchmill::reports {

enum class Route { none, smtp, maildir, command };

struct MailConfig {
  ReporterConfig reporter;
  SenderConfig sender;              // opt_out_file is taken from `reporter`
  std::filesystem::path templates;  // folder; empty: the shipped ones
  Route route = Route::none;
  delivery::SmtpConfig smtp;
  std::filesystem::path maildir;
  delivery::CommandConfig command;

  [[nodiscard]] bool enabled() const { return !reporter.policy.rules.empty(); }
};

// The templates of a configuration; errors as of TemplateSet::load().
Result<TemplateSet> load_templates(const MailConfig& config);

// Faults of the whole, one sentence each; empty: none. Without rules nothing is mailed, and only
// the templates are looked at.
std::vector<std::string> check_mail_config(const MailConfig& config);

// Files the configuration names that cannot be read, one sentence each; empty: none. Apart from the
// above because mail alone stops where one is missing, and only until it is back.
std::vector<std::string> check_mail_files(const MailConfig& config);

// Null for Route::none. `processes` outlives it. A stop ends a delivery within half a second.
std::unique_ptr<delivery::Transport> make_transport(const MailConfig& config,
                                                    ProcessRunner& processes,
                                                    std::stop_token stop = {});

// For `plan --mail`: why it goes or not, everybody considered with the reason, what is left out.
// One line each, to be escaped for terminals; Preview::mail has the bytes.
std::vector<std::string> describe(const Preview& preview);

}  // namespace patchmill::reports
