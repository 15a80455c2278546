#pragma once
// What a mail says to Patchwork beyond being a patch, a cover or a reply.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::registry {

enum class Tag { acked = 0, reviewed = 1, tested = 2 };  // of registry_tags

// Number of trailers, by Tag.
using TagCounts = std::array<int, 3>;

// A trailer that counts.
struct TagWord {
  std::string trailer;  // in lower case, without the colon
  Tag tag = Tag::acked;
};

struct MailMarks {
  std::string state;             // X-Patchwork-State
  std::string delegate;          // X-Patchwork-Delegate
  bool action_required = false;  // X-Patchwork-Action-Required
  TagCounts tags{};
  std::string pull_url;
  std::vector<std::string> paths;      // the files of a patch
  std::vector<std::string> ancestors;  // Message-IDs, nearest first
  std::optional<std::string> hash;     // Patchwork's, of a diff
};

// What costs more to find out, and is not always of use.
struct MarksWanted {
  bool pull_url = false, paths = false, ancestors = false, hash = false;
};

// `raw`: the mail as received. What cannot be read says nothing.
MailMarks read_marks(std::string_view raw, const std::vector<TagWord>& tags, MarksWanted wanted);

}  // namespace patchmill::registry
