#pragma once
// A light sandbox around the outside tools of checks (perl, shellcheck, …): they read hostile text
// and need nothing but their working folder.

#include "util/subprocess.hpp"

#include <functional>

namespace patchmill::runtimes {

// Puts a command into bubblewrap: no network, no capabilities, the system's programs and the
// absolute paths among its arguments read-only, its working folder writable, nothing else there.
// Empty where bubblewrap does not work on this machine: then tools run as they are.
std::function<Command(Command)> tool_sandbox();

}  // namespace patchmill::runtimes
