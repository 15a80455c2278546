#pragma once
// What another Patchwork gave, put into the store: mails, and their rows under the ids they have
// there.

#include "patchwork/objects.hpp"
#include "registry/adopt.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "tracker/tracker.hpp"
#include "util/clock.hpp"
#include "util/result.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace patchmill::app {

struct PatchworkImportProgress {
  std::string what;  // "patches of ltp"
  std::uint64_t done = 0, total = 0;
  std::uint64_t mails = 0;  // of this run
};

struct PatchworkImportReport {
  registry::AdoptedCounts counts;
  std::uint64_t mails = 0;                  // new ones in the store
  std::vector<registry::Project> projects;  // with the ids here
  std::vector<Error> left_out;              // single things that could not be had
  std::uint64_t missed = 0;                 // patches and covers of these: the next run tries them
};

struct TakenComment {
  registry::AdoptedComment comment;
  std::string raw;
};

// A patch or a cover with what belongs to it.
struct TakenMail {
  patchwork::MailKind kind = patchwork::MailKind::patch;
  registry::AdoptedMail mail;
  std::string raw;
  std::string list_id;
  std::vector<TakenComment> comments;
  std::vector<registry::Check> checks;
  registry::Id here = 0;  // its id; given: it has been put, and only the rest is new
};

class PatchworkStore {
 public:
  // All outlive it. `source` is who the mails came from, for the record.
  PatchworkStore(store::Database& database, store::BlobStore& blobs, const Clock& clock,
                 std::string source, PatchworkImportReport& report);

  // Everything in one transaction, with a cursor. Sets `here` (0: its mail is none, and the report
  // says so). Throws DatabaseError.
  void put(std::vector<TakenMail>& items, const std::string& cursor, const std::string& value);
  // The same for what needs no mails.
  void adopt(const std::function<void(registry::Adopter&)>& with);

 private:
  void adopt_mails(std::vector<TakenMail>& items);

  store::Database& m_database;
  std::string m_source;
  PatchworkImportReport& m_report;
  tracker::Tracker m_tracker;
};

}  // namespace patchmill::app
