#pragma once
// A light sandbox around the outside tools of checks (perl, shellcheck, …): they read hostile text
// and need nothing but their working folder.

#include "util/subprocess.hpp"

#include <functional>

namespace patchmill::runtimes {

// Puts a command into bubblewrap: no network, no capabilities, the system's programs and the
// absolute paths among its arguments read-only, its working folder writable, nothing else there.
// A program outside of the system's folders (~/.local/bin, a virtual environment of Python) is made
// visible with what it needs. Memory, processor time and file size are limited: a tool that takes
// more ends by a signal, or by complaining. Where bubblewrap does not work on this machine there
// are only these limits.
std::function<Command(Command)> tool_sandbox();

}  // namespace patchmill::runtimes
