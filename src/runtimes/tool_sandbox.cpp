#include "runtimes/tool_sandbox.hpp"

#include "runtimes/cgroup.hpp"
#include "runtimes/runtime.hpp"
#include "runtimes/sandbox_command.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
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

// A file of a few kilobytes makes shellcheck take all memory there is, and yamllint a minute.
constexpr std::uint64_t k_memory = 1ull << 30;         // of all tools together
constexpr std::uint64_t k_address_space = 2ull << 30;  // of one process
constexpr std::uint64_t k_processes = 256;
constexpr std::uint64_t k_file = 256ull << 20;
constexpr std::uint64_t k_processor_seconds = 60;

std::vector<std::string> with_limits(const std::vector<std::string>& argv) {
  std::vector<std::string> limited = {
      "/usr/bin/prlimit",
      "--core=0:0",
      fmt::format("--as={}", within_hard_limit(RLIMIT_AS, k_address_space)),
      fmt::format("--fsize={}", within_hard_limit(RLIMIT_FSIZE, k_file)),
      fmt::format("--cpu={}", within_hard_limit(RLIMIT_CPU, k_processor_seconds)),
      "--"};
  limited.insert(limited.end(), argv.begin(), argv.end());
  return limited;
}

// One group for all tools of this process; the kernel counts their memory together.
const std::vector<fs::path>& tool_groups() {
  static const auto group = RunCgroup::make(find_cgroups(), k_memory, k_processes);
  return group->folders();
}

std::vector<std::string> in_groups(const std::vector<std::string>& argv) {
  static constexpr const char* join =
      "n=$1; shift\n"
      "while [ \"$n\" -gt 0 ]; do echo 0 >\"$1/cgroup.procs\" || exit 125; shift; n=$((n - 1)); "
      "done\n"
      "exec \"$@\"";
  std::vector<std::string> joined = {"/bin/sh", "-c", join, "patchmill-tool",
                                     std::to_string(tool_groups().size())};
  for (const fs::path& group : tool_groups()) {
    joined.push_back(group.string());
  }
  joined.insert(joined.end(), argv.begin(), argv.end());
  return joined;
}

// The value of "home" in the pyvenv.cfg of a virtual environment: where its Python is.
std::optional<fs::path> python_home(const fs::path& environment) {
  const auto text = read_file(environment / "pyvenv.cfg", 64u << 10);
  if (!text) {
    return std::nullopt;
  }
  for (const std::string_view line : split_lines(*text)) {
    const auto equals = line.find('=');
    if (equals != std::string_view::npos && trim(line.substr(0, equals)) == "home") {
      return fs::path(trim(line.substr(equals + 1)));
    }
  }
  return fs::path();
}

// What a program outside of the system's folders needs to start: itself, or the whole virtual
// environment it is in and that environment's Python.
std::vector<std::string> places_of(const fs::path& program) {
  if (is_system(program.string())) {
    return {};
  }
  const fs::path environment = program.parent_path().parent_path();
  const auto home = python_home(environment);
  if (!home) {
    return {program.string()};
  }
  std::vector<std::string> places = {environment.string()};
  if (home->is_absolute() && !is_system(home->string())) {
    places.push_back(home->parent_path().string());  // "bin" and "lib" are in it
  }
  return places;
}

Command wrapped(const std::string& bubblewrap, Command command) {
  std::error_code error;
  std::vector<std::string> places;
  if (const auto found = find_program(command.argv.front())) {
    // A link in ~/.local/bin leads to where the program really is.
    const fs::path real = fs::canonical(*found, error);
    if (!error && !is_system(real.string())) {
      command.argv.front() = real.string();
      places = places_of(real);
    }
  }
  std::vector<std::string> argv = {bubblewrap,      "--unshare-all", "--die-with-parent",
                                   "--new-session", "--cap-drop",    "ALL",
                                   "--proc",        "/proc",         "--dev",
                                   "/dev",          "--tmpfs",       "/tmp"};
  for (const std::string_view folder : k_system) {
    const std::string path(folder);
    argv.insert(argv.end(), {"--ro-bind-try", path, path});
  }
  for (const std::string& place : places) {
    argv.insert(argv.end(), {"--ro-bind-try", place, place});
  }
  for (std::size_t i = 1; i < command.argv.size(); ++i) {
    const std::string path = path_in(command.argv[i]);
    if (!path.empty() && !is_system(path) && !is_below(path, command.cwd) &&
        fs::exists(path, error)) {
      argv.insert(argv.end(), {"--ro-bind", path, path});
    }
  }
  if (!command.cwd.empty()) {
    argv.insert(argv.end(), {"--bind", command.cwd, command.cwd, "--chdir", command.cwd});
  }
  argv.emplace_back("--");
  const auto limited = with_limits(command.argv);
  argv.insert(argv.end(), limited.begin(), limited.end());
  command.argv = in_groups(argv);
  command.cwd.clear();
  return command;
}

}  // namespace

std::function<Command(Command)> tool_sandbox() {
  static const bool works = probe_sandbox().bubblewrap;
  const auto bubblewrap = find_program("bwrap");
  if (!works || !bubblewrap) {
    return [](Command command) {
      command.argv = in_groups(with_limits(command.argv));
      return command;
    };
  }
  return [program = *bubblewrap](Command command) { return wrapped(program, std::move(command)); };
}

}  // namespace patchmill::runtimes
