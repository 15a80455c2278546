#include "runtimes/tool_sandbox.hpp"

#include "runtimes/runtime.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::runtimes {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view k_system[] = {
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/alternatives", "/etc/perl"};

bool is_system(std::string_view path) {
  return std::any_of(std::begin(k_system), std::end(k_system), [&](std::string_view folder) {
    return path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
  });
}

bool is_below(const std::string& path, const std::string& folder) {
  return path == folder || path.starts_with(folder + "/");
}

// "/x/y" and the "/x/y" of "--option=/x/y".
std::string path_in(const std::string& argument) {
  if (argument.starts_with('/')) {
    return argument;
  }
  const auto equals = argument.find("=/");
  return argument.starts_with('-') && equals != std::string::npos ? argument.substr(equals + 1)
                                                                  : "";
}

Command wrapped(const std::string& bubblewrap, Command command) {
  std::vector<std::string> argv = {bubblewrap,      "--unshare-all", "--die-with-parent",
                                   "--new-session", "--cap-drop",    "ALL",
                                   "--proc",        "/proc",         "--dev",
                                   "/dev",          "--tmpfs",       "/tmp"};
  for (const std::string_view folder : k_system) {
    const std::string path(folder);
    argv.insert(argv.end(), {"--ro-bind-try", path, path});
  }
  std::error_code error;
  for (const std::string& argument : command.argv) {
    const std::string path = path_in(argument);
    if (!path.empty() && !is_system(path) && !is_below(path, command.cwd) &&
        fs::exists(path, error)) {
      argv.insert(argv.end(), {"--ro-bind", path, path});
    }
  }
  if (!command.cwd.empty()) {
    argv.insert(argv.end(), {"--bind", command.cwd, command.cwd, "--chdir", command.cwd});
  }
  argv.emplace_back("--");
  argv.insert(argv.end(), command.argv.begin(), command.argv.end());
  command.argv = std::move(argv);
  command.cwd.clear();
  return command;
}

}  // namespace

std::function<Command(Command)> tool_sandbox() {
  static const bool works = probe_sandbox().bubblewrap;
  const auto bubblewrap = find_program("bwrap");
  if (!works || !bubblewrap) {
    return {};
  }
  return [program = *bubblewrap](Command command) { return wrapped(program, std::move(command)); };
}

}  // namespace patchmill::runtimes
