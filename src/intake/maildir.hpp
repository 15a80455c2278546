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
// Only regular files are read; links are not followed.
std::unique_ptr<Source> open_maildir(std::filesystem::path folder);
// What could not be read of a maildir.
struct MaildirProblems {
  std::vector<MaildirFile> files;
  std::string error;  // the first one
};

// The same for these files, known to be unread. Those that cannot be read end up in `problems`
// instead of ending the reading; they stay unread.
std::unique_ptr<Source> open_maildir_files(std::filesystem::path folder,
                                           std::vector<MaildirFile> files,
                                           std::shared_ptr<MaildirProblems> problems);

}  // namespace patchmill::intake
