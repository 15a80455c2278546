#include "app/config_docs.hpp"
#include "cli/command.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

namespace patchmill::cli {

Command doc_command() {
  struct Storage {
    std::vector<std::string> what;
  };
  auto storage = std::make_shared<Storage>();
  Command command;
  command.name = "doc";
  command.summary = "Print completion, the man page, references and the JSON Schema.";
  command.description =
      "WHAT is one of: bash (completion), zsh (completion), man (the manual page), cli (reference, "
      "Markdown), configuration (reference, Markdown), schema (JSON Schema of the configuration).";
  command.arguments = {{"WHAT",
                        "bash, zsh, man, cli, configuration or schema.",
                        &storage->what,
                        true,
                        false,
                        Complete::nothing,
                        {"bash", "zsh", "man", "cli", "configuration", "schema"}}};
  command.examples = {{"source <(patchmill doc bash)", "completion in this shell"},
                      {"patchmill doc man | man -l -", "read the manual"}};
  command.run = [storage](const Common&) -> int {
    const std::string& what = storage->what[0];
    const auto commands = all_commands();
    const std::vector<std::pair<std::string, std::function<std::string()>>> pages = {
        {"bash", [&] { return bash_completion(commands); }},
        {"zsh", [&] { return zsh_completion(commands); }},
        {"man", [&] { return man_page(commands); }},
        {"cli", [&] { return cli_reference_markdown(commands); }},
        {"configuration", [] { return app::config_reference_markdown(); }},
        {"schema", [] { return app::config_json_schema(); }}};
    std::vector<std::string> names;
    for (const auto& [name, make] : pages) {
      if (name == what) {
        fmt::print("{}", make());
        return k_pass;
      }
      names.push_back(name);
    }
    std::string message = fmt::format("there is no page '{}'", what);
    if (const auto near = nearest_name(what, names)) {
      message += fmt::format("; did you mean '{}'?", *near);
    }
    return report({ErrorKind::invalid, message});
  };
  return command;
}

}  // namespace patchmill::cli
