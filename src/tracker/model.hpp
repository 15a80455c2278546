#pragma once
// Series, revisions and patches, as everything downstream sees them.

#include "mail/address.hpp"
#include "mail/trailers.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::tracker {

// What became of a mail.
enum class MessageKind { patch, cover, reply, pull_request, unusable };
std::string_view to_string(MessageKind kind);

struct PatchRef {
  std::int64_t message = 0;  // row of the mail
  int number = 0;            // 1-based place in the series
  std::string msgid;         // without angle brackets
  std::string name;          // as Patchwork names it
  std::string title;         // without prefixes
  mail::Address author;
  Timestamp date{};
  bool carried_over = false;  // taken from an earlier revision (partial reroll)
};

// The reason of a dependency that has its own series as its target: nothing to wait for.
inline constexpr std::string_view k_names_itself = "it names the series itself";

struct ResolvedDependency {
  mail::Dependency dependency;
  std::optional<std::int64_t> series;  // the series that provides it, once known
  std::string reason;                  // why it is not resolved, for people
};

struct Series {
  std::int64_t number = 0;  // our id
  std::string name;         // cover title, else the first patch's, with Patchwork's rules
  int version = 1;
  int total = 1;
  mail::Address submitter;
  Timestamp date{};  // of its earliest mail; when it was received if that has no date
  std::optional<std::int64_t> cover_message;
  std::string cover_msgid;
  std::string cover_name;
  std::vector<PatchRef> patches;            // by number
  std::int64_t work = 0;                    // the chain of revisions it belongs to
  std::optional<std::int64_t> revision_of;  // the previous revision's number
  bool superseded = false;                  // a newer revision exists
  std::string base_commit, change_id;
  std::string base_branch;  // a hint, never used as a path
  std::vector<std::string> list_ids;
  std::vector<std::string> prefixes;  // subject tags: "net-next", "RFC"
  bool is_rfc = false;
  bool skip_requested = false;  // "CI-tag: skip"
  std::vector<ResolvedDependency> dependencies;
  std::string note;  // anything odd a person should know (extra patches, gaps)

  [[nodiscard]] int received_total() const { return static_cast<int>(patches.size()); }
  [[nodiscard]] bool received_all() const { return total <= received_total(); }
};

}  // namespace patchmill::tracker
