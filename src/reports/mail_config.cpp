#include "reports/mail_config.hpp"

#include "delivery/maildir.hpp"
#include "util/file.hpp"

#include <fmt/format.h>

namespace patchmill::reports {

Result<TemplateSet> load_templates(const MailConfig& config) {
  return config.templates.empty() ? Result<TemplateSet>(TemplateSet())
                                  : TemplateSet::load(config.templates);
}

std::vector<std::string> check_mail_config(const MailConfig& config) {
  std::vector<std::string> faults;
  const auto templates = load_templates(config);
  if (!templates) {
    faults.push_back(templates.error().message);
  }
  if (!config.enabled()) {
    return faults;
  }
  for (auto& fault : check_config(config.reporter, templates ? *templates : TemplateSet())) {
    faults.push_back(std::move(fault));
  }
  switch (config.route) {
    case Route::none:
      faults.emplace_back("there are mail rules, but none of 'smtp', 'maildir' and 'command'");
      break;
    case Route::smtp:
      for (auto& fault : delivery::check_smtp(config.smtp)) {
        faults.push_back(std::move(fault));
      }
      if (config.sender.lease <= config.smtp.total_timeout + config.smtp.connect_timeout) {
        faults.emplace_back("the lease on a mail ends before its delivery must have ended");
      }
      break;
    case Route::maildir:
      if (config.maildir.empty()) {
        faults.emplace_back("'maildir' is empty");
      }
      break;
    case Route::command:
      if (config.command.argv.empty()) {
        faults.emplace_back("'command' is empty");
      }
      break;
  }
  return faults;
}

std::vector<std::string> check_mail_files(const MailConfig& config) {
  std::vector<std::string> faults;
  constexpr std::size_t largest = 16u << 20;
  const auto check = [&](std::string_view what, const std::filesystem::path& file) {
    if (!file.empty()) {
      if (const auto content = read_file(file, largest); !content) {
        faults.push_back(fmt::format("{}: {}", what, content.error().message));
      }
    }
  };
  check("the list of people who want no mail (make an empty file if there are none)",
        config.reporter.opt_out_file);
  if (config.route == Route::smtp) {
    check("the authorities to trust", config.smtp.ca_file);
    for (const auto* secret : {&config.smtp.password, &config.smtp.proxy_password}) {
      // The environment is that of who runs the check, not the service's.
      if (!secret->file.empty()) {
        if (const auto read = delivery::read_secret(*secret); !read) {
          faults.push_back(read.error().message);
        }
      }
    }
  }
  return faults;
}

std::unique_ptr<delivery::Transport> make_transport(const MailConfig& config,
                                                    ProcessRunner& processes,
                                                    std::stop_token stop) {
  switch (config.route) {
    case Route::smtp:
      return delivery::make_smtp_transport(config.smtp, std::move(stop));
    case Route::maildir:
      return delivery::make_maildir_transport(config.maildir);
    case Route::command:
      return delivery::make_command_transport(config.command, processes, std::move(stop));
    case Route::none:
      break;
  }
  return nullptr;
}

std::vector<std::string> describe(const Preview& preview) {
  const Decision& decision = preview.decision;
  std::vector<std::string> lines;
  lines.emplace_back(
      !decision.send  ? (decision.has_digest() ? "mail: only in digests" : "mail: none")
      : decision.held ? "mail: held until it is released"
                      : fmt::format("mail: goes at {} UTC, template {}",
                                    to_iso(decision.not_before), preview.mail_template));
  for (const auto& reason : decision.reasons) {
    lines.push_back("  " + reason);
  }
  for (const auto& recipient : decision.recipients) {
    const std::string_view what = !recipient.kept       ? "no"
                                  : recipient.digest_at ? "digest"
                                  : recipient.cc        ? "cc"
                                                        : "to";
    lines.push_back(fmt::format("{:6} {} ({}): {}", what, recipient.address.email,
                                to_string(recipient.role), recipient.reason));
  }
  for (const auto& entry : decision.entries) {
    if (!entry.kept) {
      lines.push_back(fmt::format("result not in the mail: {}", entry.reason));
    }
  }
  return lines;
}

}  // namespace patchmill::reports
