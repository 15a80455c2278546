// Which file is the configuration when none is named.

#include "app/config.hpp"
#include "app/env_path.hpp"
#include "git/repository.hpp"
#include "util/subprocess.hpp"

#include <chrono>
#include <cstdlib>

namespace patchmill::app {
namespace {

namespace fs = std::filesystem;

bool in_checkout() {
  std::error_code error;
  for (fs::path folder = fs::current_path(error);; folder = folder.parent_path()) {
    if (fs::exists(folder / ".git", error)) {
      return true;
    }
    if (folder == folder.parent_path()) {
      return false;
    }
  }
}

// Whether git tracks this file of the current folder. Where git cannot tell although this is a
// checkout, it does.
bool came_with_checkout(const std::string& name) {
  Command command;
  // A bare repository among the tracked files must not answer in place of the checkout.
  command.argv = {"git", "-c", "safe.bareRepository=explicit", "ls-files", "--error-unmatch",
                  "--",  name};
  command.env = git::git_environment();  // settings of the checkout run nothing
  command.inherit_env = false;
  command.timeout = std::chrono::seconds(60);
  SystemProcessRunner processes;
  const auto done = processes.run(command);
  constexpr int k_not_tracked = 1;
  return done && done->ok() ? true : done && done->status == k_not_tracked ? false : in_checkout();
}

}  // namespace

FoundConfig find_config() {
  FoundConfig found;
  found.file = env_path("PATCHMILL_CONFIG");
  if (!found.file.empty()) {
    return found;
  }
  const auto exists = [](const fs::path& file) {
    std::error_code error;
    return fs::is_regular_file(file, error);
  };
  const fs::path here = "patchmill.yaml";
  if (exists(here)) {
    found.tracked_one_here = came_with_checkout(here.string());
    if (!found.tracked_one_here) {
      found.file = here;
      return found;
    }
  }
  fs::path user = env_path("XDG_CONFIG_HOME");
  if (user.empty() && !env_path("HOME").empty()) {
    user = env_path("HOME") / ".config";
  }
  if (!user.empty() && exists(user / "patchmill/patchmill.yaml")) {
    found.file = user / "patchmill/patchmill.yaml";
  } else if (exists("/etc/patchmill/patchmill.yaml")) {
    found.file = "/etc/patchmill/patchmill.yaml";
  }
  return found;
}

}  // namespace patchmill::app
