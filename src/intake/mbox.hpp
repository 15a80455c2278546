#pragma once
// Mbox files, and files that hold one mail.

#include "intake/source.hpp"
#include "util/fd.hpp"

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

struct MboxEnd {
  std::uint64_t size = 0;   // nothing behind this is looked at
  bool leave_last = false;  // the last mail may still be written: it is not given
  // Only a file that goes on where the cursor is may be read: of others nothing is given, and the
  // cursor stays where it is.
  bool only_continued = false;
};
// The same for an open file, which may have got another name: `file` only names the cursor.
std::unique_ptr<Source> open_mbox_part(std::filesystem::path file, Fd fd, MboxEnd end);
// Where the file was read to according to the store; nothing when it was not read yet, or is not
// (or not any more) the file that was read.
Result<std::optional<std::uint64_t>> mbox_position(Positions& positions,
                                                   const std::filesystem::path& file, int fd);

// The mails of an mbox in memory, marks taken out (see MboxSplitter); also of a single mail.
std::vector<std::string> split_mbox(std::string_view text);

}  // namespace patchmill::intake
