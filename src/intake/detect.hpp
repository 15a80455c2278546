#pragma once
// What a path or URL given by a person is.

#include "intake/source.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::intake {

enum class SourceKind { mbox, single_mail, maildir, inbox, epoch, url };
std::string_view to_string(SourceKind kind);  // for people: "mbox", "maildir", …

struct DetectedSource {
  SourceKind kind;
  std::string location;  // canonical path, or the URL
};

// Errors: not_found, or invalid with the reason why it is nothing usable and what would be.
Result<DetectedSource> detect_source(std::string_view path_or_url);

// One source a file, folder or repository. URLs are cloned or fetched into `mirrors_dir` first,
// which takes its time.
Result<std::vector<std::unique_ptr<Source>>> open_sources(const DetectedSource& detected,
                                                          const std::filesystem::path& mirrors_dir);

}  // namespace patchmill::intake
