#pragma once
// Mails and series as whoever keeps a record of every one of them needs them: many at a time, in
// few statements.

#include "mail/address.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "tracker/model.hpp"
#include "util/clock.hpp"
#include "util/result.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::tracker {

struct MailRow {
  std::int64_t id = 0;
  MessageKind kind = MessageKind::reply;
  std::string msgid, subject;
  mail::Address from;
  Timestamp date{};                    // as the mail says, else when it was received
  std::optional<std::int64_t> parent;  // the nearest mail it answers, arrived or not
  std::vector<std::string> list_ids;
  // Of patches, covers and pull requests:
  std::int64_t series = 0;  // in which it was posted
  int number = 0;           // within the series
  std::string name;         // Patchwork's
  std::optional<std::string> patch_hash;
};

struct SeriesRow {
  std::int64_t number = 0;
  std::string name;  // empty: none yet
  int version = 1, total = 1;
  mail::Address submitter;
  Timestamp date{};
  std::set<int> carried_over;  // numbers of patches that were posted with an earlier revision only
};

// A patch in a series in which it was not posted.
struct CarriedPatch {
  std::int64_t series = 0;
  int number = 0;
  std::int64_t mail = 0;
};

// In no order, without those that are not there.
std::vector<MailRow> mail_rows(store::Database& database, std::span<const std::int64_t> mails);
std::vector<SeriesRow> series_rows(store::Database& database,
                                   std::span<const std::int64_t> numbers);
std::vector<CarriedPatch> carried_patches(store::Database& database,
                                          std::span<const std::int64_t> numbers);
// The mails posted in these series, without what they carry over.
std::vector<std::int64_t> mails_of_series(store::Database& database,
                                          std::span<const std::int64_t> numbers);
// Mails with these Message-IDs, arrived or not, each in the place of its id; 0: never heard of.
std::vector<std::int64_t> mails_with_ids(store::Database& database,
                                         std::span<const std::string> msgids);
// Mails that arrived with rows above `after`, ascending.
std::vector<std::int64_t> mails_after(store::Database& database, std::int64_t after,
                                      std::size_t limit);
// Calls f with what was received; an error when it cannot be had any more.
void each_raw(store::Database& database, const store::BlobStore& blobs,
              std::span<const std::int64_t> mails,
              const std::function<void(std::int64_t mail, Result<std::string> raw)>& f);

}  // namespace patchmill::tracker
