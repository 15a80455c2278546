#pragma once
// One mail from a pipe, as delivery programs hand it over.

#include "intake/source.hpp"

#include <memory>
#include <string>

namespace patchmill::intake {

// Everything up to the end of the stream is one mail. `fd` stays the caller's. Has no cursor. Error
// invalid where it is an mbox of several, for sure.
std::unique_ptr<Source> open_pipe(int fd, std::string name);

}  // namespace patchmill::intake
