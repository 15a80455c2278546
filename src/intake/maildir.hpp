#pragma once
// Maildirs (new/ and cur/), also as `lei` writes them.

#include "intake/source.hpp"

#include <filesystem>
#include <memory>

namespace patchmill::intake {

// In the order of the file names. Which names were read is kept in the store; flags (":2,S") do
// not count as part of the name. Only regular files are read; links are not followed. A file that
// cannot be read is left out, and tried again by the next reading.
std::unique_ptr<Source> open_maildir(std::filesystem::path folder);

}  // namespace patchmill::intake
