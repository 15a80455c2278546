#pragma once
// Reading series and messages back.

#include "mail/message.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "tracker/model.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::tracker {

struct MessageRow {
  std::int64_t id = 0;
  std::string message_id;
  MessageKind kind = MessageKind::reply;
  std::string reason;  // why it is unusable, or what was mended
  std::string subject, from_name, from_email;
  Timestamp date{};
  std::optional<std::int64_t> series;
};

class Queries {
 public:
  Queries(store::Database& database, const store::BlobStore& blobs);

  std::vector<std::int64_t> series_numbers();  // ascending
  std::int64_t series_count();
  // Numbers above `after` of series that have a newer revision, ascending.
  std::vector<std::int64_t> superseded_series(std::int64_t after, std::size_t limit);
  std::optional<Series> series(std::int64_t number);
  void each_series(const std::function<void(const Series&)>& f);  // ascending by number
  // The series a message belongs to (cover or patch); its newest revision when several share it.
  std::optional<std::int64_t> series_of(std::string_view msgid);
  // Series that name this one as what they build on, newest first; only direct ones. Anybody can
  // name it, so that there may be any number of them.
  std::vector<std::int64_t> newest_dependents(std::int64_t number, std::size_t limit);
  // All revisions of the work this series belongs to, oldest first.
  std::vector<std::int64_t> revisions(std::int64_t number);
  // Patches whose git patch-id nobody has told yet (set_patch_id() in dependencies.hpp) although
  // a dependency waits for one; rows of mails, newest first.
  std::vector<std::int64_t> patches_without_id(std::size_t limit);
  std::optional<MessageRow> message(std::string_view msgid);
  std::vector<MessageRow> unusable_messages(std::size_t limit);
  std::map<std::string, std::int64_t> message_counts();  // by kind, "unusable: REASON" apart
  Result<std::string> raw(std::int64_t message);         // as received
  Result<mail::Message> parsed(std::int64_t message);
  // What was wrong with a mail and was repaired when it was read, one sentence each; of a patch
  // also what is wrong with its diff. Reads the mail. Empty for one that cannot be used.
  std::vector<std::string> notes(std::int64_t message);

 private:
  store::Database& m_database;
  const store::BlobStore& m_blobs;
};

}  // namespace patchmill::tracker
