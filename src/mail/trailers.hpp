#pragma once
// Trailers, and the words by which a mail says what it builds on.

#include "mail/message.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace patchmill::mail {

struct Trailer {
  std::string key;    // as written
  std::string value;  // continuation lines joined by a space
};
// The last paragraph of a commit message that consists of trailers (git-interpret-trailers(1)).
std::vector<Trailer> parse_trailers(std::string_view commit_message);

enum class DependencyKind {
  depends_on_message,   // "Depends-on: <msgid>", "Based-on: <msgid>", "prerequisite-message-id:"
  depends_on_url,       // "Depends-on: https://…" naming a Patchwork patch or series
  depends_on_number,    // DPDK: "Depends-on: series-123", "patch-123"
  prerequisite_patch,   // "prerequisite-patch-id: <40 hex>"
  prerequisite_change,  // b4: "prerequisite-change-id: <id>[:vN]"
};
struct Dependency {
  DependencyKind kind;
  std::string target;  // msgid without brackets, URL, number, patch-id or change-id[:vN]
  friend bool operator==(const Dependency&, const Dependency&) = default;
};

// Everything a patch or cover says about where it belongs.
struct BaseInfo {
  std::string base_commit;  // 40 or 64 hex, or empty
  std::string change_id;    // b4 "change-id:"
  std::string base_branch;  // "X-KernelTest-Branch:" and "base-branch:" hints, never used as a path
  std::string supersedes;   // "Supersedes: <msgid>" (Patchew)
  std::vector<Dependency> dependencies;  // in order, unique
  bool skip_requested = false;           // "CI-tag: skip" on a line of its own
};
BaseInfo parse_base_info(const Message& message);

// The commit message git am would record: title, blank line, text up to "---", trailing space cut.
struct CommitText {
  Address author;                             // in-body From, else the mail's
  std::string title;                          // subject without prefixes
  std::string body;                           // without the title
  std::string notes;                          // what stands between "---" and the diff
  [[nodiscard]] std::string message() const;  // title + blank + body, ends with a newline
};
CommitText commit_text(const Message& message);

}  // namespace patchmill::mail
