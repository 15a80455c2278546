#pragma once
// One transaction's worth of mails and changed series brought into the registry.

#include "registry/follow_comments.hpp"
#include "registry/follow_events.hpp"
#include "registry/follow_people.hpp"
#include "registry/follow_rows.hpp"
#include "registry/follow_rules.hpp"
#include "registry/follow_series.hpp"
#include "registry/mail_marks.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "tracker/mail_rows.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

namespace patchmill::registry {

// Make one inside the transaction, in a turn, and run() it once.
class FollowMails {
 public:
  FollowMails(store::Database& database, const store::BlobStore& blobs, const FollowRules& rules,
              Timestamp now);

  // `mails` in the order of their arrival; `series`: tracker's numbers of those that changed or
  // went.
  void run(std::vector<std::int64_t> mails, const std::set<std::int64_t>& series);

 private:
  void take_all(const std::vector<std::int64_t>& mails);
  void read_mails(std::span<const std::int64_t> mails);
  void know_series(std::span<const std::int64_t> numbers);
  void read_marks_of(const std::vector<std::int64_t>& mails);
  void take_patch(const tracker::MailRow& mail);
  void take_cover(const tracker::MailRow& mail);
  void renew(FollowedMail& row, const tracker::MailRow& mail);
  void resync(const std::set<std::int64_t>& series);
  void recount();

  store::Database& m_database;
  std::int64_t m_change;
  std::int64_t m_old_hashes;
  const store::BlobStore& m_blobs;
  const FollowRules& m_rules;
  FollowEvents m_events;
  FollowPeople m_people;
  FollowRows m_rows;
  FollowSeries m_series;
  FollowComments m_comments;
  std::unordered_map<std::int64_t, tracker::MailRow> m_mails;
  std::unordered_map<std::int64_t, MailMarks> m_marks;
  std::unordered_map<std::int64_t, std::vector<std::int64_t>> m_ancestors;  // of replies
  std::set<Id> m_recount;  // patches whose text has changed
};

}  // namespace patchmill::registry
