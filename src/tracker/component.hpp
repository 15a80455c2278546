#pragma once
// Everything assembly needs to decide about a thread, read from the store.

#include "mail/trailers.hpp"
#include "store/database.hpp"
#include "tracker/facts.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace patchmill::tracker {

// A patch, cover or pull request as stored.
struct StoredMail {
  std::int64_t series = 0;  // where it belonged so far; 0: nowhere yet
  mail::Address author;
  std::vector<std::string> list_ids;
  std::string base_commit, base_branch, change_id, supersedes;
  bool skip_requested = false;
  std::vector<mail::Dependency> dependencies;
};

struct Component {
  std::set<std::int64_t> threads;
  std::vector<MailFact> facts;
  std::unordered_map<std::int64_t, StoredMail> stored;  // by id of the fact
  ReplyParents replies;
};

// The thread and all others with mails that may have been posted together with mails of it.
Component load_component(store::Database& database, std::int64_t thread,
                         const std::vector<std::string>& list_words);

}  // namespace patchmill::tracker
