#pragma once
// Mails as they come over the wire.

#include <string>

namespace patchmill::intake {

// CR LF becomes LF, as every mail in a file has it: the same mail by any way has the same content.
std::string with_unix_line_ends(std::string wire);

}  // namespace patchmill::intake
