#include "cli/command.hpp"

namespace patchmill::cli {

std::vector<Command> all_commands() {
  std::vector<Command> commands;
  commands.push_back(import_command());
  commands.push_back(receive_command());
  commands.push_back(run_command());
  commands.push_back(serve_command());
  commands.push_back(try_command());
  commands.push_back(plan_command());
  commands.push_back(explain_command());
  commands.push_back(show_command());
  commands.push_back(log_command());
  commands.push_back(mail_command());
  commands.push_back(status_command());
  commands.push_back(retry_command());
  commands.push_back(cancel_command());
  commands.push_back(pause_command());
  commands.push_back(resume_command());
  commands.push_back(token_command());
  commands.push_back(user_command());
  commands.push_back(backup_command());
  commands.push_back(restore_command());
  commands.push_back(prune_command());
  commands.push_back(check_config_command());
  commands.push_back(doctor_command());
  commands.push_back(doc_command());
  commands.push_back(help_command());
  commands.push_back(version_command());
  return commands;
}

std::string about(const Command& command) {
  return command.description.empty() ? command.summary
                                     : command.summary + "\n\n" + command.description;
}

std::vector<Option> common_options(Common& common) {
  return {
      {"-c,--config", "FILE", "The configuration file.", &common.config_file, Complete::file},
      {"-d,--data", "DIR", "The data folder, instead of the configured one.", &common.data,
       Complete::folder},
      {"--json", "", "Print JSON instead of text.", &common.json},
      {"-q,--quiet", "", "No progress, only results.", &common.quiet},
      {"-v,--verbose", "", "Log what is being done to standard error.", &common.verbose},
  };
}

}  // namespace patchmill::cli
