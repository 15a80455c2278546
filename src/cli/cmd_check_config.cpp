#include "cli/command.hpp"
#include "cli/output.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace patchmill::cli {
namespace {

void print_faults(const std::vector<app::ConfigFault>& faults) {
  boost::json::array list;
  for (const app::ConfigFault& fault : faults) {
    boost::json::object item{{"file", fault.file}, {"line", nullptr}, {"column", nullptr}};
    if (fault.line > 0) {
      item["line"] = fault.line;
    }
    if (fault.column > 0) {
      item["column"] = fault.column;
    }
    item["message"] = fault.message;
    list.push_back(std::move(item));
  }
  const boost::json::object out{{"valid", false}, {"faults", std::move(list)}};
  print_json(out);
}

}  // namespace

Command check_config_command() {
  struct Storage {
    std::vector<std::string> file;
  };
  auto storage = std::make_shared<Storage>();
  Command command;
  command.name = "check-config";
  command.summary = "Read the configuration and name every fault with file, line and column.";
  command.description =
      "Exit status 2 when there is one. With --json, `valid` says whether it is good, and `faults` "
      "lists the "
      "`file`, `line`, `column` and `message` of each; `line` and `column` are null where a fault "
      "has no place.";
  command.arguments = {{"FILE", "The file; without it the one the other commands would use.",
                        &storage->file, false, false, Complete::file}};
  command.examples = {{"patchmill check-config patchmill.yaml", "before a reload"}};
  command.run = [storage](const Common& common) -> int {
    const std::filesystem::path file =
        storage->file.empty() ? common.config_path() : std::filesystem::path(storage->file[0]);
    if (file.empty()) {
      return report(
          {ErrorKind::invalid,
           "no configuration file found; name one, or see docs/configuration.md for where "
           "it is looked for"});
    }
    std::vector<app::ConfigFault> faults;
    const auto config = app::load_config(file, &faults);
    if (!config) {
      if (common.json) {
        print_faults(faults);
      }
      return report(config.error());
    }
    if (const auto missing = reports::check_mail_files(config->mail); !missing.empty()) {
      const Error fault{ErrorKind::invalid,
                        fmt::format("{}: mail: {}", file.string(), join(missing, "\n"))};
      if (common.json) {
        for (const std::string& message : missing) {
          faults.push_back({file.string(), 0, 0, "mail: " + message, message});
        }
        print_faults(faults);
      }
      return report(fault);
    }
    if (common.json) {
      const boost::json::object out{{"valid", true},
                                    {"file", file.string()},
                                    {"trees", config->trees.size()},
                                    {"sources", config->sources.size()},
                                    {"jobs", config->jobs.size()},
                                    {"mail_rules", config->mail.reporter.policy.rules.size()}};
      print_json(out);
    } else {
      fmt::print("{}: good ({}, {}, {}, {}; data in {})\n", file.string(),
                 count_of(config->trees.size(), "tree"), count_of(config->sources.size(), "source"),
                 count_of(config->jobs.size(), "job"),
                 count_of(config->mail.reporter.policy.rules.size(), "mail rule"),
                 config->data.string());
    }
    return k_pass;
  };
  return command;
}

}  // namespace patchmill::cli
