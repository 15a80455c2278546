#pragma once
// Mbox files, and files that hold one mail.

#include "intake/source.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::intake {

// Reads with bounded memory however large the file is. The cursor is an offset with a hash of
// what lies around it: a file that grew is read on, one that was rewritten is read anew. The last
// mail of a file that is being written is left to the next reading.
std::unique_ptr<Source> open_mbox(std::filesystem::path file);

// The mails of an mbox in memory, marks taken out (see MboxSplitter); also of a single mail.
std::vector<std::string> split_mbox(std::string_view text);

}  // namespace patchmill::intake
