#pragma once
// A patch or cover of the registry with all that is said about it, for its page.

#include "mail/message.hpp"
#include "registry/get.hpp"
#include "store/blob_store.hpp"
#include "web/inbox_model.hpp"
#include "web/patch_list_model.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::web {

struct CommentRow {
  registry::Comment comment;
  std::size_t depth = 0;  // below the comment it answers
  std::string text;       // cut to what a page bears
  bool whole = true;
};

struct SubmissionModel {
  registry::Project project;
  registry::SubmissionRef self;
  registry::Person submitter;
  std::optional<PatchRow> patch;  // none: a cover
  std::string state;              // its name
  Result<mail::Message> message;  // or why it cannot be read back
  std::optional<registry::Series> series;
  std::vector<InboxRow> revisions;       // of the work, oldest first, with the verdicts
  std::optional<int> number;             // in patchmill's series
  std::vector<registry::Check> checks;   // the newest of every user and context
  std::vector<findings::Finding> about;  // of patchmill's own, about lines of the diff
  std::vector<CommentRow> comments;      // answers behind what they answer
  std::uint64_t more_comments = 0;       // left out
};

// Empty: no such patch (cover). Bounded: 1000 checks, of which the newest of every context are
// shown, 200 comments of 64 KiB each.
std::optional<SubmissionModel> read_submission(store::Database& database,
                                               const store::BlobStore& blobs, const Clock& clock,
                                               const registry::Project& project,
                                               const std::string& msgid, bool cover);

// Comments as a thread, oldest first, each before its answers. `parents`: of each, the mail it
// answers, 0 for none.
std::vector<CommentRow> as_thread(std::vector<registry::Comment> comments,
                                  const std::vector<std::int64_t>& parents);

}  // namespace patchmill::web
