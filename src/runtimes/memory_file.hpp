#pragma once
// Content handed to a child by descriptor: no file on disk, no long or visible argument list.

#include "util/fd.hpp"
#include "util/result.hpp"

#include <string_view>

namespace patchmill::runtimes {

// Readable from its start.
Result<Fd> memory_file(const char* name, std::string_view content);

}  // namespace patchmill::runtimes
