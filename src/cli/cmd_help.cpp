#include "cli/command.hpp"

namespace patchmill::cli {

Command help_command() {
  auto named = std::make_shared<std::vector<std::string>>();
  Command command;
  command.name = "help";
  command.summary = "Print the help of a command, or the list of commands.";
  command.description = "The same as `patchmill COMMAND --help` and `patchmill --help`.";
  command.arguments = {{"COMMAND", "The command; without it, the list of all.", named.get(), false,
                        false, Complete::command}};
  command.examples = {{"patchmill help import", "what can be imported, and how?"}};
  command.run = [named](const Common&) -> int {
    std::vector<std::string> words = {"patchmill"};
    words.insert(words.end(), named->begin(), named->end());
    words.emplace_back("--help");
    std::vector<char*> argv;
    for (std::string& word : words) {
      argv.push_back(word.data());
    }
    std::vector<Command> commands = all_commands();
    return parse_and_run(commands, static_cast<int>(argv.size()), argv.data());
  };
  return command;
}

}  // namespace patchmill::cli
