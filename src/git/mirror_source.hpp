#pragma once
// Where a mirror gets its objects from: what is accepted, and what its refs are.

#include "git/object_id.hpp"
#include "util/result.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::git {

struct MirrorSource {
  std::string url;              // as git shall fetch it
  std::filesystem::path local;  // not empty: a repository on this machine, borrowed from
};

// Refuses what could be taken for an option and every transport but a path, file, git, ssh, http
// and https (ext:: and fd:: run programs).
Result<MirrorSource> parse_source(std::string_view url);

// The text without what logs in of the URL (but for a mere user of ssh), escaped for terminals and
// logs.
std::string without_credentials(std::string_view text, std::string_view url);

struct SourceRefs {
  std::map<std::string, ObjectId> refs;  // full names, branches and tags, as they stand there
  std::string head;                      // the full name HEAD stands for; empty: detached or none
  ObjectId detached;                     // what HEAD is where it stands for no name; else empty
  std::size_t id_bytes = 20;
};
// Asks the source. Errors: infrastructure with git's own words.
Result<SourceRefs> list_refs(const MirrorSource& source);

}  // namespace patchmill::git
