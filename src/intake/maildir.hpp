#pragma once
// Maildirs (new/ and cur/), also as `lei` writes them.

#include "intake/source.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::intake {

struct MaildirFile {
  std::string unique;  // the name without flags (":2,S"): what a mail is known by (maildir(5))
  std::filesystem::path path;
};

// The files of new/ and cur/ by name; hidden ones left out. Errors: infrastructure.
Result<std::vector<MaildirFile>> list_maildir(const std::filesystem::path& folder);
// Those that were not read yet. `all`: they are all there are, so read names that are not among
// them are forgotten.
std::vector<MaildirFile> unread_files(Positions& positions, const std::filesystem::path& folder,
                                      std::vector<MaildirFile> files, bool all);
std::string unique_part(const std::string& file_name);

// All that is unread, in the order of the file names. Which names were read is kept in the store.
// Only regular files are read; links are not followed. A file that cannot be read is left out, and
// tried again by the next reading.
std::unique_ptr<Source> open_maildir(std::filesystem::path folder);
// The same for these files, known to be unread.
std::unique_ptr<Source> open_maildir_files(std::filesystem::path folder,
                                           std::vector<MaildirFile> files);

}  // namespace patchmill::intake
