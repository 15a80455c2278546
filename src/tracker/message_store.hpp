#pragma once
// Rows of mails and their content.

#include "mail/message.hpp"
#include "mail/trailers.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "tracker/facts.hpp"
#include "tracker/model.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::tracker {

// Mails larger than this become blobs.
inline constexpr std::size_t largest_row = 1u << 20;

struct NewMessage {
  std::int64_t id = 0;
  MessageKind kind = MessageKind::reply;
  std::string reason, subject;
  mail::Address from;
  std::optional<Timestamp> date;
  std::optional<std::int64_t> parent;
  std::vector<std::string> list_ids;
  std::string_view source, raw;
  const std::string* packed = nullptr;  // raw compressed, if somebody did it already
  std::int64_t content_hash = 0;
  std::int64_t series = 0;  // of the mail it takes the place of; 0: none
};

struct KnownMessage {
  MessageKind kind = MessageKind::reply;
  std::int64_t content_hash = 0;
  std::vector<std::string> list_ids;
  std::string source, from_email;
};

// Equal for mails that say the same, however they travelled.
std::int64_t content_hash(const mail::Message& message);

std::vector<std::string> split_words(std::string_view stored);  // separated by newlines
std::string join_words(const std::vector<std::string>& words);

class MessageStore {
 public:
  MessageStore(store::Database& database, const store::BlobStore& blobs);

  // Throws store::DatabaseError when a blob cannot be written.
  void insert(const NewMessage& message, Timestamp now, store::BlobStore& blobs);
  // Everything about the mail. Returns the series it was in, or 0.
  std::int64_t remove(std::int64_t id);
  std::optional<KnownMessage> known(std::int64_t id);
  void set_lists(std::int64_t id, const std::vector<std::string>& list_ids);
  // What series assembly needs of a patch, cover or pull request.
  void insert_series_mail(const NewMessage& message, const MailFact& fact,
                          const mail::Address& author, std::string_view patch_hash,
                          const mail::BaseInfo& base);
  Result<std::string> raw(std::int64_t id);

 private:
  store::Database& m_database;
  const store::BlobStore& m_blobs;
};

}  // namespace patchmill::tracker
