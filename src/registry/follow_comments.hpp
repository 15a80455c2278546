#pragma once
// Replies as comments of the patch or cover they answer, directly or through other replies.

#include "registry/follow_events.hpp"
#include "registry/follow_people.hpp"
#include "registry/follow_rows.hpp"
#include "registry/mail_marks.hpp"
#include "store/bulk_insert.hpp"
#include "store/database.hpp"
#include "tracker/mail_rows.hpp"

#include <cstdint>
#include <set>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace patchmill::registry {

// For one transaction, in a turn. A reply belongs to the nearest of the mails it answers that is a
// patch, a cover or a comment when it comes, as in Patchwork. Unlike there it waits, in the store,
// when none is.
class FollowComments {
 public:
  FollowComments(store::Database& database, FollowRows& rows, FollowPeople& people,
                 FollowEvents& events);

  // What these mails are comments of, if they are, and which of them wait.
  void load(std::span<const std::int64_t> mails);
  // Whether a reply to this mail (of those loaded) is a comment.
  [[nodiscard]] bool leads_somewhere(std::int64_t mail) const;
  // `ancestors`: mails it answers, nearest first.
  void take(const tracker::MailRow& reply, const MailMarks& marks,
            const std::vector<std::int64_t>& ancestors);
  // Replies to this mail may be comments from now on.
  void arrived(std::int64_t mail) { m_arrived.insert(mail); }
  // The mail, known in other projects, got a row in one more: its comments are comments there, too.
  void joined(std::int64_t mail) { m_again.insert(mail); }
  // Replies to be taken, once more, because of what arrived and joined since the last call;
  // ascending.
  std::vector<std::int64_t> released();
  // Comments of a patch; fresh ones after flush().
  std::vector<std::int64_t> comments_of(Id patch);
  void flush();

 private:
  // The mails a reply is about, and the rows it is a comment of.
  struct Known {
    std::set<std::int64_t> about;
    std::set<Id> patches, covers;
  };
  [[nodiscard]] std::set<std::int64_t> about(std::int64_t mail) const;
  void load_comments(std::span<const std::int64_t> mails);
  void add_patch_comment(FollowedPatch& patch, const tracker::MailRow& reply,
                         const MailMarks& marks);
  void add_cover_comment(FollowedCover& cover, const tracker::MailRow& reply,
                         const MailMarks& marks);
  void add_replies_again(std::set<std::int64_t>& replies);

  store::Database& m_database;
  FollowRows& m_rows;
  FollowPeople& m_people;
  FollowEvents& m_events;
  store::BulkInsert m_fresh_patch, m_fresh_cover;
  Id m_next_patch = 0, m_next_cover = 0;
  std::unordered_map<std::int64_t, Known> m_comments;        // by reply
  std::unordered_map<std::int64_t, std::int64_t> m_waiting;  // reply -> what it waits for
  std::unordered_set<std::int64_t> m_stored_waiting, m_loaded;
  std::set<std::int64_t> m_arrived;
  std::set<std::int64_t> m_again;  // mails whose comments are to be looked at once more
};

}  // namespace patchmill::registry
