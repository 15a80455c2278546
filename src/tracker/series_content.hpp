#pragma once
// What assembly decided about one series, ready to be stored.

#include "mail/trailers.hpp"
#include "tracker/assembly.hpp"
#include "tracker/component.hpp"
#include "tracker/revisions.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::tracker {

struct PatchContent {
  int number = 1;
  std::int64_t mail = 0;
  std::string name, title;
  bool carried_over = false;
};

struct SeriesContent {
  std::string name, title, note;
  Version version;
  int total = 1;
  mail::Address submitter;
  std::string author;  // author_key()
  Timestamp date{};
  std::int64_t head = 0;
  std::optional<std::int64_t> cover;
  std::string cover_name;
  std::optional<std::int64_t> answers;  // a mail
  std::optional<std::int64_t> rerolls;  // a series number
  std::string base_commit, base_branch, change_id, supersedes;
  std::vector<std::string> list_ids, prefixes;
  bool is_rfc = false, is_resend = false, skip_requested = false;
  std::vector<PatchContent> patches;  // by number
  std::vector<mail::Dependency> dependencies;
  std::vector<RevisionKey> keys;

  // Equal for equal content.
  [[nodiscard]] std::int64_t digest() const;
  [[nodiscard]] bool complete() const { return total <= static_cast<int>(patches.size()); }
};

// `rerolls` is the number of the series that series.rerolls names.
SeriesContent series_content(const Component& component, const Assembly& assembly,
                             const AssembledSeries& series, std::optional<std::int64_t> rerolls);

}  // namespace patchmill::tracker
